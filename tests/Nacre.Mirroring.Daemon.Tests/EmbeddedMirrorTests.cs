using Nacre.Mirroring.Daemon.Hosting;
using Nacre.Mirroring.Daemon.Tests.Sites;
using Nacre.ObjectClasses.Rbd;
using Nacre.Rados;
using Nacre.Rbd;
using Nacre.Testing;

namespace Nacre.Mirroring.Daemon.Tests;

/// <summary>Histories of two embedded sites in this process.</summary>
public class EmbeddedMirrorTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task Copy_equals_its_source_at_every_mirror_snapshot(int seed)
    {
        await using EmbeddedPair pair = await EmbeddedPair.StartAsync();
        pair.StartDaemon();
        await using ImageHistory created = await ImageHistory.CreateAsync(pair.Source, "image", 4 << 20, seed);
        (ImageHistory history, ulong snapshot) = await created.EnableAsync();
        await CheckAsync(pair, history, snapshot);
        for (int round = 0; round < 8; round++)
        {
            await history.WriteAsync(6);
            await history.ChangeAsync();
            await history.WriteAsync(3);
            await CheckAsync(pair, history, await history.SnapshotAsync());
        }

        Assert.DoesNotContain("Error ", pair.Log.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Killed_at_twenty_moments_it_goes_on_and_reads_hardly_anything_twice()
    {
        await using EmbeddedPair pair = await EmbeddedPair.StartAsync();
        await using ImageHistory created = await ImageHistory.CreateAsync(pair.Source, "image", 32 << 20, 5);
        await created.FillAsync();
        (ImageHistory history, ulong snapshot) = await created.EnableAsync();
        var random = new Random(11);
        long read = 0;
        for (int kill = 0; kill < 20; kill++)
        {
            RunningDaemon daemon = pair.StartDaemon();
            daemon.Plug.PullAfter(20 + random.Next(120));
            await daemon.Plug.Pulled.Task.WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken);
            await daemon.KillAsync();
            read += daemon.Plug.BytesRead;
        }

        RunningDaemon last = pair.StartDaemon();
        await CheckAsync(pair, history, snapshot);
        read += last.Plug.BytesRead;
        Assert.InRange(read, 32 << 20, (long)(1.15 * (32 << 20)));
    }

    [Fact]
    public async Task Killed_in_deltas_it_ends_equal()
    {
        await using EmbeddedPair pair = await EmbeddedPair.StartAsync();
        await using ImageHistory created = await ImageHistory.CreateAsync(pair.Source, "image", 4 << 20, 6);
        (ImageHistory history, ulong snapshot) = await created.EnableAsync();
        var random = new Random(12);
        for (int round = 0; round < 6; round++)
        {
            for (int kill = 0; kill < 4; kill++)
            {
                RunningDaemon daemon = pair.StartDaemon();
                daemon.Plug.PullAfter(10 + random.Next(150));
                await Task.WhenAny(daemon.Plug.Pulled.Task, pair.WaitUntilCopiedAsync(history.GlobalImageId, snapshot));
                await daemon.KillAsync();
            }

            RunningDaemon whole = pair.StartDaemon();
            await CheckAsync(pair, history, snapshot);
            await whole.StopAsync();
            await history.WriteAsync(30);
            await history.ChangeAsync();
            await history.WriteAsync(10);
            snapshot = await history.SnapshotAsync();
        }
    }

    /// <summary>A delta is cut off, and its snapshot is removed at the source before it could be finished: what it brought must not show in the next.</summary>
    [Theory]
    [InlineData(40)]
    [InlineData(60)]
    [InlineData(80)]
    [InlineData(110)]
    [InlineData(150)]
    public async Task Nothing_is_left_of_a_snapshot_that_was_given_up_half_copied(int operations)
    {
        const ulong objectSize = 1 << 16;
        await using EmbeddedPair pair = await EmbeddedPair.StartAsync();
        await using ImageHistory created = await ImageHistory.CreateAsync(pair.Source, "image", 1 << 20, 10);
        Image image = created.Image;
        await image.ResizeAsync(64 * objectSize, allowShrink: true);
        (ImageHistory history, ulong snapshot) = await created.EnableAsync();
        RunningDaemon daemon = pair.StartDaemon();
        await CheckAsync(pair, history, snapshot);
        await daemon.StopAsync();

        // New objects, of which some will be gone and some will have lost their second half.
        byte[] data = new byte[objectSize];
        Array.Fill(data, (byte)0x5a);
        for (ulong number = 16; number < 64; number++)
        {
            await image.WriteAsync(number * objectSize, data);
        }

        ulong abandoned = await history.SnapshotAsync();
        RunningDaemon killed = pair.StartDaemon();
        killed.Plug.PullAfter(operations);
        await Task.WhenAny(killed.Plug.Pulled.Task, pair.WaitUntilCopiedAsync(history.GlobalImageId, abandoned));
        await killed.KillAsync();
        for (ulong number = 16; number < 64; number++)
        {
            ulong kept = number % 2 == 0 ? 0 : objectSize / 2;
            await image.DiscardAsync((number * objectSize) + kept, objectSize - kept);
        }

        await MirrorSnapshots.RemoveAsync(image, abandoned, TestContext.Current.CancellationToken);
        snapshot = await history.SnapshotAsync();
        pair.StartDaemon();
        await CheckAsync(pair, history, snapshot);
    }

    /// <summary>As above, through random histories with sizes and snapshots that change, and killed while it takes back what it gave up.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public async Task Given_up_and_killed_again_it_ends_equal(int seed)
    {
        await using EmbeddedPair pair = await EmbeddedPair.StartAsync();
        await using ImageHistory created = await ImageHistory.CreateAsync(pair.Source, "image", 4 << 20, 20 + seed);
        (ImageHistory history, ulong snapshot) = await created.EnableAsync();
        int givenUp = 0;
        var random = new Random(30 + seed);
        for (int round = 0; round < 5; round++)
        {
            for (int given = 0; given < 3; given++)
            {
                for (int kill = 0; kill < 2; kill++)
                {
                    RunningDaemon daemon = pair.StartDaemon();
                    daemon.Plug.PullAfter(10 + random.Next(150));
                    await Task.WhenAny(daemon.Plug.Pulled.Task, pair.WaitUntilCopiedAsync(history.GlobalImageId, snapshot));
                    await daemon.KillAsync();
                }

                await history.WriteAsync(15);
                await history.ChangeAsync();
                ulong next = await history.SnapshotAsync();
                if (await pair.FindCopiedAsync(history.GlobalImageId, snapshot) == 0)
                {
                    // Where it was copied in spite of all, it is the one that both sites have in common.
                    await MirrorSnapshots.RemoveAsync(history.Image, snapshot, TestContext.Current.CancellationToken);
                    givenUp++;
                }

                snapshot = next;
            }

            RunningDaemon whole = pair.StartDaemon();
            await CheckAsync(pair, history, snapshot);
            await whole.StopAsync();
            await history.WriteAsync(30);
            await history.ChangeAsync();
            snapshot = await history.SnapshotAsync();
        }

        Assert.NotEqual(0, givenUp);
    }

    /// <summary>What a given-up copy has touched must not pass for done when the next one goes on after a death.</summary>
    [Theory]
    [InlineData(160)]
    [InlineData(190)]
    [InlineData(220)]
    [InlineData(250)]
    [InlineData(280)]
    public async Task Objects_of_a_given_up_copy_are_not_taken_for_done(int operations)
    {
        await using EmbeddedPair pair = await EmbeddedPair.StartAsync();
        await using ImageHistory created = await ImageHistory.CreateAsync(pair.Source, "image", 4 << 20, 40);
        await created.FillAsync();
        (ImageHistory history, ulong snapshot) = await created.EnableAsync();
        RunningDaemon daemon = pair.StartDaemon();
        await CheckAsync(pair, history, snapshot);
        await daemon.StopAsync();
        await history.FillAsync();
        ulong abandoned = await history.SnapshotAsync();
        foreach (int kill in (int[])[150, operations])
        {
            // Few at once and marked often, so that one dies with objects done, marked, and still to do.
            RunningDaemon killed = pair.StartDaemon(
                new DaemonOptions { ProgressInterval = TimeSpan.FromMilliseconds(1), LeaderHeartbeatInterval = TimeSpan.FromMilliseconds(200), ConcurrentObjects = 2 },
                TimeProvider.System);
            killed.Plug.PullAfter(kill);
            await Task.WhenAny(killed.Plug.Pulled.Task, pair.WaitUntilCopiedAsync(history.GlobalImageId, abandoned));
            await killed.KillAsync();
            if (kill == 150)
            {
                await history.FillAsync();
                await MirrorSnapshots.RemoveAsync(history.Image, abandoned, TestContext.Current.CancellationToken);
                abandoned = await history.SnapshotAsync();
            }
        }

        pair.StartDaemon();
        await CheckAsync(pair, history, abandoned);
    }

    [Fact]
    public async Task Half_a_copy_that_its_dead_maker_still_watches_is_made_anew_when_the_store_gives_the_watch_up()
    {
        await using EmbeddedPair pair = await EmbeddedPair.StartAsync();
        await using ImageHistory created = await ImageHistory.CreateAsync(pair.Source, "image", 1 << 20, 14);
        (ImageHistory history, ulong snapshot) = await created.EnableAsync();
        string half = await pair.BeginCopyAsync(history.GlobalImageId, "image", 1 << 20);
        await using (await new RbdImages(pair.Target).OpenByIdAsync(half, new ImageOpenOptions { IgnoreNonPrimary = true }))
        {
            pair.StartDaemon();
            await Eventually.BecomesAsync(
                () => Task.FromResult(pair.Log.Text), log => log.Contains("has watchers", StringComparison.Ordinal), "the watch is in the way");
        }

        await CheckAsync(pair, history, snapshot);
    }

    [Fact]
    public async Task Killed_at_any_moment_of_removing_half_a_copy_it_goes_on()
    {
        await using EmbeddedPair pair = await EmbeddedPair.StartAsync();
        await using ImageHistory created = await ImageHistory.CreateAsync(pair.Source, "image", 1 << 20, 15);
        (ImageHistory history, ulong snapshot) = await created.EnableAsync();
        await pair.BeginCopyAsync(history.GlobalImageId, "image", 1 << 20);
        for (int operations = 8; operations < 80; operations += 2)
        {
            RunningDaemon daemon = pair.StartDaemon();
            daemon.Plug.PullAfter(operations);
            await Task.WhenAny(daemon.Plug.Pulled.Task, pair.WaitUntilCopiedAsync(history.GlobalImageId, snapshot));
            await daemon.KillAsync();
        }

        pair.StartDaemon();
        await CheckAsync(pair, history, snapshot);
        Assert.Empty(await new RbdImages(pair.Target).ListTrashAsync());
    }

    [Fact]
    public async Task Image_enabled_before_the_peer_was_known_is_mirrored_all_the_same()
    {
        await using EmbeddedPair pair = await EmbeddedPair.StartAsync();
        await using ImageHistory created = await ImageHistory.CreateAsync(pair.Source, "image", 1 << 20, 7);
        (ImageHistory history, ulong snapshot) = await created.EnableAsync();
        Assert.Empty(((MirrorSnapshotNamespace)history.Image.Snapshots.Single(s => s.Id == snapshot).Namespace).PeerUuids);
        pair.StartDaemon();
        await CheckAsync(pair, history, snapshot);
    }

    [Fact]
    public async Task Copy_is_removed_when_its_source_is_mirrored_no_more()
    {
        await using EmbeddedPair pair = await EmbeddedPair.StartAsync();
        pair.StartDaemon();
        await using ImageHistory created = await ImageHistory.CreateAsync(pair.Source, "image", 1 << 20, 8);
        (ImageHistory history, ulong snapshot) = await created.EnableAsync();
        await pair.WaitUntilCopiedAsync(history.GlobalImageId, snapshot);
        await history.DisableAsync();
        await Eventually.BecomesAsync(
            async () => (await new RbdImages(pair.Target).ListAsync()).Count, count => count == 0, $"the copy is removed; log: {pair.Log.Text}");
        Assert.Null(await new MirrorPool(pair.Target).FindImageIdAsync(history.GlobalImageId));
    }

    [Fact]
    public async Task Source_that_cannot_be_reached_is_told_and_found_again()
    {
        await using EmbeddedPair pair = await EmbeddedPair.StartAsync();
        pair.StartDaemon();
        await using ImageHistory created = await ImageHistory.CreateAsync(pair.Source, "image", 1 << 20, 9);
        (ImageHistory history, ulong snapshot) = await created.EnableAsync();
        await pair.WaitUntilCopiedAsync(history.GlobalImageId, snapshot);
        await WaitForStatusAsync(pair, history, status => status is { State: MirrorImageStatusState.Replaying, Up: true });

        pair.ConnectFailure = new RadosException(Errno.EACCES, "connecting to site-a as client.admin: the key is wrong");
        await pair.BreakSourceAsync();
        await WaitForStatusAsync(pair, history, status => status.State == MirrorImageStatusState.Error
            && status.Description.StartsWith("unable to connect to remote cluster: ", StringComparison.Ordinal)
            && status.Description.Contains("the key is wrong", StringComparison.Ordinal));
        Assert.Contains("the key is wrong", pair.Log.Text, StringComparison.Ordinal);

        pair.ConnectFailure = null;
        await WaitForStatusAsync(pair, history, status => status is { State: MirrorImageStatusState.Replaying, Up: true });
        await history.WriteAsync(3);
        await CheckAsync(pair, history, await history.SnapshotAsync());
    }

    [Fact]
    public async Task Second_daemon_stands_by_and_takes_over_from_a_dead_one()
    {
        await using EmbeddedPair pair = await EmbeddedPair.StartAsync();
        RunningDaemon first = pair.StartDaemon();
        await using ImageHistory created = await ImageHistory.CreateAsync(pair.Source, "image", 1 << 20, 10);
        (ImageHistory history, ulong snapshot) = await created.EnableAsync();
        await pair.WaitUntilCopiedAsync(history.GlobalImageId, snapshot);
        pair.StartDaemon();
        await Eventually.BecomesAsync(
            () => Task.FromResult(pair.Log.Text), log => log.Contains("standing by", StringComparison.Ordinal), "the second daemon stands by");
        await first.KillAsync();
        await history.WriteAsync(3);
        await CheckAsync(pair, history, await history.SnapshotAsync());
    }

    [Fact]
    public async Task Status_is_told_at_both_sites()
    {
        await using EmbeddedPair pair = await EmbeddedPair.StartAsync();
        pair.StartDaemon();
        await using ImageHistory created = await ImageHistory.CreateAsync(pair.Source, "image", 1 << 20, 13);
        (ImageHistory history, ulong _) = await created.EnableAsync();
        await WaitForStatusAsync(pair, history, status => status is { State: MirrorImageStatusState.Replaying, Up: true }
            && status.Description.Contains("\"replay_state\":\"idle\"", StringComparison.Ordinal));
        MirrorImageStatus? remote = await Eventually.BecomesAsync(
            () => new MirrorPool(pair.Source).FindStatusAsync(history.GlobalImageId),
            status => status?.Remote.Any(site => site is { State: MirrorImageStatusState.Replaying, Up: true }) == true,
            "the source knows the copy's status");
        Assert.Equal(await new MirrorPool(pair.Target).GetMirrorUuidAsync(), remote!.Remote.Single().MirrorUuid);
    }

    private static async Task CheckAsync(EmbeddedPair pair, ImageHistory history, ulong snapshot)
    {
        ulong local = await pair.WaitUntilCopiedAsync(history.GlobalImageId, snapshot);
        string id = (await new MirrorPool(pair.Target).FindImageIdAsync(history.GlobalImageId))!;
        await CopyCheck.EqualAsync(pair.Source, history.Image.Id, snapshot, pair.Target, id, local);
    }

    private static Task WaitForStatusAsync(EmbeddedPair pair, ImageHistory history, Func<MirrorImageSiteStatus, bool> predicate) => Eventually.BecomesAsync(
        async () => (await new MirrorPool(pair.Target).FindStatusAsync(history.GlobalImageId))?.Local,
        status => status is not null && predicate(status),
        $"status of the copy; log: {pair.Log.Text}");
}
