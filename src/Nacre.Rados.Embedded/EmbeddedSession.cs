using Nacre.Rados.Clusters;
using Nacre.Rados.Configuration;
using Nacre.Rados.Embedded.Pools;

namespace Nacre.Rados.Embedded;

/// <summary>One client of an <see cref="EmbeddedStore"/>. Disposing it ends it: its watches are lost with ENOTCONN.</summary>
public sealed class EmbeddedSession : ICluster
{
    private volatile bool _isBlocklisted;
    private int _closed;

    internal EmbeddedSession(EmbeddedStore store, EntityName name, ulong instanceId, string address, ClusterOptions options)
    {
        Store = store;
        Name = name;
        InstanceId = instanceId;
        Address = address;
        Options = options;
    }

    /// <summary>The store.</summary>
    public EmbeddedStore Store { get; }

    /// <inheritdoc/>
    public string Fsid => Store.Fsid;

    /// <inheritdoc/>
    public EntityName Name { get; }

    /// <inheritdoc/>
    public ulong InstanceId { get; }

    /// <inheritdoc/>
    public string Address { get; }

    /// <inheritdoc/>
    public EngineCapabilities Capabilities { get; } = new(
        "embedded", typeof(EmbeddedSession).Assembly.GetName().Version?.ToString(3) ?? "0", Limits.MaximumWriteSize);

    internal ClusterOptions Options { get; }

    /// <summary>True since the session was shut out; whether it still is, its entry's expiry says.</summary>
    internal bool IsBlocklisted
    {
        get => _isBlocklisted;
        set => _isBlocklisted = value;
    }

    /// <summary>0 while the session may do anything, else the negated errno of all it asks for.</summary>
    internal int State => Volatile.Read(ref _closed) != 0 ? -Errno.ENOTCONN
        : _isBlocklisted && Store.IsShutOut(this) ? -Errno.ESHUTDOWN : 0;

    /// <inheritdoc/>
    public Task<IReadOnlyList<PoolDescription>> ListPoolsAsync(CancellationToken cancellationToken = default)
    {
        ThrowIfUnusable("list pools");
        return Task.FromResult<IReadOnlyList<PoolDescription>>([.. Store.Pools.All.Select(pool => new PoolDescription(pool.Id, pool.Name))]);
    }

    /// <inheritdoc/>
    public async Task CreatePoolAsync(string name, CancellationToken cancellationToken = default)
    {
        ThrowIfUnusable($"create pool '{name}'");
        if (name.Length == 0)
        {
            throw new RadosException(Errno.EINVAL, "create a pool without a name");
        }

        await Store.Pools.CreateAsync(name).WaitAsync(cancellationToken);
    }

    /// <inheritdoc/>
    public async Task DeletePoolAsync(string name, CancellationToken cancellationToken = default)
    {
        ThrowIfUnusable($"delete pool '{name}'");
        await Store.Pools.DeleteAsync(name).WaitAsync(cancellationToken);
        Store.Trimmer.Signal();
    }

    /// <inheritdoc/>
    public Task<IPool> OpenPoolAsync(string name, CancellationToken cancellationToken = default) =>
        OpenPool(Store.Pools.Find(name), $"open pool '{name}'");

    /// <inheritdoc/>
    public Task<IPool> OpenPoolAsync(long id, CancellationToken cancellationToken = default) =>
        OpenPool(Store.Pools.Find(id), $"open pool {id}");

    /// <inheritdoc/>
    public Task<CommandResult> MonitorCommandAsync(
        string command, ReadOnlyMemory<byte> input = default, CancellationToken cancellationToken = default)
    {
        ThrowIfUnusable("monitor command");
        return Store.Commands?.MonitorCommandAsync(this, command, input, cancellationToken) ?? Unsupported();
    }

    /// <inheritdoc/>
    public Task<CommandResult> ManagerCommandAsync(
        string command, ReadOnlyMemory<byte> input = default, CancellationToken cancellationToken = default)
    {
        ThrowIfUnusable("manager command");
        return Store.Commands?.ManagerCommandAsync(this, command, input, cancellationToken) ?? Unsupported();
    }

    /// <inheritdoc/>
    public Task BlocklistAsync(string address, TimeSpan? expiry = null, CancellationToken cancellationToken = default)
    {
        ThrowIfUnusable($"blocklist {address}");
        return Store.BlocklistAsync(address, expiry, cancellationToken);
    }

    /// <inheritdoc/>
    public Task WaitForLatestMapAsync(CancellationToken cancellationToken = default) => Task.CompletedTask;

    /// <inheritdoc/>
    public string? GetOption(string name) => Store.Commands?.GetOption(this, name);

    /// <inheritdoc/>
    public Task RegisterServiceAsync(
        string service, string daemon, IReadOnlyDictionary<string, string> metadata, CancellationToken cancellationToken = default)
    {
        ThrowIfUnusable($"register service {service}");
        return Store.Commands?.RegisterServiceAsync(this, service, daemon, metadata, cancellationToken) ?? Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task UpdateServiceStatusAsync(IReadOnlyDictionary<string, string> status, CancellationToken cancellationToken = default)
    {
        ThrowIfUnusable("update service status");
        return Store.Commands?.UpdateServiceStatusAsync(this, status, cancellationToken) ?? Task.CompletedTask;
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        bool first = false;
        if (Volatile.Read(ref _closed) == 0)
        {
            // No watch is registered after this that the breaking below would miss.
            Store.Core.ChangeMap(() => first = Interlocked.Exchange(ref _closed, 1) == 0);
        }

        if (first)
        {
            Store.Remove(this);
            Store.Core.Watches.BreakSession(this, Errno.ENOTCONN);
            Store.Commands?.SessionClosed(this);
        }

        return ValueTask.CompletedTask;
    }

    internal void ThrowIfUnusable(string attempt)
    {
        if (State is var state and < 0)
        {
            throw new RadosException(state, attempt);
        }
    }

    private static Task<CommandResult> Unsupported() =>
        Task.FromResult(new CommandResult(-Errno.EOPNOTSUPP, default, "this store has no monitor"));

    private Task<IPool> OpenPool(PoolRecord? pool, string attempt)
    {
        ThrowIfUnusable(attempt);
        return pool is null
            ? Task.FromException<IPool>(new RadosException(Errno.ENOENT, attempt))
            : Task.FromResult<IPool>(new EmbeddedPool(this, pool.Id, pool.Name, ""));
    }
}
