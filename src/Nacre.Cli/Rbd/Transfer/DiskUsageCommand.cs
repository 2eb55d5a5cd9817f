using Nacre.Cli.Output;
using Nacre.ObjectClasses.Rbd;
using Nacre.Rados;
using Nacre.Rados.Clusters;
using Nacre.Rados.Objects;
using Nacre.Rbd;

namespace Nacre.Cli.Rbd.Transfer;

/// <summary><c>rbd du</c> (src/tools/rbd/action/DiskUsage.cc): per image and user snapshot, what it holds beyond the one before.</summary>
internal static class DiskUsageCommand
{
    /// <summary>The command.</summary>
    public static async Task<int> RunAsync(RbdCommandContext context, CancellationToken cancellationToken)
    {
        RbdImageSpec spec = RbdSpecs.ReadImage(context.Arguments, SnapshotPresence.Permitted, imageRequired: false);
        string? from = context.Arguments.Get("from-snap");
        if (from is not null && spec.Image.Length == 0)
        {
            throw RbdCommandContext.Failure("specifying an image name is required when using --from-snap");
        }

        OutputFormatter? formatter = context.CreateFormatter();
        IPool pool = await context.OpenPoolAsync(spec, cancellationToken);
        RbdImages images = context.Images(pool);
        List<Row> rows = [];
        if (spec.Image.Length > 0)
        {
            await using Image image = await context.AttemptAsync(
                "du failed", () => images.OpenAsync(spec.Image, ImageOpenOptions.ForReading, cancellationToken));
            await context.AttemptAsync("du failed", () => MeasureAsync(context, image, from, spec.Snapshot, rows, cancellationToken));
        }
        else
        {
            foreach (ImageEntry entry in await context.AttemptAsync("du failed", () => images.ListAsync(cancellationToken)))
            {
                await context.AttemptAsync("du failed", () => MeasureAsync(context, images, entry, rows, cancellationToken));
            }
        }

        Write(context.Output, formatter, rows, spec.Snapshot.Length == 0 && (spec.Image.Length == 0 || rows.Count > 1), spec.Image.Length == 0);
        return 0;
    }

    private static async Task MeasureAsync(
        RbdCommandContext context, RbdImages images, ImageEntry entry, List<Row> rows, CancellationToken cancellationToken)
    {
        try
        {
            await using Image image = await images.OpenByIdAsync(entry.Id, ImageOpenOptions.ForReading, cancellationToken);
            await MeasureAsync(context, image, null, "", rows, cancellationToken);
        }
        catch (RadosException exception) when (exception.Code == Errno.ENOENT)
        {
            // Removed since it was listed.
        }
    }

    private static async Task MeasureAsync(
        RbdCommandContext context, Image image, string? fromName, string onlySnapshot, List<Row> rows, CancellationToken cancellationToken)
    {
        if (!image.Features.HasFlag(RbdFeatures.FastDiff))
        {
            await context.Error.WriteLineAsync($"warning: fast-diff map is not enabled for {image.Name}. operation may be slow.");
        }

        bool exact = context.Arguments.Has("exact");
        bool merge = context.Arguments.Has("merge-snapshots");
        ulong? from = DiffCommand.FindStart(image, fromName);
        ulong merged = 0;
        foreach (ImageSnapshot snapshot in image.Snapshots.Where(s => s.IsUser && (from is null || s.Id > from)))
        {
            await WarnAsync(context, $"{image.Name}@{snapshot.Name}", snapshot.Flags);
            ulong used = await UsedAsync(image, from, snapshot.Id, exact, cancellationToken);
            merged += used;
            from = snapshot.Id;
            if (onlySnapshot.Length == 0 ? !merge : onlySnapshot == snapshot.Name)
            {
                rows.Add(new Row(image.Name, image.Id, snapshot.Name, snapshot.Id, snapshot.Size, used));
            }
        }

        if (onlySnapshot.Length == 0)
        {
            await WarnAsync(context, image.Name, image.Flags);
            ulong used = await UsedAsync(image, from, SnapshotId.Head, exact, cancellationToken);
            rows.Add(new Row(image.Name, image.Id, null, 0, image.Size, merge ? merged + used : used));
        }
        else if (image.FindSnapshot(onlySnapshot) is null)
        {
            throw new RadosException(Errno.ENOENT, $"snapshot {onlySnapshot} of image {image.Name}");
        }
    }

    private static async Task WarnAsync(RbdCommandContext context, string name, RbdFlags flags)
    {
        if (flags.HasFlag(RbdFlags.FastDiffInvalid))
        {
            await context.Error.WriteLineAsync($"warning: fast-diff map is invalid for {name}. operation may be slow.");
        }
    }

    private static async Task<ulong> UsedAsync(Image image, ulong? from, ulong to, bool exact, CancellationToken cancellationToken)
    {
        ulong used = 0;
        await foreach (DiffExtent extent in image.DiffAsync(from, to, wholeObject: !exact, includeParent: false, cancellationToken))
        {
            used += extent.Exists ? extent.Length : 0;
        }

        return used;
    }

    private static void Write(TextWriter output, OutputFormatter? formatter, List<Row> rows, bool showTotal, bool totalInJson)
    {
        ulong used = 0;
        ulong provisioned = 0;
        foreach (Row row in rows)
        {
            used += row.Used;
            provisioned += row.Snapshot is null ? row.Provisioned : 0;
        }

        if (formatter is null)
        {
            TextTable table = new TextTable().Column("NAME").Column("PROVISIONED", Align.Right, Align.Right).Column("USED", Align.Left, Align.Right);
            foreach (Row row in rows)
            {
                table.Row(row.Snapshot is null ? row.Name : $"{row.Name}@{row.Snapshot}", ByteSize.Format(row.Provisioned), ByteSize.Format(row.Used));
            }

            if (showTotal && rows.Count > 1)
            {
                table.Row("<TOTAL>", ByteSize.Format(provisioned), ByteSize.Format(used));
            }

            table.Write(output);
            return;
        }

        formatter.OpenObject("stats");
        formatter.OpenArray("images");
        foreach (Row row in rows)
        {
            formatter.OpenObject("image");
            formatter.Dump("name", row.Name);
            formatter.Dump("id", row.Id);
            if (row.Snapshot is not null)
            {
                formatter.Dump("snapshot", row.Snapshot);
                formatter.Dump("snapshot_id", row.SnapshotId);
            }

            formatter.Dump("provisioned_size", row.Provisioned);
            formatter.Dump("used_size", row.Used);
            formatter.Close();
        }

        formatter.Close();
        if (totalInJson)
        {
            formatter.Dump("total_provisioned_size", provisioned);
            formatter.Dump("total_used_size", used);
        }

        formatter.Close();
        formatter.Flush(output);
    }

    private sealed record Row(string Name, string Id, string? Snapshot, ulong SnapshotId, ulong Provisioned, ulong Used);
}
