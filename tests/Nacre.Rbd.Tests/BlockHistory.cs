using System.Buffers.Binary;

namespace Nacre.Rbd.Tests;

/// <summary>
/// What was written to each block of an image, and what of it was acknowledged. Each write fills its blocks with a number of its own, so that a block tells
/// whose it is. Writes of one block are not under way together, so that their order is known.
/// </summary>
internal sealed class BlockHistory(int count)
{
    private readonly Lock _sync = new();
    private readonly List<Written>[] _blocks = [.. Enumerable.Range(0, count).Select(_ => new List<Written>())];
    private ulong _last;

    public int Count => count;

    public sealed class Written(ulong number)
    {
        public ulong Number => number;

        public bool IsAcknowledged { get; set; }
    }

    /// <summary>A write begins: its data.</summary>
    public (byte[] Data, List<Written> Written) Begin(int first, int length)
    {
        byte[] data = new byte[length * 4096];
        var all = new List<Written>();
        lock (_sync)
        {
            for (int i = 0; i < length; i++)
            {
                var written = new Written(++_last);
                BinaryPrimitives.WriteUInt64LittleEndian(data.AsSpan(i * 4096), written.Number);
                data.AsSpan((i * 4096) + 8, 4088).Fill((byte)written.Number);
                _blocks[first + i].Add(written);
                all.Add(written);
            }
        }

        return (data, all);
    }

    /// <summary>The guest was told that it is there.</summary>
    public void Acknowledge(List<Written> written)
    {
        lock (_sync)
        {
            written.ForEach(one => one.IsAcknowledged = true);
        }
    }

    /// <summary>Each block holds one of its writes as a whole, and none that an acknowledged one had come after.</summary>
    public void Check(byte[] image, string when)
    {
        for (int block = 0; block < count; block++)
        {
            ReadOnlySpan<byte> bytes = image.AsSpan(block * 4096, 4096);
            ulong number = BinaryPrimitives.ReadUInt64LittleEndian(bytes);
            Assert.True(bytes[8..].IndexOfAnyExcept((byte)number) < 0, $"block {block} is torn ({when})");
            List<Written> writes = _blocks[block];
            int at = number == 0 ? -1 : writes.FindIndex(one => one.Number == number);
            Assert.True(number == 0 || at >= 0, $"block {block} holds {number}, which was never written there ({when})");
            int acknowledged = writes.FindLastIndex(one => one.IsAcknowledged);
            Assert.True(at >= acknowledged, $"block {block} holds {number}, its write {at}, but write {acknowledged} was acknowledged ({when})");

            // What is there now is what the next writes come after.
            Written? now = at >= 0 ? writes[at] : null;
            writes.Clear();
            if (now is not null)
            {
                now.IsAcknowledged = true;
                writes.Add(now);
            }
        }
    }
}
