using System.Buffers;
using Nacre.Rbd;

namespace Nacre.Cli.Rbd.Transfer;

/// <summary>Writes chunks, several at once, leaving out runs of zeroes; into a new image, whose gaps read as zeroes already.</summary>
internal sealed class SparseImageWriter : IAsyncDisposable
{
    private const int ChunksUnderWay = 10;

    private readonly Image _image;
    private readonly int _sparseSize;
    private readonly Queue<Task> _underWay = new();

    /// <param name="image">The image.</param>
    /// <param name="sparseSize">Zeroes are looked for in blocks of that many bytes.</param>
    public SparseImageWriter(Image image, int sparseSize)
    {
        _image = image;
        _sparseSize = sparseSize;
        ChunkSize = (int)Math.Min(image.Layout.ObjectSize, 8 << 20);
    }

    /// <summary>Bytes of a chunk: an object, so that a chunk is one request.</summary>
    public int ChunkSize { get; }

    /// <summary>A buffer for a chunk.</summary>
    public byte[] Rent() => ArrayPool<byte>.Shared.Rent(ChunkSize);

    /// <summary>Gives back a buffer that is not written.</summary>
    public void Return(byte[] buffer) => ArrayPool<byte>.Shared.Return(buffer);

    /// <summary>Begins to write a rented buffer, which is given back when that is done; waits while too many are under way.</summary>
    public async ValueTask WriteAsync(ulong offset, byte[] buffer, int length, CancellationToken cancellationToken)
    {
        while (_underWay.Count >= ChunksUnderWay)
        {
            await _underWay.Dequeue();
        }

        _underWay.Enqueue(WriteChunkAsync(offset, buffer, length, cancellationToken));
    }

    /// <summary>Waits for all writes; throws what failed.</summary>
    public async Task CompleteAsync()
    {
        while (_underWay.TryDequeue(out Task? write))
        {
            await write;
        }
    }

    /// <summary>Waits for writes that are left after a failure.</summary>
    public async ValueTask DisposeAsync()
    {
        Task[] left = [.. _underWay];
        _underWay.Clear();
        await Task.WhenAll(left).ContinueWith(
            static task => _ = task.Exception, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
    }

    /// <summary>Ranges of a buffer that are not all zero, in multiples of a block size.</summary>
    public static List<Range> FindData(ReadOnlySpan<byte> data, int block)
    {
        var ranges = new List<Range>();
        int start = -1;
        for (int at = 0; at < data.Length; at += block)
        {
            bool zero = data.Slice(at, Math.Min(block, data.Length - at)).IndexOfAnyExcept((byte)0) < 0;
            if (zero && start >= 0)
            {
                ranges.Add(start..at);
                start = -1;
            }
            else if (!zero && start < 0)
            {
                start = at;
            }
        }

        if (start >= 0)
        {
            ranges.Add(start..data.Length);
        }

        return ranges;
    }

    private async Task WriteChunkAsync(ulong offset, byte[] buffer, int length, CancellationToken cancellationToken)
    {
        try
        {
            await Task.Yield();
            foreach (Range range in FindData(buffer.AsSpan(0, length), _sparseSize))
            {
                await _image.WriteAsync(offset + (ulong)range.Start.Value, buffer.AsMemory(range), cancellationToken);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}
