using Nacre.Cli.Commands;
using Nacre.Cli.Output;
using Nacre.Mirroring;
using Nacre.ObjectClasses.Rbd;
using Nacre.Rados;
using Nacre.Rados.Clusters;
using Nacre.Rbd;
using Definition = Nacre.Cli.Commands.CommandDefinition<Nacre.Cli.Rbd.RbdCommandContext>;

namespace Nacre.Cli.Rbd.Images;

/// <summary>create, list, info, remove, rename, resize, status.</summary>
internal static class ImageCommands
{
    /// <summary>All of them.</summary>
    public static IReadOnlyList<Definition> All { get; } =
    [
        new("create", "Create an empty image.")
        {
            Positionals = [RbdOptions.ImageSpec],
            Options =
            [
                .. RbdOptions.ImageOptions, .. CreateArguments.Options,
                CommandOption.Switch("thick-provision", "fully allocate storage and zero image"), CreateArguments.Size, RbdOptions.NoProgress,
            ],
            Help = CreateArguments.FeaturesHelp,
            RunAsync = CreateAsync,
        },
        new("list", "List rbd images.")
        {
            Alias = "ls",
            Positionals = [RbdOptions.PoolSpec],
            Options = [CommandOption.Switch("long", "long listing format", 'l'), .. RbdOptions.PoolOptions, .. RbdOptions.Format],
            RunAsync = ImageListing.RunAsync,
        },
        new("info", "Show information about image size, striping, etc.")
        {
            Positionals = [RbdOptions.ImageOrSnapshotSpec],
            Options = [.. RbdOptions.SnapshotOptions, RbdOptions.ImageId, .. RbdOptions.Format],
            RunAsync = ImageDetails.RunAsync,
        },
        new("remove", "Delete an image.")
        {
            Alias = "rm",
            Positionals = [RbdOptions.ImageSpec],
            Options = [.. RbdOptions.ImageOptions, RbdOptions.NoProgress],
            RunAsync = RemoveAsync,
        },
        new("rename", "Rename image within pool.")
        {
            Alias = "mv",
            Positionals = [RbdOptions.SourceImageSpec, RbdOptions.DestinationImageSpec],
            Options = [.. RbdOptions.SourceImageOptions, .. RbdOptions.DestinationOptions],
            RunAsync = RenameAsync,
        },
        new("resize", "Resize (expand or shrink) image.")
        {
            Positionals = [RbdOptions.ImageSpec],
            Options =
            [
                .. RbdOptions.ImageOptions, CreateArguments.Size,
                CommandOption.Switch("allow-shrink", "permit shrinking"), RbdOptions.NoProgress,
            ],
            RunAsync = ResizeAsync,
        },
        new("status", "Show the status of this image.")
        {
            Positionals = [RbdOptions.ImageSpec],
            Options = [.. RbdOptions.ImageOptions, .. RbdOptions.Format],
            RunAsync = ShowStatusAsync,
        },
    ];

    private static async Task<int> CreateAsync(RbdCommandContext context, CancellationToken cancellationToken)
    {
        RbdImageSpec spec = RbdSpecs.ReadImage(context.Arguments, SnapshotPresence.None, SpecValidation.Full);
        ImageCreateOptions options = CreateArguments.Read(context.Arguments);
        ulong size = context.Arguments.GetSize("size", 1 << 20) ?? throw RbdCommandContext.Failure("must specify --size <M/G/T>");
        IPool pool = await context.OpenPoolAsync(spec, cancellationToken);
        await context.AttemptAsync("create error", () => context.Images(pool).CreateAsync(spec.Image, size, options, cancellationToken));
        await EnableMirroringAsync(context, pool, spec.Image, cancellationToken);
        if (context.Arguments.Has("thick-provision"))
        {
            await ThickProvision.RunAsync(context, pool, spec, cancellationToken);
        }

        return 0;
    }

    /// <summary><c>--mirror-image-mode</c> of create and import.</summary>
    public static async Task EnableMirroringAsync(RbdCommandContext context, IPool pool, string name, CancellationToken cancellationToken)
    {
        if (context.Arguments.GetChoice("mirror-image-mode", "journal", "snapshot") is { } mode)
        {
            await using Image image = await context.OpenImageAsync(pool, new RbdImageSpec("", "", name, ""), readOnly: false, cancellationToken);
            MirrorImageMode wanted = mode == "snapshot" ? MirrorImageMode.Snapshot : MirrorImageMode.Journal;
            await context.AttemptAsync(
                "enabling mirroring", () => new MirrorImageControl(image, context.Application.Time).EnableAsync(wanted, cancellationToken));
        }
    }

    private static async Task<int> RemoveAsync(RbdCommandContext context, CancellationToken cancellationToken)
    {
        RbdImageSpec spec = RbdSpecs.ReadImage(context.Arguments);
        IPool pool = await context.OpenPoolAsync(spec, cancellationToken);
        ProgressLine progress = context.Progress("Removing image");
        try
        {
            await ImageRemoval.RemoveAsync(context, pool, spec.Image, RbdCommandContext.Adapt(progress), cancellationToken);
        }
        catch (RadosException exception)
        {
            progress.Fail();
            throw exception.Code switch
            {
                Errno.ENOTEMPTY => RbdCommandContext.Failure(
                    "image has snapshots - these must be deleted with 'rbd snap purge' before the image can be removed.", exception.Code),
                Errno.EBUSY => RbdCommandContext.Failure(
                    "error: image still has watchers\nThis means the image is still open or the client using it crashed. Try again after closing/unmapping it "
                    + "or waiting 30s for the crashed client to timeout.",
                    exception.Code),
                _ => RbdCommandContext.Failure("delete error", exception),
            };
        }

        progress.Finish();
        return 0;
    }

    private static async Task<int> RenameAsync(RbdCommandContext context, CancellationToken cancellationToken)
    {
        RbdImageSpec source = RbdSpecs.ReadImage(context.Arguments);
        RbdImageSpec destination = RbdSpecs.ReadDestination(context.Arguments);
        bool poolGiven = destination.Pool.Length > 0;
        if (poolGiven && destination.Pool != source.Pool)
        {
            throw RbdCommandContext.Failure(
                $"mv/rename across pools not supported\nsource pool: {source.Pool} dest pool: {destination.Pool}");
        }

        if (poolGiven && destination.Namespace != source.Namespace)
        {
            throw RbdCommandContext.Failure(
                $"mv/rename across namespaces not supported\nsource namespace: {source.Namespace} dest namespace: {destination.Namespace}");
        }

        IPool pool = await context.OpenPoolAsync(source, cancellationToken);
        await context.AttemptAsync("rename error", () => context.Images(pool).RenameAsync(source.Image, destination.Image, cancellationToken));
        return 0;
    }

    private static async Task<int> ResizeAsync(RbdCommandContext context, CancellationToken cancellationToken)
    {
        RbdImageSpec spec = RbdSpecs.ReadImage(context.Arguments);
        ulong size = context.Arguments.GetSize("size", 1 << 20) ?? throw RbdCommandContext.Failure("must specify --size <M/G/T>");
        bool allowShrink = context.Arguments.Has("allow-shrink");
        await using Image image = await context.OpenImageAsync(spec, readOnly: false, cancellationToken);
        if (size < image.Size && !allowShrink)
        {
            throw RbdCommandContext.Failure("shrinking an image is only allowed with the --allow-shrink flag");
        }

        if (size == image.Size)
        {
            return await ReportUnchangedAsync(context, size);
        }

        await context.WithProgressAsync(
            "Resizing image", "resize error", progress => image.ResizeAsync(size, allowShrink, RbdCommandContext.Adapt(progress), cancellationToken));
        return 0;
    }

    private static async Task<int> ReportUnchangedAsync(RbdCommandContext context, ulong size)
    {
        await context.Error.WriteLineAsync($"rbd: new size is equal to original size {size}");
        return Errno.EINVAL;
    }

    private static async Task<int> ShowStatusAsync(RbdCommandContext context, CancellationToken cancellationToken)
    {
        RbdImageSpec spec = RbdSpecs.ReadImage(context.Arguments);
        OutputFormatter? formatter = context.CreateFormatter();
        await using Image image = await context.OpenImageAsync(spec, readOnly: true, cancellationToken);
        IReadOnlyList<Rados.Watching.Watcher> watchers = await context.AttemptAsync(
            "show status failed", () => image.ListWatchersAsync(cancellationToken));
        if (formatter is null)
        {
            context.Output.Write(watchers.Count == 0 ? "Watchers: none\n" : "Watchers:\n");
            foreach (Rados.Watching.Watcher watcher in watchers)
            {
                context.Output.Write($"\twatcher={watcher.Address} client.{watcher.ClientId} cookie={watcher.Cookie}\n");
            }

            return 0;
        }

        formatter.OpenObject("status");
        formatter.OpenArray("watchers");
        foreach (Rados.Watching.Watcher watcher in watchers)
        {
            formatter.OpenObject("watcher");
            formatter.Dump("address", watcher.Address);
            formatter.Dump("client", watcher.ClientId);
            formatter.Dump("cookie", watcher.Cookie);
            formatter.Close();
        }

        formatter.Close();
        formatter.Close();
        formatter.Flush(context.Output);
        return 0;
    }
}
