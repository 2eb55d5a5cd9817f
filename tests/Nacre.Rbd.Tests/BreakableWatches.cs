using Nacre.Rados;
using Nacre.Rados.Clusters;
using Nacre.Rados.Objects;
using Nacre.Rados.Watching;

namespace Nacre.Rbd.Tests;

/// <summary>A pool whose watches can be made to break, as when the network was away for long.</summary>
internal sealed class BreakableWatches(IPool inner) : IPool
{
    private readonly List<(IWatch Watch, IWatchHandler Handler)> _watches = [];

    public ICluster Cluster => inner.Cluster;

    public long Id => inner.Id;

    public string Name => inner.Name;

    public string Namespace => inner.Namespace;

    /// <summary>Ends all watches and tells their owners.</summary>
    public async Task BreakAsync()
    {
        (IWatch, IWatchHandler)[] broken = [.. _watches];
        _watches.Clear();
        foreach ((IWatch watch, IWatchHandler handler) in broken)
        {
            await watch.DisposeAsync();
            handler.OnLost(Errno.ENOTCONN);
        }
    }

    public IPool WithNamespace(string name) => inner.WithNamespace(name);

    public ValueTask<OperationResult> OperateAsync(
        string objectName, ReadOperation operation, ulong snapshotId = SnapshotId.Head, CancellationToken cancellationToken = default) =>
        inner.OperateAsync(objectName, operation, snapshotId, cancellationToken);

    public ValueTask<OperationResult> OperateAsync(
        string objectName, WriteOperation operation, SnapshotContext? snapshotContext = null, CancellationToken cancellationToken = default) =>
        inner.OperateAsync(objectName, operation, snapshotContext, cancellationToken);

    public IAsyncEnumerable<string> ListObjectsAsync(CancellationToken cancellationToken = default) => inner.ListObjectsAsync(cancellationToken);

    public Task<ObjectSnapshots> ListSnapshotsAsync(string objectName, CancellationToken cancellationToken = default) =>
        inner.ListSnapshotsAsync(objectName, cancellationToken);

    public Task<ulong> CreateSnapshotIdAsync(CancellationToken cancellationToken = default) => inner.CreateSnapshotIdAsync(cancellationToken);

    public Task RemoveSnapshotIdAsync(ulong snapshotId, CancellationToken cancellationToken = default) =>
        inner.RemoveSnapshotIdAsync(snapshotId, cancellationToken);

    public async Task<IWatch> WatchAsync(string objectName, IWatchHandler handler, CancellationToken cancellationToken = default)
    {
        IWatch watch = await inner.WatchAsync(objectName, handler, cancellationToken);
        _watches.Add((watch, handler));
        return watch;
    }

    public Task<NotifyResult> NotifyAsync(
        string objectName, ReadOnlyMemory<byte> payload, TimeSpan timeout, CancellationToken cancellationToken = default) =>
        inner.NotifyAsync(objectName, payload, timeout, cancellationToken);

    public Task<IReadOnlyList<Watcher>> ListWatchersAsync(string objectName, CancellationToken cancellationToken = default) =>
        inner.ListWatchersAsync(objectName, cancellationToken);
}
