using System.Globalization;
using System.Text.Json;
using Nacre.Mirroring.Daemon.Tests.Sites;
using Nacre.Testing;
using Nacre.Testing.Processes;

namespace Nacre.Mirroring.Daemon.Tests;

/// <summary>Nacre's daemon, as a process, between two real Ceph clusters; what it does is judged by Ceph's own rbd.</summary>
// One after the other: a daemon at site-b takes every pool that it finds.
[Collection(nameof(CephPair))]
public class CephMirrorTests(CephPair pair)
{
    [Fact]
    public async Task Copy_equals_its_source_at_every_mirror_snapshot_by_Cephs_own_export()
    {
        string pool = await pair.CreatePoolAsync();
        await using ChildProcess daemon = pair.StartDaemon();
        var random = new Random(1);
        string image = $"{pool}/image";
        long size = 96 << 20;
        await pair.SiteA.RbdAsync("create", "--size", "96M", image);
        await pair.WriteAsync(pair.SiteA, image, CephPair.RandomDiff(random, size, 40));
        await pair.SiteA.RbdAsync("mirror", "image", "enable", image, "snapshot");
        await CheckAsync(image, daemon);
        for (int delta = 0; delta < 10; delta++)
        {
            await pair.WriteAsync(pair.SiteA, image, CephPair.RandomDiff(random, size, 12));
            if (delta is 3 or 6)
            {
                size = (delta == 3 ? 130 : 70) << 20;
                await pair.SiteA.RbdAsync("resize", "--no-progress", "--allow-shrink", "--size", string.Create(CultureInfo.InvariantCulture, $"{size >> 20}M"), image);
            }
            else if (delta is 2 or 5)
            {
                await pair.SiteA.RbdAsync("snap", "create", "--no-progress", $"{image}@user{delta}");
            }

            await pair.SiteA.RbdAsync("mirror", "image", "snapshot", image);
            await CheckAsync(image, daemon);
        }

        await pair.EqualAsync($"{image}@user2");
        await pair.EqualAsync($"{image}@user5");
        string list = await pair.SiteB.RbdAsync("snap", "ls", "--all", image);
        Assert.Matches(@"mirror \(non-primary peer_uuids:\[\] [0-9a-f-]+:[0-9]+ copied\)", list);
        // The manager tells what daemons say with a delay, also what those of other tests said last.
        string status = await Eventually.BecomesAsync(
            () => pair.SiteB.RbdAsync("mirror", "pool", "status", "--verbose", pool),
            text => text.StartsWith("health: OK\ndaemon health: OK\nimage health: OK\n", StringComparison.Ordinal)
                && text.Contains("state:       up+replaying", StringComparison.Ordinal),
            "Ceph's rbd shows the copy as replaying and all as healthy");
        Assert.Contains("leader: true", status, StringComparison.Ordinal);
        await EndAsync(pool, daemon);
    }

    [Fact]
    public async Task Pair_begun_by_Cephs_daemon_is_continued_with_deltas_and_the_reverse()
    {
        string pool = await pair.CreatePoolAsync();
        string image = $"{pool}/image";
        var random = new Random(2);
        await pair.SiteA.RbdAsync("create", "--size", "64M", image);
        await pair.WriteAsync(pair.SiteA, image, CephPair.RandomDiff(random, 64 << 20, 60));
        ChildProcess ceph = pair.SiteB.StartRbdMirror();

        // Ceph's daemon does not copy what was enabled before it had announced itself.
        await Eventually.BecomesAsync(
            () => pair.SiteA.RbdAsync("mirror", "pool", "info", pool), info => info.Contains("tx-only", StringComparison.Ordinal), "site-b is announced");
        await pair.SiteA.RbdAsync("mirror", "image", "enable", image, "snapshot");
        await CheckAsync(image, ceph);
        string id = await IdAsync(image);
        await StopAsync(ceph);

        await using (ChildProcess own = pair.StartDaemon())
        {
            for (int delta = 0; delta < 2; delta++)
            {
                await DeltaAsync(image, random, own);
            }

            Assert.DoesNotContain("Syncing", own.OutputTail, StringComparison.Ordinal);
            await own.TerminateAsync(TimeSpan.FromSeconds(60));
        }

        ceph = pair.SiteB.StartRbdMirror();
        await DeltaAsync(image, random, ceph);
        await StopAsync(ceph);
        Assert.Equal(id, await IdAsync(image));
        await using ChildProcess again = pair.StartDaemon();
        await DeltaAsync(image, random, again);
        await EndAsync(pool, again);
    }

    [Fact]
    public async Task Killed_at_twenty_moments_of_a_sync_it_goes_on_to_an_equal_end()
    {
        // Each kill costs at most what was in memory then, 16 MiB: large enough that twenty of them are less than the 15 % that they may cost.
        const long size = 1536L << 20;
        string pool = await pair.CreatePoolAsync();
        string image = $"{pool}/image";
        await pair.SiteA.RbdAsync("create", "--size", "1536M", image);
        await pair.SiteA.RbdAsync("bench", "--io-type", "write", "--io-size", "4M", "--io-total", "1536M", image);
        await pair.SiteA.RbdAsync("mirror", "image", "enable", image, "snapshot");
        var random = new Random(3);
        long before = await BytesReadAsync();
        for (int kill = 0; kill < 20; kill++)
        {
            await using ChildProcess daemon = pair.StartDaemon();
            await Eventually.BecomesAsync(
                () => Task.FromResult(daemon.OutputTail),
                log => log.Contains("yncing", StringComparison.Ordinal) || log.Contains("eplaying", StringComparison.Ordinal),
                "the daemon has begun");
            await Task.Delay(random.Next(250), TestContext.Current.CancellationToken);
            await daemon.KillAsync();
        }

        await using ChildProcess last = pair.StartDaemon();
        await pair.WaitUntilCopiedAsync(image, last);
        long read = await BytesReadAsync() - before;
        await pair.EqualAsync(image);
        Assert.InRange(read, size, (long)(1.15 * size));
        await EndAsync(pool, last);
    }

    [Fact]
    public async Task Wrong_key_missing_conf_and_absent_pool_are_told_and_mended_without_a_restart()
    {
        string pool = await pair.CreatePoolAsync("client.stranger", "site-x");
        await using ChildProcess daemon = pair.StartDaemon();
        await WaitForCalloutAsync(pool, "unable to connect to remote cluster", daemon);
        Assert.Contains("no conf file of cluster 'site-x'", daemon.OutputTail, StringComparison.Ordinal);

        string key = Path.Combine(pair.WorkingDirectory, "site-x.client.stranger.keyring");
        await File.WriteAllTextAsync(key, "[client.stranger]\n\tkey = AQBdd3JmAAAAABAAuYpBbM5UjYuPaiqPA5RYmg==\n", TestContext.Current.CancellationToken);
        string conf = await File.ReadAllTextAsync(pair.SiteA.ConfPath, TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(
            Path.Combine(pair.WorkingDirectory, "site-x.conf"), conf.Replace("site-a.$name", "site-x.$name", StringComparison.Ordinal),
            TestContext.Current.CancellationToken);
        await WaitForLogAsync(daemon, "(13) Permission denied");
        await WaitForCalloutAsync(pool, "unable to connect to remote cluster", daemon);

        await pair.SiteA.CephAsync("osd", "pool", "rename", pool, $"{pool}x");
        await pair.SiteA.CephAsync(
            "auth", "get-or-create", "client.stranger", "mon", "profile rbd-mirror-peer", "osd", "profile rbd", "-o", key);
        await WaitForCalloutAsync(pool, "unable to access remote pool", daemon);

        await pair.SiteA.CephAsync("osd", "pool", "rename", $"{pool}x", pool);
        await pair.SiteA.RbdAsync("create", "--size", "8M", $"{pool}/image");
        await pair.SiteA.RbdAsync("mirror", "image", "enable", $"{pool}/image", "snapshot");
        await pair.WaitUntilCopiedAsync($"{pool}/image", daemon);
        await WaitForHealthAsync(pool, daemon);
        await EndAsync(pool, daemon);
    }

    [Fact]
    public async Task Source_that_dies_in_a_sync_is_told_and_found_again()
    {
        string pool = await pair.CreatePoolAsync();
        string image = $"{pool}/image";
        await pair.SiteA.RbdAsync("create", "--size", "200M", image);
        await pair.SiteA.RbdAsync("bench", "--io-type", "write", "--io-size", "4M", "--io-total", "200M", image);
        await using ChildProcess daemon = pair.StartDaemon();
        await pair.SiteA.RbdAsync("mirror", "image", "enable", image, "snapshot");
        await WaitForLogAsync(daemon, "syncing");
        await pair.SiteA.SignalAllAsync("STOP");
        try
        {
            await Eventually.BecomesAsync(
                () => pair.StatusAsync(image),
                status => status.State == "up+error" && status.Description.StartsWith("unable to connect to remote cluster", StringComparison.Ordinal),
                "the dead source is told");
            await WaitForCalloutAsync(pool, "unable to connect to remote cluster", daemon);
        }
        finally
        {
            await pair.SiteA.SignalAllAsync("CONT");
        }

        await pair.WaitUntilCopiedAsync(image, daemon);
        await pair.EqualAsync(image);
        await Eventually.BecomesAsync(
            () => pair.StatusAsync(image), status => status.State == "up+replaying", "the copy is replaying again");
        await WaitForHealthAsync(pool, daemon);
        await EndAsync(pool, daemon);
    }

    private async Task DeltaAsync(string image, Random random, ChildProcess daemon)
    {
        // No zeroes: 16.2.15's own daemon leaves old bytes in its copy where the source discarded them together with other writes to the object.
        await pair.WriteAsync(pair.SiteA, image, CephPair.RandomDiff(random, 64 << 20, 12, zeroes: false));
        await pair.SiteA.RbdAsync("mirror", "image", "snapshot", image);
        await CheckAsync(image, daemon);
    }

    private async Task CheckAsync(string image, ChildProcess daemon)
    {
        await pair.WaitUntilCopiedAsync(image, daemon);
        await pair.EqualAsync(image);
    }

    private async Task EndAsync(string pool, ChildProcess daemon)
    {
        Assert.Equal(0, await daemon.TerminateAsync(TimeSpan.FromSeconds(60)));
        await pair.DeletePoolAsync(pool);
    }

    private static async Task StopAsync(ChildProcess daemon)
    {
        await daemon.TerminateAsync(TimeSpan.FromSeconds(60));
        await daemon.DisposeAsync();
    }

    private async Task<string> IdAsync(string image)
    {
        using JsonDocument info = JsonDocument.Parse(await pair.SiteB.RbdAsync("info", "--format", "json", image));
        return info.RootElement.GetProperty("id").GetString()!;
    }

    /// <summary>Bytes that clients read from site-a, by its OSD's own count.</summary>
    private async Task<long> BytesReadAsync()
    {
        using JsonDocument counters = JsonDocument.Parse(await pair.SiteA.CephAsync("tell", "osd.0", "perf", "dump"));
        return counters.RootElement.GetProperty("osd").GetProperty("op_r_out_bytes").GetInt64();
    }

    /// <summary>Waits until Ceph's own rbd shows a callout of the daemon, and its health as ERROR.</summary>
    private async Task WaitForCalloutAsync(string pool, string text, ChildProcess daemon) => await Eventually.BecomesAsync(
        () => pair.SiteB.RbdAsync("mirror", "pool", "status", "--verbose", pool),
        status => status.StartsWith("health: ERROR\ndaemon health: ERROR\n", StringComparison.Ordinal)
            && status.Contains($"  health: ERROR\n  callouts: {text}\n", StringComparison.Ordinal),
        $"'{text}' is told; the daemon says: {daemon.OutputTail}");

    /// <summary>Waits until Ceph's own rbd shows that all is well.</summary>
    private async Task WaitForHealthAsync(string pool, ChildProcess daemon) => await Eventually.BecomesAsync(
        () => pair.SiteB.RbdAsync("mirror", "pool", "status", "--verbose", pool),
        status => status.StartsWith("health: OK\ndaemon health: OK\n", StringComparison.Ordinal) && !status.Contains("callouts", StringComparison.Ordinal),
        $"all is well; the daemon says: {daemon.OutputTail}");

    private static async Task WaitForLogAsync(ChildProcess daemon, string text) => await Eventually.BecomesAsync(
        () => Task.FromResult(daemon.OutputTail), log => log.Contains(text, StringComparison.Ordinal), $"'{text}' is logged");
}
