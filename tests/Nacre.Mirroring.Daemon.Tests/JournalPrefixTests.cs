using System.Buffers.Binary;
using Nacre.Mirroring.Daemon.Tests.Sites;
using Nacre.ObjectClasses.Rbd;
using Nacre.Rados.Ceph;
using Nacre.Rados.Clusters;
using Nacre.Rbd;
using Nacre.Testing.Processes;

namespace Nacre.Mirroring.Daemon.Tests;

/// <summary>A daemon killed at whatever moment of a replay leaves the source's state after a prefix of its writes, as far as flushes tell their order.</summary>
[Collection(nameof(CephPair))]
public class JournalPrefixTests(CephPair pair)
{
    private const int BlockSize = 4096;
    private const int Blocks = 4096;
    private const int WritesPerRound = 2500;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Killed_in_the_midst_the_copy_is_a_prefix()
    {
        string pool = await pair.CreatePoolAsync();
        await using ICluster clusterA = await new CephClusterConnector().ConnectAsync(pair.SiteA.Configuration, new ClusterOptions(), Token);
        await using ICluster clusterB = await new CephClusterConnector().ConnectAsync(pair.SiteB.Configuration, new ClusterOptions(), Token);
        var images = new RbdImages(await clusterA.OpenPoolAsync(pool, Token));
        var options = new ImageCreateOptions
        {
            Features = RbdFeatures.Layering | RbdFeatures.ExclusiveLock | RbdFeatures.ObjectMap | RbdFeatures.FastDiff | RbdFeatures.Journaling,
            Order = 18,
        };
        await images.CreateAsync("image", Blocks * BlockSize, options, Token);
        await pair.SiteA.RbdAsync("mirror", "image", "enable", $"{pool}/image", "journal");
        var random = new Random(5);
        var history = new List<(int Block, int Epoch)>();
        await using ChildProcess first = pair.StartDaemon();
        await WriteAsync(images, random, history, 10);
        await pair.WaitUntilReplayedAsync($"{pool}/image", first);
        await first.TerminateAsync(TimeSpan.FromSeconds(60));
        int inTheMidst = 0;
        for (int round = 0; round < 6; round++)
        {
            int before = history.Count;
            await WriteAsync(images, random, history, WritesPerRound);
            await using (ChildProcess killed = pair.StartDaemon())
            {
                await WaitForReplayAsync(clusterB, pool, before + random.Next(1, WritesPerRound), history, killed);
                await killed.KillAsync();
            }

            inTheMidst += Check(await ReadAsync(clusterB, pool), history) < history.Count ? 1 : 0;
            await using ChildProcess daemon = pair.StartDaemon();
            await pair.WaitUntilReplayedAsync($"{pool}/image", daemon);
            await daemon.TerminateAsync(TimeSpan.FromSeconds(60));
            Assert.Equal(history.Count, Check(await ReadAsync(clusterB, pool), history));
            await pair.EqualAsync($"{pool}/image");
        }

        Assert.True(inTheMidst > 0, "no daemon was killed in the midst of a replay");
        await pair.DeletePoolAsync(pool);
    }

    // Each write puts its number into a block; now and then all before it is flushed.
    private static async Task WriteAsync(RbdImages images, Random random, List<(int Block, int Epoch)> history, int writes)
    {
        await using Image image = await images.OpenAsync("image", null, Token);
        int epoch = history.Count == 0 ? 0 : history[^1].Epoch + 1;
        var underWay = new List<Task>();
        for (int i = 0; i < writes; i++)
        {
            int block = random.Next(Blocks);
            history.Add((block, epoch));
            var data = new byte[BlockSize];
            BinaryPrimitives.WriteInt32LittleEndian(data, history.Count);
            underWay.Add(image.WriteAsync((ulong)block * BlockSize, data, Token).AsTask());
            if (random.Next(25) == 0)
            {
                await Task.WhenAll(underWay);
                underWay.Clear();
                await image.FlushAsync(Token);
                epoch++;
            }
        }

        await Task.WhenAll(underWay);
        await image.FlushAsync(Token);
    }

    private async Task WaitForReplayAsync(ICluster cluster, string pool, int write, List<(int Block, int Epoch)> history, ChildProcess daemon)
    {
        while (true)
        {
            int[] numbers = await ReadAsync(cluster, pool);
            if (numbers.Max() >= write)
            {
                return;
            }

            Assert.False(daemon.HasExited, daemon.OutputTail);
            await Task.Delay(10, Token);
        }
    }

    // The numbers in the blocks of the copy.
    private static async Task<int[]> ReadAsync(ICluster cluster, string pool)
    {
        await using Image image = await new RbdImages(await cluster.OpenPoolAsync(pool, Token)).OpenAsync("image", ImageOpenOptions.ForReading, Token);
        var bytes = new byte[Blocks * BlockSize];
        await image.ReadAsync(0, bytes, Token);
        return [.. Enumerable.Range(0, Blocks).Select(block => BinaryPrimitives.ReadInt32LittleEndian(bytes.AsSpan(block * BlockSize)))];
    }

    // All writes of the epochs before the newest one that shows must be there. Gives the newest write that shows.
    private static int Check(int[] numbers, List<(int Block, int Epoch)> history)
    {
        int newest = numbers.Max();
        int epoch = newest == 0 ? 0 : history[newest - 1].Epoch;
        var least = new int[Blocks];
        for (int i = 0; i < history.Count && history[i].Epoch < epoch; i++)
        {
            least[history[i].Block] = i + 1;
        }

        for (int block = 0; block < Blocks; block++)
        {
            Assert.True(
                numbers[block] >= least[block], $"block {block} has write {numbers[block]}, but write {least[block]} was flushed before write {newest} was begun");
            Assert.True(numbers[block] == 0 || history[numbers[block] - 1].Block == block);
        }

        return newest;
    }
}
