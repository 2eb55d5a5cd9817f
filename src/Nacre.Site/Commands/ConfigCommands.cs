using System.Text;
using Nacre.Rados;
using Nacre.Rados.Caps;
using Nacre.Rados.Clusters;
using Nacre.Rados.Configuration;

namespace Nacre.Site.Commands;

/// <summary><c>config set|get|rm|dump|show</c>.</summary>
internal static class ConfigCommands
{
    private static readonly string[] _types = ["global", "mon", "mgr", "osd", "mds", "client"];

    public static void AddTo(SiteMonitor site)
    {
        const CapsAccess change = CapsAccess.Read | CapsAccess.Write;
        site.Add(new CommandDescription("config set", "config", change, (c, t) => SetAsync(site, c, t)));
        site.Add(new CommandDescription("config rm", "config", change, (c, t) => RemoveAsync(site, c, t)));
        site.Add(new CommandDescription("config get", "config", CapsAccess.Read, (c, _) => Task.FromResult(Get(site, c))));
        site.Add(new CommandDescription("config dump", "mon", CapsAccess.Read, (c, _) => Task.FromResult(Dump(c, site.Config.All))));
        site.Add(new CommandDescription("config show", "mgr", CapsAccess.Read, (c, _) => Task.FromResult(Show(site, c))) { Manager = true });
    }

    private static async Task<CommandResult> SetAsync(SiteMonitor site, CommandContext context, CancellationToken cancellationToken)
    {
        string who = Target(context.Required("who"));
        string value = context.Text("value") ?? System.Text.Encoding.UTF8.GetString(context.Input.Span).TrimEnd('\n');
        await site.Config.SetAsync(who, OptionName(context), value, cancellationToken);
        return CommandContext.Done("");
    }

    private static async Task<CommandResult> RemoveAsync(SiteMonitor site, CommandContext context, CancellationToken cancellationToken)
    {
        await site.Config.SetAsync(Target(context.Required("who")), OptionName(context), null, cancellationToken);
        return CommandContext.Done("");
    }

    private static CommandResult Get(SiteMonitor site, CommandContext context)
    {
        string who = Target(context.Required("who"));
        EntityName name = EntityName.TryParse(who) ?? new EntityName(who, "");
        if (context.Text("key") is not { } key)
        {
            return Dump(context, [.. site.Config.EffectiveFor(name).Values.OrderBy(e => e.Name, StringComparer.Ordinal)]);
        }

        string? value = site.Config.Effective(name, key) ?? OptionDefaults.Get(CephConf.NormalizeName(key));
        return value is null ? CommandContext.Fail(Errno.ENOENT, $"unrecognized key '{key}'")
            : context.Format is "json" or "json-pretty" ? context.Json(w => w.WriteStringValue(value))
            : CommandContext.Plain(value + "\n");
    }

    private static CommandResult Show(SiteMonitor site, CommandContext context)
    {
        string who = context.Required("who");
        EntityName name = EntityName.TryParse(who) ?? throw new RadosException(Errno.EINVAL, $"unrecognized entity '{who}'");
        return Dump(context, [.. site.Config.EffectiveFor(name).Values.OrderBy(e => e.Name, StringComparer.Ordinal)]);
    }

    private static CommandResult Dump(CommandContext context, IReadOnlyList<ConfigEntry> entries) => context.JsonOr(
        Table(entries),
        writer =>
        {
            writer.WriteStartArray();
            foreach (ConfigEntry entry in entries)
            {
                writer.WriteStartObject();
                writer.WriteString("section", entry.Section);
                writer.WriteString("name", entry.Name);
                writer.WriteString("value", entry.Value);
                writer.WriteString("level", "advanced");
                writer.WriteBoolean("can_update_at_runtime", true);
                writer.WriteString("mask", "");
                writer.WriteEndObject();
            }

            writer.WriteEndArray();
        });

    private static string Table(IReadOnlyList<ConfigEntry> entries)
    {
        int who = entries.Select(e => e.Section.Length).Append(3).Max();
        int name = entries.Select(e => e.Name.Length).Append(6).Max();
        int value = entries.Select(e => e.Value.Length).Append(5).Max();
        var text = new StringBuilder();
        Row("WHO", "MASK", "LEVEL", "OPTION", "VALUE", "RO");
        foreach (ConfigEntry entry in entries)
        {
            Row(entry.Section, "", "advanced", entry.Name, entry.Value, "");
        }

        return text.ToString();

        void Row(string a, string b, string c, string d, string e, string f) =>
            text.Append($"{a.PadRight(who)}  {b,-4}  {c,-8}  {d.PadRight(name)}  {e.PadRight(value)}  {f,-2}\n");
    }

    private static string OptionName(CommandContext context)
    {
        string name = context.Required("name");
        return name.Length > 0 && !name.Any(char.IsControl) && !name.Contains(' ', StringComparison.Ordinal)
            ? name
            : throw new RadosException(Errno.EINVAL, $"unrecognized config option '{name}'");
    }

    private static string Target(string who) =>
        _types.Contains(who) || (EntityName.TryParse(who) is { } name && _types.Contains(name.Type) && !who.Contains(' ', StringComparison.Ordinal))
            ? who
            : throw new RadosException(Errno.EINVAL, $"unrecognized config target '{who}'");
}
