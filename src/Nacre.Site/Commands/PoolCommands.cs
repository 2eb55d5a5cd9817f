using System.Globalization;
using Nacre.Rados;
using Nacre.Rados.Caps;
using Nacre.Rados.Clusters;

namespace Nacre.Site.Commands;

/// <summary><c>osd pool create|delete|ls|stats</c>, <c>osd lspools</c>.</summary>
internal static class PoolCommands
{
    public static void AddTo(SiteMonitor site)
    {
        const CapsAccess change = CapsAccess.Read | CapsAccess.Write;
        site.Add(new CommandDescription("osd pool create", "osd", change, (c, t) => CreateAsync(c, t)));
        site.Add(new CommandDescription("osd pool delete", "osd", change, (c, t) => DeleteAsync(site, c, t)));
        site.Add(new CommandDescription("osd pool rm", "osd", change, (c, t) => DeleteAsync(site, c, t)));
        site.Add(new CommandDescription("osd pool ls", "osd", CapsAccess.Read, (c, t) => ListAsync(site, c, t)));
        site.Add(new CommandDescription("osd lspools", "osd", CapsAccess.Read, (c, t) => ListNumbersAsync(c, t)));
        site.Add(new CommandDescription("osd pool get", "osd", CapsAccess.Read, (c, t) => GetAsync(c, t)));
        site.Add(new CommandDescription("osd pool stats", "pg", CapsAccess.Read, (c, t) => StatsAsync(c, t)) { Manager = true });
    }

    /// <summary>A pool by name, with Ceph's text where there is none.</summary>
    public static async Task<PoolDescription> FindAsync(CommandContext context, string name, CancellationToken cancellationToken)
    {
        foreach (PoolDescription pool in await context.Session.ListPoolsAsync(cancellationToken))
        {
            if (pool.Name == name)
            {
                return pool;
            }
        }

        throw new RadosException(Errno.ENOENT, $"unrecognized pool '{name}'");
    }

    private static async Task<CommandResult> CreateAsync(CommandContext context, CancellationToken cancellationToken)
    {
        string name = context.Required("pool");
        if (name.Length == 0 || name.Any(c => char.IsControl(c) || c is '/'))
        {
            return CommandContext.Fail(Errno.EINVAL, $"'{name}' is no name for a pool");
        }

        try
        {
            await context.Session.CreatePoolAsync(name, cancellationToken);
        }
        catch (RadosException e) when (e.Code == Errno.EEXIST)
        {
            return CommandContext.Done($"pool '{name}' already exists");
        }

        return CommandContext.Done($"pool '{name}' created");
    }

    private static async Task<CommandResult> DeleteAsync(SiteMonitor site, CommandContext context, CancellationToken cancellationToken)
    {
        string name = context.Required("pool");
        IReadOnlyList<PoolDescription> pools = await context.Session.ListPoolsAsync(cancellationToken);
        if (pools.All(p => p.Name != name))
        {
            return CommandContext.Done($"pool '{name}' does not exist");
        }

        bool sure = context.Text("pool2") == name
            && (context.Flag("yes_i_really_really_mean_it") || context.Flag("yes_i_really_really_mean_it_not_faking"));
        if (!sure)
        {
            return CommandContext.Fail(
                Errno.EPERM,
                $"WARNING: this will *PERMANENTLY DESTROY* all data stored in pool {name}.  If you are *ABSOLUTELY CERTAIN* that is what you want, "
                + "pass the pool name *twice*, followed by --yes-i-really-really-mean-it.");
        }

        if (site.Config.Effective(new Rados.Configuration.EntityName("mon", "a"), "mon_allow_pool_delete") is "false" or "0")
        {
            return CommandContext.Fail(
                Errno.EPERM,
                "pool deletion is disabled; you must first set the mon_allow_pool_delete config option to true before you can destroy a pool");
        }

        await context.Session.DeletePoolAsync(name, cancellationToken);
        await site.Applications.ForgetAsync(pools.First(p => p.Name == name).Id, cancellationToken);
        return CommandContext.Done($"pool '{name}' removed");
    }

    private static async Task<CommandResult> ListAsync(SiteMonitor site, CommandContext context, CancellationToken cancellationToken)
    {
        IReadOnlyList<PoolDescription> pools = await context.Session.ListPoolsAsync(cancellationToken);
        if (context.Text("detail") is not null)
        {
            return context.JsonOr(
                string.Concat(pools.Select(p => Detail(site, p) + "\n")) + "\n",
                writer =>
                {
                    writer.WriteStartArray();
                    foreach (PoolDescription pool in pools)
                    {
                        OsdMapText.WritePool(writer, site, pool, "pool_id");
                    }

                    writer.WriteEndArray();
                });
        }

        return context.JsonOr(
            string.Concat(pools.Select(p => p.Name + "\n")),
            writer =>
            {
                writer.WriteStartArray();
                foreach (PoolDescription pool in pools)
                {
                    writer.WriteStringValue(pool.Name);
                }

                writer.WriteEndArray();
            });
    }

    /// <summary>A pool's line in <c>osd pool ls detail</c> and <c>osd dump</c>.</summary>
    public static string Detail(SiteMonitor site, PoolDescription pool)
    {
        string applications = string.Join(',', site.Applications.Of(pool.Id).Keys);
        return string.Create(
            CultureInfo.InvariantCulture,
            $"pool {pool.Id} '{pool.Name}' replicated size 1 min_size 1 crush_rule 0 object_hash rjenkins pg_num 1 pgp_num 1 autoscale_mode off "
            + $"last_change 1 flags hashpspool,selfmanaged_snaps stripe_width 0{(applications.Length > 0 ? " application " + applications : "")}");
    }

    private static async Task<CommandResult> ListNumbersAsync(CommandContext context, CancellationToken cancellationToken)
    {
        IReadOnlyList<PoolDescription> pools = await context.Session.ListPoolsAsync(cancellationToken);
        return context.JsonOr(
            string.Concat(pools.Select(p => string.Create(CultureInfo.InvariantCulture, $"{p.Id} {p.Name}\n"))),
            writer =>
            {
                writer.WriteStartArray();
                foreach (PoolDescription pool in pools)
                {
                    writer.WriteStartObject();
                    writer.WriteNumber("poolnum", pool.Id);
                    writer.WriteString("poolname", pool.Name);
                    writer.WriteEndObject();
                }

                writer.WriteEndArray();
            });
    }

    private static async Task<CommandResult> GetAsync(CommandContext context, CancellationToken cancellationToken)
    {
        PoolDescription pool = await FindAsync(context, context.Required("pool"), cancellationToken);
        string variable = context.Required("var");
        return variable is "size" or "min_size" or "pg_num" or "pgp_num"
            ? context.JsonOr($"{variable}: 1\n", writer =>
            {
                writer.WriteStartObject();
                writer.WriteString("pool", pool.Name);
                writer.WriteNumber("pool_id", pool.Id);
                writer.WriteNumber(variable, 1);
                writer.WriteEndObject();
            })
            : CommandContext.Fail(Errno.ENOENT, $"option '{variable}' is not set on pool '{pool.Name}'");
    }

    private static async Task<CommandResult> StatsAsync(CommandContext context, CancellationToken cancellationToken)
    {
        IReadOnlyList<PoolDescription> pools = await context.Session.ListPoolsAsync(cancellationToken);
        if (context.Text("pool_name") is { } only)
        {
            pools = [await FindAsync(context, only, cancellationToken)];
        }

        return context.JsonOr(
            string.Concat(pools.Select(p => string.Create(CultureInfo.InvariantCulture, $"pool {p.Name} id {p.Id}\n  nothing is going on\n\n"))),
            writer =>
            {
                writer.WriteStartArray();
                foreach (PoolDescription pool in pools)
                {
                    writer.WriteStartObject();
                    writer.WriteString("pool_name", pool.Name);
                    writer.WriteNumber("pool_id", pool.Id);
                    foreach (string rate in new[] { "recovery", "recovery_rate", "client_io_rate" })
                    {
                        writer.WriteStartObject(rate);
                        writer.WriteEndObject();
                    }

                    writer.WriteEndObject();
                }

                writer.WriteEndArray();
            });
    }
}
