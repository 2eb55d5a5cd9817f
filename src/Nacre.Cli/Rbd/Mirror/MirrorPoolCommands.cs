using Nacre.Cli.Commands;
using Nacre.Cli.Output;
using Nacre.Mirroring;
using Nacre.ObjectClasses.Rbd;
using Nacre.Rados;
using Nacre.Rados.Clusters;
using Nacre.Rbd;

namespace Nacre.Cli.Rbd.Mirror;

/// <summary><c>rbd mirror pool enable|disable|info|promote|demote</c> (src/tools/rbd/action/MirrorPool.cc).</summary>
internal static class MirrorPoolCommands
{
    /// <summary><c>--site-name</c>.</summary>
    internal static CommandOption SiteName { get; } = new("site-name", "local site name");

    /// <summary>All of them.</summary>
    public static IReadOnlyList<CommandDefinition<RbdCommandContext>> All { get; } =
    [
        new("mirror pool demote", "Demote all primary images in the pool.")
        {
            Positionals = [RbdOptions.PoolSpec],
            Options = RbdOptions.PoolOptions,
            RunAsync = (context, token) => ForAllAsync(
                context, "demote", "Demoted", info => info.IsPrimary, control => control.DemoteAsync(token), token),
        },
        new("mirror pool disable", "Disable RBD mirroring by default within a pool.")
        {
            Positionals = [RbdOptions.PoolSpec],
            Options = RbdOptions.PoolOptions,
            RunAsync = DisableAsync,
        },
        new("mirror pool enable", "Enable RBD mirroring by default within a pool.")
        {
            Positionals = [RbdOptions.PoolSpec, new("mode", "mirror mode [image or pool]")],
            Options = [.. RbdOptions.PoolOptions, SiteName],
            RunAsync = EnableAsync,
        },
        new("mirror pool info", "Show information about the pool mirroring configuration.")
        {
            Positionals = [RbdOptions.PoolSpec],
            Options = [.. RbdOptions.PoolOptions, .. RbdOptions.Format, CommandOption.Switch("all", "list all attributes")],
            RunAsync = InfoAsync,
        },
        new("mirror pool promote", "Promote all non-primary images in the pool.")
        {
            Positionals = [RbdOptions.PoolSpec],
            Options = [CommandOption.Switch("force", "promote even if not cleanly demoted by remote cluster"), .. RbdOptions.PoolOptions],
            RunAsync = (context, token) => ForAllAsync(
                context, "promote", "Promoted", info => !info.IsPrimary,
                control => control.PromoteAsync(context.Arguments.Has("force"), token), token),
        },
        new("mirror pool status", "Show status for all mirrored images in the pool.")
        {
            Positionals = [RbdOptions.PoolSpec],
            Options = [.. RbdOptions.PoolOptions, .. RbdOptions.Format, CommandOption.Switch("verbose", "be verbose")],
            RunAsync = MirrorStatusCommands.PoolStatusAsync,
        },
    ];

    /// <summary>Reads the pool and requires its name.</summary>
    internal static RbdPoolSpec ReadRequiredPool(RbdCommandContext context, bool takesNamespace = true)
    {
        RbdPoolSpec spec = RbdSpecs.ReadPool(context.Arguments, takesNamespace);
        return spec.Pool.Length == 0 ? throw RbdCommandContext.Failure("pool name was not specified") : spec;
    }

    /// <summary>Fails with rbd's words where the pool is not mirrored.</summary>
    internal static async Task RequireEnabledAsync(RbdCommandContext context, MirrorPool pool, CancellationToken cancellationToken)
    {
        MirrorMode mode = await context.AttemptAsync("failed to retrieve mirror mode", () => pool.GetModeAsync(cancellationToken));
        if (mode == MirrorMode.Disabled)
        {
            throw RbdCommandContext.Failure("mirroring not enabled on the pool");
        }
    }

    private static async Task<int> DisableAsync(RbdCommandContext context, CancellationToken cancellationToken)
    {
        IPool pool = await context.OpenPoolAsync(ReadRequiredPool(context), cancellationToken);
        return await ChangeModeAsync(context, pool, MirrorMode.Disabled, "disabled", quiet: false, cancellationToken);
    }

    private static async Task<int> EnableAsync(RbdCommandContext context, CancellationToken cancellationToken)
    {
        RbdPoolSpec spec = ReadRequiredPool(context);
        string word = context.Arguments.Next();
        MirrorMode mode = word switch
        {
            "image" => MirrorMode.Image,
            "pool" => MirrorMode.Pool,
            _ => throw RbdCommandContext.Failure("must specify 'image' or 'pool' mode."),
        };
        IPool pool = await context.OpenPoolAsync(spec, cancellationToken);
        bool renamed = await SetSiteNameAsync(context, pool.Cluster, cancellationToken);
        return await ChangeModeAsync(context, pool, mode, word, renamed, cancellationToken);
    }

    /// <summary>Gives the site the name of <c>--site-name</c>, if one is given; true where that changed it. Fails with rbd's words.</summary>
    internal static async Task<bool> SetSiteNameAsync(RbdCommandContext context, ICluster cluster, CancellationToken cancellationToken)
    {
        if (context.Arguments.Get("site-name") is not { } name)
        {
            return false;
        }

        try
        {
            bool changes = name != await MirrorSite.GetNameAsync(cluster, cancellationToken);
            await MirrorSite.SetNameAsync(cluster, name, cancellationToken);
            return changes;
        }
        catch (RadosException exception) when (exception.Code == Errno.EOPNOTSUPP)
        {
            throw RbdCommandContext.Failure("cluster does not support site names", exception.Code);
        }
        catch (RadosException exception)
        {
            throw RbdCommandContext.Failure("failed to set site name", exception);
        }
    }

    private static async Task<int> ChangeModeAsync(
        RbdCommandContext context, IPool pool, MirrorMode mode, string word, bool quiet, CancellationToken cancellationToken)
    {
        var mirror = new MirrorPool(pool);
        MirrorMode current = await context.AttemptAsync("failed to retrieve mirror mode", () => mirror.GetModeAsync(cancellationToken));
        if (current == mode)
        {
            if (!quiet)
            {
                context.Line(mode == MirrorMode.Disabled
                    ? $"rbd: mirroring is already {word}"
                    : $"rbd: mirroring is already configured for {word} mode");
            }

            return 0;
        }

        if (mode != MirrorMode.Disabled && current != MirrorMode.Disabled)
        {
            context.Line($"note: changing mirroring mode from {MirrorStatusText.Of(current)} to {word}");
        }

        await mirror.SetModeAsync(mode, cancellationToken);
        return 0;
    }

    private static async Task<int> InfoAsync(RbdCommandContext context, CancellationToken cancellationToken)
    {
        RbdPoolSpec spec = RbdSpecs.ReadPool(context.Arguments);
        OutputFormatter? formatter = context.CreateFormatter();
        IPool pool = await context.OpenPoolAsync(spec, cancellationToken);
        var mirror = new MirrorPool(pool);
        MirrorMode mode = await mirror.GetModeAsync(cancellationToken);
        string siteName = await ReadSiteNameAsync(pool.Cluster, cancellationToken);
        bool isDefault = pool.Namespace.Length == 0;
        formatter?.OpenObject("mirror");
        Show(context, formatter, "mode", "Mode", MirrorStatusText.Of(mode));
        if (mode != MirrorMode.Disabled && isDefault)
        {
            Show(context, formatter, "site_name", "Site Name", siteName);
            if (formatter is null)
            {
                context.Line();
            }

            IReadOnlyList<MirrorPeer> peers = await mirror.ListPeersAsync(cancellationToken);
            await MirrorPeerCommands.ShowAsync(context, formatter, mirror, peers, context.Arguments.Has("all"), cancellationToken);
        }

        formatter?.Close();
        formatter?.Flush(context.Output);
        return 0;
    }

    private static async Task<string> ReadSiteNameAsync(ICluster cluster, CancellationToken cancellationToken)
    {
        try
        {
            return await MirrorSite.GetNameAsync(cluster, cancellationToken);
        }
        catch (RadosException exception) when (exception.Code == Errno.EOPNOTSUPP)
        {
            return "";
        }
    }

    private static void Show(RbdCommandContext context, OutputFormatter? formatter, string name, string label, string value)
    {
        if (formatter is null)
        {
            context.Line($"{label}: {value}");
        }
        else
        {
            formatter.Dump(name, value);
        }
    }

    private static async Task<int> ForAllAsync(
        RbdCommandContext context, string verb, string done, Func<MirrorImageInfo, bool> wanted, Func<MirrorImageControl, Task> action,
        CancellationToken cancellationToken)
    {
        IPool pool = await context.OpenPoolAsync(ReadRequiredPool(context), cancellationToken);
        var mirror = new MirrorPool(pool);
        await RequireEnabledAsync(context, mirror, cancellationToken);
        var images = new RbdImages(pool, context.Application.Time);
        int count = 0;
        int failure = 0;
        foreach (ImageEntry entry in await images.ListAsync(cancellationToken))
        {
            try
            {
                MirrorImageInfo info = await mirror.GetImageInfoAsync(entry.Id, cancellationToken);
                if (!info.IsEnabled || !wanted(info))
                {
                    continue;
                }

                var options = new ImageOpenOptions { IgnoreNonPrimary = true, Time = context.Application.Time };
                await using Image image = await images.OpenByIdAsync(entry.Id, options, cancellationToken);
                await action(new MirrorImageControl(image, context.Application.Time));
                count++;
            }
            catch (RadosException exception)
            {
                // The others are still worth it; the first failure is the exit code.
                await context.Error.WriteLineAsync($"rbd: failed to {verb} image {entry.Name}: {exception.Message}");
                failure = failure == 0 ? exception.Code : failure;
            }
        }

        context.Line($"{done} {count} mirrored images");
        return failure;
    }
}
