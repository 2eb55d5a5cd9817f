using System.Text;
using Nacre.Cli.Output;
using Nacre.Rados;
using Nacre.Rbd;

namespace Nacre.Cli.Rbd.Transfer;

/// <summary><c>rbd export-diff</c>.</summary>
internal static class ExportDiffCommand
{
    private const int Piece = 4 << 20;

    /// <summary>The command.</summary>
    public static async Task<int> RunAsync(RbdCommandContext context, CancellationToken cancellationToken)
    {
        RbdImageSpec spec = RbdSpecs.ReadImage(context.Arguments, SnapshotPresence.Permitted);
        string path = TransferCommands.ReadPath(context.Arguments);
        await using Image image = await context.OpenImageAsync(spec, readOnly: true, cancellationToken);
        await context.WithProgressAsync(
            "Exporting image", "export-diff error",
            progress => ExportAsync(context, image, spec.Snapshot, path, progress, cancellationToken));
        return 0;
    }

    private static async Task ExportAsync(
        RbdCommandContext context, Image image, string snapshot, string path, ProgressLine progress, CancellationToken cancellationToken)
    {
        string? fromName = context.Arguments.Get("from-snap");
        ulong? from = DiffCommand.FindStart(image, fromName);
        await using Stream output = Create(context, path);
        await output.WriteAsync(Encoding.ASCII.GetBytes(DiffStream.Banner), cancellationToken);
        if (fromName is not null)
        {
            await output.WriteAsync(DiffStream.Name('f', fromName), cancellationToken);
        }

        if (snapshot.Length > 0)
        {
            await output.WriteAsync(DiffStream.Name('t', snapshot), cancellationToken);
        }

        await output.WriteAsync(DiffStream.Size(image.Size), cancellationToken);
        bool whole = context.Arguments.Has("whole-object");
        byte[] buffer = new byte[Piece];
        await foreach (DiffExtent extent in image.DiffAsync(from, image.OpenedSnapshotId, whole, includeParent: true, cancellationToken))
        {
            await output.WriteAsync(DiffStream.Range(extent.Exists, extent.Offset, extent.Length), cancellationToken);
            for (ulong done = 0; extent.Exists && done < extent.Length;)
            {
                Memory<byte> piece = buffer.AsMemory(0, (int)Math.Min(Piece, extent.Length - done));
                await image.ReadAsync(extent.Offset + done, piece, cancellationToken);
                await output.WriteAsync(piece, cancellationToken);
                done += (ulong)piece.Length;
            }

            progress.Report(extent.Offset + extent.Length, image.Size);
        }

        await output.WriteAsync("e"u8.ToArray(), cancellationToken);
        await output.FlushAsync(cancellationToken);
        if (output is FileStream file)
        {
            file.Flush(flushToDisk: true);
        }
    }

    private static Stream Create(RbdCommandContext context, string path)
    {
        if (path == "-")
        {
            return context.Application.OpenOutput();
        }

        try
        {
            return new FileStream(path, FileMode.CreateNew, FileAccess.Write, FileShare.None, 1 << 20, FileOptions.Asynchronous);
        }
        catch (IOException exception)
        {
            throw new RadosException(File.Exists(path) ? Errno.EEXIST : Errno.ENOENT, $"creating {path}", exception);
        }
    }
}
