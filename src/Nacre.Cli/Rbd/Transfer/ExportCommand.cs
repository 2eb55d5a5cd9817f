using System.Buffers;
using Microsoft.Win32.SafeHandles;
using Nacre.Cli.Output;
using Nacre.Rados;
using Nacre.Rados.Objects;
using Nacre.Rbd;

namespace Nacre.Cli.Rbd.Transfer;

/// <summary><c>rbd export</c>: to a sparse file, or to a pipe in order.</summary>
internal static class ExportCommand
{
    private const int ChunksUnderWay = 10;
    private const ulong MaximumChunk = 8 << 20;

    /// <summary>The command.</summary>
    public static async Task<int> RunAsync(RbdCommandContext context, CancellationToken cancellationToken)
    {
        RbdImageSpec spec = RbdSpecs.ReadImage(context.Arguments, SnapshotPresence.Permitted);
        string path = TransferCommands.ReadPath(context.Arguments, required: false);
        path = path.Length == 0 ? spec.Image : path;
        TransferCommands.CheckFormat(context.Arguments);
        await using Image image = await context.OpenImageAsync(spec, readOnly: true, cancellationToken);
        ProgressLine progress = context.Progress("Exporting image");
        try
        {
            await ExportAsync(context, image, path, progress, cancellationToken);
        }
        catch (RadosException exception)
        {
            // Like Ceph, no progress line where the file was there already.
            if (exception.Code != Errno.EEXIST)
            {
                progress.Fail();
            }

            throw RbdCommandContext.Failure("export error", exception);
        }

        progress.Finish();
        return 0;
    }

    private static async Task ExportAsync(
        RbdCommandContext context, Image image, string path, ProgressLine progress, CancellationToken cancellationToken)
    {
        if (path == "-")
        {
            await using Stream output = context.Application.OpenOutput();
            await ToStreamAsync(image, output, progress, cancellationToken);
            return;
        }

        SafeFileHandle file;
        try
        {
            file = File.OpenHandle(path, FileMode.CreateNew, FileAccess.Write, FileShare.None, FileOptions.Asynchronous);
        }
        catch (IOException exception) when (File.Exists(path))
        {
            throw new RadosException(Errno.EEXIST, $"creating {path}", exception);
        }
        catch (Exception exception) when (exception is DirectoryNotFoundException or UnauthorizedAccessException)
        {
            throw new RadosException(exception is DirectoryNotFoundException ? Errno.ENOENT : Errno.EACCES, $"creating {path}", exception);
        }

        using (file)
        {
            await ToFileAsync(image, file, progress, cancellationToken);
        }
    }

    private static ulong ChunkOf(Image image) => Math.Min(image.Layout.ObjectSize, MaximumChunk);

    private static async Task ToFileAsync(Image image, SafeFileHandle file, ProgressLine progress, CancellationToken cancellationToken)
    {
        ulong size = image.Size;
        ulong done = 0;
        ulong chunk = ChunkOf(image);
        RandomAccess.SetLength(file, (long)size);
        await Parallel.ForEachAsync(
            Offsets(size, chunk),
            new ParallelOptions { MaxDegreeOfParallelism = ChunksUnderWay, CancellationToken = cancellationToken },
            async (offset, token) =>
            {
                int length = (int)Math.Min(chunk, size - offset);
                byte[] buffer = ArrayPool<byte>.Shared.Rent(length);
                try
                {
                    foreach (Extent extent in await image.ReadSparseAsync(offset, buffer.AsMemory(0, length), token))
                    {
                        ReadOnlyMemory<byte> data = buffer.AsMemory((int)(extent.Offset - offset), (int)extent.Length);
                        await RandomAccess.WriteAsync(file, data, (long)extent.Offset, token);
                    }
                }
                finally
                {
                    ArrayPool<byte>.Shared.Return(buffer);
                }

                progress.Report(Interlocked.Add(ref done, (ulong)length), size);
            });
        RandomAccess.FlushToDisk(file);
    }

    private static async Task ToStreamAsync(Image image, Stream output, ProgressLine progress, CancellationToken cancellationToken)
    {
        ulong size = image.Size;
        ulong chunk = ChunkOf(image);
        ulong done = 0;
        var underWay = new Queue<Task<(byte[] Buffer, int Length)>>();
        using IEnumerator<ulong> offsets = Offsets(size, chunk).GetEnumerator();
        bool more = true;
        while (true)
        {
            while (more && underWay.Count < ChunksUnderWay && (more = offsets.MoveNext()))
            {
                underWay.Enqueue(ReadAsync(image, offsets.Current, (int)Math.Min(chunk, size - offsets.Current), cancellationToken));
            }

            if (underWay.Count == 0)
            {
                break;
            }

            (byte[] buffer, int length) = await underWay.Dequeue();
            await output.WriteAsync(buffer.AsMemory(0, length), cancellationToken);
            ArrayPool<byte>.Shared.Return(buffer);
            done += (ulong)length;
            progress.Report(done, size);
        }

        await output.FlushAsync(cancellationToken);
    }

    private static async Task<(byte[] Buffer, int Length)> ReadAsync(Image image, ulong offset, int length, CancellationToken cancellationToken)
    {
        byte[] buffer = ArrayPool<byte>.Shared.Rent(length);
        await image.ReadAsync(offset, buffer.AsMemory(0, length), cancellationToken);
        return (buffer, length);
    }

    /// <summary>Where chunks begin.</summary>
    public static IEnumerable<ulong> Offsets(ulong size, ulong chunk)
    {
        for (ulong offset = 0; offset < size; offset += chunk)
        {
            yield return offset;
        }
    }
}
