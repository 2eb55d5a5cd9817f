using Nacre.Cli.Commands;
using Nacre.Rados;
using Nacre.Rbd;
using Definition = Nacre.Cli.Commands.CommandDefinition<Nacre.Cli.Rbd.RbdCommandContext>;

namespace Nacre.Cli.Rbd.Ranges;

/// <summary>Ranges of an image's bytes, for scripts: read, write, discard, write-zeroes, flush. Ceph's rbd has none of these.</summary>
internal static class RangeCommands
{
    private const int Piece = 4 << 20;

    private static readonly CommandOption _offset = new("offset", "first byte, in B/K/M/G/T [default: 0]");
    private static readonly CommandOption _length = new("length", "bytes, in B/K/M/G/T [default: to the end]");

    /// <summary>All of them.</summary>
    public static IReadOnlyList<Definition> All { get; } =
    [
        Define("read", "Write a range of an image to a file (or stdout).", [RbdOptions.ImageOrSnapshotSpec], RbdOptions.SnapshotOptions, ReadAsync, withPath: true),
        Define("write", "Write a file (or stdin) into an image.", [RbdOptions.ImageSpec], RbdOptions.ImageOptions, WriteAsync, withPath: true),
        Define("discard", "Give a range of an image back.", [RbdOptions.ImageSpec], RbdOptions.ImageOptions, DiscardAsync),
        Define("write-zeroes", "Make a range of an image read as zeroes.", [RbdOptions.ImageSpec], RbdOptions.ImageOptions, WriteZeroesAsync),
        Define("flush", "Wait until all writes of an image are durable.", [RbdOptions.ImageSpec], RbdOptions.ImageOptions, FlushAsync, withRange: false),
    ];

    private static Definition Define(
        string name, string description, CommandPositional[] positionals, CommandOption[] options, Func<RbdCommandContext, CancellationToken, Task<int>> run,
        bool withPath = false, bool withRange = true) =>
        new(name, description)
        {
            IsCephs = false,
            Positionals = withPath ? [.. positionals, new CommandPositional("path-name", "file, or '-'") { IsOptional = true }] : positionals,
            Options = [.. options, .. withRange ? (CommandOption[])[_offset, _length] : [], .. withPath ? (CommandOption[])[new("path", "file, or '-'")] : []],
            RunAsync = run,
        };

    private static (ulong Offset, ulong Length) ReadRange(CommandArguments arguments, Image image)
    {
        ulong offset = arguments.GetSize("offset") ?? 0;
        if (offset > image.Size)
        {
            throw RbdCommandContext.Failure($"offset {offset} is behind the image's end at {image.Size}");
        }

        ulong length = arguments.GetSize("length") ?? image.Size - offset;
        return length <= image.Size - offset
            ? (offset, length)
            : throw RbdCommandContext.Failure($"range {offset}~{length} is not inside the image of {image.Size} bytes");
    }

    private static string ReadPath(CommandArguments arguments) => arguments.OptionOrNext("path") is { Length: > 0 } path ? path : "-";

    private static async Task<int> ReadAsync(RbdCommandContext context, CancellationToken cancellationToken)
    {
        RbdImageSpec spec = RbdSpecs.ReadImage(context.Arguments, SnapshotPresence.Permitted);
        string path = ReadPath(context.Arguments);
        await using Image image = await context.OpenImageAsync(spec, readOnly: true, cancellationToken);
        (ulong offset, ulong length) = ReadRange(context.Arguments, image);
        await using Stream output = path == "-" ? context.Application.OpenOutput() : File.Create(path);
        byte[] buffer = new byte[(int)Math.Min(Piece, Math.Max(length, 1))];
        await context.AttemptAsync("read error", async () =>
        {
            for (ulong end = offset + length; offset < end;)
            {
                Memory<byte> piece = buffer.AsMemory(0, (int)Math.Min((ulong)buffer.Length, end - offset));
                await image.ReadAsync(offset, piece, cancellationToken);
                await output.WriteAsync(piece, cancellationToken);
                offset += (ulong)piece.Length;
            }
        });
        await output.FlushAsync(cancellationToken);
        return 0;
    }

    private static async Task<int> WriteAsync(RbdCommandContext context, CancellationToken cancellationToken)
    {
        RbdImageSpec spec = RbdSpecs.ReadImage(context.Arguments);
        string path = ReadPath(context.Arguments);
        await using Image image = await context.OpenImageAsync(spec, readOnly: false, cancellationToken);
        (ulong offset, ulong length) = ReadRange(context.Arguments, image);
        await using Stream input = path == "-" ? context.Application.OpenInput() : File.OpenRead(path);
        byte[] buffer = new byte[Piece];
        await context.AttemptAsync("write error", async () =>
        {
            ulong end = offset + length;
            while (true)
            {
                int read = await input.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, cancellationToken);
                if ((ulong)read > end - offset)
                {
                    throw new RadosException(Errno.EINVAL, $"more data than the range ending at {end} takes");
                }

                await image.WriteAsync(offset, buffer.AsMemory(0, read), cancellationToken);
                offset += (ulong)read;
                if (read < buffer.Length)
                {
                    break;
                }
            }

            await image.FlushAsync(cancellationToken);
        });
        return 0;
    }

    private static Task<int> DiscardAsync(RbdCommandContext context, CancellationToken cancellationToken) =>
        OnRangeAsync(context, "discard error", (image, offset, length) => image.DiscardAsync(offset, length, 0, cancellationToken), cancellationToken);

    private static Task<int> WriteZeroesAsync(RbdCommandContext context, CancellationToken cancellationToken) =>
        OnRangeAsync(context, "write-zeroes error", (image, offset, length) => image.WriteZeroesAsync(offset, length, cancellationToken), cancellationToken);

    private static async Task<int> OnRangeAsync(
        RbdCommandContext context, string attempt, Func<Image, ulong, ulong, ValueTask> action, CancellationToken cancellationToken)
    {
        RbdImageSpec spec = RbdSpecs.ReadImage(context.Arguments);
        await using Image image = await context.OpenImageAsync(spec, readOnly: false, cancellationToken);
        (ulong offset, ulong length) = ReadRange(context.Arguments, image);
        await context.AttemptAsync(attempt, async () =>
        {
            await action(image, offset, length);
            await image.FlushAsync(cancellationToken);
        });
        return 0;
    }

    private static async Task<int> FlushAsync(RbdCommandContext context, CancellationToken cancellationToken)
    {
        RbdImageSpec spec = RbdSpecs.ReadImage(context.Arguments);
        await using Image image = await context.OpenImageAsync(spec, readOnly: false, cancellationToken);
        await context.AttemptAsync("flush error", () => image.FlushAsync(cancellationToken).AsTask());
        return 0;
    }
}
