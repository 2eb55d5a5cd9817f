using System.Text.Encodings.Web;
using System.Text.Json;

namespace Nacre.Mirroring.Daemon.Status;

/// <summary>How serious a callout is (src/tools/rbd_mirror/service_daemon/Types.cc).</summary>
internal enum CalloutLevel
{
    /// <summary>Something does not work.</summary>
    Error,
    /// <summary>Something may not work.</summary>
    Warning,
}

/// <summary>What the operator is to know of a pool.</summary>
/// <param name="Level">How serious it is.</param>
/// <param name="Text">Ceph's words.</param>
internal sealed record Callout(CalloutLevel Level, string Text);

/// <summary>A pool as the daemon reports it.</summary>
internal sealed record PoolServiceStatus
{
    /// <summary>Pool name.</summary>
    public required string Name { get; init; }

    /// <summary>What is wrong.</summary>
    public IReadOnlyList<Callout> Callouts { get; init; } = [];

    /// <summary>Counts by attribute; null where the daemon does not know.</summary>
    public int? ImagesAssigned { get; init; }
    /// <summary>Images whose replay failed.</summary>
    public int? ImagesFailed { get; init; }
    /// <summary>Images mirrored here.</summary>
    public int? ImagesLocal { get; init; }
    /// <summary>Images mirrored at the source.</summary>
    public int? ImagesRemote { get; init; }
    /// <summary>Images that are not caught up.</summary>
    public int? ImagesWarning { get; init; }

    /// <summary>This daemon's instance in the pool.</summary>
    public string? InstanceId { get; init; }

    /// <summary>Whether this daemon leads the pool.</summary>
    public bool Leader { get; init; }
}

/// <summary>The JSON that <c>ceph service status</c> shows and <c>rbd mirror pool status</c> reads (src/tools/rbd_mirror/ServiceDaemon.cc).</summary>
internal static class ServiceStatus
{
    private static readonly JsonWriterOptions _options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>The value of the status key <c>json</c>.</summary>
    /// <param name="pools">Pools by id.</param>
    public static string ToJson(IReadOnlyDictionary<long, PoolServiceStatus> pools)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer, _options))
        {
            json.WriteStartObject();
            foreach ((long id, PoolServiceStatus pool) in pools.OrderBy(p => p.Key))
            {
                json.WriteStartObject(id.ToString(System.Globalization.CultureInfo.InvariantCulture));
                json.WriteString("name", pool.Name);
                WriteCallouts(json, pool.Callouts);
                WriteCount(json, "image_assigned_count", pool.ImagesAssigned);
                WriteCount(json, "image_error_count", pool.ImagesFailed);
                WriteCount(json, "image_local_count", pool.ImagesLocal);
                WriteCount(json, "image_remote_count", pool.ImagesRemote);
                WriteCount(json, "image_warning_count", pool.ImagesWarning);
                if (pool.InstanceId is not null)
                {
                    json.WriteString("instance_id", pool.InstanceId);
                }

                json.WriteBoolean("leader", pool.Leader);
                json.WriteEndObject();
            }

            json.WriteEndObject();
        }

        return System.Text.Encoding.UTF8.GetString(buffer.GetBuffer(), 0, (int)buffer.Length);
    }

    private static void WriteCallouts(Utf8JsonWriter json, IReadOnlyList<Callout> callouts)
    {
        json.WriteStartObject("callouts");
        for (int i = 0; i < callouts.Count; i++)
        {
            json.WriteStartObject((i + 1).ToString(System.Globalization.CultureInfo.InvariantCulture));
            json.WriteString("level", callouts[i].Level == CalloutLevel.Error ? "error" : "warning");
            json.WriteString("text", callouts[i].Text);
            json.WriteEndObject();
        }

        json.WriteEndObject();
    }

    private static void WriteCount(Utf8JsonWriter json, string name, int? count)
    {
        if (count is { } value)
        {
            json.WriteNumber(name, value);
        }
    }
}
