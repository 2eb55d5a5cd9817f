using System.Globalization;
using Nacre.Cli.Commands;
using Nacre.Cli.Output;
using Nacre.ObjectClasses.Rbd;
using Nacre.Rados;
using Nacre.Rbd;
using Definition = Nacre.Cli.Commands.CommandDefinition<Nacre.Cli.Rbd.RbdCommandContext>;

namespace Nacre.Cli.Rbd.Snapshots;

/// <summary>snap create, list, remove, purge, protect, unprotect, rollback, rename, limit (src/tools/rbd/action/Snap.cc).</summary>
internal static class SnapshotCommands
{
    private static readonly CommandPositional[] _snapshot = [RbdOptions.SnapshotSpec];

    /// <summary>All of them.</summary>
    public static IReadOnlyList<Definition> All { get; } =
    [
        new("snap create", "Create a snapshot.")
        {
            Alias = "snap add",
            Positionals = _snapshot,
            Options =
            [
                .. RbdOptions.SnapshotOptions, CommandOption.Switch("skip-quiesce", "do not run quiesce hooks"),
                CommandOption.Switch("ignore-quiesce-error", "ignore quiesce hook error"), RbdOptions.NoProgress,
            ],
            RunAsync = CreateAsync,
        },
        new("snap list", "Dump list of image snapshots.")
        {
            Alias = "snap ls",
            Positionals = [RbdOptions.ImageSpec],
            Options =
            [
                .. RbdOptions.ImageOptions, RbdOptions.ImageId, .. RbdOptions.Format,
                CommandOption.Switch("all", "list snapshots from all namespaces", 'a'),
            ],
            RunAsync = SnapshotListing.RunAsync,
        },
        new("snap remove", "Delete a snapshot.")
        {
            Alias = "snap rm",
            Positionals = _snapshot,
            Options =
            [
                .. RbdOptions.SnapshotOptions, RbdOptions.ImageId, RbdOptions.SnapshotId, RbdOptions.NoProgress,
                CommandOption.Switch("force", "flatten children and unprotect snapshot if needed."),
            ],
            RunAsync = RemoveAsync,
        },
        new("snap purge", "Delete all unprotected snapshots.")
        {
            Positionals = [RbdOptions.ImageSpec],
            Options = [.. RbdOptions.ImageOptions, RbdOptions.ImageId, RbdOptions.NoProgress],
            RunAsync = PurgeAsync,
        },
        new("snap protect", "Prevent a snapshot from being deleted.")
        {
            Positionals = _snapshot, Options = RbdOptions.SnapshotOptions, RunAsync = ProtectAsync,
        },
        new("snap unprotect", "Allow a snapshot to be deleted.")
        {
            Positionals = _snapshot, Options = [.. RbdOptions.SnapshotOptions, RbdOptions.ImageId], RunAsync = UnprotectAsync,
        },
        new("snap rollback", "Rollback image to snapshot.")
        {
            Alias = "snap revert", Positionals = _snapshot, Options = [.. RbdOptions.SnapshotOptions, RbdOptions.NoProgress], RunAsync = RollBackAsync,
        },
        new("snap rename", "Rename a snapshot.")
        {
            Positionals =
            [
                RbdOptions.SnapshotSpec with { Name = "source-snap-spec", Description = "source " + RbdOptions.SnapshotSpec.Description },
                RbdOptions.SnapshotSpec with { Name = "dest-snap-spec", Description = "destination " + RbdOptions.SnapshotSpec.Description },
            ],
            Options =
            [
                .. RbdOptions.SourceSnapshotOptions, .. RbdOptions.DestinationOptions, new("dest-snap", "destination snapshot name"),
            ],
            RunAsync = RenameAsync,
        },
        new("snap limit set", "Limit the number of snapshots.")
        {
            Positionals = [RbdOptions.ImageSpec],
            Options = [.. RbdOptions.ImageOptions, new("limit", "maximum allowed snapshot count")],
            RunAsync = SetLimitAsync,
        },
        new("snap limit clear", "Remove snapshot limit.")
        {
            Positionals = [RbdOptions.ImageSpec], Options = RbdOptions.ImageOptions, RunAsync = ClearLimitAsync,
        },
    ];

    /// <summary>What <c>--skip-quiesce</c> and <c>--ignore-quiesce-error</c> ask for.</summary>
    public static SnapshotCreateFlags ReadQuiesceFlags(CommandArguments arguments) =>
        (arguments.Has("skip-quiesce") ? SnapshotCreateFlags.SkipNotifyQuiesce : SnapshotCreateFlags.None)
        | (arguments.Has("ignore-quiesce-error") ? SnapshotCreateFlags.IgnoreNotifyQuiesceError : SnapshotCreateFlags.None);

    private static RbdImageSpec ReadSnapshot(RbdCommandContext context, SpecValidation validation = SpecValidation.None) =>
        RbdSpecs.ReadImage(context.Arguments, SnapshotPresence.Required, validation);

    private static Task<Image> OpenAsync(RbdCommandContext context, RbdImageSpec spec, CancellationToken cancellationToken) =>
        context.OpenImageOrIdAsync(spec with { Snapshot = "" }, readOnly: false, cancellationToken);

    private static async Task<int> CreateAsync(RbdCommandContext context, CancellationToken cancellationToken)
    {
        RbdImageSpec spec = ReadSnapshot(context, SpecValidation.Snapshot);
        SnapshotCreateFlags flags = ReadQuiesceFlags(context.Arguments);
        await using Image image = await OpenAsync(context, spec, cancellationToken);
        await context.WithProgressAsync(
            "Creating snap", "failed to create snapshot",
            progress => image.CreateSnapshotAsync(spec.Snapshot, null, flags, RbdCommandContext.Adapt(progress), cancellationToken));
        return 0;
    }

    private static async Task<int> RemoveAsync(RbdCommandContext context, CancellationToken cancellationToken)
    {
        ulong? id = context.Arguments.GetNumber("snap-id");
        bool imageById = context.Arguments.Has("image-id");
        RbdImageSpec spec = RbdSpecs.ReadImage(
            context.Arguments, id is null ? SnapshotPresence.Required : SnapshotPresence.None, imageRequired: !imageById);
        if (context.Arguments.Has("force"))
        {
            throw RbdCommandContext.Failure("removing a snapshot that has clones (--force) needs 'rbd flatten', which is not there yet", Errno.EOPNOTSUPP);
        }

        await using Image image = await OpenAsync(context, spec, cancellationToken);
        ProgressLine progress = context.Progress("Removing snap");
        try
        {
            await (id is { } number
                ? image.RemoveSnapshotAsync(number, cancellationToken)
                : image.RemoveSnapshotAsync(spec.Snapshot, SnapshotNamespaceType.User, cancellationToken));
        }
        catch (RadosException exception)
        {
            progress.Fail();
            string shown = id?.ToString(CultureInfo.InvariantCulture) ?? spec.Snapshot;
            throw exception.Code == Errno.EBUSY
                ? RbdCommandContext.Failure($"snapshot '{shown}' is protected from removal.", exception.Code)
                : RbdCommandContext.Failure("failed to remove snapshot", exception);
        }

        progress.Finish();
        return 0;
    }

    private static async Task<int> PurgeAsync(RbdCommandContext context, CancellationToken cancellationToken)
    {
        RbdImageSpec spec = RbdSpecs.ReadImage(context.Arguments, imageRequired: !context.Arguments.Has("image-id"));
        await using Image image = await OpenAsync(context, spec, cancellationToken);
        ImageSnapshot[] all = [.. image.Snapshots.Where(snapshot => snapshot.IsUser)];
        ImageSnapshot[] kept = [.. all.Where(snapshot => snapshot.Protection != ProtectionStatus.Unprotected)];
        if (all.Length == 0)
        {
            return 0;
        }

        ProgressLine progress = context.Progress("Removing all snapshots");
        ulong done = 0;
        foreach (ImageSnapshot snapshot in all.Except(kept))
        {
            try
            {
                await image.RemoveSnapshotAsync(snapshot.Id, cancellationToken);
            }
            catch (RadosException exception)
            {
                progress.Fail();
                throw RbdCommandContext.Failure("removing snaps failed", exception);
            }

            progress.Report(++done, (ulong)all.Length);
        }

        if (kept.Length > 0)
        {
            progress.Fail();
            string names = string.Join(", ", kept.Select(snapshot => $"'{snapshot.Name}'"));
            string verb = kept.Length == 1 ? "is" : "are";
            context.Output.Write($"rbd: error removing snapshot(s) {names}, which {verb} protected - these must be unprotected with `rbd snap unprotect`.\n");
            return 0;
        }

        progress.Finish();
        return 0;
    }

    private static async Task<int> ProtectAsync(RbdCommandContext context, CancellationToken cancellationToken)
    {
        RbdImageSpec spec = ReadSnapshot(context);
        await using Image image = await OpenAsync(context, spec, cancellationToken);
        if (image.FindSnapshot(spec.Snapshot)?.Protection == ProtectionStatus.Protected)
        {
            throw RbdCommandContext.Failure("snap is already protected", Errno.EBUSY);
        }

        await context.AttemptAsync("protecting snap failed", () => image.ProtectSnapshotAsync(spec.Snapshot, cancellationToken));
        return 0;
    }

    private static async Task<int> UnprotectAsync(RbdCommandContext context, CancellationToken cancellationToken)
    {
        RbdImageSpec spec = ReadSnapshot(context);
        await using Image image = await OpenAsync(context, spec, cancellationToken);
        if (image.FindSnapshot(spec.Snapshot) is { Protection: ProtectionStatus.Unprotected })
        {
            throw RbdCommandContext.Failure("snap is already unprotected");
        }

        await context.AttemptAsync("unprotecting snap failed", () => image.UnprotectSnapshotAsync(spec.Snapshot, cancellationToken));
        return 0;
    }

    private static async Task<int> RollBackAsync(RbdCommandContext context, CancellationToken cancellationToken)
    {
        RbdImageSpec spec = ReadSnapshot(context);
        await using Image image = await OpenAsync(context, spec, cancellationToken);
        await context.WithProgressAsync(
            "Rolling back to snapshot", "rollback failed",
            progress => image.RollBackAsync(spec.Snapshot, RbdCommandContext.Adapt(progress), cancellationToken));
        return 0;
    }

    private static async Task<int> RenameAsync(RbdCommandContext context, CancellationToken cancellationToken)
    {
        RbdImageSpec source = ReadSnapshot(context);
        RbdImageSpec destination = RbdSpecs.ReadDestination(context.Arguments, SnapshotPresence.Required, SpecValidation.Snapshot, imageRequired: false);
        if (destination.Pool.Length > 0 && destination.Pool != source.Pool)
        {
            throw RbdCommandContext.Failure("source and destination pool must be the same");
        }

        if (destination.Image.Length > 0 && destination.Image != source.Image)
        {
            throw RbdCommandContext.Failure("source and destination image name must be the same");
        }

        await using Image image = await OpenAsync(context, source, cancellationToken);
        await context.AttemptAsync(
            "renaming snap failed", () => image.RenameSnapshotAsync(source.Snapshot, destination.Snapshot, cancellationToken));
        return 0;
    }

    private static async Task<int> SetLimitAsync(RbdCommandContext context, CancellationToken cancellationToken)
    {
        RbdImageSpec spec = RbdSpecs.ReadImage(context.Arguments);
        ulong limit = context.Arguments.GetNumber("limit") ?? throw RbdCommandContext.Failure("must specify --limit <num>", Errno.ERANGE);
        await using Image image = await OpenAsync(context, spec, cancellationToken);
        await context.AttemptAsync("setting snapshot limit failed", () => image.SetSnapshotLimitAsync(limit, cancellationToken));
        return 0;
    }

    private static async Task<int> ClearLimitAsync(RbdCommandContext context, CancellationToken cancellationToken)
    {
        RbdImageSpec spec = RbdSpecs.ReadImage(context.Arguments);
        await using Image image = await OpenAsync(context, spec, cancellationToken);
        await context.AttemptAsync("clearing snapshot limit failed", () => image.SetSnapshotLimitAsync(ulong.MaxValue, cancellationToken));
        return 0;
    }
}
