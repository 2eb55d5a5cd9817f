using System.Buffers.Binary;
using Nacre.Rados.Clusters;
using Nacre.Rbd;

namespace Nacre.Mirroring.Daemon.Tests.Sites;

/// <summary>Writes to a source of which each puts its number into a block, with a flush now and then; and what a copy shows of them.</summary>
internal sealed class NumberedWrites(RbdImages source, string image, int blocks, Random random)
{
    public const int BlockSize = 4096;

    private readonly List<(int Block, int Epoch)> _history = [];

    public int Count => _history.Count;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <summary>Many at once between two flushes; flushed at the end.</summary>
    public async Task WriteAsync(int writes)
    {
        await using Image opened = await source.OpenAsync(image, null, Token);
        int epoch = _history.Count == 0 ? 0 : _history[^1].Epoch + 1;
        var underWay = new List<Task>();
        for (int i = 0; i < writes; i++)
        {
            int block = random.Next(blocks);
            _history.Add((block, epoch));
            var data = new byte[BlockSize];
            BinaryPrimitives.WriteInt32LittleEndian(data, _history.Count);
            underWay.Add(opened.WriteAsync((ulong)block * BlockSize, data, Token).AsTask());
            if (random.Next(25) == 0)
            {
                await Task.WhenAll(underWay);
                underWay.Clear();
                await opened.FlushAsync(Token);
                epoch++;
            }
        }

        await Task.WhenAll(underWay);
        await opened.FlushAsync(Token);
    }

    /// <summary>The numbers in the blocks of the copy.</summary>
    public async Task<int[]> ReadAsync(IPool target)
    {
        await using Image copy = await new RbdImages(target).OpenAsync(image, ImageOpenOptions.ForReading, Token);
        var bytes = new byte[blocks * BlockSize];
        await copy.ReadAsync(0, bytes, Token);
        return [.. Enumerable.Range(0, blocks).Select(block => BinaryPrimitives.ReadInt32LittleEndian(bytes.AsSpan(block * BlockSize)))];
    }

    /// <summary>
    /// Checks that the copy is a prefix: of all epochs before the newest one that shows, all writes are there. Gives the newest write that shows.
    /// </summary>
    public int Check(int[] numbers)
    {
        int newest = numbers.Max();
        int epoch = newest == 0 ? 0 : _history[newest - 1].Epoch;
        var least = new int[blocks];
        for (int i = 0; i < _history.Count && _history[i].Epoch < epoch; i++)
        {
            least[_history[i].Block] = i + 1;
        }

        for (int block = 0; block < blocks; block++)
        {
            Assert.True(
                numbers[block] >= least[block], $"block {block} has write {numbers[block]}, but write {least[block]} was flushed before write {newest} was begun");
            Assert.True(numbers[block] == 0 || _history[numbers[block] - 1].Block == block);
        }

        return newest;
    }

    /// <summary>Checks that the copy has all.</summary>
    public void CheckWhole(int[] numbers)
    {
        var newest = new int[blocks];
        for (int i = 0; i < _history.Count; i++)
        {
            newest[_history[i].Block] = i + 1;
        }

        Assert.Equal(newest, numbers);
    }
}
