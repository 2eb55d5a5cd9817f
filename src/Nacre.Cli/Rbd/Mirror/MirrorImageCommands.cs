using Nacre.Cli.Applications;
using Nacre.Cli.Commands;
using Nacre.Mirroring;
using Nacre.ObjectClasses.Rbd;
using Nacre.Rados;
using Nacre.Rados.Clusters;
using Nacre.Rbd;

namespace Nacre.Cli.Rbd.Mirror;

/// <summary><c>rbd mirror image …</c> but for status (src/tools/rbd/action/MirrorImage.cc).</summary>
internal static class MirrorImageCommands
{
    private static readonly CommandOption _forcePromotion = CommandOption.Switch("force", "promote even if not cleanly demoted by remote cluster");

    /// <summary>All of them.</summary>
    public static IReadOnlyList<CommandDefinition<RbdCommandContext>> All { get; } =
    [
        new("mirror image demote", "Demote an image to non-primary for RBD mirroring.")
        {
            Positionals = [RbdOptions.ImageSpec],
            Options = RbdOptions.ImageOptions,
            RunAsync = DemoteAsync,
        },
        new("mirror image disable", "Disable RBD mirroring for an image.")
        {
            Positionals = [RbdOptions.ImageSpec],
            Options = [CommandOption.Switch("force", "disable even if not primary"), .. RbdOptions.ImageOptions],
            RunAsync = DisableAsync,
        },
        new("mirror image enable", "Enable RBD mirroring for an image.")
        {
            Positionals =
            [
                RbdOptions.ImageSpec, new("mode", "mirror image mode (journal or snapshot) [default: journal]") { IsOptional = true },
            ],
            Options = RbdOptions.ImageOptions,
            RunAsync = EnableAsync,
        },
        new("mirror image promote", "Promote an image to primary for RBD mirroring.")
        {
            Positionals = [RbdOptions.ImageSpec],
            Options = [_forcePromotion, .. RbdOptions.ImageOptions],
            RunAsync = PromoteAsync,
        },
        new("mirror image resync", "Force resync to primary image for RBD mirroring.")
        {
            Positionals = [RbdOptions.ImageSpec],
            Options = RbdOptions.ImageOptions,
            RunAsync = ResyncAsync,
        },
        new("mirror image snapshot", "Create RBD mirroring image snapshot.")
        {
            Positionals = [RbdOptions.ImageSpec],
            Options =
            [
                .. RbdOptions.ImageOptions,
                CommandOption.Switch("skip-quiesce", "do not run quiesce hooks"),
                CommandOption.Switch("ignore-quiesce-error", "ignore quiesce hook error"),
            ],
            RunAsync = SnapshotAsync,
        },
        new("mirror image status", "Show RBD mirroring status for an image.")
        {
            Positionals = [RbdOptions.ImageSpec],
            Options = [.. RbdOptions.ImageOptions, .. RbdOptions.Format],
            RunAsync = MirrorStatusCommands.ImageStatusAsync,
        },
    ];

    /// <summary>Opens an image as the commands do that may meet a copy. Fails with rbd's words.</summary>
    internal static async Task<Image> OpenAsync(RbdCommandContext context, RbdImageSpec spec, CancellationToken cancellationToken, bool readOnly = false)
    {
        IPool pool = await context.OpenPoolAsync(spec, cancellationToken);
        var options = new ImageOpenOptions { ReadOnly = readOnly, IgnoreNonPrimary = true, Time = context.Application.Time };
        return await context.AttemptAsync(
            $"error opening image {spec.Image}", () => new RbdImages(pool, context.Application.Time).OpenAsync(spec.Image, options, cancellationToken));
    }

    /// <summary>The image's mirroring. Fails with rbd's words where it is not enabled.</summary>
    internal static async Task<MirrorImageInfo> RequireEnabledAsync(
        RbdCommandContext context, MirrorImageControl control, CancellationToken cancellationToken, bool bySnapshot = false)
    {
        MirrorImageInfo info = await context.AttemptAsync("failed to retrieve mirror info", () => control.GetInfoAsync(cancellationToken));
        if (!info.IsEnabled)
        {
            throw RbdCommandContext.Failure("mirroring not enabled on the image");
        }

        return bySnapshot && info.Image!.Mode != MirrorImageMode.Snapshot
            ? throw RbdCommandContext.Failure("snapshot based mirroring not enabled on the image")
            : info;
    }

    private static async Task<int> EnableAsync(RbdCommandContext context, CancellationToken cancellationToken)
    {
        RbdImageSpec spec = RbdSpecs.ReadImage(context.Arguments);
        await using Image image = await OpenAsync(context, spec, cancellationToken);
        MirrorImageMode mode = context.Arguments.Next() switch
        {
            "" or "journal" => MirrorImageMode.Journal,
            "snapshot" => MirrorImageMode.Snapshot,
            var other => throw RbdCommandContext.Failure($"invalid mode name: {other}"),
        };
        await new MirrorImageControl(image, context.Application.Time).EnableAsync(mode, cancellationToken);
        context.Line("Mirroring enabled");
        return 0;
    }

    private static async Task<int> DisableAsync(RbdCommandContext context, CancellationToken cancellationToken)
    {
        await using Image image = await OpenAsync(context, RbdSpecs.ReadImage(context.Arguments), cancellationToken);
        RadosException? kept = await new MirrorImageControl(image, context.Application.Time).DisableAsync(context.Arguments.Has("force"), cancellationToken);
        if (kept is not null)
        {
            await context.Error.WriteLineAsync($"rbd: cannot disable journaling: {kept.Message}");
        }

        context.Line("Mirroring disabled");
        return 0;
    }

    private static Task<int> PromoteAsync(RbdCommandContext context, CancellationToken cancellationToken) => WithEnabledAsync(
        context, "error promoting image to primary", "Image promoted to primary",
        control => control.PromoteAsync(context.Arguments.Has("force"), cancellationToken), cancellationToken);

    private static Task<int> DemoteAsync(RbdCommandContext context, CancellationToken cancellationToken) => WithEnabledAsync(
        context, "error demoting image to non-primary", "Image demoted to non-primary", control => control.DemoteAsync(cancellationToken), cancellationToken);

    private static Task<int> ResyncAsync(RbdCommandContext context, CancellationToken cancellationToken) => WithEnabledAsync(
        context, "error flagging image resync", "Flagged image for resync from primary",
        control => control.RequestResyncAsync(cancellationToken), cancellationToken);

    private static async Task<int> SnapshotAsync(RbdCommandContext context, CancellationToken cancellationToken)
    {
        RbdImageSpec spec = RbdSpecs.ReadImage(context.Arguments);
        if (context.Arguments.Has("skip-quiesce") && context.Arguments.Has("ignore-quiesce-error"))
        {
            throw RbdCommandContext.Failure("--ignore-quiesce-error cannot be used together with --skip-quiesce");
        }

        SnapshotCreateFlags flags = context.Arguments.Has("skip-quiesce") ? SnapshotCreateFlags.SkipNotifyQuiesce
            : context.Arguments.Has("ignore-quiesce-error") ? SnapshotCreateFlags.IgnoreNotifyQuiesceError
            : SnapshotCreateFlags.None;
        await using Image image = await OpenAsync(context, spec, cancellationToken);
        var control = new MirrorImageControl(image, context.Application.Time);
        await RequireEnabledAsync(context, control, cancellationToken, bySnapshot: true);
        ImageSnapshot snapshot = await context.AttemptAsync(
            "error creating snapshot", () => control.CreateSnapshotAsync(flags, cancellationToken: cancellationToken));
        context.Line($"Snapshot ID: {snapshot.Id}");
        return 0;
    }

    private static async Task<int> WithEnabledAsync(
        RbdCommandContext context, string failure, string done, Func<MirrorImageControl, Task> action, CancellationToken cancellationToken)
    {
        await using Image image = await OpenAsync(context, RbdSpecs.ReadImage(context.Arguments), cancellationToken);
        var control = new MirrorImageControl(image, context.Application.Time);
        await RequireEnabledAsync(context, control, cancellationToken);
        try
        {
            await action(control);
        }
        catch (RadosException exception)
        {
            throw new CommandFailedException(exception.Code, $"rbd: {failure}", exception);
        }

        context.Line(done);
        return 0;
    }
}
