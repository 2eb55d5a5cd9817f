using System.Globalization;
using Nacre.Cli.Commands;
using Nacre.Cli.Output;
using Nacre.ObjectClasses.Rbd;
using Nacre.Rados;
using Nacre.Rados.Clusters;
using Nacre.Rbd;
using Definition = Nacre.Cli.Commands.CommandDefinition<Nacre.Cli.Rbd.RbdCommandContext>;

namespace Nacre.Cli.Rbd.Pools;

/// <summary>trash move, list, restore, remove, purge (src/tools/rbd/action/Trash.cc).</summary>
internal static class TrashCommands
{
    /// <summary>All of them.</summary>
    public static IReadOnlyList<Definition> All { get; } =
    [
        new("trash move", "Move an image to the trash.")
        {
            Alias = "trash mv",
            Positionals = [RbdOptions.ImageSpec],
            Options =
            [
                .. RbdOptions.ImageOptions,
                new("expires-at", "set the expiration time of an image so it can be purged when it is stale") { Default = "now" },
            ],
            RunAsync = MoveAsync,
        },
        new("trash list", "List trash images.")
        {
            Alias = "trash ls",
            Positionals = [RbdOptions.PoolSpec],
            Options =
            [
                .. RbdOptions.PoolOptions, CommandOption.Switch("all", "list images from all sources", 'a'),
                CommandOption.Switch("long", "long listing format", 'l'), .. RbdOptions.Format,
            ],
            RunAsync = ListAsync,
        },
        new("trash restore", "Restore an image from trash.")
        {
            Positionals = [RbdOptions.ImageIdSpec with { Description = "image id\n(example: [<pool-name>/]<image-id>)" }],
            Options = [.. RbdOptions.PoolOptions, RbdOptions.ImageId, RbdOptions.Image],
            RunAsync = RestoreAsync,
        },
        new("trash remove", "Remove an image from trash.")
        {
            Alias = "trash rm",
            Positionals = [RbdOptions.ImageIdSpec],
            Options =
            [
                .. RbdOptions.PoolOptions, RbdOptions.ImageId, RbdOptions.NoProgress,
                CommandOption.Switch("force", "force remove of non-expired delayed images"),
            ],
            RunAsync = RemoveAsync,
        },
        new("trash purge", "Remove all expired images from trash.")
        {
            Positionals = [RbdOptions.PoolSpec],
            Options =
            [
                .. RbdOptions.PoolOptions, RbdOptions.NoProgress,
                new("expired-before", "purges images that expired before the given date") { ValueName = "date" },
                new("threshold", "purges images until the current pool data usage is reduced to X%, value range: 0.0-1.0"),
            ],
            RunAsync = PurgeAsync,
        },
    ];

    private static async Task<int> MoveAsync(RbdCommandContext context, CancellationToken cancellationToken)
    {
        RbdImageSpec spec = RbdSpecs.ReadImage(context.Arguments);
        DateTimeOffset now = context.Application.Time.GetUtcNow();
        DateTimeOffset? expiry = ParseTime(context, "expires-at");
        if (expiry < now)
        {
            throw RbdCommandContext.Failure("trash move: expiration time cannot be in the past");
        }

        IPool pool = await context.OpenPoolAsync(spec, cancellationToken);
        await context.AttemptAsync(
            "deferred delete error",
            () => context.Images(pool).MoveToTrashAsync(spec.Image, TrashImageSource.User, expiry - now ?? TimeSpan.Zero, cancellationToken));
        return 0;
    }

    private static DateTimeOffset? ParseTime(RbdCommandContext context, string option)
    {
        string? text = context.Arguments.Get(option);
        if (text is null or "now")
        {
            return null;
        }

        TimeZoneInfo zone = context.Application.Time.LocalTimeZone;
        return DateTime.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.None, out DateTime local)
            ? new DateTimeOffset(DateTime.SpecifyKind(local, DateTimeKind.Unspecified), zone.GetUtcOffset(local))
            : throw RbdCommandContext.Failure($"'{text}' is not a time such as 2027-01-31 or '2027-01-31 18:00'");
    }

    private static async Task<int> ListAsync(RbdCommandContext context, CancellationToken cancellationToken)
    {
        RbdPoolSpec spec = RbdSpecs.ReadPool(context.Arguments);
        OutputFormatter? formatter = context.CreateFormatter();
        bool all = context.Arguments.Has("all");
        bool isLong = context.Arguments.Has("long");
        IPool pool = await context.OpenPoolAsync(spec, cancellationToken);
        IReadOnlyList<TrashEntry> entries = await context.AttemptAsync(
            "trash list", () => context.Images(pool).ListTrashAsync(cancellationToken));
        TextTable table = new TextTable().Column("ID").Column("NAME").Column("SOURCE").Column("DELETED_AT").Column("STATUS").Column("PARENT");
        formatter?.OpenArray("trash");
        foreach (TrashEntry entry in entries.Where(entry => all || entry.Spec.Source == TrashImageSource.User))
        {
            string deleted = CephDate.Format(entry.Spec.DeletionTime.ToDateTime(), context.Application.Time);
            string status = Status(entry.Spec, context.Application.Time);
            if (formatter is not null)
            {
                Dump(formatter, entry, isLong, deleted, status);
            }
            else if (isLong)
            {
                table.Row(entry.Id, entry.Spec.Name, Source(entry.Spec.Source), deleted, status, "");
            }
            else
            {
                context.Output.Write($"{entry.Id} {entry.Spec.Name}\n");
            }
        }

        formatter?.Close();
        formatter?.Flush(context.Output);
        if (isLong && table.Count > 0)
        {
            table.Write(context.Output);
        }

        return 0;
    }

    private static void Dump(OutputFormatter formatter, TrashEntry entry, bool isLong, string deleted, string status)
    {
        formatter.OpenObject("image");
        formatter.Dump("id", entry.Id);
        formatter.Dump("name", entry.Spec.Name);
        if (isLong)
        {
            formatter.Dump("source", Source(entry.Spec.Source));
            formatter.Dump("deleted_at", deleted);
            formatter.Dump("status", status);
        }

        formatter.Close();
    }

    private static string Source(TrashImageSource source) => source switch
    {
        TrashImageSource.User => "USER",
        TrashImageSource.Mirroring => "MIRRORING",
        TrashImageSource.Migration => "MIGRATION",
        TrashImageSource.Removing => "REMOVING",
        TrashImageSource.UserParent => "USER_PARENT",
        _ => "UNKNOWN",
    };

    private static string Status(TrashImageSpec spec, TimeProvider time)
    {
        DateTimeOffset end = spec.DefermentEndTime.ToDateTime();
        string text = CephDate.Format(end, time);
        return end > time.GetUtcNow() ? $"protected until {text}" : $"expired at {text}";
    }

    private static async Task<int> RestoreAsync(RbdCommandContext context, CancellationToken cancellationToken)
    {
        RbdImageSpec spec = RbdSpecs.ReadImageId(context.Arguments);
        IPool pool = await context.OpenPoolAsync(spec, cancellationToken);
        string? newName = context.Arguments.Get("image");
        try
        {
            await context.Images(pool).RestoreFromTrashAsync(spec.Image, newName, cancellationToken);
            return 0;
        }
        catch (RadosException exception)
        {
            throw exception.Code switch
            {
                Errno.ENOENT => RbdCommandContext.Failure("error: image does not exist in trash", exception.Code),
                Errno.EEXIST => RbdCommandContext.Failure("error: an image with the same name already exists, try again with a different name", exception.Code),
                _ => RbdCommandContext.Failure("restore error", exception),
            };
        }
    }

    private static async Task<int> RemoveAsync(RbdCommandContext context, CancellationToken cancellationToken)
    {
        RbdImageSpec spec = RbdSpecs.ReadImageId(context.Arguments);
        IPool pool = await context.OpenPoolAsync(spec, cancellationToken);
        bool force = context.Arguments.Has("force");
        ProgressLine progress = context.Progress("Removing image");
        try
        {
            await context.Images(pool).RemoveFromTrashAsync(spec.Image, force, RbdCommandContext.Adapt(progress), cancellationToken);
        }
        catch (RadosException exception)
        {
            progress.Fail();
            throw exception.Code switch
            {
                Errno.ENOTEMPTY => RbdCommandContext.Failure(
                    "image has snapshots - these must be deleted with 'rbd snap purge' before the image can be removed.", exception.Code),
                Errno.EBUSY => RbdCommandContext.Failure("error: image still has watchers", exception.Code),
                Errno.EPERM => new Applications.CommandFailedException(
                    exception.Code, "Deferment time has not expired, please use --force if you really want to remove the image"),
                _ => RbdCommandContext.Failure("remove error", exception),
            };
        }

        progress.Finish();
        return 0;
    }

    private static async Task<int> PurgeAsync(RbdCommandContext context, CancellationToken cancellationToken)
    {
        RbdPoolSpec spec = RbdSpecs.ReadPool(context.Arguments);
        if (context.Arguments.Has("threshold"))
        {
            throw RbdCommandContext.Failure("--threshold is not supported; purge by --expired-before", Errno.EOPNOTSUPP);
        }

        DateTimeOffset before = ParseTime(context, "expired-before") ?? context.Application.Time.GetUtcNow();
        IPool pool = await context.OpenPoolAsync(spec, cancellationToken);
        RbdImages images = context.Images(pool);
        await context.WithProgressAsync("Removing images", "trash purge", async progress =>
        {
            TrashEntry[] expired =
            [
                .. (await images.ListTrashAsync(cancellationToken)).Where(entry => entry.Spec.DefermentEndTime.ToDateTime() <= before),
            ];
            ulong done = 0;
            foreach (TrashEntry entry in expired)
            {
                await images.RemoveFromTrashAsync(entry.Id, force: true, null, cancellationToken);
                progress.Report(++done, (ulong)expired.Length);
            }
        });
        return 0;
    }
}
