using System.Globalization;
using System.Text;
using System.Text.Json;
using Nacre.Rados;
using Nacre.Rados.Caps;
using Nacre.Rados.Clusters;

namespace Nacre.Site.Commands;

/// <summary><c>status</c>, <c>health</c>, <c>fsid</c>, <c>version</c>, <c>versions</c>, <c>mon dump</c>, <c>osd dump</c>, <c>df</c>.</summary>
internal static class StatusCommands
{
    /// <summary>What <c>ceph version</c> says of a site: it speaks like Pacific and says what it is.</summary>
    public static string Version { get; } =
        $"nacre version {typeof(StatusCommands).Assembly.GetName().Version?.ToString(3)} (embedded site) pacific (stable)";

    public static void AddTo(SiteMonitor site)
    {
        Add("status", (c, t) => StatusAsync(site, c, t));
        Add("health", (c, _) => Task.FromResult(c.JsonOr("HEALTH_OK\n", WriteHealth)));
        Add("fsid", (c, _) => Task.FromResult(c.JsonOr(site.Store.Fsid + "\n", w => WriteOne(w, "fsid", site.Store.Fsid))));
        Add("version", (c, _) => Task.FromResult(c.JsonOr(Version + "\n", w => WriteOne(w, "version", Version))));
        Add("versions", (c, _) => Task.FromResult(c.Json(WriteVersions, "", prettyByDefault: true)));
        Add("mon dump", (c, _) => Task.FromResult(MonDump(site, c)));
        Add("df", (c, t) => DiskUseAsync(site, c, t));
        site.Add(new CommandDescription("osd dump", "osd", CapsAccess.Read, (c, t) => OsdDumpAsync(site, c, t)));
        site.Add(new CommandDescription("osd stat", "osd", CapsAccess.Read, (c, _) => Task.FromResult(c.JsonOr(
            $"1 osds: 1 up (since {Age(site)}), 1 in (since {Age(site)}); epoch: e1\n", WriteOsdSummary))));

        void Add(string prefix, CommandHandler handler) => site.Add(new CommandDescription(prefix, "mon", CapsAccess.Read, handler));
    }

    private static async Task<CommandResult> StatusAsync(SiteMonitor site, CommandContext context, CancellationToken cancellationToken)
    {
        int pools = (await context.Session.ListPoolsAsync(cancellationToken)).Count;
        return context.JsonOr(PlainStatus(site, pools), writer =>
        {
            writer.WriteStartObject();
            writer.WriteString("fsid", site.Store.Fsid);
            writer.WritePropertyName("health");
            WriteHealth(writer);
            writer.WriteNumber("election_epoch", 1);
            writer.WriteStartArray("quorum");
            writer.WriteNumberValue(0);
            writer.WriteEndArray();
            writer.WriteStartArray("quorum_names");
            writer.WriteStringValue("site");
            writer.WriteEndArray();
            writer.WriteNumber("quorum_age", (long)(site.Time.GetUtcNow() - site.Started).TotalSeconds);
            writer.WriteStartObject("monmap");
            writer.WriteNumber("epoch", 1);
            writer.WriteString("min_mon_release_name", "pacific");
            writer.WriteNumber("num_mons", 1);
            writer.WriteEndObject();
            writer.WritePropertyName("osdmap");
            WriteOsdSummary(writer);
            writer.WriteStartObject("pgmap");
            writer.WriteNumber("num_pools", pools);
            writer.WriteEndObject();
            writer.WriteStartObject("mgrmap");
            writer.WriteBoolean("available", true);
            writer.WriteNumber("num_standbys", 0);
            writer.WriteEndObject();
            writer.WritePropertyName("servicemap");
            ServiceCommands.Dump(writer, site);
            writer.WriteStartObject("progress_events");
            writer.WriteEndObject();
            writer.WriteEndObject();
        });
    }

    private static string PlainStatus(SiteMonitor site, int pools)
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"  cluster:\n    id:     {site.Store.Fsid}\n    health: HEALTH_OK\n \n  services:\n");
        (string Name, string State)[] services =
        [
            ("mon", $"1 daemons, quorum site (age {Age(site)})"),
            ("mgr", $"site(active, since {Age(site)})"),
            ("osd", $"1 osds: 1 up (since {Age(site)}), 1 in (since {Age(site)})"),
            .. site.Services.Daemons.GroupBy(d => d.Service).Select(g => (g.Key, Daemons([.. g]))),
        ];
        int width = services.Max(s => s.Name.Length) + 1;
        foreach ((string name, string state) in services)
        {
            text.Append("    ").Append((name + ":").PadRight(width)).Append(' ').Append(state).Append('\n');
        }

        text.Append(CultureInfo.InvariantCulture, $" \n  data:\n    pools:   {pools} pools\n \n");
        return text.ToString();
    }

    // "rbd-mirror: 1 daemon active (1 hosts)", as 16.2 has it.
    private static string Daemons(ServiceDaemon[] daemons)
    {
        int hosts = daemons.Select(d => d.Metadata.GetValueOrDefault("hostname", "")).Distinct().Count();
        return string.Create(CultureInfo.InvariantCulture, $"{daemons.Length} daemon{(daemons.Length == 1 ? "" : "s")} active ({hosts} hosts)");
    }

    private static string Age(SiteMonitor site)
    {
        TimeSpan age = site.Time.GetUtcNow() - site.Started;
        return age.TotalDays >= 14 ? $"{(int)(age.TotalDays / 7)}w"
            : age.TotalDays >= 2 ? $"{(int)age.TotalDays}d"
            : age.TotalHours >= 2 ? $"{(int)age.TotalHours}h"
            : age.TotalMinutes >= 2 ? $"{(int)age.TotalMinutes}m"
            : $"{(int)age.TotalSeconds}s";
    }

    private static async Task<CommandResult> OsdDumpAsync(SiteMonitor site, CommandContext context, CancellationToken cancellationToken)
    {
        IReadOnlyList<PoolDescription> pools = await context.Session.ListPoolsAsync(cancellationToken);
        return context.JsonOr(OsdMapText.Plain(site, pools), w => OsdMapText.Write(w, site, pools));
    }

    private static CommandResult MonDump(SiteMonitor site, CommandContext context)
    {
        string started = JsonText.Time(site.Started);
        return context.JsonOr(
            $"epoch 1\nfsid {site.Store.Fsid}\nlast_changed {started}\ncreated {started}\nmin_mon_release 16 (pacific)\nelection_strategy: 1\n0: mon.site\n",
            writer =>
            {
                writer.WriteStartObject();
                writer.WriteNumber("epoch", 1);
                writer.WriteString("fsid", site.Store.Fsid);
                writer.WriteString("min_mon_release_name", "pacific");
                writer.WriteStartArray("mons");
                writer.WriteStartObject();
                writer.WriteNumber("rank", 0);
                writer.WriteString("name", "site");
                writer.WriteEndObject();
                writer.WriteEndArray();
                writer.WriteStartArray("quorum");
                writer.WriteNumberValue(0);
                writer.WriteEndArray();
                writer.WriteEndObject();
            },
            "dumped monmap epoch 1");
    }

    private static async Task<CommandResult> DiskUseAsync(SiteMonitor site, CommandContext context, CancellationToken cancellationToken)
    {
        IReadOnlyList<PoolDescription> pools = await context.Session.ListPoolsAsync(cancellationToken);
        string plain = "--- POOLS ---\nPOOL  ID\n" + string.Concat(pools.Select(p => string.Create(CultureInfo.InvariantCulture, $"{p.Name}  {p.Id}\n")));
        return context.JsonOr(plain, writer =>
        {
            writer.WriteStartObject();
            writer.WriteStartArray("pools");
            foreach (PoolDescription pool in pools)
            {
                writer.WriteStartObject();
                writer.WriteString("name", pool.Name);
                writer.WriteNumber("id", pool.Id);
                writer.WriteEndObject();
            }

            writer.WriteEndArray();
            writer.WriteEndObject();
        });
    }

    private static void WriteHealth(Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        writer.WriteString("status", "HEALTH_OK");
        writer.WriteStartObject("checks");
        writer.WriteEndObject();
        writer.WriteStartArray("mutes");
        writer.WriteEndArray();
        writer.WriteEndObject();
    }

    private static void WriteOsdSummary(Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        writer.WriteNumber("epoch", 1);
        writer.WriteNumber("num_osds", 1);
        writer.WriteNumber("num_up_osds", 1);
        writer.WriteNumber("num_in_osds", 1);
        writer.WriteEndObject();
    }

    private static void WriteVersions(Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        foreach (string daemon in new[] { "mon", "mgr", "osd", "mds", "overall" })
        {
            writer.WriteStartObject(daemon);
            if (daemon != "mds")
            {
                writer.WriteNumber(Version, daemon == "overall" ? 3 : 1);
            }

            writer.WriteEndObject();
        }

        writer.WriteEndObject();
    }

    private static void WriteOne(Utf8JsonWriter writer, string name, string value)
    {
        writer.WriteStartObject();
        writer.WriteString(name, value);
        writer.WriteEndObject();
    }
}
