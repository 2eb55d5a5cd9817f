using System.Globalization;
using Nacre.Cli.Output;
using Nacre.Rados;
using Nacre.Rbd;

namespace Nacre.Cli.Rbd.Transfer;

/// <summary><c>rbd diff</c>.</summary>
internal static class DiffCommand
{
    /// <summary>The command.</summary>
    public static async Task<int> RunAsync(RbdCommandContext context, CancellationToken cancellationToken)
    {
        RbdImageSpec spec = RbdSpecs.ReadImage(context.Arguments, SnapshotPresence.Permitted);
        OutputFormatter? formatter = context.CreateFormatter();
        await using Image image = await context.OpenImageAsync(spec, readOnly: true, cancellationToken);
        bool whole = context.Arguments.Has("whole-object");
        TextTable table = new TextTable().Column("Offset").Column("Length").Column("Type");
        formatter?.OpenArray("extents");
        await context.AttemptAsync("diff error", async () =>
        {
            ulong? from = FindStart(image, context.Arguments.Get("from-snap"));
            await foreach (DiffExtent extent in image.DiffAsync(from, image.OpenedSnapshotId, whole, includeParent: true, cancellationToken))
            {
                if (formatter is null)
                {
                    table.Row(Text(extent.Offset), Text(extent.Length), extent.Exists ? "data" : "zero");
                    continue;
                }

                formatter.OpenObject("extent");
                formatter.Dump("offset", extent.Offset);
                formatter.Dump("length", extent.Length);
                formatter.Dump("exists", extent.Exists ? "true" : "false");
                formatter.Close();
            }
        });
        formatter?.Close();
        formatter?.Flush(context.Output);
        if (formatter is null && table.Count > 0)
        {
            table.Write(context.Output);
        }

        return 0;
    }

    /// <summary>The snapshot that a difference begins at; null for the image's beginning. ENOENT where it is absent, EINVAL where it is newer.</summary>
    public static ulong? FindStart(Image image, string? name)
    {
        if (name is null)
        {
            return null;
        }

        ImageSnapshot snapshot = image.FindSnapshot(name) ?? throw new RadosException(Errno.ENOENT, $"snapshot {name} of image {image.Name}");
        return snapshot.Id <= image.OpenedSnapshotId
            ? snapshot.Id
            : throw new RadosException(Errno.EINVAL, $"snapshot {name} is newer than the one that it is compared with");
    }

    private static string Text(ulong value) => value.ToString(CultureInfo.InvariantCulture);
}
