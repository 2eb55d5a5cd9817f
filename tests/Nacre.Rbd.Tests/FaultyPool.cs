using Nacre.Rados.Clusters;
using Nacre.Rados.Objects;
using Nacre.Rados.Watching;

namespace Nacre.Rbd.Tests;

/// <summary>A pool some of whose writes fail. What fails may take effect all the same, as after a lost answer.</summary>
internal sealed class FaultyPool(IPool inner) : IPool
{
    /// <summary>By object: null for no fault, else the code to give and whether it takes effect.</summary>
    public Func<string, (int Code, bool TakesEffect)?> Fault { get; set; } = _ => null;

    public ICluster Cluster => inner.Cluster;

    public long Id => inner.Id;

    public string Name => inner.Name;

    public string Namespace => inner.Namespace;

    public IPool WithNamespace(string name) => new FaultyPool(inner.WithNamespace(name)) { Fault = objectName => Fault(objectName) };

    public ValueTask<OperationResult> OperateAsync(
        string objectName, ReadOperation operation, ulong snapshotId = SnapshotId.Head, CancellationToken cancellationToken = default) =>
        inner.OperateAsync(objectName, operation, snapshotId, cancellationToken);

    public async ValueTask<OperationResult> OperateAsync(
        string objectName, WriteOperation operation, SnapshotContext? snapshotContext = null, CancellationToken cancellationToken = default)
    {
        if (Fault(objectName) is not { } fault)
        {
            return await inner.OperateAsync(objectName, operation, snapshotContext, cancellationToken);
        }

        if (fault.TakesEffect)
        {
            using OperationResult result = await inner.OperateAsync(objectName, operation, snapshotContext, cancellationToken);
        }

        return new OperationResult(-fault.Code, 0, []);
    }

    public IAsyncEnumerable<string> ListObjectsAsync(CancellationToken cancellationToken = default) => inner.ListObjectsAsync(cancellationToken);

    public Task<ObjectSnapshots> ListSnapshotsAsync(string objectName, CancellationToken cancellationToken = default) =>
        inner.ListSnapshotsAsync(objectName, cancellationToken);

    public Task<ulong> CreateSnapshotIdAsync(CancellationToken cancellationToken = default) => inner.CreateSnapshotIdAsync(cancellationToken);

    public Task RemoveSnapshotIdAsync(ulong snapshotId, CancellationToken cancellationToken = default) =>
        inner.RemoveSnapshotIdAsync(snapshotId, cancellationToken);

    public Task<IWatch> WatchAsync(string objectName, IWatchHandler handler, CancellationToken cancellationToken = default) =>
        inner.WatchAsync(objectName, handler, cancellationToken);

    public Task<NotifyResult> NotifyAsync(
        string objectName, ReadOnlyMemory<byte> payload, TimeSpan timeout, CancellationToken cancellationToken = default) =>
        inner.NotifyAsync(objectName, payload, timeout, cancellationToken);

    public Task<IReadOnlyList<Watcher>> ListWatchersAsync(string objectName, CancellationToken cancellationToken = default) =>
        inner.ListWatchersAsync(objectName, cancellationToken);
}
