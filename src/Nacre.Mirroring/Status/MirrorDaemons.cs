using System.Globalization;
using System.Text.Json;
using Nacre.Rados;
using Nacre.Rados.Clusters;

namespace Nacre.Mirroring;

/// <summary>A daemon as the manager knows it.</summary>
/// <param name="ServiceId">Its id in the service map.</param>
public sealed record MirrorDaemon(string ServiceId)
{
    /// <summary>Its instance in the pool that was asked about; empty where it does not report on it.</summary>
    public string InstanceId { get; init; } = "";

    /// <summary>What it calls itself.</summary>
    public string ClientId { get; init; } = "";

    /// <summary>Where it runs.</summary>
    public string HostName { get; init; } = "";

    /// <summary>Its version.</summary>
    public string Version { get; init; } = "";

    /// <summary>It distributes the pool's images.</summary>
    public bool IsLeader { get; init; }

    /// <summary>How it does.</summary>
    public MirrorHealth Health { get; init; } = MirrorHealth.Unknown;

    /// <summary>What it complains of.</summary>
    public IReadOnlyList<string> Callouts { get; init; } = [];

    /// <summary>As the tools name it: <c>b on vm</c>.</summary>
    public string Description => (ClientId.Length > 0 ? ClientId : ServiceId) + (HostName.Length > 0 ? " on " + HostName : "");
}

/// <summary>Daemons that mirror a pool, from the monitors' <c>service dump</c> and <c>service status</c> (src/tools/rbd/MirrorDaemonServiceInfo.cc).</summary>
/// <param name="Daemons">By service id.</param>
/// <param name="Health">How they do together.</param>
public sealed record MirrorDaemons(IReadOnlyList<MirrorDaemon> Daemons, MirrorHealth Health)
{
    private const string ServiceName = "rbd-mirror";

    /// <summary>No daemon.</summary>
    public static MirrorDaemons None { get; } = new([], MirrorHealth.Unknown);

    /// <summary>The daemon that has that instance in the pool; null for none.</summary>
    public MirrorDaemon? FindInstance(string? instanceId) =>
        string.IsNullOrEmpty(instanceId) ? null : Daemons.FirstOrDefault(daemon => daemon.InstanceId == instanceId);

    /// <summary>Asks the monitors. EIO where their answer makes no sense.</summary>
    public static async Task<MirrorDaemons> QueryAsync(ICluster cluster, long poolId, CancellationToken cancellationToken = default)
    {
        ReadOnlyMemory<byte> dump = await CommandAsync(cluster, "service dump", cancellationToken);
        ReadOnlyMemory<byte> status = await CommandAsync(cluster, "service status", cancellationToken);
        return Read(dump, status, poolId);
    }

    /// <summary>From the monitors' answers. EIO where they make no sense.</summary>
    internal static MirrorDaemons Read(ReadOnlyMemory<byte> dump, ReadOnlyMemory<byte> status, long poolId)
    {
        IReadOnlyList<MirrorDaemon> daemons = Read(dump, "service dump", static root => ReadDump(root));
        return daemons.Count == 0 ? None : Read(status, "service status", root => ReadStatus(root, daemons, poolId));
    }

    private static async Task<ReadOnlyMemory<byte>> CommandAsync(ICluster cluster, string prefix, CancellationToken cancellationToken)
    {
        CommandResult result = await cluster.MonitorCommandAsync(
            $$"""{"prefix":"{{prefix}}","format":"json"}""", default, cancellationToken);
        return result.ReturnCode < 0 ? throw new RadosException(result.ReturnCode, $"command {prefix}") : result.Output;
    }

    private static T Read<T>(ReadOnlyMemory<byte> json, string what, Func<JsonElement, T> read)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(json);
            return read(document.RootElement);
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            throw new RadosException(Errno.EIO, $"unexpected {what} JSON received", exception);
        }
    }

    private static List<MirrorDaemon> ReadDump(JsonElement root)
    {
        var daemons = new List<MirrorDaemon>();
        if (!root.TryGetProperty("services", out JsonElement services)
            || !services.TryGetProperty(ServiceName, out JsonElement service)
            || !service.TryGetProperty("daemons", out JsonElement entries))
        {
            return daemons;
        }

        // Beside daemons there is a "summary".
        foreach (JsonProperty entry in entries.EnumerateObject().Where(e => e.Value.ValueKind == JsonValueKind.Object))
        {
            if (entry.Value.TryGetProperty("metadata", out JsonElement metadata))
            {
                daemons.Add(new MirrorDaemon(entry.Name)
                {
                    ClientId = Text(metadata, "id"),
                    HostName = Text(metadata, "hostname"),
                    Version = Text(metadata, "ceph_version_short"),
                });
            }
        }

        return [.. daemons.OrderBy(daemon => daemon.ServiceId, StringComparer.Ordinal)];
    }

    private static MirrorDaemons ReadStatus(JsonElement root, IReadOnlyList<MirrorDaemon> daemons, long poolId)
    {
        if (!root.TryGetProperty(ServiceName, out JsonElement service))
        {
            return new MirrorDaemons(daemons, MirrorHealth.Unknown);
        }

        var result = new List<MirrorDaemon>();
        bool foundPool = false;
        foreach (MirrorDaemon daemon in daemons)
        {
            result.Add(service.TryGetProperty(daemon.ServiceId, out JsonElement entry) ? ReadDaemon(daemon, entry, poolId, ref foundPool) : daemon);
        }

        MirrorHealth health = !foundPool ? MirrorHealth.Error : result.Any(d => d.IsLeader) ? MirrorHealth.Ok : MirrorHealth.Warning;
        return new MirrorDaemons(result, result.Select(d => d.Health).Append(health).Max());
    }

    private static MirrorDaemon ReadDaemon(MirrorDaemon daemon, JsonElement entry, long poolId, ref bool foundPool)
    {
        if (!entry.TryGetProperty("status", out JsonElement status) || !status.TryGetProperty("json", out JsonElement json))
        {
            return daemon with { Callouts = ["not reporting status"], Health = MirrorHealth.Warning };
        }

        using JsonDocument pools = JsonDocument.Parse(json.GetString() ?? "");
        if (!pools.RootElement.TryGetProperty(poolId.ToString(CultureInfo.InvariantCulture), out JsonElement pool))
        {
            return daemon with { Callouts = ["not reporting status for pool"], Health = MirrorHealth.Warning };
        }

        foundPool = true;
        var callouts = new List<string>();
        MirrorHealth health = MirrorHealth.Ok;
        foreach (JsonProperty callout in pool.TryGetProperty("callouts", out JsonElement all) ? all.EnumerateObject().ToArray() : [])
        {
            if (!callout.Value.TryGetProperty("level", out JsonElement level))
            {
                continue;
            }

            MirrorHealth its = level.GetString() switch { "error" => MirrorHealth.Error, "warning" => MirrorHealth.Warning, _ => MirrorHealth.Ok };
            health = its > health ? its : health;
            if (callout.Value.TryGetProperty("text", out JsonElement text))
            {
                callouts.Add(text.GetString() ?? "");
            }
        }

        return daemon with
        {
            InstanceId = Text(pool, "instance_id"),
            IsLeader = pool.TryGetProperty("leader", out JsonElement leader) && leader.GetBoolean(),
            Health = health,
            Callouts = callouts,
        };
    }

    private static string Text(JsonElement element, string name) =>
        element.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.String ? value.GetString()! : "";
}
