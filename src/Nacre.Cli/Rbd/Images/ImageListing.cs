using Nacre.Cli.Output;
using Nacre.ObjectClasses.Calls;
using Nacre.ObjectClasses.Lock;
using Nacre.ObjectClasses.Rbd;
using Nacre.Rados;
using Nacre.Rados.Clusters;
using Nacre.Rbd;

namespace Nacre.Cli.Rbd.Images;

/// <summary><c>rbd ls</c> (src/tools/rbd/action/List.cc).</summary>
internal static class ImageListing
{
    /// <summary>The command.</summary>
    public static async Task<int> RunAsync(RbdCommandContext context, CancellationToken cancellationToken)
    {
        RbdPoolSpec spec = RbdSpecs.ReadPool(context.Arguments);
        OutputFormatter? formatter = context.CreateFormatter();
        IPool pool = await OpenPoolAsync(context, spec, cancellationToken);
        IReadOnlyList<ImageEntry> images = await context.AttemptAsync(
            "listing images failed", () => context.Images(pool).ListAsync(cancellationToken));
        if (!context.Arguments.Has("long"))
        {
            images = [.. images, .. await HalfRemovedAsync(context, pool, cancellationToken)];
        }

        if (context.Arguments.Has("long"))
        {
            await ListLongAsync(context, pool, images, formatter, cancellationToken);
        }
        else if (formatter is null)
        {
            foreach (ImageEntry entry in images)
            {
                context.Output.Write(entry.Name + "\n");
            }
        }
        else
        {
            formatter.DumpArray("images", "name", images.Select(entry => entry.Name));
        }

        formatter?.Flush(context.Output);
        return 0;
    }

    private static async Task<IPool> OpenPoolAsync(RbdCommandContext context, RbdPoolSpec spec, CancellationToken cancellationToken)
    {
        try
        {
            return await context.OpenPoolAsync(spec, cancellationToken);
        }
        catch (Applications.CommandFailedException exception) when (exception.InnerException is RadosException cause)
        {
            throw new Applications.CommandFailedException(
                exception.ExitCode, $"{exception.Line}\nrbd: listing images failed: {Errno.Describe(cause.Code)}", cause);
        }
    }

    // An image whose removal was interrupted is only in the trash; it stays in the list so that it can be removed again.
    private static async Task<IEnumerable<ImageEntry>> HalfRemovedAsync(RbdCommandContext context, IPool pool, CancellationToken cancellationToken)
    {
        try
        {
            return from entry in await context.Images(pool).ListTrashAsync(cancellationToken)
                   where entry.Spec.Source == TrashImageSource.Removing
                   select new ImageEntry(entry.Spec.Name, entry.Id);
        }
        catch (RadosException exception) when (exception.Code is Errno.EPERM or Errno.EACCES)
        {
            return [];
        }
    }

    private static async Task ListLongAsync(
        RbdCommandContext context, IPool pool, IReadOnlyList<ImageEntry> images, OutputFormatter? formatter, CancellationToken cancellationToken)
    {
        TextTable table = new TextTable()
            .Column("NAME").Column("SIZE", Align.Left, Align.Right).Column("PARENT").Column("FMT", Align.Left, Align.Right).Column("PROT").Column("LOCK");
        formatter?.OpenArray("images");
        foreach (ImageEntry entry in images)
        {
            await using Image? image = await TryOpenAsync(context, pool, entry, cancellationToken);
            if (image is null)
            {
                continue;
            }

            foreach (Row row in await RowsAsync(image, cancellationToken))
            {
                if (formatter is null)
                {
                    table.Row(row.Display, ByteSize.Format(row.Size), row.Parent ?? "", "2", row.IsProtected ? "yes" : "", row.Lock ?? "");
                }
                else
                {
                    Dump(formatter, row);
                }
            }
        }

        formatter?.Close();
        if (formatter is null && table.Count > 0)
        {
            table.Write(context.Output);
        }
    }

    private static async Task<Image?> TryOpenAsync(RbdCommandContext context, IPool pool, ImageEntry entry, CancellationToken cancellationToken)
    {
        try
        {
            return await context.Images(pool).OpenByIdAsync(entry.Id, ImageOpenOptions.ForReading, cancellationToken);
        }
        catch (RadosException exception) when (exception.Code == Errno.ENOENT)
        {
            // Removed since the directory was read.
            return null;
        }
    }

    private static async Task<IReadOnlyList<Row>> RowsAsync(Image image, CancellationToken cancellationToken)
    {
        ICluster cluster = image.Pool.Cluster;
        LockInfo? info = await image.Pool.TryCallAsync(image.HeaderName, LockCalls.GetInfo(RbdObjects.LockName), cancellationToken);
        string? held = info is { Lockers.Count: > 0 } ? info.Type == LockType.Shared ? "shared" : "exclusive" : null;
        string? parent = image.Parent is { } spec ? await ParentNames.ResolveAsync(cluster, spec, cancellationToken) : null;
        var rows = new List<Row> { new(image.Name, image.Id, null, 0, image.Size, parent, false, held) };
        foreach (ImageSnapshot snapshot in image.Snapshots.Where(s => s.IsUser))
        {
            string? snapshotParent = snapshot.Parent is { } own ? await ParentNames.ResolveAsync(cluster, own, cancellationToken) : null;
            rows.Add(new Row(
                image.Name, image.Id, snapshot.Name, snapshot.Id, snapshot.Size, snapshotParent, snapshot.Protection == ProtectionStatus.Protected, null));
        }

        return rows;
    }

    private static void Dump(OutputFormatter formatter, Row row)
    {
        formatter.OpenObject(row.Snapshot is null ? "image" : "snapshot");
        formatter.Dump("image", row.Image);
        formatter.Dump("id", row.Id);
        if (row.Snapshot is not null)
        {
            formatter.Dump("snapshot", row.Snapshot);
            formatter.Dump("snapshot_id", row.SnapshotId);
        }

        formatter.Dump("size", row.Size);
        if (row.Parent is not null)
        {
            RbdImageSpec parent = RbdSpecs.Extract(new RbdImageSpec("", "", "", ""), row.Parent, SpecValidation.None);
            formatter.OpenObject("parent");
            formatter.Dump("pool", parent.Pool);
            formatter.Dump("pool_namespace", parent.Namespace);
            formatter.Dump("image", parent.Image);
            formatter.Dump("snapshot", parent.Snapshot);
            formatter.Close();
        }

        formatter.Dump("format", 2L);
        if (row.Snapshot is not null)
        {
            formatter.Dump("protected", row.IsProtected ? "true" : "false");
        }

        if (row.LockType is not null)
        {
            formatter.Dump("lock_type", row.LockType);
        }

        formatter.Close();
    }

    private sealed record Row(
        string Image, string Id, string? Snapshot, ulong SnapshotId, ulong Size, string? Parent, bool IsProtected, string? LockType)
    {
        public string Display => Snapshot is null ? Image : $"{Image}@{Snapshot}";

        public string? Lock => LockType switch { "exclusive" => "excl", "shared" => "shr", _ => null };
    }
}
