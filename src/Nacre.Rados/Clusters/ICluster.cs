using Nacre.Rados.Configuration;

namespace Nacre.Rados.Clusters;

/// <summary>
/// A connection to a site, as one client: RADOS as clients see it (librados). Engines implement it; nothing above knows which.
/// Every call has a deadline (<see cref="ClusterOptions.OperationTimeout"/>) and honours its token.
/// Failures are <see cref="RadosException"/>: EACCES wrong key or caps, ENOENT no such pool, ETIMEDOUT, ENOTCONN, ESHUTDOWN blocklisted.
/// </summary>
public interface ICluster : IAsyncDisposable
{
    /// <summary>The cluster's fsid, a UUID in lower case.</summary>
    string Fsid { get; }

    /// <summary>Whom this client is connected as.</summary>
    EntityName Name { get; }

    /// <summary>This client's global id, unique in the cluster; a new connection gets a new one.</summary>
    ulong InstanceId { get; }

    /// <summary>This client's entity address as the store sees and blocklists it, <c>127.0.0.1:0/123456</c>.</summary>
    string Address { get; }

    /// <summary>What this engine can do, as data.</summary>
    EngineCapabilities Capabilities { get; }

    /// <summary>Pools, by id.</summary>
    Task<IReadOnlyList<PoolDescription>> ListPoolsAsync(CancellationToken cancellationToken = default);

    /// <summary>Creates a pool. EEXIST where there is one of that name.</summary>
    Task CreatePoolAsync(string name, CancellationToken cancellationToken = default);

    /// <summary>Deletes a pool and all in it; the guard is the caller's. EPERM where the site forbids it.</summary>
    Task DeletePoolAsync(string name, CancellationToken cancellationToken = default);

    /// <summary>Opens a pool's default namespace. ENOENT where there is none of that name.</summary>
    Task<IPool> OpenPoolAsync(string name, CancellationToken cancellationToken = default);

    /// <summary>Opens a pool's default namespace. ENOENT where there is none of that id.</summary>
    Task<IPool> OpenPoolAsync(long id, CancellationToken cancellationToken = default);

    /// <summary>A command for the monitors, Ceph's JSON: <c>{"prefix":"osd pool ls","format":"json"}</c>. A failed command is a result.</summary>
    Task<CommandResult> MonitorCommandAsync(string command, ReadOnlyMemory<byte> input = default, CancellationToken cancellationToken = default);

    /// <summary>A command for the manager.</summary>
    Task<CommandResult> ManagerCommandAsync(string command, ReadOnlyMemory<byte> input = default, CancellationToken cancellationToken = default);

    /// <summary>
    /// Shuts a client out of the store: once this returns, nothing it still has under way can take effect.
    /// </summary>
    /// <param name="address">Its entity address.</param>
    /// <param name="expiry">For how long; null is the cluster's default (one hour).</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    Task BlocklistAsync(string address, TimeSpan? expiry = null, CancellationToken cancellationToken = default);

    /// <summary>Waits until this client knows the newest cluster map, so that a blocklisting by another is honoured.</summary>
    Task WaitForLatestMapAsync(CancellationToken cancellationToken = default);

    /// <summary>An effective configuration option of this client (conf file, mon config store, defaults); null where the engine does not know it.</summary>
    string? GetOption(string name);

    /// <summary>Announces this process as a daemon of a service ("rbd-mirror"), seen by <c>ceph service dump</c>.</summary>
    Task RegisterServiceAsync(string service, string daemon, IReadOnlyDictionary<string, string> metadata, CancellationToken cancellationToken = default);

    /// <summary>Publishes the registered daemon's status, seen by <c>ceph service status</c>.</summary>
    Task UpdateServiceStatusAsync(IReadOnlyDictionary<string, string> status, CancellationToken cancellationToken = default);
}

/// <summary>A pool's id and name.</summary>
public readonly record struct PoolDescription(long Id, string Name);

/// <summary>A command's outcome.</summary>
/// <param name="ReturnCode">0 or a negated errno.</param>
/// <param name="Output">Its output.</param>
/// <param name="Status">Its message, what Ceph's <c>ceph</c> prints to stderr.</param>
public sealed record CommandResult(int ReturnCode, ReadOnlyMemory<byte> Output, string Status);

/// <summary>What differs between engines, as data.</summary>
/// <param name="Engine">"ceph", "embedded" or "embedded-remote".</param>
/// <param name="Version">Version text of the store.</param>
/// <param name="MaximumWriteSize">Largest data of one operation, in bytes.</param>
public sealed record EngineCapabilities(string Engine, string Version, int MaximumWriteSize);

/// <summary>How a connection behaves.</summary>
public sealed record ClusterOptions
{
    /// <summary>Deadline for connecting.</summary>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Deadline of each operation; infinite where <see cref="Timeout.InfiniteTimeSpan"/>.</summary>
    public TimeSpan OperationTimeout { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>The clock.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;
}

/// <summary>Connects by configuration: the one place that chooses an engine implements it, tests fake it.</summary>
public interface IClusterConnector
{
    /// <summary>Connects. Failures are <see cref="RadosException"/> (EACCES, ENOENT, ETIMEDOUT, ECONNREFUSED) that say what the operator can do.</summary>
    Task<ICluster> ConnectAsync(ClusterConfiguration configuration, ClusterOptions options, CancellationToken cancellationToken = default);
}
