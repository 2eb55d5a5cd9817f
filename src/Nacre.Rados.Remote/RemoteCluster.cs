using Nacre.Rados.Clusters;
using Nacre.Rados.Configuration;
using Nacre.Rados.Remote.Protocol;
using Nacre.Rados.Remote.Sessions;
using Nacre.Rados.Remote.Translation;

namespace Nacre.Rados.Remote;

/// <summary>
/// A client of an embedded site, over gRPC and TLS. A broken connection is made anew, and requests under way are sent again and applied
/// once; only where the site itself restarted meanwhile does a write that had been sent fail with ENOTCONN, its outcome unknown.
/// A site that does not answer is told as ENOTCONN within 10 s; watches are then lost.
/// </summary>
public sealed class RemoteCluster : ICluster
{
    private readonly ClusterConfiguration _configuration;

    private RemoteCluster(ClusterConfiguration configuration, ClusterOptions options, RemoteSession session)
    {
        _configuration = configuration;
        Options = options;
        Session = session;
        Welcome welcome = session.Welcome;
        Capabilities = new EngineCapabilities("embedded-remote", welcome.ServerVersion, checked((int)welcome.MaximumWriteSize));
    }

    /// <inheritdoc/>
    public string Fsid => Session.Welcome.Fsid;

    /// <inheritdoc/>
    public EntityName Name => _configuration.Name;

    /// <inheritdoc/>
    public ulong InstanceId => Session.Welcome.InstanceId;

    /// <inheritdoc/>
    public string Address => Session.Welcome.Address;

    /// <inheritdoc/>
    public EngineCapabilities Capabilities { get; }

    internal ClusterOptions Options { get; }

    internal RemoteSession Session { get; }

    /// <summary>
    /// Connects: EACCES where key or certificate are wrong, ECONNREFUSED where no site is there, ETIMEDOUT where it does not answer, ENOENT where
    /// there is no key or host of that name.
    /// </summary>
    public static async Task<ICluster> ConnectAsync(
        ClusterConfiguration configuration, ClusterOptions options, CancellationToken cancellationToken = default)
    {
        SiteEndpoint endpoint = SiteEndpoint.From(configuration);
        if (string.IsNullOrWhiteSpace(configuration.Key))
        {
            throw new RadosException(
                Errno.ENOENT,
                $"connecting to {endpoint}: no key of {configuration.Name} was found{(configuration.KeyringPath is { } path ? $" in {path}" : "")}; "
                + "get its keyring with 'ceph auth get' and put it on the keyring search path");
        }

        var session = new RemoteSession(endpoint, configuration.Name, CephSecret.Decode(configuration.Key), options.Time);
        try
        {
            await session.StartAsync(options.ConnectTimeout, cancellationToken).ConfigureAwait(false);
        }
        catch
        {
            await session.DisposeAsync().ConfigureAwait(false);
            throw;
        }

        return new RemoteCluster(configuration, options, session);
    }

    /// <inheritdoc/>
    public async Task<IReadOnlyList<PoolDescription>> ListPoolsAsync(CancellationToken cancellationToken = default)
    {
        ServerFrame reply = await CallAsync(new ClientFrame { ListPools = new ListPools() }, "listing pools", cancellationToken).ConfigureAwait(false);
        return [.. reply.Pools.Pools.Select(p => new PoolDescription(p.Id, p.Name))];
    }

    /// <inheritdoc/>
    public Task CreatePoolAsync(string name, CancellationToken cancellationToken = default) =>
        CallAsync(new ClientFrame { CreatePool = new CreatePool { Name = name } }, $"creating pool {name}", cancellationToken);

    /// <inheritdoc/>
    public Task DeletePoolAsync(string name, CancellationToken cancellationToken = default) =>
        CallAsync(new ClientFrame { DeletePool = new DeletePool { Name = name } }, $"deleting pool {name}", cancellationToken);

    /// <inheritdoc/>
    public Task<IPool> OpenPoolAsync(string name, CancellationToken cancellationToken = default) =>
        OpenPoolAsync(new OpenPool { Name = name }, $"opening pool {name}", cancellationToken);

    /// <inheritdoc/>
    public Task<IPool> OpenPoolAsync(long id, CancellationToken cancellationToken = default) =>
        OpenPoolAsync(new OpenPool { Id = id }, $"opening pool {id}", cancellationToken);

    /// <inheritdoc/>
    public Task<CommandResult> MonitorCommandAsync(string command, ReadOnlyMemory<byte> input = default, CancellationToken cancellationToken = default) =>
        CommandAsync(false, command, input, cancellationToken);

    /// <inheritdoc/>
    public Task<CommandResult> ManagerCommandAsync(string command, ReadOnlyMemory<byte> input = default, CancellationToken cancellationToken = default) =>
        CommandAsync(true, command, input, cancellationToken);

    /// <inheritdoc/>
    public Task BlocklistAsync(string address, TimeSpan? expiry = null, CancellationToken cancellationToken = default) => CallAsync(
        new ClientFrame { Blocklist = new Blocklist { Address = address, ExpiryMilliseconds = (ulong)(expiry?.TotalMilliseconds ?? 0) } },
        $"blocklisting {address}", cancellationToken);

    /// <inheritdoc/>
    public Task WaitForLatestMapAsync(CancellationToken cancellationToken = default) =>
        CallAsync(new ClientFrame { WaitForLatestMap = new WaitForLatestMap() }, "waiting for the latest map", cancellationToken);

    /// <inheritdoc/>
    public string? GetOption(string name)
    {
        string normalized = CephConf.NormalizeName(name);
        return _configuration.Options.GetValueOrDefault(normalized)
            ?? (Session.Welcome.Options.TryGetValue(normalized, out string? value) ? value : OptionDefaults.Get(normalized));
    }

    /// <inheritdoc/>
    public Task RegisterServiceAsync(
        string service, string daemon, IReadOnlyDictionary<string, string> metadata, CancellationToken cancellationToken = default)
    {
        var register = new RegisterService { Service = service, Daemon = daemon };
        foreach ((string key, string value) in metadata)
        {
            register.Metadata[key] = value;
        }

        return CallAsync(new ClientFrame { RegisterService = register }, $"registering {service}.{daemon}", cancellationToken);
    }

    /// <inheritdoc/>
    public Task UpdateServiceStatusAsync(IReadOnlyDictionary<string, string> status, CancellationToken cancellationToken = default)
    {
        var update = new UpdateServiceStatus();
        foreach ((string key, string value) in status)
        {
            update.Status[key] = value;
        }

        return CallAsync(new ClientFrame { UpdateServiceStatus = update }, "publishing the service status", cancellationToken);
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => Session.DisposeAsync();

    /// <summary>A request whose failure is an exception.</summary>
    internal async Task<ServerFrame> CallAsync(
        ClientFrame frame, string attempt, CancellationToken cancellationToken, Action<ServerFrame>? onReply = null, TimeSpan extra = default)
    {
        TimeSpan timeout = Options.OperationTimeout == Timeout.InfiniteTimeSpan ? Timeout.InfiniteTimeSpan : Options.OperationTimeout + extra;
        ServerFrame reply = await Session.RequestAsync(frame, timeout, onReply, cancellationToken).ConfigureAwait(false);
        return reply.ReturnCode >= 0
            ? reply
            : throw new RadosException(reply.ReturnCode, reply.Error.Length > 0 ? $"{attempt}: {reply.Error}" : attempt);
    }

    private async Task<IPool> OpenPoolAsync(OpenPool open, string attempt, CancellationToken cancellationToken)
    {
        ServerFrame reply = await CallAsync(new ClientFrame { OpenPool = open }, attempt, cancellationToken).ConfigureAwait(false);
        Pool pool = reply.Pools.Pools[0];
        return new RemotePool(this, pool.Id, pool.Name, "");
    }

    private async Task<CommandResult> CommandAsync(bool manager, string json, ReadOnlyMemory<byte> input, CancellationToken cancellationToken)
    {
        var command = new Command { Manager = manager, Json = json, Input = StepTranslation.Wrap(input) };
        ServerFrame reply = await Session.RequestAsync(
            new ClientFrame { Command = command }, Options.OperationTimeout, null, cancellationToken).ConfigureAwait(false);
        return reply.Command is { } body
            ? new CommandResult(reply.ReturnCode, body.Output.Memory, body.Status)
            : new CommandResult(reply.ReturnCode, default, reply.Error);
    }
}
