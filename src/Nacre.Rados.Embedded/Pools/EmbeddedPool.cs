using System.Runtime.CompilerServices;
using Nacre.Rados.Clusters;
using Nacre.Rados.Embedded.Objects;
using Nacre.Rados.Embedded.Storage;
using Nacre.Rados.Objects;
using Nacre.Rados.Watching;

namespace Nacre.Rados.Embedded.Pools;

/// <summary>A namespace of a pool, as one session sees it.</summary>
internal sealed class EmbeddedPool(EmbeddedSession session, uint id, string name, string @namespace) : IPool
{
    private const int NamesPerPage = 1024;
    private readonly OperationRunner _runner = new(session);

    public ICluster Cluster => session;

    public long Id => id;

    public string Name => name;

    public string Namespace => @namespace;

    private StoreCore Core => session.Store.Core;

    public IPool WithNamespace(string name1) => new EmbeddedPool(session, id, name, name1);

    public ValueTask<OperationResult> OperateAsync(
        string objectName, ReadOperation operation, ulong snapshotId = SnapshotId.Head, CancellationToken cancellationToken = default) =>
        _runner.ReadAsync(KeyOf(objectName), operation.Steps, snapshotId, cancellationToken);

    public ValueTask<OperationResult> OperateAsync(
        string objectName, WriteOperation operation, SnapshotContext? snapshotContext = null, CancellationToken cancellationToken = default) =>
        _runner.WriteAsync(KeyOf(objectName), operation.Steps, snapshotContext ?? SnapshotContext.Empty, withOutputs: false, cancellationToken);

    // As with Ceph, an object that was removed is listed as long as it has clones.
    public async IAsyncEnumerable<string> ListObjectsAsync([EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        byte[] prefix = Keys.HeadPrefix(id, @namespace);
        byte[]? from = prefix;
        while (from is not null)
        {
            cancellationToken.ThrowIfCancellationRequested();
            session.ThrowIfUnusable($"list objects of pool {name}");
            (List<string> page, from) = NextPage(prefix, from);
            foreach (string found in page)
            {
                yield return found;
            }

            await Task.Yield();
        }
    }

    public async Task<ObjectSnapshots> ListSnapshotsAsync(string objectName, CancellationToken cancellationToken = default)
    {
        ObjectRecord record = await _runner.InspectAsync(
            KeyOf(objectName), static (_, context, core) => context.Load(core.Database, core.Commits), exclusive: false, cancellationToken)
            ?? throw new RadosException(Errno.ENOENT, $"list snapshots of object {name}/{objectName}");
        List<ObjectClone> clones =
        [
            .. record.Clones.Select(clone => new ObjectClone(clone.Id, [.. clone.Snapshots.Reverse()], clone.Overlap.Extents, clone.Size)),
        ];
        if (record.Exists)
        {
            clones.Add(new ObjectClone(SnapshotId.Head, [], [], record.Head.Size));
        }

        return new ObjectSnapshots(record.SnapshotSequence, clones);
    }

    public async Task<ulong> CreateSnapshotIdAsync(CancellationToken cancellationToken = default)
    {
        session.ThrowIfUnusable($"create a snapshot id in pool {name}");
        return await session.Store.Pools.CreateSnapshotAsync(id).WaitAsync(cancellationToken);
    }

    public async Task RemoveSnapshotIdAsync(ulong snapshotId, CancellationToken cancellationToken = default)
    {
        session.ThrowIfUnusable($"remove snapshot id {snapshotId} of pool {name}");
        await session.Store.Pools.RemoveSnapshotAsync(id, snapshotId).WaitAsync(cancellationToken);
        session.Store.Trimmer.Signal();
    }

    public async Task<IWatch> WatchAsync(string objectName, IWatchHandler handler, CancellationToken cancellationToken = default)
    {
        Watching.Watch? watch = null;
        try
        {
            watch = await _runner.InspectAsync(
                KeyOf(objectName),
                (key, context, core) =>
                    watch = context.Load(core.Database, core.Commits) is { Exists: true } ? core.Watches.Add(key, session, handler) : null,
                exclusive: true,
                cancellationToken);
            return watch ?? throw new RadosException(Errno.ENOENT, $"watch of object {name}/{objectName}");
        }
        catch when (watch is not null)
        {
            // Nobody would ever end it.
            await watch.DisposeAsync();
            throw;
        }
    }

    public async Task<NotifyResult> NotifyAsync(
        string objectName, ReadOnlyMemory<byte> payload, TimeSpan timeout, CancellationToken cancellationToken = default)
    {
        IReadOnlyList<Watching.Watch> watches = await _runner.InspectAsync(
            KeyOf(objectName),
            static (key, context, core) => context.Load(core.Database, core.Commits) is { Exists: true } ? core.Watches.Of(key) : null,
            exclusive: false,
            cancellationToken)
            ?? throw new RadosException(Errno.ENOENT, $"notify of object {name}/{objectName}");
        return await Core.Watches.NotifyAsync(watches, session.InstanceId, payload, timeout, cancellationToken);
    }

    public async Task<IReadOnlyList<Watcher>> ListWatchersAsync(string objectName, CancellationToken cancellationToken = default) =>
        await _runner.InspectAsync(
            KeyOf(objectName),
            static (key, context, core) => context.Load(core.Database, core.Commits) is { Exists: true } ? core.Watches.List(key) : null,
            exclusive: false,
            cancellationToken)
        ?? throw new RadosException(Errno.ENOENT, $"list watchers of object {name}/{objectName}");

    private ObjectKey KeyOf(string objectName) => new(id, @namespace, objectName);

    private (List<string> Page, byte[]? Next) NextPage(byte[] prefix, byte[] from)
    {
        var page = new List<string>();
        using Activity activity = Core.BeginActivity();
        using RocksDatabase.Cursor cursor = Core.Database.Seek(Family.Objects, from);
        for (; cursor.IsValid && cursor.Key.StartsWith(prefix); cursor.Next())
        {
            if (page.Count == NamesPerPage)
            {
                return (page, cursor.Key.ToArray());
            }

            page.Add(System.Text.Encoding.UTF8.GetString(cursor.Key[prefix.Length..]));
        }

        return (page, null);
    }
}
