using Nacre.Journal.Formats;
using Nacre.ObjectClasses;
using Nacre.ObjectClasses.Calls;
using Nacre.ObjectClasses.Journal;
using Nacre.Rados.Clusters;
using Nacre.Rados.Configuration;
using Nacre.Rados.Embedded;
using Nacre.Rados.Objects;

[assembly: AssemblyFixture(typeof(Nacre.Journal.Tests.JournalFixture))]

namespace Nacre.Journal.Tests;

/// <summary>An embedded store, and journals in it that tests write entry by entry.</summary>
public sealed class JournalFixture : IAsyncLifetime
{
    private readonly string _directory = Directory.CreateTempSubdirectory("nacre-journal-").FullName;
    private EmbeddedStore? _store;
    private IPool? _pool;
    private int _count;

    public IPool Pool => _pool!;

    public async ValueTask InitializeAsync()
    {
        _store = await EmbeddedStore.OpenAsync(_directory, new EmbeddedStoreOptions { Classes = RbdObjectClasses.All });
        ICluster cluster = _store.Connect(EntityName.Admin, null);
        await cluster.CreatePoolAsync("journals");
        _pool = await cluster.OpenPoolAsync("journals");
    }

    public async ValueTask DisposeAsync()
    {
        await _store!.DisposeAsync();
        Directory.Delete(_directory, recursive: true);
    }

    /// <summary>Makes an empty journal.</summary>
    public async Task<ImageJournal> CreateAsync(byte splayWidth = 4, byte order = 16)
    {
        string id = $"id{Interlocked.Increment(ref _count)}";
        await Pool.CallAsync(ImageJournal.HeaderOf(id), JournalCalls.Create(order, splayWidth, -1));
        return await ImageJournal.OpenAsync(Pool, id);
    }
}

/// <summary>Writes journals as a writer would, or as none would.</summary>
internal static class JournalWriting
{
    /// <summary>Appends an entry to the object of a set that its number says; its data say which it is.</summary>
    public static Task WriteAsync(this ImageJournal journal, ulong tag, ulong entry, ulong set = 0, int size = 8)
    {
        byte[] data = new byte[size];
        BitConverter.TryWriteBytes(data, (tag << 32) | entry);
        return journal.AppendAsync((set * journal.SplayWidth) + (entry % journal.SplayWidth), new JournalEntry(tag, entry, data).ToBytes());
    }

    public static async Task AppendAsync(this ImageJournal journal, ulong objectNumber, byte[] bytes) =>
        await journal.DataPool.ExecuteAsync(journal.ObjectName(objectNumber), new WriteOperation().Append(bytes));

    public static async Task ActivateAsync(this ImageJournal journal, ulong set) =>
        await journal.Pool.CallAsync(journal.HeaderName, JournalCalls.SetActiveSet(set));

    public static async Task CreateTagAsync(this ImageJournal journal, ulong tag) =>
        await journal.Pool.CallAsync(journal.HeaderName, JournalCalls.CreateTag(tag, tag == 0 ? JournalTag.NewClass : 0, Array.Empty<byte>()));
}
