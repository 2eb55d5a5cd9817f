using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Nacre.Rados.Ceph.Native;
using Nacre.Rados.Clusters;
using Nacre.Rados.Configuration;

namespace Nacre.Rados.Ceph;

/// <summary>A connection to a real Ceph cluster.</summary>
internal sealed class CephCluster : ICluster
{
    private readonly ConcurrentDictionary<(long Id, string Namespace), CephPool> _pools = new();
    private readonly CephCommands _commands;
    private readonly Lock _gate = new();
    private Task<int> _waitingForMap = Task.FromResult(0);

    private CephCluster(CephConnection connection, string fsid, ulong instanceId, string address, EngineCapabilities capabilities)
    {
        Connection = connection;
        Fsid = fsid;
        InstanceId = instanceId;
        Address = address;
        Capabilities = capabilities;
        _commands = new CephCommands(connection);
    }

    public CephConnection Connection { get; }

    public string Fsid { get; }

    public EntityName Name => Connection.Configuration.Name;

    public ulong InstanceId { get; }

    public string Address { get; }

    public EngineCapabilities Capabilities { get; }

    /// <summary>Connects.</summary>
    public static async Task<CephCluster> ConnectAsync(ClusterConfiguration configuration, ClusterOptions options, CancellationToken cancellationToken)
    {
        CephConnection connection = await CephConnection.ConnectAsync(configuration, options, boundCommands: true, cancellationToken);
        try
        {
            CommandResult version = await new CephCommands(connection).MonitorAsync("""{"prefix":"version","format":"json"}""", default, cancellationToken);
            string? limit = connection.Run(static handle => LibradosConfiguration.Get(handle, "osd_max_write_size"), null);
            int maximumWrite = (int.TryParse(limit, CultureInfo.InvariantCulture, out int mebibytes) ? mebibytes : 90) << 20;
            return new CephCluster(
                connection,
                connection.Run(ReadFsid, ""),
                connection.Run(Librados.GetInstanceId, 0ul),
                connection.Run(ReadAddress, ""),
                new EngineCapabilities("ceph", VersionText(version), maximumWrite));
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }

    public async Task<IReadOnlyList<PoolDescription>> ListPoolsAsync(CancellationToken cancellationToken = default)
    {
        await WaitForLatestMapAsync(cancellationToken);
        return await Connection.RunBlockingAsync("listing pools", ReadPools, cancellationToken);
    }

    public async Task CreatePoolAsync(string name, CancellationToken cancellationToken = default)
    {
        int code = await Connection.RunBlockingAsync($"creating pool '{name}'", cluster => Librados.PoolCreate(cluster, name), cancellationToken);
        ThrowIfFailed(code, $"creating pool '{name}'");
    }

    public async Task DeletePoolAsync(string name, CancellationToken cancellationToken = default)
    {
        int code = await Connection.RunBlockingAsync($"deleting pool '{name}'", cluster => Librados.PoolDelete(cluster, name), cancellationToken);
        ThrowIfFailed(code, $"deleting pool '{name}'");
    }

    public async Task<IPool> OpenPoolAsync(string name, CancellationToken cancellationToken = default)
    {
        long id = await LookUpAsync($"opening pool '{name}'", cluster => Librados.PoolLookup(cluster, name), cancellationToken);
        return PoolOf(id, name, "");
    }

    public async Task<IPool> OpenPoolAsync(long id, CancellationToken cancellationToken = default)
    {
        string name = "";
        await LookUpAsync(
            $"opening the pool of id {id}",
            cluster =>
            {
                int code = ReadPoolName(cluster, id, out string found);
                name = found;
                return code;
            },
            cancellationToken);
        return PoolOf(id, name, "");
    }

    public Task<CommandResult> MonitorCommandAsync(string command, ReadOnlyMemory<byte> input = default, CancellationToken cancellationToken = default) =>
        _commands.MonitorAsync(command, input, cancellationToken);

    public Task<CommandResult> ManagerCommandAsync(string command, ReadOnlyMemory<byte> input = default, CancellationToken cancellationToken = default) =>
        _commands.ManagerAsync(command, input, cancellationToken);

    public async Task BlocklistAsync(string address, TimeSpan? expiry = null, CancellationToken cancellationToken = default)
    {
        // The monitor takes the expiry only as a JSON number with a fraction.
        string expire = expiry is { } time
            ? string.Create(CultureInfo.InvariantCulture, $",\"expire\":{Math.Max(1, Math.Ceiling(time.TotalSeconds)):F1}")
            : "";
        string command = $$"""{"prefix":"osd blocklist","blocklistop":"add","addr":"{{JsonEncodedText.Encode(address)}}"{{expire}}}""";
        CommandResult result = await MonitorCommandAsync(command, default, cancellationToken);
        ThrowIfFailed(result.ReturnCode, $"blocklisting {address} ({result.Status})");
        await WaitForLatestMapAsync(cancellationToken);
    }

    public async Task WaitForLatestMapAsync(CancellationToken cancellationToken = default)
    {
        const string What = "waiting for the newest cluster map";
        cancellationToken.ThrowIfCancellationRequested();

        // librados has no deadline for this. So that a dead monitor holds one thread and not one per caller, there is one wait at a time; one
        // that began before us proves nothing to us, but the next one does.
        Task<int> earlier = Volatile.Read(ref _waitingForMap);
        if (!earlier.IsCompleted)
        {
            await Connection.WithinDeadlineAsync(What, earlier, cancellationToken);
        }

        Task<int> ours;
        lock (_gate)
        {
            if (_waitingForMap == earlier)
            {
                _waitingForMap = Connection.StartBlocking(What, Librados.WaitForLatestOsdMap);
            }

            ours = _waitingForMap;
        }

        ThrowIfFailed(await Connection.WithinDeadlineAsync(What, ours, cancellationToken), What);
    }

    public string? GetOption(string name) => Connection.Run(cluster => LibradosConfiguration.Get(cluster, name), null);

    public unsafe Task RegisterServiceAsync(
        string service, string daemon, IReadOnlyDictionary<string, string> metadata, CancellationToken cancellationToken = default)
    {
        byte[] packed = Pack(metadata);
        return CallAsync(
            $"registering {service}.{daemon}",
            cluster =>
            {
                fixed (byte* start = packed)
                {
                    return Librados.ServiceRegister(cluster, service, daemon, start);
                }
            },
            cancellationToken);
    }

    public unsafe Task UpdateServiceStatusAsync(IReadOnlyDictionary<string, string> status, CancellationToken cancellationToken = default)
    {
        byte[] packed = Pack(status);
        return CallAsync(
            "publishing the service's status",
            cluster =>
            {
                fixed (byte* start = packed)
                {
                    return Librados.ServiceUpdateStatus(cluster, start);
                }
            },
            cancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        await _commands.DisposeAsync();
        await Connection.DisposeAsync();
    }

    /// <summary>A namespace of a pool; one I/O context each, however often it is opened.</summary>
    internal CephPool PoolOf(long id, string name, string poolNamespace) =>
        _pools.TryGetValue((id, poolNamespace), out CephPool? known) && known.Name == name
            ? known
            : _pools[(id, poolNamespace)] = new CephPool(this, id, name, poolNamespace);

    private async Task CallAsync(string what, Func<nint, int> call, CancellationToken cancellationToken) =>
        ThrowIfFailed(await Connection.RunBlockingAsync(what, call, cancellationToken), what);

    private async Task<long> LookUpAsync(string what, Func<nint, long> lookUp, CancellationToken cancellationToken)
    {
        long found = await Connection.RunBlockingAsync(what, lookUp, cancellationToken);
        if (found == -Errno.ENOENT)
        {
            // Perhaps made a moment ago by another.
            await WaitForLatestMapAsync(cancellationToken);
            found = await Connection.RunBlockingAsync(what, lookUp, cancellationToken);
        }

        ThrowIfFailed((int)Math.Min(found, 0), what);
        return found;
    }

    private static void ThrowIfFailed(int code, string what)
    {
        if (code < 0)
        {
            throw new RadosException(code, what);
        }
    }

    private static unsafe string ReadFsid(nint cluster)
    {
        byte* buffer = stackalloc byte[64];
        return Librados.ClusterFsid(cluster, buffer, 64) < 0 ? "" : CephConnection.TextAt(buffer);
    }

    // "v2:127.0.0.1:0/123" or several of these in brackets; the store knows a client by the first without its type.
    private static unsafe string ReadAddress(nint cluster)
    {
        if (Librados.GetAddresses(cluster, out byte* text) < 0)
        {
            return "";
        }

        string address = CephConnection.TextAt(text).Trim('[', ']').Split(',')[0];
        Librados.BufferFree(text);
        return address.StartsWith('v') ? address[(address.IndexOf(':', StringComparison.Ordinal) + 1)..] : address;
    }

    private static unsafe IReadOnlyList<PoolDescription> ReadPools(nint cluster)
    {
        byte[] names = [];
        for (int needed = 4096; needed > names.Length;)
        {
            names = new byte[needed];
            fixed (byte* start = names)
            {
                needed = Librados.PoolList(cluster, start, (nuint)names.Length);
                ThrowIfFailed(Math.Min(needed, 0), "listing pools");
            }
        }

        var pools = new List<PoolDescription>();
        foreach (string name in System.Text.Encoding.UTF8.GetString(names).Split('\0', StringSplitOptions.RemoveEmptyEntries))
        {
            long id = Librados.PoolLookup(cluster, name);
            if (id >= 0)
            {
                pools.Add(new PoolDescription(id, name));
            }
        }

        return [.. pools.OrderBy(pool => pool.Id)];
    }

    private static unsafe int ReadPoolName(nint cluster, long id, out string name)
    {
        byte* buffer = stackalloc byte[512];
        int code = Librados.PoolReverseLookup(cluster, id, buffer, 512);
        name = code < 0 ? "" : CephConnection.TextAt(buffer);
        return Math.Min(code, 0);
    }

    private static string VersionText(CommandResult version)
    {
        using JsonDocument document = JsonDocument.Parse(version.ReturnCode < 0 ? "{}"u8.ToArray() : version.Output);
        return document.RootElement.TryGetProperty("version", out JsonElement text) ? text.GetString() ?? "" : "";
    }

    // NUL-terminated keys and values by turns, ended by an empty key.
    private static byte[] Pack(IReadOnlyDictionary<string, string> values)
    {
        var text = new StringBuilder();
        foreach ((string key, string value) in values)
        {
            text.Append(key).Append('\0').Append(value).Append('\0');
        }

        return System.Text.Encoding.UTF8.GetBytes(text.Append('\0').ToString());
    }
}
