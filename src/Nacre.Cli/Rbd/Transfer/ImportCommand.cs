using Nacre.Cli.Output;
using Nacre.Cli.Rbd.Images;
using Nacre.Rados;
using Nacre.Rados.Clusters;
using Nacre.Rbd;

namespace Nacre.Cli.Rbd.Transfer;

/// <summary><c>rbd import</c>: from a file or a pipe; runs of zeroes become holes.</summary>
internal static class ImportCommand
{
    private const ulong FirstStreamSize = 1UL << 30;

    /// <summary>The command.</summary>
    public static async Task<int> RunAsync(RbdCommandContext context, CancellationToken cancellationToken)
    {
        string path = TransferCommands.ReadPath(context.Arguments);
        RbdImageSpec spec = RbdSpecs.ReadDestination(context.Arguments, SnapshotPresence.None, SpecValidation.Full, imageRequired: false);
        spec = spec with
        {
            Pool = spec.Pool.Length == 0 ? context.Arguments.Get("pool") ?? "" : spec.Pool,
            Image = spec.Image.Length > 0 ? spec.Image : context.Arguments.Get("image") ?? (path == "-" ? "" : Path.GetFileName(path)),
        };
        if (spec.Image.Length == 0)
        {
            throw RbdCommandContext.Failure("destination image name was not specified");
        }

        TransferCommands.CheckFormat(context.Arguments);
        ImageCreateOptions options = CreateArguments.Read(context.Arguments);
        ulong sparse = context.Arguments.GetSize("sparse-size") ?? 4096;
        await using Stream input = Open(context, path);
        IPool pool = await context.OpenPoolAsync(spec, cancellationToken);
        ProgressLine progress = context.Progress("Importing image");
        try
        {
            await ImportAsync(context, pool, spec.Image, input, options, (int)Math.Clamp(sparse, 512, 32 << 20), progress, cancellationToken);
        }
        catch (RadosException exception)
        {
            progress.Fail();
            throw RbdCommandContext.Failure("import failed", exception);
        }

        progress.Finish();
        await ImageCommands.EnableMirroringAsync(context, pool, spec.Image, cancellationToken);
        return 0;
    }

    /// <summary>Opens the file, or standard input for a dash.</summary>
    public static Stream Open(RbdCommandContext context, string path)
    {
        if (path == "-")
        {
            return context.Application.OpenInput();
        }

        try
        {
            return new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite, 1, FileOptions.Asynchronous | FileOptions.SequentialScan);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            int code = exception is FileNotFoundException or DirectoryNotFoundException ? Errno.ENOENT : Errno.EACCES;
            throw new Applications.CommandFailedException(code, $"rbd: error opening {path}\nrbd: import failed: {Errno.Describe(code)}");
        }
    }

    private static async Task ImportAsync(
        RbdCommandContext context, IPool pool, string name, Stream input, ImageCreateOptions options, int sparse, ProgressLine progress,
        CancellationToken cancellationToken)
    {
        RbdImages images = context.Images(pool);
        ulong? size = input.CanSeek ? (ulong)input.Length : null;
        await images.CreateAsync(name, size ?? FirstStreamSize, options, cancellationToken);
        try
        {
            await using Image image = await images.OpenAsync(name, new ImageOpenOptions { Time = context.Application.Time }, cancellationToken);
            await WriteAsync(image, input, size, sparse, progress, cancellationToken);
            await image.FlushAsync(cancellationToken);
        }
        catch (Exception exception) when (exception is RadosException or IOException)
        {
            // Half an image would be taken for a whole one.
            await TryRemoveAsync(images, name);
            throw;
        }
    }

    private static async Task TryRemoveAsync(RbdImages images, string name)
    {
        try
        {
            await images.RemoveAsync(name, null, CancellationToken.None);
        }
        catch (RadosException)
        {
            // What went wrong first is what the operator must know.
        }
    }

    private static async Task WriteAsync(
        Image image, Stream input, ulong? size, int sparse, ProgressLine progress, CancellationToken cancellationToken)
    {
        await using var writer = new SparseImageWriter(image, sparse);
        ulong offset = 0;
        while (true)
        {
            byte[] buffer = writer.Rent();
            int length = await ReadFullyAsync(input, buffer.AsMemory(0, writer.ChunkSize), cancellationToken);
            if (length == 0)
            {
                writer.Return(buffer);
                break;
            }

            if (size is null && offset + (ulong)length > image.Size)
            {
                await image.ResizeAsync(image.Size * 2, allowShrink: false, null, cancellationToken);
            }

            await writer.WriteAsync(offset, buffer, length, cancellationToken);
            offset += (ulong)length;
            if (size is { } total)
            {
                progress.Report(offset, total);
            }
        }

        await writer.CompleteAsync();
        if (size is null && image.Size != offset)
        {
            await image.ResizeAsync(offset, allowShrink: true, null, cancellationToken);
        }
    }

    private static async Task<int> ReadFullyAsync(Stream input, Memory<byte> buffer, CancellationToken cancellationToken)
    {
        int total = 0;
        while (total < buffer.Length)
        {
            int read = await input.ReadAsync(buffer[total..], cancellationToken);
            if (read == 0)
            {
                break;
            }

            total += read;
        }

        return total;
    }
}
