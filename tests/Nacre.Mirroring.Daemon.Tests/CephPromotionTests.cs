using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Nacre.Mirroring.Daemon.Tests.Sites;
using Nacre.Testing;
using Nacre.Testing.Processes;

namespace Nacre.Mirroring.Daemon.Tests;

/// <summary>A copy promoted by force with Ceph's own rbd while Nacre's daemon is writing to it.</summary>
[Collection(nameof(CephPair))]
public class CephPromotionTests(CephPair pair)
{
    [Fact]
    public async Task Forced_promotion_in_a_running_sync_takes_over_and_no_write_comes_after()
    {
        const int size = 256 << 20;
        string pool = await pair.CreatePoolAsync();
        string image = $"{pool}/image";
        await pair.SiteA.RbdAsync("create", "--size", "256M", image);
        await pair.WriteAsync(pair.SiteA, image, CephPair.RandomDiff(new Random(4), size, 60));
        await pair.SiteA.RbdAsync("snap", "create", "--no-progress", $"{image}@before");
        await pair.SiteA.RbdAsync("mirror", "image", "enable", image, "snapshot");
        string before;
        await using (ChildProcess first = pair.StartDaemon())
        {
            await pair.WaitUntilCopiedAsync(image, first);
            before = await CephPair.DigestAsync(pair.SiteB, image);
            Assert.Contains("auto ", await pair.SiteB.RbdAsync("lock", "ls", image), StringComparison.Ordinal);
            Assert.Equal(0, await first.TerminateAsync(TimeSpan.FromSeconds(60)));
            Assert.Empty(await pair.SiteB.RbdAsync("lock", "ls", image));
        }

        await pair.SiteA.RbdAsync("bench", "--io-type", "write", "--io-size", "4M", "--io-total", "256M", image);
        await pair.SiteA.RbdAsync("mirror", "image", "snapshot", image);
        string data = await FirstObjectAsync(pool);
        await SlowSourceAsync(seconds: 0.1);
        await using ChildProcess daemon = pair.StartDaemon();
        try
        {
            await Eventually.BecomesAsync(
                () => pair.SiteB.RadosAsync("-p", pool, "listsnaps", data),
                states => states.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length > 3,
                "the delta's first object is written");
            long begun = Stopwatch.GetTimestamp();
            await pair.SiteB.RbdAsync("mirror", "image", "promote", "--force", image);
            TimeSpan took = Stopwatch.GetElapsedTime(begun);
            TestContext.Current.TestOutputHelper?.WriteLine($"promoted in {took}");
            Assert.InRange(took, TimeSpan.Zero, TimeSpan.FromSeconds(60));
            JsonElement[] snapshots = await CephPair.MirrorSnapshotsAsync(pair.SiteB, image);
            Assert.Contains(snapshots, s => !s.GetProperty("namespace").GetProperty("complete").GetBoolean());
            Assert.Equal(before, await CephPair.DigestAsync(pair.SiteB, image));
        }
        finally
        {
            await SlowSourceAsync(seconds: 0);
        }

        await Eventually.BecomesAsync(
            () => pair.StatusAsync(image),
            status => status.State == "up+stopped" && status.Description is "local image is primary" or "force promoted",
            $"the daemon leaves the image alone; it says: {daemon.OutputTail}");
        await pair.WriteAsync(pair.SiteB, image, CephPair.RandomDiff(new Random(5), size, 5));
        string after = await CephPair.DigestAsync(pair.SiteB, image);
        Assert.NotEqual(before, after);
        await pair.SiteA.RbdAsync("mirror", "image", "snapshot", image);
        Assert.Equal(after, await CephPair.DigestAsync(pair.SiteB, image));
        await pair.SiteB.RbdAsync("object-map", "check", image);
        Assert.DoesNotContain("invalid", await pair.SiteB.RbdAsync("info", image), StringComparison.Ordinal);
        Assert.Equal(0, await daemon.TerminateAsync(TimeSpan.FromSeconds(60)));
        await pair.DeletePoolAsync(pool);
    }

    /// <summary>Has each request to site-a's store wait, so that a sync lasts.</summary>
    private async Task SlowSourceAsync(double seconds)
    {
        await pair.SiteA.CephAsync(
            "tell", "osd.0", "config", "set", "osd_debug_inject_dispatch_delay_duration", seconds.ToString(CultureInfo.InvariantCulture));
        await pair.SiteA.CephAsync("tell", "osd.0", "config", "set", "osd_debug_inject_dispatch_delay_probability", seconds > 0 ? "1" : "0");
    }

    /// <summary>The copy's first data object.</summary>
    private async Task<string> FirstObjectAsync(string pool)
    {
        string list = await pair.SiteB.RadosAsync("-p", pool, "ls");
        return list.Split('\n').Where(name => name.StartsWith("rbd_data.", StringComparison.Ordinal)).Order(StringComparer.Ordinal).First();
    }
}
