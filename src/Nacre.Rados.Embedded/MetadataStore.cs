namespace Nacre.Rados.Embedded;

/// <summary>
/// A small durable key-value area for what a site keeps beside objects: users and caps, config keys, options. Keys are ordered by their
/// UTF-8 bytes. Safe to use from many threads; a caller that reads, decides and writes takes its own lock.
/// </summary>
public sealed class MetadataStore
{
    internal MetadataStore()
    {
    }

    /// <summary>A value; null where the key is absent.</summary>
    public byte[]? Get(string key) => throw new NotImplementedException();

    /// <summary>All keys that begin with <paramref name="prefix"/>, ascending, with their values.</summary>
    public IReadOnlyList<KeyValuePair<string, byte[]>> List(string prefix) => throw new NotImplementedException();

    /// <summary>Applies all changes or none, and completes when they are durable.</summary>
    /// <param name="changes">Each key with its new value; null removes it.</param>
    /// <param name="cancellationToken">Gives up waiting; the changes may still be made.</param>
    public Task ApplyAsync(IReadOnlyList<KeyValuePair<string, byte[]?>> changes, CancellationToken cancellationToken = default) =>
        throw new NotImplementedException();
}
