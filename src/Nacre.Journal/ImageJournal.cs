using System.Globalization;
using Nacre.Journal.Metadata;
using Nacre.ObjectClasses.Calls;
using Nacre.ObjectClasses.Journal;
using Nacre.Rados;
using Nacre.Rados.Clusters;
using Nacre.Rados.Objects;

namespace Nacre.Journal;

/// <summary>
/// The journal of an image (src/journal/Journaler.cc, JournalMetadata.cc): a header <c>journal.ID</c> with object sets, tags and clients, and entries
/// in <c>journal_data.POOL.ID.N</c>. Object N belongs to set N / width; entry T of a tag is in an object whose number modulo width is T modulo width.
/// Immutable and safe to share between threads; valid as long as its pool.
/// </summary>
public sealed class ImageJournal
{
    private const byte MaximumOrder = 62;
    private static readonly TimeSpan _notifyTimeout = TimeSpan.FromSeconds(5);

    private ImageJournal(IPool pool, IPool dataPool, string id, byte order, byte splayWidth, long dataPoolId)
    {
        Pool = pool;
        DataPool = dataPool;
        Id = id;
        Order = order;
        SplayWidth = splayWidth;
        DataPoolId = dataPoolId;
        HeaderName = HeaderOf(id);
        ObjectPrefix = ObjectPrefixOf(pool.Id, id);
    }

    /// <summary>The header's pool: the image's.</summary>
    public IPool Pool { get; }

    /// <summary>The entries' pool.</summary>
    public IPool DataPool { get; }

    /// <summary>The image's id.</summary>
    public string Id { get; }

    /// <summary>Objects are closed when they reach 2^order bytes.</summary>
    public byte Order { get; }

    /// <summary>Objects of a set.</summary>
    public byte SplayWidth { get; }

    /// <summary>Pool id as the header has it; -1 for the header's own.</summary>
    public long DataPoolId { get; }

    /// <summary>The header.</summary>
    public string HeaderName { get; }

    /// <summary>What objects' names begin with.</summary>
    public string ObjectPrefix { get; }

    /// <summary>The header of a journal.</summary>
    public static string HeaderOf(string id) => "journal." + id;

    /// <summary>What the names of a journal's objects begin with.</summary>
    public static string ObjectPrefixOf(long poolId, string id) => string.Create(CultureInfo.InvariantCulture, $"journal_data.{poolId}.{id}.");

    /// <summary>The name of an object.</summary>
    public string ObjectName(ulong number) => ObjectPrefix + number.ToString(CultureInfo.InvariantCulture);

    /// <summary>Opens a journal. ENOENT where there is none, or its pool is gone; EIO where its header is damaged.</summary>
    /// <param name="pool">The image's pool and namespace.</param>
    /// <param name="id">The image's id.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public static async Task<ImageJournal> OpenAsync(IPool pool, string id, CancellationToken cancellationToken = default)
    {
        string header = HeaderOf(id);
        ClassRead<byte> order = JournalCalls.GetOrder();
        ClassRead<byte> splayWidth = JournalCalls.GetSplayWidth();
        ClassRead<long> poolId = JournalCalls.GetPoolId();
        using OperationResult result = await pool.OperateAsync(
            header, new ReadOperation().Call(order).Call(splayWidth).Call(poolId), SnapshotId.Head, cancellationToken);
        RadosException.ThrowIfFailed(result.ReturnCode, "reading a journal's header", pool.Name, header);
        (byte objectOrder, byte width, long dataPool) = (order.Decode(result, 0), splayWidth.Decode(result, 1), poolId.Decode(result, 2));
        if (width == 0 || objectOrder > MaximumOrder)
        {
            throw new RadosException(Errno.EIO, $"a journal with objects of order {objectOrder} and sets of {width}, header {pool.Name}/{header}");
        }

        // Ceph's journal keeps objects of another pool in that pool's default namespace.
        IPool data = dataPool < 0 || dataPool == pool.Id ? pool : await pool.Cluster.OpenPoolAsync(dataPool, cancellationToken);
        return new ImageJournal(pool, data, id, objectOrder, width, dataPool);
    }

    /// <summary>Which object sets there are now.</summary>
    public async Task<JournalSets> ReadSetsAsync(CancellationToken cancellationToken = default)
    {
        ClassRead<ulong> minimum = JournalCalls.GetMinimumSet();
        ClassRead<ulong> active = JournalCalls.GetActiveSet();
        using OperationResult result = await Pool.OperateAsync(
            HeaderName, new ReadOperation().Call(minimum).Call(active), SnapshotId.Head, cancellationToken);
        RadosException.ThrowIfFailed(result.ReturnCode, "reading a journal's object sets", Pool.Name, HeaderName);
        return new JournalSets(minimum.Decode(result, 0), active.Decode(result, 1));
    }

    /// <summary>Object sets and clients now.</summary>
    public async Task<JournalState> ReadStateAsync(CancellationToken cancellationToken = default)
    {
        JournalSets sets = await ReadSetsAsync(cancellationToken);
        return new JournalState(sets, await ListClientsAsync(cancellationToken));
    }

    /// <summary>All clients, by id.</summary>
    public async Task<IReadOnlyList<JournalClient>> ListClientsAsync(CancellationToken cancellationToken = default)
    {
        var clients = new List<JournalClient>();
        string after = "";
        for (bool more = true; more;)
        {
            IReadOnlyList<JournalClient> page = await Pool.CallAsync(HeaderName, JournalCalls.ListClients(after), cancellationToken);
            clients.AddRange(page);
            more = (ulong)page.Count >= JournalCalls.PageSize && string.CompareOrdinal(page[^1].Id, after) > 0;
            after = page.Count > 0 ? page[^1].Id : after;
        }

        return clients;
    }

    /// <summary>One client; null where it is not registered.</summary>
    public ValueTask<JournalClient?> FindClientAsync(string id, CancellationToken cancellationToken = default) =>
        Pool.TryCallAsync(HeaderName, JournalCalls.GetClient(id), cancellationToken);

    /// <summary>Registers a client, which begins where the last of the others is. EEXIST where it is registered.</summary>
    public async Task RegisterClientAsync(string id, ReadOnlyMemory<byte> data, CancellationToken cancellationToken = default)
    {
        await Pool.CallAsync(HeaderName, JournalCalls.RegisterClient(id, data), cancellationToken);
        await NotifyAsync(cancellationToken);
    }

    /// <summary>Unregisters a client. ENOENT where it is not registered.</summary>
    public async Task UnregisterClientAsync(string id, CancellationToken cancellationToken = default)
    {
        await Pool.CallAsync(HeaderName, JournalCalls.UnregisterClient(id), cancellationToken);
        await NotifyAsync(cancellationToken);
    }

    /// <summary>Records how far a client is.</summary>
    public ValueTask CommitAsync(string clientId, JournalPosition position, CancellationToken cancellationToken = default) =>
        Pool.CallAsync(HeaderName, JournalCalls.Commit(clientId, position), cancellationToken);

    /// <summary>The tags after <paramref name="afterTid"/> that a client still needs, oldest first, of one class or all.</summary>
    public async Task<IReadOnlyList<JournalTag>> ListTagsAsync(
        string clientId, ulong afterTid = 0, ulong? tagClass = null, CancellationToken cancellationToken = default)
    {
        var tags = new List<JournalTag>();
        for (bool more = true; more;)
        {
            IReadOnlyList<JournalTag> page = await Pool.CallAsync(HeaderName, JournalCalls.ListTags(afterTid, clientId, tagClass), cancellationToken);
            tags.AddRange(page);
            more = (ulong)page.Count >= JournalCalls.PageSize && page[^1].Tid > afterTid;
            afterTid = page.Count > 0 ? page[^1].Tid : afterTid;
        }

        return tags;
    }

    /// <summary>Makes the next tag, of a class that exists or of a new one (<see cref="JournalTag.NewClass"/>). Others may make tags meanwhile.</summary>
    public async Task<JournalTag> AllocateTagAsync(ulong tagClass, ReadOnlyMemory<byte> data, CancellationToken cancellationToken = default)
    {
        for (ulong? refused = null; ;)
        {
            ulong tid = await Pool.CallAsync(HeaderName, JournalCalls.GetNextTagTid(), cancellationToken);
            int code = await Pool.CallForCodeAsync(HeaderName, JournalCalls.CreateTag(tid, tagClass, data), cancellationToken);

            // Somebody else was faster; but a header that goes on offering what it refuses is damaged.
            bool isTaken = code is -Errno.ESTALE or -Errno.EEXIST && refused != tid;
            refused = tid;
            if (!isTaken)
            {
                RadosException.ThrowIfFailed(code, "allocating a journal tag", Pool.Name, HeaderName);
                return await Pool.CallAsync(HeaderName, JournalCalls.GetTag(tid), cancellationToken);
            }
        }
    }

    /// <summary>True where a tag was made after this one, so that whoever wrote this one writes no more.</summary>
    public async Task<bool> IsSupersededAsync(ulong tagTid, CancellationToken cancellationToken = default) =>
        await Pool.CallAsync(HeaderName, JournalCalls.GetNextTagTid(), cancellationToken) > tagTid + 1;

    /// <summary>Tells whoever has the journal open that its header has changed. Nobody has to listen.</summary>
    public async Task NotifyAsync(CancellationToken cancellationToken = default)
    {
        try
        {
            await Pool.NotifyAsync(HeaderName, ReadOnlyMemory<byte>.Empty, _notifyTimeout, cancellationToken);
        }
        catch (RadosException exception) when (exception.Code == Errno.ETIMEDOUT)
        {
            // A watcher that died; it reads the header when it comes back.
        }
    }
}
