using Nacre.Rados.Objects;
using Nacre.Rados.Watching;

namespace Nacre.Rados.Clusters;

/// <summary>A pool that passes everything on to another one: what stands in between overrides what it is there for.</summary>
/// <param name="inner">The other one.</param>
public abstract class PoolDecorator(IPool inner) : IPool
{
    /// <summary>The pool that all is passed on to.</summary>
    protected IPool Inner => inner;

    /// <inheritdoc/>
    public virtual ICluster Cluster => inner.Cluster;

    /// <inheritdoc/>
    public long Id => inner.Id;

    /// <inheritdoc/>
    public string Name => inner.Name;

    /// <inheritdoc/>
    public string Namespace => inner.Namespace;

    /// <inheritdoc/>
    public abstract IPool WithNamespace(string name);

    /// <inheritdoc/>
    public virtual ValueTask<OperationResult> OperateAsync(
        string objectName, ReadOperation operation, ulong snapshotId = SnapshotId.Head, CancellationToken cancellationToken = default) =>
        inner.OperateAsync(objectName, operation, snapshotId, cancellationToken);

    /// <inheritdoc/>
    public virtual ValueTask<OperationResult> OperateAsync(
        string objectName, WriteOperation operation, SnapshotContext? snapshotContext = null, CancellationToken cancellationToken = default) =>
        inner.OperateAsync(objectName, operation, snapshotContext, cancellationToken);

    /// <inheritdoc/>
    public virtual IAsyncEnumerable<string> ListObjectsAsync(CancellationToken cancellationToken = default) => inner.ListObjectsAsync(cancellationToken);

    /// <inheritdoc/>
    public virtual Task<ObjectSnapshots> ListSnapshotsAsync(string objectName, CancellationToken cancellationToken = default) =>
        inner.ListSnapshotsAsync(objectName, cancellationToken);

    /// <inheritdoc/>
    public virtual Task<ulong> CreateSnapshotIdAsync(CancellationToken cancellationToken = default) => inner.CreateSnapshotIdAsync(cancellationToken);

    /// <inheritdoc/>
    public virtual Task RemoveSnapshotIdAsync(ulong snapshotId, CancellationToken cancellationToken = default) =>
        inner.RemoveSnapshotIdAsync(snapshotId, cancellationToken);

    /// <inheritdoc/>
    public virtual Task<IWatch> WatchAsync(string objectName, IWatchHandler handler, CancellationToken cancellationToken = default) =>
        inner.WatchAsync(objectName, handler, cancellationToken);

    /// <inheritdoc/>
    public virtual Task<NotifyResult> NotifyAsync(
        string objectName, ReadOnlyMemory<byte> payload, TimeSpan timeout, CancellationToken cancellationToken = default) =>
        inner.NotifyAsync(objectName, payload, timeout, cancellationToken);

    /// <inheritdoc/>
    public virtual Task<IReadOnlyList<Watcher>> ListWatchersAsync(string objectName, CancellationToken cancellationToken = default) =>
        inner.ListWatchersAsync(objectName, cancellationToken);
}
