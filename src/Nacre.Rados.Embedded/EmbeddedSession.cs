using Nacre.Rados.Clusters;
using Nacre.Rados.Configuration;

namespace Nacre.Rados.Embedded;

/// <summary>One client of an <see cref="EmbeddedStore"/>. Disposing it drops its watches.</summary>
public sealed class EmbeddedSession : ICluster
{
    internal EmbeddedSession(EmbeddedStore store, EntityName name, ulong instanceId, string address)
    {
        Store = store;
        Name = name;
        InstanceId = instanceId;
        Address = address;
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
    public EngineCapabilities Capabilities => throw new NotImplementedException();

    /// <inheritdoc/>
    public Task<IReadOnlyList<PoolDescription>> ListPoolsAsync(CancellationToken cancellationToken = default) => throw new NotImplementedException();

    /// <inheritdoc/>
    public Task CreatePoolAsync(string name, CancellationToken cancellationToken = default) => throw new NotImplementedException();

    /// <inheritdoc/>
    public Task DeletePoolAsync(string name, CancellationToken cancellationToken = default) => throw new NotImplementedException();

    /// <inheritdoc/>
    public Task<IPool> OpenPoolAsync(string name, CancellationToken cancellationToken = default) => throw new NotImplementedException();

    /// <inheritdoc/>
    public Task<IPool> OpenPoolAsync(long id, CancellationToken cancellationToken = default) => throw new NotImplementedException();

    /// <inheritdoc/>
    public Task<CommandResult> MonitorCommandAsync(
        string command, ReadOnlyMemory<byte> input = default, CancellationToken cancellationToken = default) => throw new NotImplementedException();

    /// <inheritdoc/>
    public Task<CommandResult> ManagerCommandAsync(
        string command, ReadOnlyMemory<byte> input = default, CancellationToken cancellationToken = default) => throw new NotImplementedException();

    /// <inheritdoc/>
    public Task BlocklistAsync(string address, TimeSpan? expiry = null, CancellationToken cancellationToken = default) =>
        Store.BlocklistAsync(address, expiry, cancellationToken);

    /// <inheritdoc/>
    public Task WaitForLatestMapAsync(CancellationToken cancellationToken = default) => Task.CompletedTask;

    /// <inheritdoc/>
    public string? GetOption(string name) => throw new NotImplementedException();

    /// <inheritdoc/>
    public Task RegisterServiceAsync(
        string service, string daemon, IReadOnlyDictionary<string, string> metadata, CancellationToken cancellationToken = default) =>
        throw new NotImplementedException();

    /// <inheritdoc/>
    public Task UpdateServiceStatusAsync(IReadOnlyDictionary<string, string> status, CancellationToken cancellationToken = default) =>
        throw new NotImplementedException();

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => throw new NotImplementedException();
}
