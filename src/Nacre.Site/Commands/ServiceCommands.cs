using System.Text.Json;
using Nacre.Rados.Caps;

namespace Nacre.Site.Commands;

/// <summary><c>service dump</c>, <c>service status</c>, and what tells which manager modules there are.</summary>
internal static class ServiceCommands
{
    public static void AddTo(SiteMonitor site)
    {
        site.Add(new CommandDescription("service dump", "service", CapsAccess.Read, (c, _) => Task.FromResult(c.Json(w => Dump(w, site), "", true)))
        {
            Manager = true,
        });
        site.Add(new CommandDescription("service status", "service", CapsAccess.Read, (c, _) => Task.FromResult(c.Json(w => Status(w, site), "", true)))
        {
            Manager = true,
        });
        site.Add(new CommandDescription("mgr module ls", "mgr", CapsAccess.Read, (c, _) => Task.FromResult(c.Json(Modules, "", true))));
    }

    /// <summary>The service map, also inside <c>status</c>.</summary>
    public static void Dump(Utf8JsonWriter writer, SiteMonitor site)
    {
        writer.WriteStartObject();
        writer.WriteNumber("epoch", site.Services.Epoch);
        writer.WriteString("modified", JsonText.Time(site.Services.Modified));
        writer.WriteStartObject("services");
        foreach (IGrouping<string, ServiceDaemon> service in site.Services.Daemons.GroupBy(d => d.Service))
        {
            writer.WriteStartObject(service.Key);
            writer.WriteStartObject("daemons");
            writer.WriteString("summary", "");
            foreach (ServiceDaemon daemon in service)
            {
                writer.WriteStartObject(daemon.Daemon);
                writer.WriteNumber("start_epoch", daemon.StartEpoch);
                writer.WriteString("start_stamp", JsonText.Time(daemon.Started));
                writer.WriteNumber("gid", daemon.Session.InstanceId);
                writer.WriteString("addr", daemon.Session.Address);
                WriteMap(writer, "metadata", daemon.Metadata);
                writer.WriteStartObject("task_status");
                writer.WriteEndObject();
                writer.WriteEndObject();
            }

            writer.WriteEndObject();
            writer.WriteEndObject();
        }

        writer.WriteEndObject();
        writer.WriteEndObject();
    }

    private static void Status(Utf8JsonWriter writer, SiteMonitor site)
    {
        writer.WriteStartObject();
        foreach (IGrouping<string, ServiceDaemon> service in site.Services.Daemons.GroupBy(d => d.Service))
        {
            writer.WriteStartObject(service.Key);
            foreach (ServiceDaemon daemon in service)
            {
                writer.WriteStartObject(daemon.Daemon);
                writer.WriteString("status_stamp", JsonText.Time(daemon.StatusAt));
                writer.WriteString("last_beacon", JsonText.Time(site.Time.GetUtcNow()));
                WriteMap(writer, "status", daemon.Status);
                writer.WriteEndObject();
            }

            writer.WriteEndObject();
        }

        writer.WriteEndObject();
    }

    private static void Modules(Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        writer.WriteStartArray("always_on_modules");
        writer.WriteStringValue("rbd_support");
        writer.WriteEndArray();
        writer.WriteStartArray("enabled_modules");
        writer.WriteEndArray();
        writer.WriteStartArray("disabled_modules");
        writer.WriteEndArray();
        writer.WriteEndObject();
    }

    private static void WriteMap(Utf8JsonWriter writer, string name, IReadOnlyDictionary<string, string> map)
    {
        writer.WriteStartObject(name);
        foreach ((string key, string value) in map.OrderBy(p => p.Key, StringComparer.Ordinal))
        {
            writer.WriteString(key, value);
        }

        writer.WriteEndObject();
    }
}
