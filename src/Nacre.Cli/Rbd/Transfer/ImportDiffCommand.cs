using System.Text;
using Nacre.Rados;
using Nacre.Rbd;

namespace Nacre.Cli.Rbd.Transfer;

/// <summary><c>rbd import-diff</c>.</summary>
internal static class ImportDiffCommand
{
    private const int Piece = 4 << 20;

    /// <summary>The command.</summary>
    public static async Task<int> RunAsync(RbdCommandContext context, CancellationToken cancellationToken)
    {
        string path = TransferCommands.ReadPath(context.Arguments);
        RbdImageSpec spec = RbdSpecs.ReadImage(context.Arguments);
        await using Stream input = ImportCommand.Open(context, path);
        await using Image image = await context.OpenImageAsync(spec, readOnly: false, cancellationToken);
        await context.WithProgressAsync("Importing image diff", "import-diff failed", progress => ImportAsync(image, input, cancellationToken));
        return 0;
    }

    private static async Task ImportAsync(Image image, Stream input, CancellationToken cancellationToken)
    {
        byte[] banner = new byte[DiffStream.Banner.Length];
        await DiffStream.ReadAsync(input, banner, cancellationToken);
        if (Encoding.ASCII.GetString(banner) != DiffStream.Banner)
        {
            throw new RadosException(Errno.EINVAL, "not a diff of version 1");
        }

        string? endsAt = null;
        byte[] tag = new byte[1];
        byte[] buffer = new byte[Piece];
        while (true)
        {
            await DiffStream.ReadAsync(input, tag, cancellationToken);
            switch ((char)tag[0])
            {
                case 'e':
                    await FinishAsync(image, endsAt, cancellationToken);
                    return;
                case 'f':
                    string beginsAt = await DiffStream.ReadNameAsync(input, cancellationToken);
                    _ = image.FindSnapshot(beginsAt)
                        ?? throw new RadosException(Errno.EINVAL, $"start snapshot '{beginsAt}' does not exist in the image");
                    break;
                case 't':
                    endsAt = await DiffStream.ReadNameAsync(input, cancellationToken);
                    if (image.FindSnapshot(endsAt) is not null)
                    {
                        throw new RadosException(Errno.EEXIST, $"end snapshot '{endsAt}' already exists");
                    }

                    break;
                case 's':
                    ulong size = await DiffStream.ReadUInt64Async(input, cancellationToken);
                    if (size != image.Size)
                    {
                        await image.ResizeAsync(size, allowShrink: true, null, cancellationToken);
                    }

                    break;
                case 'w' or 'z':
                    await ApplyAsync(image, input, (char)tag[0] == 'w', buffer, cancellationToken);
                    break;
                default:
                    throw new RadosException(Errno.EINVAL, $"the diff has a record of unknown kind 0x{tag[0]:x2}");
            }
        }
    }

    private static async Task ApplyAsync(Image image, Stream input, bool data, byte[] buffer, CancellationToken cancellationToken)
    {
        ulong offset = await DiffStream.ReadUInt64Async(input, cancellationToken);
        ulong length = await DiffStream.ReadUInt64Async(input, cancellationToken);
        if (offset > image.Size || length > image.Size - offset)
        {
            throw new RadosException(Errno.EINVAL, $"the diff has a range {offset}~{length} outside the image");
        }

        if (!data)
        {
            await image.WriteZeroesAsync(offset, length, cancellationToken);
            return;
        }

        while (length > 0)
        {
            Memory<byte> piece = buffer.AsMemory(0, (int)Math.Min(Piece, length));
            await DiffStream.ReadAsync(input, piece, cancellationToken);
            await image.WriteAsync(offset, piece, cancellationToken);
            offset += (ulong)piece.Length;
            length -= (ulong)piece.Length;
        }
    }

    private static async Task FinishAsync(Image image, string? endsAt, CancellationToken cancellationToken)
    {
        await image.FlushAsync(cancellationToken);
        if (endsAt is not null)
        {
            await image.CreateSnapshotAsync(endsAt, cancellationToken: cancellationToken);
        }
    }
}
