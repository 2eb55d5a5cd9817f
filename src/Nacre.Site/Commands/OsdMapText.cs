using System.Globalization;
using System.Text;
using System.Text.Json;
using Nacre.Rados.Clusters;
using Nacre.Rados.Embedded;

namespace Nacre.Site.Commands;

/// <summary>What <c>osd dump</c> tells of a site: one OSD's worth of cluster, its pools and its blocklist.</summary>
internal static class OsdMapText
{
    public static void WritePool(Utf8JsonWriter writer, SiteMonitor site, PoolDescription pool, string idName)
    {
        writer.WriteStartObject();
        writer.WriteNumber(idName, pool.Id);
        writer.WriteString("pool_name", pool.Name);
        writer.WriteNumber("flags", 8193);
        writer.WriteString("flags_names", "hashpspool,selfmanaged_snaps");
        writer.WriteNumber("type", 1);
        writer.WriteNumber("size", 1);
        writer.WriteNumber("min_size", 1);
        writer.WriteNumber("crush_rule", 0);
        writer.WriteNumber("pg_num", 1);
        writer.WriteString("snap_mode", "selfmanaged");
        writer.WriteStartObject("options");
        writer.WriteEndObject();
        writer.WritePropertyName("application_metadata");
        ApplicationCommands.Write(writer, site.Applications.Of(pool.Id));
        writer.WriteEndObject();
    }

    public static void Write(Utf8JsonWriter writer, SiteMonitor site, IReadOnlyList<PoolDescription> pools)
    {
        writer.WriteStartObject();
        writer.WriteNumber("epoch", 1);
        writer.WriteString("fsid", site.Store.Fsid);
        writer.WriteString("created", JsonText.Time(site.Started));
        writer.WriteString("modified", JsonText.Time(site.Started));
        writer.WriteString("flags", "sortbitwise,recovery_deletes,purged_snapdirs,pglog_hardlimit");
        writer.WriteNumber("pool_max", pools.Select(p => p.Id).DefaultIfEmpty(0).Max());
        writer.WriteNumber("max_osd", 1);
        writer.WriteString("require_min_compat_client", "luminous");
        writer.WriteString("min_compat_client", "jewel");
        writer.WriteString("require_osd_release", "pacific");
        writer.WriteStartArray("pools");
        foreach (PoolDescription pool in pools)
        {
            WritePool(writer, site, pool, "pool");
        }

        writer.WriteEndArray();
        writer.WriteStartObject("blocklist");
        foreach (BlocklistEntry entry in site.Store.Blocklist)
        {
            writer.WriteString(entry.Address, JsonText.Time(entry.Until));
        }

        writer.WriteEndObject();
        writer.WriteEndObject();
    }

    public static string Plain(SiteMonitor site, IReadOnlyList<PoolDescription> pools)
    {
        string started = JsonText.Time(site.Started);
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"epoch 1\nfsid {site.Store.Fsid}\ncreated {started}\nmodified {started}\n");
        text.Append("flags sortbitwise,recovery_deletes,purged_snapdirs,pglog_hardlimit\n");
        text.Append("require_min_compat_client luminous\nmin_compat_client jewel\nrequire_osd_release pacific\n");
        foreach (PoolDescription pool in pools)
        {
            text.Append(PoolCommands.Detail(site, pool)).Append('\n');
        }

        text.Append("max_osd 1\n");
        foreach (BlocklistEntry entry in site.Store.Blocklist)
        {
            text.Append(CultureInfo.InvariantCulture, $"blocklist {entry.Address} expires {JsonText.Time(entry.Until)}\n");
        }

        return text.ToString();
    }
}
