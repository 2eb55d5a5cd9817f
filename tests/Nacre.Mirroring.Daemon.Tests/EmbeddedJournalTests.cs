using Nacre.Journal;
using Nacre.Mirroring.Daemon.Hosting;
using Nacre.Mirroring.Daemon.Tests.Sites;
using Nacre.ObjectClasses.Encoding;
using Nacre.ObjectClasses.Journal;
using Nacre.ObjectClasses.Rbd;
using Nacre.Rados;
using Nacre.Rados.Clusters;
using Nacre.Rbd;
using Nacre.Testing;

namespace Nacre.Mirroring.Daemon.Tests;

/// <summary>Journal mode between two embedded sites in this process, with daemons that are killed between any two calls.</summary>
public class EmbeddedJournalTests
{
    private const int Blocks = 1024;

    [Fact]
    public async Task Killed_between_any_two_calls_it_is_a_prefix_and_ends_equal()
    {
        await using EmbeddedPair pair = await EmbeddedPair.StartAsync();
        (NumberedWrites writes, string id) = await CreateAsync(pair);
        var random = new Random(21);
        await writes.WriteAsync(50);

        // In the first copy.
        for (int kill = 0; kill < 8; kill++)
        {
            await KillAsync(pair, random.Next(20, 160));
        }

        RunningDaemon daemon = pair.StartDaemon();
        await CatchUpAsync(pair, id);
        writes.CheckWhole(await writes.ReadAsync(pair.Target));
        await daemon.StopAsync();
        int inTheMidst = 0;
        for (int round = 0; round < 6; round++)
        {
            await writes.WriteAsync(400);
            await KillAsync(pair, random.Next(60, 200));
            inTheMidst += writes.Check(await writes.ReadAsync(pair.Target)) < writes.Count ? 1 : 0;
            daemon = pair.StartDaemon();
            await CatchUpAsync(pair, id);
            writes.CheckWhole(await writes.ReadAsync(pair.Target));
            await daemon.StopAsync();
        }

        Assert.True(inTheMidst > 0, "no daemon was killed in the midst of a replay");
    }

    /// <summary>Objects of the first copy are written over by the replay: what snapshots hold must stay, whichever site made them and when.</summary>
    [Fact]
    public async Task Snapshots_of_a_copy_keep_what_they_held()
    {
        await using EmbeddedPair pair = await EmbeddedPair.StartAsync();
        (NumberedWrites writes, string id) = await CreateAsync(pair);
        await writes.WriteAsync(100);
        await SnapshotAsync(pair.Source, "before");
        await writes.WriteAsync(100);
        pair.StartDaemon();
        await CatchUpAsync(pair, id);
        await SnapshotAsync(pair.Source, "after");
        await writes.WriteAsync(300);
        await CatchUpAsync(pair, id);
        foreach (string snapshot in (string[])["before", "after"])
        {
            Assert.Equal(await ReadAsync(pair.Source, snapshot), await ReadAsync(pair.Target, snapshot));
        }
    }

    [Fact]
    public async Task Delayed_image_is_not_replayed_before_its_time_while_others_are()
    {
        await using EmbeddedPair pair = await EmbeddedPair.StartAsync();
        (NumberedWrites delayed, string delayedId) = await CreateAsync(pair);
        (NumberedWrites other, string otherId) = await CreateAsync(pair, "other");
        await using (Image image = await new RbdImages(pair.Source).OpenAsync("image"))
        {
            await image.SetMetadataAsync("conf_rbd_mirroring_replay_delay", "3600");
        }

        RunningDaemon daemon = pair.StartDaemon();
        await WaitUntilFollowedAsync(pair, delayedId);
        await delayed.WriteAsync(20);
        await other.WriteAsync(20);
        await CatchUpAsync(pair, otherId);
        other.CheckWhole(await other.ReadAsync(pair.Target));
        Assert.Equal(0, delayed.Check(await delayed.ReadAsync(pair.Target)));
        await daemon.StopAsync();

        pair.StartDaemon(new DaemonOptions(), new LaterClock());
        await CatchUpAsync(pair, delayedId);
        delayed.CheckWhole(await delayed.ReadAsync(pair.Target));
    }

    private static async Task SnapshotAsync(IPool pool, string name)
    {
        await using Image image = await new RbdImages(pool).OpenAsync("image");
        await image.CreateSnapshotAsync(name);
    }

    private static async Task<byte[]> ReadAsync(IPool pool, string snapshot)
    {
        await using Image head = await new RbdImages(pool).OpenAsync("image", ImageOpenOptions.ForReading);
        ulong id = head.Snapshots.Single(s => s.Name == snapshot).Id;
        await using Image image = await new RbdImages(pool).OpenAsync("image", new ImageOpenOptions { SnapshotId = id });
        byte[] data = new byte[image.Size];
        await image.ReadAsync(0, data);
        return data;
    }

    private sealed class LaterClock : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => base.GetUtcNow().AddHours(2);
    }

    private static async Task<(NumberedWrites Writes, string Id)> CreateAsync(EmbeddedPair pair, string name = "image")
    {
        var images = new RbdImages(pair.Source);
        var options = new ImageCreateOptions
        {
            Features = RbdFeatures.ExclusiveLock | RbdFeatures.ObjectMap | RbdFeatures.FastDiff | RbdFeatures.Journaling,
            Order = 16,
        };
        await images.CreateAsync(name, Blocks * NumberedWrites.BlockSize, options);
        await using Image image = await images.OpenAsync(name);
        await new MirrorImageControl(image).EnableAsync(MirrorImageMode.Journal);
        return (new NumberedWrites(images, name, Blocks, new Random(20)), image.Id);
    }

    private static async Task KillAsync(EmbeddedPair pair, int calls)
    {
        RunningDaemon daemon = pair.StartDaemon();
        daemon.Plug.PullAfter(calls);
        await daemon.Plug.Pulled.Task.WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken);
        await daemon.KillAsync();
    }

    private static async Task WaitUntilFollowedAsync(EmbeddedPair pair, string id)
    {
        ImageJournal journal = await ImageJournal.OpenAsync(pair.Source, id);
        await Eventually.BecomesAsync(
            async () => await journal.ListClientsAsync(),
            clients => clients.FirstOrDefault(client => client.Id.Length > 0) is { } peer
                && CephEncodingExtensions.Decode<JournalClientData>(peer.Data.Span) is JournalMirrorPeerClient { State: JournalMirrorPeerState.Replaying },
            $"the first copy is made; log: {pair.Log.Text}");
    }

    // The position here is where the source's last writer has closed its journal.
    private static async Task CatchUpAsync(EmbeddedPair pair, string id)
    {
        ImageJournal journal = await ImageJournal.OpenAsync(pair.Source, id);
        await Eventually.BecomesAsync(
            async () => await journal.ListClientsAsync(),
            clients => clients.FirstOrDefault(client => client.Id.Length > 0) is { } peer
                && CephEncodingExtensions.Decode<JournalClientData>(peer.Data.Span) is JournalMirrorPeerClient { State: JournalMirrorPeerState.Replaying }
                && clients.First(client => client.Id.Length == 0).CommitPosition is { Positions: [var wanted, ..] }
                && peer.CommitPosition is { Positions: [var reached, ..] }
                && (reached.TagTid, reached.EntryTid) == (wanted.TagTid, wanted.EntryTid),
            $"the journal is replayed; log: {pair.Log.Text}");
    }
}
