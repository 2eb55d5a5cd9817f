using System.Runtime.CompilerServices;
using Nacre.Rados;
using Nacre.Rados.Clusters;
using Nacre.Rados.Configuration;
using Nacre.Rados.Objects;
using Nacre.Rados.Watching;

namespace Nacre.Mirroring.Daemon.Tests.Sites;

/// <summary>
/// The wire between a daemon and its sites. Pulled, at once or after so many operations, nothing gets through any more in either direction, which is what
/// `kill -9` of the daemon looks like from the sites.
/// </summary>
internal sealed class Plug
{
    private long _left = long.MaxValue;
    private long _bytesRead;

    private TaskCompletionSource? _frozen;
    private long _dataReadsUntilFrost = long.MaxValue;

    public bool IsPulled => Interlocked.Read(ref _left) <= 0;

    /// <summary>Data bytes that came over it.</summary>
    public long BytesRead => Interlocked.Read(ref _bytesRead);

    public TaskCompletionSource Pulled { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Done when the sites have fallen silent by <see cref="FreezeAtDataRead"/>.</summary>
    public TaskCompletionSource Frozen { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>What the daemon last told the local site as its service status.</summary>
    public string ServiceStatus { get; set; } = "";

    /// <summary>Nothing that is asked over it is answered from now on, until <see cref="Thaw"/>.</summary>
    public void Freeze()
    {
        Interlocked.CompareExchange(ref _frozen, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously), null);
        Frozen.TrySetResult();
    }

    /// <summary>Freezes when the n-th data read comes.</summary>
    public void FreezeAtDataRead(long count) => Interlocked.Exchange(ref _dataReadsUntilFrost, count);

    public void Thaw() => Interlocked.Exchange(ref _frozen, null)?.TrySetResult();

    /// <summary>Waits as long as it is frozen.</summary>
    public Task WaitForThawAsync(CancellationToken cancellationToken) => Volatile.Read(ref _frozen)?.Task.WaitAsync(cancellationToken) ?? Task.CompletedTask;

    public void CountDataRead()
    {
        if (Interlocked.Decrement(ref _dataReadsUntilFrost) == 0)
        {
            Freeze();
        }
    }

    public void PullAfter(long operations) => Interlocked.Exchange(ref _left, operations);

    public bool TryPass()
    {
        if (Interlocked.Decrement(ref _left) > 0)
        {
            return true;
        }

        Pulled.TrySetResult();
        return false;
    }

    public void Count(long bytes) => Interlocked.Add(ref _bytesRead, bytes);
}

/// <summary>A connection through a plug.</summary>
internal sealed class PluggedCluster(ICluster inner, Plug plug, bool isSource) : ICluster
{
    public string Fsid => inner.Fsid;

    public EntityName Name => inner.Name;

    public ulong InstanceId => inner.InstanceId;

    public string Address => inner.Address;

    public EngineCapabilities Capabilities => inner.Capabilities;

    public Plug Plug => plug;

    public bool IsSource => isSource;

    public Task<IReadOnlyList<PoolDescription>> ListPoolsAsync(CancellationToken cancellationToken = default) =>
        PassAsync(() => inner.ListPoolsAsync(cancellationToken), cancellationToken);

    public Task CreatePoolAsync(string name, CancellationToken cancellationToken = default) => inner.CreatePoolAsync(name, cancellationToken);

    public Task DeletePoolAsync(string name, CancellationToken cancellationToken = default) => inner.DeletePoolAsync(name, cancellationToken);

    public Task<IPool> OpenPoolAsync(string name, CancellationToken cancellationToken = default) =>
        PassAsync(async () => Wrap(await inner.OpenPoolAsync(name, cancellationToken)), cancellationToken);

    public Task<IPool> OpenPoolAsync(long id, CancellationToken cancellationToken = default) =>
        PassAsync(async () => Wrap(await inner.OpenPoolAsync(id, cancellationToken)), cancellationToken);

    public Task<CommandResult> MonitorCommandAsync(string command, ReadOnlyMemory<byte> input = default, CancellationToken cancellationToken = default) =>
        Task.FromResult(new CommandResult(-Errno.ENOENT, default, "no such key"));

    public Task<CommandResult> ManagerCommandAsync(string command, ReadOnlyMemory<byte> input = default, CancellationToken cancellationToken = default) =>
        inner.ManagerCommandAsync(command, input, cancellationToken);

    public Task BlocklistAsync(string address, TimeSpan? expiry = null, CancellationToken cancellationToken = default) =>
        PassAsync(async () =>
        {
            await inner.BlocklistAsync(address, expiry, cancellationToken);
            return true;
        }, cancellationToken);

    public Task WaitForLatestMapAsync(CancellationToken cancellationToken = default) => inner.WaitForLatestMapAsync(cancellationToken);

    public string? GetOption(string name) => null;

    public Task RegisterServiceAsync(
        string service, string daemon, IReadOnlyDictionary<string, string> metadata, CancellationToken cancellationToken = default) => Task.CompletedTask;

    public Task UpdateServiceStatusAsync(IReadOnlyDictionary<string, string> status, CancellationToken cancellationToken = default)
    {
        plug.ServiceStatus = status["json"];
        return Task.CompletedTask;
    }

    /// <summary>Only what goes to the source may freeze.</summary>
    public Task WaitForThawAsync(CancellationToken cancellationToken) => isSource ? plug.WaitForThawAsync(cancellationToken) : Task.CompletedTask;

    public ValueTask DisposeAsync() => inner.DisposeAsync();

    public IPool Wrap(IPool pool) => new PluggedPool(pool, this);

    public async Task<T> PassAsync<T>(Func<Task<T>> action, CancellationToken cancellationToken = default)
    {
        await WaitForThawAsync(cancellationToken);
        ThrowIfPulled();
        T result = await action();
        return plug.IsPulled ? throw Gone() : result;
    }

    public void ThrowIfPulled()
    {
        if (!plug.TryPass())
        {
            throw Gone();
        }
    }

    private static RadosException Gone() => new(Errno.ENOTCONN, "the plug is pulled");
}

/// <summary>A pool through a plug.</summary>
internal sealed class PluggedPool(IPool inner, PluggedCluster cluster) : IPool
{
    public ICluster Cluster => cluster;

    public long Id => inner.Id;

    public string Name => inner.Name;

    public string Namespace => inner.Namespace;

    public IPool WithNamespace(string name) => new PluggedPool(inner.WithNamespace(name), cluster);

    public async ValueTask<OperationResult> OperateAsync(
        string objectName, ReadOperation operation, ulong snapshotId = SnapshotId.Head, CancellationToken cancellationToken = default)
    {
        if (cluster.IsSource && objectName.StartsWith("rbd_data.", StringComparison.Ordinal))
        {
            cluster.Plug.CountDataRead();
        }

        await cluster.WaitForThawAsync(cancellationToken);
        if (!cluster.Plug.TryPass())
        {
            return Refused();
        }

        OperationResult result = await inner.OperateAsync(objectName, operation, snapshotId, cancellationToken);
        if (cluster.IsSource && objectName.StartsWith("rbd_data.", StringComparison.Ordinal))
        {
            cluster.Plug.Count(result.Outputs.Sum(o => (long)o.Data.Length));
        }

        return result;
    }

    public async ValueTask<OperationResult> OperateAsync(
        string objectName, WriteOperation operation, SnapshotContext? snapshotContext = null, CancellationToken cancellationToken = default)
    {
        await cluster.WaitForThawAsync(cancellationToken);
        return cluster.Plug.TryPass() ? await inner.OperateAsync(objectName, operation, snapshotContext, cancellationToken) : Refused();
    }

    public async IAsyncEnumerable<string> ListObjectsAsync([EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        cluster.ThrowIfPulled();
        await foreach (string name in inner.ListObjectsAsync(cancellationToken))
        {
            yield return name;
        }
    }

    public Task<ObjectSnapshots> ListSnapshotsAsync(string objectName, CancellationToken cancellationToken = default) =>
        cluster.PassAsync(() => inner.ListSnapshotsAsync(objectName, cancellationToken), cancellationToken);

    public Task<ulong> CreateSnapshotIdAsync(CancellationToken cancellationToken = default) =>
        cluster.PassAsync(() => inner.CreateSnapshotIdAsync(cancellationToken), cancellationToken);

    public Task RemoveSnapshotIdAsync(ulong snapshotId, CancellationToken cancellationToken = default) => cluster.PassAsync(async () =>
    {
        await inner.RemoveSnapshotIdAsync(snapshotId, cancellationToken);
        return true;
    }, cancellationToken);

    public Task<IWatch> WatchAsync(string objectName, IWatchHandler handler, CancellationToken cancellationToken = default) =>
        cluster.PassAsync<IWatch>(
            async () => new PluggedWatch(await inner.WatchAsync(objectName, handler, cancellationToken), cluster), cancellationToken);

    public Task<NotifyResult> NotifyAsync(
        string objectName, ReadOnlyMemory<byte> payload, TimeSpan timeout, CancellationToken cancellationToken = default) =>
        cluster.PassAsync(() => inner.NotifyAsync(objectName, payload, timeout, cancellationToken), cancellationToken);

    public Task<IReadOnlyList<Watcher>> ListWatchersAsync(string objectName, CancellationToken cancellationToken = default) =>
        cluster.PassAsync(() => inner.ListWatchersAsync(objectName, cancellationToken), cancellationToken);

    private static OperationResult Refused() => new(-Errno.ENOTCONN, 0, []);
}

/// <summary>A watch through a plug: to end it the site must answer.</summary>
internal sealed class PluggedWatch(IWatch inner, PluggedCluster cluster) : IWatch
{
    public ulong Cookie => inner.Cookie;

    public int Check() => inner.Check();

    public async ValueTask DisposeAsync()
    {
        await cluster.WaitForThawAsync(CancellationToken.None);
        await inner.DisposeAsync();
    }
}
