using System.IO.Hashing;

namespace Nacre.Cli.Quickstart;

/// <summary>Remembers a file's blocks, to find later which of them changed.</summary>
internal sealed class BlockFingerprints
{
    private const int Block = 4096;
    private const int Batch = 1024 * Block;

    private readonly List<ulong> _hashes = [];

    /// <summary>Reads a file.</summary>
    public static async Task<BlockFingerprints> TakeAsync(string path, CancellationToken cancellationToken)
    {
        var fingerprints = new BlockFingerprints();
        await fingerprints.ScanAsync(path, (index, hash, _) => fingerprints._hashes.Add(hash), cancellationToken);
        return fingerprints;
    }

    /// <summary>Ranges that differ from when the fingerprints were taken, neighbours merged up to 1 MiB.</summary>
    public async Task<IReadOnlyList<(ulong Offset, byte[] Data)>> FindChangesAsync(string path, CancellationToken cancellationToken)
    {
        var changes = new List<(ulong Offset, List<byte[]> Blocks)>();
        await ScanAsync(
            path,
            (index, hash, block) =>
            {
                if (hash == _hashes[index])
                {
                    return;
                }

                ulong offset = (ulong)index * Block;
                if (changes.Count > 0 && changes[^1].Blocks.Count < 256 && changes[^1].Offset + (ulong)(changes[^1].Blocks.Count * Block) == offset)
                {
                    changes[^1].Blocks.Add(block.ToArray());
                }
                else
                {
                    changes.Add((offset, [block.ToArray()]));
                }
            },
            cancellationToken);
        return [.. changes.Select(change => (change.Offset, change.Blocks.SelectMany(block => block).ToArray()))];
    }

    private delegate void Visitor(int index, ulong hash, ReadOnlySpan<byte> block);

    private async Task ScanAsync(string path, Visitor visit, CancellationToken cancellationToken)
    {
        await using FileStream file = new(path, FileMode.Open, FileAccess.Read, FileShare.Read, 1, FileOptions.Asynchronous);
        byte[] buffer = new byte[Batch];
        int index = 0;
        while (await file.ReadAtLeastAsync(buffer, Batch, throwOnEndOfStream: false, cancellationToken) is > 0 and int read)
        {
            for (int at = 0; at < read; at += Block)
            {
                ReadOnlySpan<byte> block = buffer.AsSpan(at, Math.Min(Block, read - at));
                visit(index++, XxHash3.HashToUInt64(block), block);
            }
        }
    }
}
