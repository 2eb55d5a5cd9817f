using System.Text.Json;
using Nacre.Rados;
using Nacre.Rados.Caps;
using Nacre.Rados.Clusters;

namespace Nacre.Site.Commands;

/// <summary><c>osd pool application enable|disable|set|rm|get</c>.</summary>
internal static class ApplicationCommands
{
    public static void AddTo(SiteMonitor site)
    {
        const CapsAccess change = CapsAccess.Read | CapsAccess.Write;
        site.Add(new CommandDescription("osd pool application enable", "osd", change, (c, t) => EnableAsync(site, c, t)));
        site.Add(new CommandDescription("osd pool application disable", "osd", change, (c, t) => DisableAsync(site, c, t)));
        site.Add(new CommandDescription("osd pool application set", "osd", change, (c, t) => SetAsync(site, c, t)));
        site.Add(new CommandDescription("osd pool application rm", "osd", change, (c, t) => RemoveAsync(site, c, t)));
        site.Add(new CommandDescription("osd pool application get", "osd", CapsAccess.Read, (c, t) => GetAsync(site, c, t)));
    }

    private static async Task<CommandResult> EnableAsync(SiteMonitor site, CommandContext context, CancellationToken cancellationToken)
    {
        PoolDescription pool = await PoolCommands.FindAsync(context, context.Required("pool"), cancellationToken);
        string application = context.Required("app");
        IReadOnlyDictionary<string, IReadOnlyDictionary<string, string>> enabled = site.Applications.Of(pool.Id);
        if (enabled.Count > 0 && !enabled.ContainsKey(application) && !context.Flag("yes_i_really_mean_it"))
        {
            return CommandContext.Fail(
                Errno.EPERM, $"Are you SURE? Pool '{pool.Name}' already has an enabled application; pass --yes-i-really-mean-it to proceed anyway");
        }

        await site.Applications.ChangeAsync(pool.Id, all => all.TryAdd(application, []), cancellationToken);
        return CommandContext.Done($"enabled application '{application}' on pool '{pool.Name}'");
    }

    private static async Task<CommandResult> DisableAsync(SiteMonitor site, CommandContext context, CancellationToken cancellationToken)
    {
        PoolDescription pool = await PoolCommands.FindAsync(context, context.Required("pool"), cancellationToken);
        string application = context.Required("app");
        if (!context.Flag("yes_i_really_mean_it"))
        {
            return CommandContext.Fail(
                Errno.EPERM,
                $"Are you SURE? Disabling an application within a pool might result in loss of application functionality; "
                + "pass --yes-i-really-mean-it to proceed anyway");
        }

        await site.Applications.ChangeAsync(pool.Id, all => all.Remove(application), cancellationToken);
        return CommandContext.Done($"disable application '{application}' on pool '{pool.Name}'");
    }

    private static async Task<CommandResult> SetAsync(SiteMonitor site, CommandContext context, CancellationToken cancellationToken)
    {
        (PoolDescription pool, string application) = await EnabledAsync(site, context, cancellationToken);
        string key = context.Required("key");
        string value = context.Required("value");
        await site.Applications.ChangeAsync(pool.Id, all => all[application][key] = value, cancellationToken);
        return CommandContext.Done($"set application '{application}' key '{key}' to '{value}' on pool '{pool.Name}'");
    }

    private static async Task<CommandResult> RemoveAsync(SiteMonitor site, CommandContext context, CancellationToken cancellationToken)
    {
        (PoolDescription pool, string application) = await EnabledAsync(site, context, cancellationToken);
        string key = context.Required("key");
        await site.Applications.ChangeAsync(pool.Id, all => all[application].Remove(key), cancellationToken);
        return CommandContext.Done($"removed application '{application}' key '{key}' on pool '{pool.Name}'");
    }

    private static async Task<(PoolDescription Pool, string Application)> EnabledAsync(
        SiteMonitor site, CommandContext context, CancellationToken cancellationToken)
    {
        PoolDescription pool = await PoolCommands.FindAsync(context, context.Required("pool"), cancellationToken);
        string application = context.Required("app");
        return site.Applications.Of(pool.Id).ContainsKey(application)
            ? (pool, application)
            : throw new RadosException(Errno.ENOENT, $"application '{application}' is not enabled on pool '{pool.Name}'");
    }

    private static async Task<CommandResult> GetAsync(SiteMonitor site, CommandContext context, CancellationToken cancellationToken)
    {
        if (context.Text("pool") is { } name)
        {
            PoolDescription pool = await PoolCommands.FindAsync(context, name, cancellationToken);
            return context.Json(w => Write(w, site.Applications.Of(pool.Id)), "", prettyByDefault: true);
        }

        IReadOnlyList<PoolDescription> pools = await context.Session.ListPoolsAsync(cancellationToken);
        return context.Json(
            writer =>
            {
                writer.WriteStartObject();
                foreach (PoolDescription pool in pools)
                {
                    writer.WritePropertyName(pool.Name);
                    Write(writer, site.Applications.Of(pool.Id));
                }

                writer.WriteEndObject();
            },
            "",
            prettyByDefault: true);
    }

    /// <summary>A pool's application metadata as JSON.</summary>
    public static void Write(Utf8JsonWriter writer, IReadOnlyDictionary<string, IReadOnlyDictionary<string, string>> applications)
    {
        writer.WriteStartObject();
        foreach ((string application, IReadOnlyDictionary<string, string> values) in applications.OrderBy(a => a.Key, StringComparer.Ordinal))
        {
            writer.WriteStartObject(application);
            foreach ((string key, string value) in values)
            {
                writer.WriteString(key, value);
            }

            writer.WriteEndObject();
        }

        writer.WriteEndObject();
    }
}
