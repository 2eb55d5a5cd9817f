using Nacre.Rados.Objects;
using Nacre.Rados.Watching;

namespace Nacre.Rados.Clusters;

/// <summary>
/// One namespace of a pool: where objects live (a librados I/O context, but without hidden state: snapshots are named per call).
/// Cheap, immutable and safe to share between threads; valid as long as its cluster.
/// </summary>
public interface IPool
{
    /// <summary>The connection.</summary>
    ICluster Cluster { get; }

    /// <summary>Pool id.</summary>
    long Id { get; }

    /// <summary>Pool name.</summary>
    string Name { get; }

    /// <summary>Namespace; empty for the default one.</summary>
    string Namespace { get; }

    /// <summary>Another namespace of the same pool.</summary>
    IPool WithNamespace(string name);

    /// <summary>
    /// Carries out a compound read. Errors of the store, the connection and the deadline are in the result; only cancellation throws.
    /// Input memory must stay unchanged until completion.
    /// </summary>
    ValueTask<OperationResult> OperateAsync(
        string objectName, ReadOperation operation, ulong snapshotId = SnapshotId.Head, CancellationToken cancellationToken = default);

    /// <summary>
    /// Carries out a compound write, acknowledged when durable. Errors of the store, the connection and the deadline are in the result;
    /// only cancellation throws, and after it (or ETIMEDOUT, ENOTCONN) the write may or may not have happened.
    /// Input memory must stay unchanged until completion. Writes to one object by one client apply in the order they were begun.
    /// </summary>
    ValueTask<OperationResult> OperateAsync(
        string objectName, WriteOperation operation, SnapshotContext? snapshotContext = null, CancellationToken cancellationToken = default);

    /// <summary>Names of all objects of this namespace, in no particular order.</summary>
    IAsyncEnumerable<string> ListObjectsAsync(CancellationToken cancellationToken = default);

    /// <summary>An object's preserved states. ENOENT where it neither exists nor has any.</summary>
    Task<ObjectSnapshots> ListSnapshotsAsync(string objectName, CancellationToken cancellationToken = default);

    /// <summary>Allocates a self-managed snapshot id of this pool.</summary>
    Task<ulong> CreateSnapshotIdAsync(CancellationToken cancellationToken = default);

    /// <summary>Gives a self-managed snapshot id back: what only it preserved is trimmed in the background. ENOENT where it is not there (Ceph accepts it too).</summary>
    Task RemoveSnapshotIdAsync(ulong snapshotId, CancellationToken cancellationToken = default);

    /// <summary>Watches an object. ENOENT where it is absent.</summary>
    Task<IWatch> WatchAsync(string objectName, IWatchHandler handler, CancellationToken cancellationToken = default);

    /// <summary>
    /// Notifies all watchers and waits for their answers, at most <paramref name="timeout"/>. ENOENT where the object is absent; slow watchers
    /// are in the result.
    /// </summary>
    Task<NotifyResult> NotifyAsync(string objectName, ReadOnlyMemory<byte> payload, TimeSpan timeout, CancellationToken cancellationToken = default);

    /// <summary>Who watches an object.</summary>
    Task<IReadOnlyList<Watcher>> ListWatchersAsync(string objectName, CancellationToken cancellationToken = default);
}
