using Nacre.Rados.Clusters;
using Nacre.Rados.Configuration;
using Nacre.Rados.Objects;
using Nacre.Rados.Watching;

namespace Nacre.Mirroring.Tests.Killed;

/// <summary>The process was killed here.</summary>
public sealed class KilledException() : Exception("killed");

/// <summary>A client that dies after so many changes to the store: the last one is made, its acknowledgement and all that follows never come.</summary>
public sealed class KillableCluster(ICluster inner, int changes) : ICluster
{
    private readonly TaskCompletionSource _died = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _left = changes;
    private volatile bool _dead;

    /// <summary>True once it is dead.</summary>
    public bool IsDead => _dead;

    /// <summary>Done when it dies: what it was doing then never ends.</summary>
    public Task Died => _died.Task;

    /// <inheritdoc/>
    public string Fsid => inner.Fsid;

    /// <inheritdoc/>
    public EntityName Name => inner.Name;

    /// <inheritdoc/>
    public ulong InstanceId => inner.InstanceId;

    /// <inheritdoc/>
    public string Address => inner.Address;

    /// <inheritdoc/>
    public EngineCapabilities Capabilities => inner.Capabilities;

    /// <summary>How many changes are left from now on.</summary>
    public void Limit(int changes) => Volatile.Write(ref _left, changes);

    /// <summary>Dies if it is to.</summary>
    public void Live()
    {
        if (_dead)
        {
            throw new KilledException();
        }
    }

    /// <summary>Makes a change, unless none is left.</summary>
    public async Task<T> ChangeAsync<T>(Func<Task<T>> change)
    {
        Live();
        int left = Interlocked.Decrement(ref _left);
        if (left < 0)
        {
            _dead = true;
            _died.TrySetResult();
        }

        Live();
        T result = await change();
        Live();
        return result;
    }

    /// <inheritdoc/>
    public Task<IReadOnlyList<PoolDescription>> ListPoolsAsync(CancellationToken cancellationToken = default) => inner.ListPoolsAsync(cancellationToken);

    /// <inheritdoc/>
    public Task CreatePoolAsync(string name, CancellationToken cancellationToken = default) => inner.CreatePoolAsync(name, cancellationToken);

    /// <inheritdoc/>
    public Task DeletePoolAsync(string name, CancellationToken cancellationToken = default) => inner.DeletePoolAsync(name, cancellationToken);

    /// <inheritdoc/>
    public async Task<IPool> OpenPoolAsync(string name, CancellationToken cancellationToken = default) =>
        new KillablePool(this, await inner.OpenPoolAsync(name, cancellationToken));

    /// <inheritdoc/>
    public async Task<IPool> OpenPoolAsync(long id, CancellationToken cancellationToken = default) =>
        new KillablePool(this, await inner.OpenPoolAsync(id, cancellationToken));

    /// <inheritdoc/>
    public Task<CommandResult> MonitorCommandAsync(string command, ReadOnlyMemory<byte> input = default, CancellationToken cancellationToken = default) =>
        inner.MonitorCommandAsync(command, input, cancellationToken);

    /// <inheritdoc/>
    public Task<CommandResult> ManagerCommandAsync(string command, ReadOnlyMemory<byte> input = default, CancellationToken cancellationToken = default) =>
        inner.ManagerCommandAsync(command, input, cancellationToken);

    /// <inheritdoc/>
    public Task BlocklistAsync(string address, TimeSpan? expiry = null, CancellationToken cancellationToken = default) =>
        inner.BlocklistAsync(address, expiry, cancellationToken);

    /// <inheritdoc/>
    public Task WaitForLatestMapAsync(CancellationToken cancellationToken = default) => inner.WaitForLatestMapAsync(cancellationToken);

    /// <inheritdoc/>
    public string? GetOption(string name) => inner.GetOption(name);

    /// <inheritdoc/>
    public Task RegisterServiceAsync(
        string service, string daemon, IReadOnlyDictionary<string, string> metadata, CancellationToken cancellationToken = default) =>
        inner.RegisterServiceAsync(service, daemon, metadata, cancellationToken);

    /// <inheritdoc/>
    public Task UpdateServiceStatusAsync(IReadOnlyDictionary<string, string> status, CancellationToken cancellationToken = default) =>
        inner.UpdateServiceStatusAsync(status, cancellationToken);

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        _dead = true;
        return inner.DisposeAsync();
    }

    private sealed class KillablePool(KillableCluster cluster, IPool inner) : IPool
    {
        public ICluster Cluster => cluster;

        public long Id => inner.Id;

        public string Name => inner.Name;

        public string Namespace => inner.Namespace;

        public IPool WithNamespace(string name) => new KillablePool(cluster, inner.WithNamespace(name));

        public ValueTask<OperationResult> OperateAsync(
            string objectName, ReadOperation operation, ulong snapshotId = SnapshotId.Head, CancellationToken cancellationToken = default)
        {
            cluster.Live();
            return inner.OperateAsync(objectName, operation, snapshotId, cancellationToken);
        }

        public async ValueTask<OperationResult> OperateAsync(
            string objectName, WriteOperation operation, SnapshotContext? snapshotContext = null, CancellationToken cancellationToken = default) =>
            await cluster.ChangeAsync(() => inner.OperateAsync(objectName, operation, snapshotContext, cancellationToken).AsTask());

        public IAsyncEnumerable<string> ListObjectsAsync(CancellationToken cancellationToken = default) => inner.ListObjectsAsync(cancellationToken);

        public Task<ObjectSnapshots> ListSnapshotsAsync(string objectName, CancellationToken cancellationToken = default)
        {
            cluster.Live();
            return inner.ListSnapshotsAsync(objectName, cancellationToken);
        }

        public Task<ulong> CreateSnapshotIdAsync(CancellationToken cancellationToken = default) =>
            cluster.ChangeAsync(() => inner.CreateSnapshotIdAsync(cancellationToken));

        public Task RemoveSnapshotIdAsync(ulong snapshotId, CancellationToken cancellationToken = default) => cluster.ChangeAsync(async () =>
        {
            await inner.RemoveSnapshotIdAsync(snapshotId, cancellationToken);
            return true;
        });

        public Task<IWatch> WatchAsync(string objectName, IWatchHandler handler, CancellationToken cancellationToken = default)
        {
            cluster.Live();
            return inner.WatchAsync(objectName, handler, cancellationToken);
        }

        public Task<NotifyResult> NotifyAsync(
            string objectName, ReadOnlyMemory<byte> payload, TimeSpan timeout, CancellationToken cancellationToken = default)
        {
            cluster.Live();
            return inner.NotifyAsync(objectName, payload, timeout, cancellationToken);
        }

        public Task<IReadOnlyList<Watcher>> ListWatchersAsync(string objectName, CancellationToken cancellationToken = default)
        {
            cluster.Live();
            return inner.ListWatchersAsync(objectName, cancellationToken);
        }
    }
}
