using Nacre.Mirroring.Daemon.Tests.Sites;
using Nacre.Testing;
using Nacre.Testing.Processes;

namespace Nacre.Mirroring.Daemon.Tests;

/// <summary>A copy whose mirroring an operator ends, with Ceph's own rbd, under Nacre's daemon.</summary>
[Collection(nameof(CephPair))]
public class CephDisableTests(CephPair pair)
{
    [Fact]
    public async Task Mirroring_of_a_copy_disabled_by_force_leaves_the_image_as_it_is()
    {
        string pool = await pair.CreatePoolAsync();
        string image = $"{pool}/image";
        await pair.SiteA.RbdAsync("create", "--size", "16M", image);
        await pair.WriteAsync(pair.SiteA, image, CephPair.RandomDiff(new Random(6), 16 << 20, 20));
        await pair.SiteA.RbdAsync("mirror", "image", "enable", image, "snapshot");
        await using ChildProcess daemon = pair.StartDaemon();
        await pair.WaitUntilCopiedAsync(image, daemon);
        await pair.SiteB.RbdAsync("mirror", "image", "disable", "--force", image);

        // It is the operator's own from now on, and the source goes on without it.
        await pair.WriteAsync(pair.SiteB, image, CephPair.RandomDiff(new Random(7), 16 << 20, 5));
        string before = await CephPair.DigestAsync(pair.SiteB, image);
        await pair.WriteAsync(pair.SiteA, image, CephPair.RandomDiff(new Random(8), 16 << 20, 5));
        await pair.SiteA.RbdAsync("mirror", "image", "snapshot", image);
        await Eventually.BecomesAsync(
            () => Task.FromResult(daemon.OutputTail), log => log.Contains("has another image 'image'", StringComparison.Ordinal), "the name is taken");
        Assert.Equal(before, await CephPair.DigestAsync(pair.SiteB, image));
        Assert.Equal(0, await daemon.TerminateAsync(TimeSpan.FromSeconds(60)));
        await pair.DeletePoolAsync(pool);
    }
}
