using Nacre.Rados.Embedded.Objects;
using Nacre.Rados.Embedded.Storage;

namespace Nacre.Rados.Embedded;

/// <summary>
/// A small durable key-value area for what a site keeps beside objects: users and caps, config keys, options. Keys are ordered by their
/// UTF-8 bytes. Safe to use from many threads; a caller that reads, decides and writes takes its own lock.
/// </summary>
public sealed class MetadataStore
{
    private const string Prefix = "site/";
    private readonly StoreCore _core;

    internal MetadataStore(StoreCore core) => _core = core;

    /// <summary>A value; null where the key is absent.</summary>
    public byte[]? Get(string key)
    {
        using Activity activity = _core.BeginActivity();
        using PinnedValue value = _core.Database.Get(Family.Store, Keys.Store(Prefix + key));
        return value.IsPresent ? ObjectRecord.Unseal(value.Span).ToArray() : null;
    }

    /// <summary>All keys that begin with <paramref name="prefix"/>, ascending, with their values.</summary>
    public IReadOnlyList<KeyValuePair<string, byte[]>> List(string prefix)
    {
        var found = new List<KeyValuePair<string, byte[]>>();
        byte[] from = Keys.Store(Prefix + prefix);
        using Activity activity = _core.BeginActivity();
        using RocksDatabase.Cursor cursor = _core.Database.Seek(Family.Store, from);
        for (; cursor.IsValid && cursor.Key.StartsWith(from); cursor.Next())
        {
            found.Add(new(System.Text.Encoding.UTF8.GetString(cursor.Key[Prefix.Length..]), ObjectRecord.Unseal(cursor.Value).ToArray()));
        }

        return found;
    }

    /// <summary>Applies all changes or none, and completes when they are durable.</summary>
    /// <param name="changes">Each key with its new value; null removes it.</param>
    /// <param name="cancellationToken">Gives up waiting; the changes may still be made.</param>
    public async Task ApplyAsync(IReadOnlyList<KeyValuePair<string, byte[]?>> changes, CancellationToken cancellationToken = default)
    {
        using Activity activity = _core.BeginActivity();
        using var batch = new BatchWriter();
        foreach ((string key, byte[]? value) in changes)
        {
            if (value is null)
            {
                batch.Delete(Family.Store, Keys.Store(Prefix + key));
                continue;
            }

            var writer = new System.Buffers.ArrayBufferWriter<byte>(value.Length + 4);
            System.Buffers.BuffersExtensions.Write(writer, value);
            ObjectRecord.Seal(writer);
            batch.Put(Family.Store, Keys.Store(Prefix + key), writer.WrittenSpan);
        }

        if (!batch.IsEmpty)
        {
            await _core.Commits.WaitAsync(_core.Commits.Apply(batch)).WaitAsync(cancellationToken);
        }
    }
}
