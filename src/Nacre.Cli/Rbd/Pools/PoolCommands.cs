using Nacre.Cli.Commands;
using Nacre.Cli.Output;
using Nacre.Rados;
using Nacre.Rados.Clusters;
using Nacre.Rbd;
using Definition = Nacre.Cli.Commands.CommandDefinition<Nacre.Cli.Rbd.RbdCommandContext>;

namespace Nacre.Cli.Rbd.Pools;

/// <summary>pool init and stats, namespace create, list and remove.</summary>
internal static class PoolCommands
{
    /// <summary>All of them.</summary>
    public static IReadOnlyList<Definition> All { get; } =
    [
        new("pool init", "Initialize pool for use by RBD.")
        {
            Positionals = [RbdOptions.PoolName],
            Options = [RbdOptions.Pool, CommandOption.Switch("force", "force initialize pool for RBD use if registered by another application")],
            RunAsync = InitializeAsync,
        },
        new("pool stats", "Display pool statistics.")
        {
            Positionals = [RbdOptions.PoolSpec],
            Options = [.. RbdOptions.PoolOptions, .. RbdOptions.Format],
            Help = "Note: legacy v1 images are not included in stats",
            RunAsync = ShowStatisticsAsync,
        },
        new("namespace create", "Create an RBD image namespace.")
        {
            Positionals = [RbdOptions.PoolSpec], Options = RbdOptions.PoolOptions, RunAsync = CreateNamespaceAsync,
        },
        new("namespace list", "List RBD image namespaces.")
        {
            Alias = "namespace ls",
            Positionals = [RbdOptions.PoolName],
            Options = [RbdOptions.Pool, .. RbdOptions.Format],
            RunAsync = ListNamespacesAsync,
        },
        new("namespace remove", "Remove an RBD image namespace.")
        {
            Alias = "namespace rm", Positionals = [RbdOptions.PoolSpec], Options = RbdOptions.PoolOptions, RunAsync = RemoveNamespaceAsync,
        },
    ];

    private static async Task<int> InitializeAsync(RbdCommandContext context, CancellationToken cancellationToken)
    {
        RbdPoolSpec spec = RbdSpecs.ReadPool(context.Arguments, takesNamespace: false, validate: true);
        IPool pool = await context.OpenPoolAsync(spec, cancellationToken);
        bool force = context.Arguments.Has("force");
        try
        {
            await context.Images(pool).InitializePoolAsync(force, cancellationToken);
        }
        catch (RadosException exception) when (exception.Code == Errno.EPERM)
        {
            throw RbdCommandContext.Failure("pool already registered to a different application.", exception.Code);
        }

        return 0;
    }

    private static async Task<int> ShowStatisticsAsync(RbdCommandContext context, CancellationToken cancellationToken)
    {
        RbdPoolSpec spec = RbdSpecs.ReadPool(context.Arguments);
        OutputFormatter? formatter = context.CreateFormatter();
        IPool pool = await context.OpenPoolAsync(spec, cancellationToken);
        RbdImages images = context.Images(pool);
        Statistics live = await CountAsync(images, (await images.ListAsync(cancellationToken)).Select(entry => entry.Id), cancellationToken);
        Statistics trash = await CountAsync(images, (await images.ListTrashAsync(cancellationToken)).Select(entry => entry.Id), cancellationToken);
        if (formatter is null)
        {
            Write(context.Output, live, trash);
            return 0;
        }

        formatter.OpenObject("stats");
        foreach ((string name, Statistics statistics) in (ReadOnlySpan<(string, Statistics)>)[("images", live), ("trash", trash)])
        {
            formatter.OpenObject(name);
            formatter.Dump("count", statistics.Count);
            formatter.Dump("provisioned_bytes", statistics.Bytes);
            formatter.Dump("snap_count", statistics.Snapshots);
            formatter.Close();
        }

        formatter.Close();
        formatter.Flush(context.Output);
        return 0;
    }

    private static void Write(TextWriter output, Statistics live, Statistics trash)
    {
        output.Write($"Total Images: {live.Count}");
        output.Write(trash.Count > 0 ? $" ({trash.Count} in trash)\n" : "\n");
        output.Write($"Total Snapshots: {live.Snapshots}");
        output.Write(trash.Count > 0 ? $" ({trash.Snapshots} in trash)\n" : "\n");
        output.Write($"Provisioned Size: {ByteSize.Format(live.Bytes)}");
        output.Write(trash.Count > 0 ? $" ({ByteSize.Format(trash.Bytes)} in trash)\n" : "\n");
    }

    private static async Task<Statistics> CountAsync(RbdImages images, IEnumerable<string> ids, CancellationToken cancellationToken)
    {
        var total = new Statistics(0, 0, 0);
        foreach (string id in ids)
        {
            try
            {
                await using Image image = await images.OpenByIdAsync(id, ImageOpenOptions.ForReading, cancellationToken);
                ulong largest = image.Snapshots.Select(snapshot => snapshot.Size).Append(image.Size).Max();
                total = new Statistics(total.Count + 1, total.Bytes + largest, total.Snapshots + (ulong)image.Snapshots.Count);
            }
            catch (RadosException exception) when (exception.Code == Errno.ENOENT)
            {
                // Removed since it was listed.
            }
        }

        return total;
    }

    private static async Task<int> CreateNamespaceAsync(RbdCommandContext context, CancellationToken cancellationToken)
    {
        (IPool pool, string name) = await OpenForNamespaceAsync(context, cancellationToken);
        await context.AttemptAsync(
            "failed to created namespace", () => context.Images(pool).CreateNamespaceAsync(name, cancellationToken));
        return 0;
    }

    private static async Task<int> RemoveNamespaceAsync(RbdCommandContext context, CancellationToken cancellationToken)
    {
        (IPool pool, string name) = await OpenForNamespaceAsync(context, cancellationToken);
        try
        {
            await context.Images(pool).RemoveNamespaceAsync(name, cancellationToken);
            return 0;
        }
        catch (RadosException exception)
        {
            throw exception.Code switch
            {
                Errno.EBUSY or Errno.ENOTEMPTY => RbdCommandContext.Failure("namespace contains images which must be deleted first.", Errno.EBUSY),
                Errno.ENOENT => RbdCommandContext.Failure("namespace does not exist.", Errno.ENOENT),
                _ => RbdCommandContext.Failure("failed to remove namespace", exception),
            };
        }
    }

    private static async Task<(IPool Pool, string Name)> OpenForNamespaceAsync(RbdCommandContext context, CancellationToken cancellationToken)
    {
        RbdPoolSpec spec = RbdSpecs.ReadPool(context.Arguments, takesNamespace: true, validate: true);
        return spec.Namespace.Length == 0
            ? throw RbdCommandContext.Failure("namespace name was not specified")
            : (await context.OpenPoolAsync(spec.Pool, "", cancellationToken), spec.Namespace);
    }

    private static async Task<int> ListNamespacesAsync(RbdCommandContext context, CancellationToken cancellationToken)
    {
        RbdPoolSpec spec = RbdSpecs.ReadPool(context.Arguments, takesNamespace: false, validate: true);
        OutputFormatter? formatter = context.CreateFormatter();
        IPool pool = await context.OpenPoolAsync(spec, cancellationToken);
        IReadOnlyList<string> names = await context.AttemptAsync(
            "failed to list namespaces", () => context.Images(pool).ListNamespacesAsync(cancellationToken));
        if (formatter is null)
        {
            TextTable table = new TextTable().Column("NAME");
            foreach (string name in names)
            {
                table.Row(name);
            }

            if (table.Count > 0)
            {
                table.Write(context.Output);
            }

            return 0;
        }

        formatter.OpenArray("namespaces");
        foreach (string name in names)
        {
            formatter.OpenObject("namespace");
            formatter.Dump("name", name);
            formatter.Close();
        }

        formatter.Close();
        formatter.Flush(context.Output);
        return 0;
    }

    private readonly record struct Statistics(ulong Count, ulong Bytes, ulong Snapshots);
}
