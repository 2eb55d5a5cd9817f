using Nacre.ObjectClasses.Rbd;
using Nacre.Rados;
using Nacre.Rados.Clusters;
using Nacre.Rados.Objects;
using Nacre.Rados.Watching;

namespace Nacre.Rbd;

/// <summary>
/// A pool whose writes count as writes of an open image: the exclusive lock goes only after those under way have ended, and without it they fail with EROFS.
/// </summary>
internal sealed class FencedPool(IPool inner, ImageCore core) : IPool
{
    public ICluster Cluster => inner.Cluster;

    public long Id => inner.Id;

    public string Name => inner.Name;

    public string Namespace => inner.Namespace;

    public IPool WithNamespace(string name) => new FencedPool(inner.WithNamespace(name), core);

    public ValueTask<OperationResult> OperateAsync(
        string objectName, ReadOperation operation, ulong snapshotId = SnapshotId.Head, CancellationToken cancellationToken = default) =>
        inner.OperateAsync(objectName, operation, snapshotId, cancellationToken);

    public async ValueTask<OperationResult> OperateAsync(
        string objectName, WriteOperation operation, SnapshotContext? snapshotContext = null, CancellationToken cancellationToken = default)
    {
        await core.Writes.EnterAsync(cancellationToken);
        try
        {
            if (IsClosed)
            {
                return new OperationResult(-Errno.EROFS, 0, []);
            }

            // Whoever gives up waiting for a write has not stopped it: once begun, its end is waited for.
            OperationResult result = await inner.OperateAsync(objectName, operation, snapshotContext, CancellationToken.None);
            core.Unsettled.Note(inner, objectName, result.ReturnCode);
            return result;
        }
        finally
        {
            core.Writes.Exit();
        }
    }

    public IAsyncEnumerable<string> ListObjectsAsync(CancellationToken cancellationToken = default) => inner.ListObjectsAsync(cancellationToken);

    public Task<ObjectSnapshots> ListSnapshotsAsync(string objectName, CancellationToken cancellationToken = default) =>
        inner.ListSnapshotsAsync(objectName, cancellationToken);

    public Task<ulong> CreateSnapshotIdAsync(CancellationToken cancellationToken = default) => inner.CreateSnapshotIdAsync(cancellationToken);

    public async Task RemoveSnapshotIdAsync(ulong snapshotId, CancellationToken cancellationToken = default)
    {
        await core.Writes.EnterAsync(cancellationToken);
        try
        {
            if (IsClosed)
            {
                throw core.Error(Errno.EROFS, $"removing snapshot id {snapshotId} without the exclusive lock");
            }

            await inner.RemoveSnapshotIdAsync(snapshotId, CancellationToken.None);
        }
        finally
        {
            core.Writes.Exit();
        }
    }

    public Task<IWatch> WatchAsync(string objectName, IWatchHandler handler, CancellationToken cancellationToken = default) =>
        inner.WatchAsync(objectName, handler, cancellationToken);

    public Task<NotifyResult> NotifyAsync(
        string objectName, ReadOnlyMemory<byte> payload, TimeSpan timeout, CancellationToken cancellationToken = default) =>
        inner.NotifyAsync(objectName, payload, timeout, cancellationToken);

    public Task<IReadOnlyList<Watcher>> ListWatchersAsync(string objectName, CancellationToken cancellationToken = default) =>
        inner.ListWatchersAsync(objectName, cancellationToken);

    // An image without the feature has no lock to own.
    private bool IsClosed => core.IsClosed || (core.State.Has(RbdFeatures.ExclusiveLock) && !core.IsLockOwner);
}
