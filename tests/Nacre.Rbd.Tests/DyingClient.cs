using Nacre.Rados;
using Nacre.Rados.Clusters;
using Nacre.Rados.Objects;
using Nacre.Rados.Watching;

namespace Nacre.Rbd.Tests;

/// <summary>A client that dies: after so many writes nothing it does takes effect any more.</summary>
internal sealed class DyingClient(int writes)
{
    private int _left = writes;

    /// <summary>True once a write was refused.</summary>
    public bool Died { get; private set; }

    public IPool Wrap(IPool pool) => new Pool(this, pool);

    private bool MayWrite()
    {
        if (Interlocked.Decrement(ref _left) >= 0)
        {
            return true;
        }

        Died = true;
        return false;
    }

    private static RadosException Dead() => new(Errno.ENOTCONN, "this client is dead");

    private void ThrowIfDead()
    {
        if (Died)
        {
            throw Dead();
        }
    }

    private sealed class Pool(DyingClient client, IPool inner) : IPool
    {
        public ICluster Cluster => inner.Cluster;

        public long Id => inner.Id;

        public string Name => inner.Name;

        public string Namespace => inner.Namespace;

        public IPool WithNamespace(string name) => client.Wrap(inner.WithNamespace(name));

        public ValueTask<OperationResult> OperateAsync(
            string objectName, ReadOperation operation, ulong snapshotId = SnapshotId.Head, CancellationToken cancellationToken = default) =>
            client.Died ? ValueTask.FromResult(new OperationResult(-Errno.ENOTCONN, 0, []))
            : inner.OperateAsync(objectName, operation, snapshotId, cancellationToken);

        public ValueTask<OperationResult> OperateAsync(
            string objectName, WriteOperation operation, SnapshotContext? snapshotContext = null, CancellationToken cancellationToken = default) =>
            client.MayWrite() ? inner.OperateAsync(objectName, operation, snapshotContext, cancellationToken)
            : ValueTask.FromResult(new OperationResult(-Errno.ENOTCONN, 0, []));

        public IAsyncEnumerable<string> ListObjectsAsync(CancellationToken cancellationToken = default) => inner.ListObjectsAsync(cancellationToken);

        public Task<ObjectSnapshots> ListSnapshotsAsync(string objectName, CancellationToken cancellationToken = default)
        {
            client.ThrowIfDead();
            return inner.ListSnapshotsAsync(objectName, cancellationToken);
        }

        public Task<ulong> CreateSnapshotIdAsync(CancellationToken cancellationToken = default) =>
            client.MayWrite() ? inner.CreateSnapshotIdAsync(cancellationToken) : throw Dead();

        public Task RemoveSnapshotIdAsync(ulong snapshotId, CancellationToken cancellationToken = default) =>
            client.MayWrite() ? inner.RemoveSnapshotIdAsync(snapshotId, cancellationToken) : throw Dead();

        public Task<IWatch> WatchAsync(string objectName, IWatchHandler handler, CancellationToken cancellationToken = default)
        {
            client.ThrowIfDead();
            return inner.WatchAsync(objectName, handler, cancellationToken);
        }

        public Task<NotifyResult> NotifyAsync(
            string objectName, ReadOnlyMemory<byte> payload, TimeSpan timeout, CancellationToken cancellationToken = default)
        {
            client.ThrowIfDead();
            return inner.NotifyAsync(objectName, payload, timeout, cancellationToken);
        }

        public Task<IReadOnlyList<Watcher>> ListWatchersAsync(string objectName, CancellationToken cancellationToken = default)
        {
            client.ThrowIfDead();
            return inner.ListWatchersAsync(objectName, cancellationToken);
        }
    }
}
