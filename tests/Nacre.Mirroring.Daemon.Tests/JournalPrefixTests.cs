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
    private const int Blocks = 4096;
    private const int WritesPerRound = 2500;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Killed_in_the_midst_the_copy_is_a_prefix()
    {
        string pool = await pair.CreatePoolAsync();
        await using ICluster clusterA = await new CephClusterConnector().ConnectAsync(pair.SiteA.Configuration, new ClusterOptions(), Token);
        await using ICluster clusterB = await new CephClusterConnector().ConnectAsync(pair.SiteB.Configuration, new ClusterOptions(), Token);
        IPool target = await clusterB.OpenPoolAsync(pool, Token);
        var images = new RbdImages(await clusterA.OpenPoolAsync(pool, Token));
        var options = new ImageCreateOptions
        {
            Features = RbdFeatures.Layering | RbdFeatures.ExclusiveLock | RbdFeatures.ObjectMap | RbdFeatures.FastDiff | RbdFeatures.Journaling,
            Order = 18,
        };
        await images.CreateAsync("image", Blocks * NumberedWrites.BlockSize, options, Token);
        await pair.SiteA.RbdAsync("mirror", "image", "enable", $"{pool}/image", "journal");
        var random = new Random(5);
        var writes = new NumberedWrites(images, "image", Blocks, random);
        await using ChildProcess first = pair.StartDaemon();
        await writes.WriteAsync(10);
        await pair.WaitUntilReplayedAsync($"{pool}/image", first);
        await first.TerminateAsync(TimeSpan.FromSeconds(60));
        int inTheMidst = 0;
        for (int round = 0; round < 3; round++)
        {
            int before = writes.Count;
            await writes.WriteAsync(WritesPerRound);
            await using (ChildProcess killed = pair.StartDaemon())
            {
                await WaitForReplayAsync(target, writes, before + random.Next(1, WritesPerRound), killed);
                await killed.KillAsync();
            }

            inTheMidst += writes.Check(await writes.ReadAsync(target)) < writes.Count ? 1 : 0;
            await using ChildProcess daemon = pair.StartDaemon();
            await pair.WaitUntilReplayedAsync($"{pool}/image", daemon);
            await daemon.TerminateAsync(TimeSpan.FromSeconds(60));
            writes.CheckWhole(await writes.ReadAsync(target));
            await pair.EqualAsync($"{pool}/image");
        }

        Assert.True(inTheMidst > 0, "no daemon was killed in the midst of a replay");
        await pair.DeletePoolAsync(pool);
    }

    private static async Task WaitForReplayAsync(IPool target, NumberedWrites writes, int write, ChildProcess daemon)
    {
        while ((await writes.ReadAsync(target)).Max() < write)
        {
            Assert.False(daemon.HasExited, daemon.OutputTail);
            await Task.Delay(10, Token);
        }
    }
}
