using System.Text.Json;
using Nacre.Mirroring.Daemon.Tests.Sites;
using Nacre.Testing;
using Nacre.Testing.Ceph;
using Nacre.Testing.Processes;

namespace Nacre.Mirroring.Daemon.Tests;

/// <summary>Journal mode between two real Ceph clusters: the journals are Ceph's, and what comes of them is judged by Ceph's own rbd.</summary>
[Collection(nameof(CephPair))]
public class JournalMirrorTests(CephPair pair)
{
    [Fact]
    public async Task Copy_equals_its_source_through_writes_snapshots_resizes_and_a_restart()
    {
        string pool = await pair.CreatePoolAsync();
        string image = $"{pool}/image";
        var random = new Random(11);
        await pair.SiteA.RbdAsync("create", "--size", "64M", image);
        await pair.WriteAsync(pair.SiteA, image, CephPair.RandomDiff(random, 64 << 20, 30));
        await pair.SiteA.RbdAsync("snap", "create", "--no-progress", $"{image}@before");
        await pair.SiteA.RbdAsync("mirror", "image", "enable", image, "journal");
        await using (ChildProcess daemon = pair.StartDaemon())
        {
            await pair.EqualAsync(image, daemon);
            await pair.EqualAsync($"{image}@before");
            await pair.WriteAsync(pair.SiteA, image, CephPair.RandomDiff(random, 64 << 20, 60));
            await pair.SiteA.RbdAsync("snap", "create", "--no-progress", $"{image}@first");
            await pair.SiteA.RbdAsync("snap", "protect", $"{image}@first");
            await pair.SiteA.RbdAsync("resize", "--no-progress", "--size", "100M", image);
            await pair.WriteAsync(pair.SiteA, image, CephPair.RandomDiff(random, 100 << 20, 60));
            await pair.SiteA.RbdAsync("resize", "--no-progress", "--allow-shrink", "--size", "50M", image);
            await pair.SiteA.RbdAsync("image-meta", "set", image, "color", "blue");
            await pair.SiteA.RbdAsync("snap", "rename", $"{image}@before", $"{image}@renamed");
            await pair.EqualAsync(image, daemon);
            await daemon.TerminateAsync(TimeSpan.FromSeconds(60));
        }

        await pair.WriteAsync(pair.SiteA, image, CephPair.RandomDiff(random, 50 << 20, 60));
        await pair.SiteA.RbdAsync("snap", "rollback", "--no-progress", $"{image}@first");
        await pair.WriteAsync(pair.SiteA, image, CephPair.RandomDiff(random, 50 << 20, 20));
        await using ChildProcess again = pair.StartDaemon();
        await pair.EqualAsync(image, again);
        await pair.EqualAsync($"{image}@first");
        await pair.EqualAsync($"{image}@renamed");
        Assert.Equal("blue\n", await pair.SiteB.RbdAsync("image-meta", "get", image, "color"));
        Assert.Equal(Names(await pair.SiteA.RbdAsync("snap", "ls", "--format", "json", image)), Names(await pair.SiteB.RbdAsync("snap", "ls", "--format", "json", image)));
        Assert.DoesNotContain("Syncing", again.OutputTail, StringComparison.Ordinal);
        await EndAsync(pool, again);
    }

    [Fact]
    public async Task Pair_goes_from_daemon_to_daemon_in_the_midst_of_a_backlog_without_a_full_copy()
    {
        string pool = await pair.CreatePoolAsync();
        string image = $"{pool}/image";
        await pair.SiteA.RbdAsync("create", "--size", "256M", image);
        await pair.SiteA.RbdAsync("mirror", "image", "enable", image, "journal");
        ChildProcess ceph = pair.SiteB.StartRbdMirror();
        await BenchAsync(image, "1M");
        await pair.EqualAsync(image, ceph);
        await StopAsync(ceph);
        string id = await IdAsync(image);
        var random = new Random(12);
        for (int round = 0; round < 2; round++)
        {
            await BenchAsync(image, "24M");
            await using (ChildProcess own = pair.StartDaemon())
            {
                await Eventually.BecomesAsync(
                    () => Task.FromResult(own.OutputTail), log => log.Contains("Replaying", StringComparison.Ordinal), "the daemon has begun");
                await Task.Delay(random.Next(400), TestContext.Current.CancellationToken);
                await own.KillAsync();
            }

            ceph = pair.SiteB.StartRbdMirror();
            await (round == 0 ? WaitForProgressAsync(image, ceph) : pair.EqualAsync(image, ceph));
            await StopAsync(ceph);
        }

        await using ChildProcess last = pair.StartDaemon();
        await BenchAsync(image, "4M");
        await pair.EqualAsync(image, last);
        Assert.Equal(id, await IdAsync(image));
        Assert.DoesNotContain("Syncing", last.OutputTail, StringComparison.Ordinal);
        await EndAsync(pool, last);
    }

    [Fact]
    public async Task Target_whose_store_dies_is_caught_up_when_it_is_back()
    {
        string pool = await pair.CreatePoolAsync();
        string image = $"{pool}/image";
        await pair.SiteA.RbdAsync("create", "--size", "256M", image);
        await pair.SiteA.RbdAsync("mirror", "image", "enable", image, "journal");
        await using ChildProcess daemon = pair.StartDaemon();
        await BenchAsync(image, "1M");
        await pair.EqualAsync(image, daemon);
        await BenchAsync(image, "16M");
        await pair.SiteB.KillAllAsync();
        await BenchAsync(image, "8M");
        await pair.SiteB.StartAgainAsync(TestContext.Current.CancellationToken);
        await pair.EqualAsync(image, daemon);
        await EndAsync(pool, daemon);
    }

    private static string[] Names(string list)
    {
        using JsonDocument parsed = JsonDocument.Parse(list);
        return [.. parsed.RootElement.EnumerateArray().Select(s => $"{s.GetProperty("name").GetString()} {s.GetProperty("protected").GetString()}")];
    }

    private Task BenchAsync(string image, string total) => pair.SiteA.RbdAsync(
        "bench", "--io-type", "write", "--io-size", "4K", "--io-total", total, "--io-pattern", "rand", image);

    private async Task WaitForProgressAsync(string image, ChildProcess daemon)
    {
        string before = await pair.JournalStatusAsync(image);
        await Eventually.BecomesAsync(
            () => pair.JournalStatusAsync(image), now => JournalCheck.Parse(now).Peer != JournalCheck.Parse(before).Peer,
            $"{image} is being replayed; the daemon says: {daemon.OutputTail}");
    }

    private async Task<string> IdAsync(string image)
    {
        using JsonDocument info = JsonDocument.Parse(await pair.SiteB.RbdAsync("info", "--format", "json", image));
        return info.RootElement.GetProperty("id").GetString()!;
    }

    private static async Task StopAsync(ChildProcess daemon)
    {
        await daemon.TerminateAsync(TimeSpan.FromSeconds(60));
        await daemon.DisposeAsync();
    }

    private async Task EndAsync(string pool, ChildProcess daemon)
    {
        await daemon.TerminateAsync(TimeSpan.FromSeconds(60));
        await pair.DeletePoolAsync(pool);
    }
}
