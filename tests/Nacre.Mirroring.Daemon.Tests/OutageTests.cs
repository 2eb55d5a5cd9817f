using Nacre.Mirroring.Daemon.Hosting;
using Nacre.Mirroring.Daemon.Tests.Sites;
using Nacre.ObjectClasses.Rbd;
using Nacre.Rados;
using Nacre.Rados.Clusters;
using Nacre.Rados.Configuration;

namespace Nacre.Mirroring.Daemon.Tests;

/// <summary>
/// A source that cannot be reached is told within 10 s of the daemon's clock, in the log, in the status of the copy and in the service status, by a daemon with
/// ordinary options; and the same daemon goes on when the source is back.
/// </summary>
public class OutageTests
{
    private const string NotConnected = "unable to connect to remote cluster";

    private static readonly TimeSpan _toldWithin = TimeSpan.FromSeconds(9.5);
    private static readonly TimeSpan _recoveredWithin = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task Wrong_key()
    {
        await using Outage outage = await Outage.StartAsync();
        outage.Pair.ConnectFailure = new RadosException(Errno.EACCES, "connecting to site-a as client.admin: the key is wrong");
        outage.StartDaemon();
        await outage.IsToldAsync(NotConnected, "the key is wrong: (13) Permission denied");
        outage.Pair.ConnectFailure = null;
        await outage.IsOverAsync();
    }

    [Fact]
    public async Task Missing_conf()
    {
        await using Outage outage = await Outage.StartAsync();
        string empty = Directory.CreateTempSubdirectory("nacre-no-conf-").FullName;
        var connector = new PeerConnector(new UnusedConnector(), new ClusterConfigurationLoader(empty, empty, _ => null));
        outage.Pair.Connecting = (peer, token) => connector.ConnectAsync(peer, null, new ClusterOptions(), token);
        outage.StartDaemon();
        await outage.IsToldAsync(NotConnected, "no conf file of cluster 'site-a'");
        outage.Pair.Connecting = null;
        await outage.IsOverAsync();
        Directory.Delete(empty);
    }

    [Fact]
    public async Task Absent_pool()
    {
        await using Outage outage = await Outage.StartAsync();
        outage.Pair.IsSourceEmpty = true;
        outage.StartDaemon();
        await outage.IsToldAsync("unable to access remote pool", "(2) No such file or directory");
        outage.Pair.IsSourceEmpty = false;
        await outage.IsOverAsync();
    }

    [Fact]
    public async Task Pool_that_is_deleted_meanwhile_is_told_and_its_copies_are_kept()
    {
        await using Outage outage = await Outage.StartAsync();
        outage.StartDaemon();
        await outage.IsOverAsync();
        await outage.Pair.Source.Cluster.DeletePoolAsync("rbd", TestContext.Current.CancellationToken);
        await outage.IsToldAsync("unable to access remote pool", "(2) No such file or directory");
        Assert.NotNull(await outage.Pair.OpenCopyAsync(outage.History.GlobalImageId));
    }

    [Fact]
    public async Task Source_that_says_nothing_at_start()
    {
        await using Outage outage = await Outage.StartAsync();
        var answer = new TaskCompletionSource();
        outage.Pair.Connecting = (_, token) => answer.Task.WaitAsync(token);
        outage.StartDaemon();
        await outage.IsToldAsync(NotConnected, "site 'site-a' has not answered for 4 s");
        answer.SetResult();
        await outage.IsOverAsync();
    }

    [Fact]
    public async Task Source_that_connects_but_then_says_nothing_at_start()
    {
        await using Outage outage = await Outage.StartAsync();
        outage.StartDaemon().Plug.Freeze();
        await outage.IsToldAsync(NotConnected, "has not answered for 4 s");
        outage.Daemon.Plug.Thaw();
        await outage.IsOverAsync();
    }

    [Fact]
    public async Task Source_that_falls_silent_in_a_sync_and_answers_again_keeps_its_connection()
    {
        await using Outage outage = await Outage.StartAsync();
        outage.StartDaemon();
        await outage.IsOverAsync();
        await outage.FreezeInSyncAsync();
        await outage.IsToldAsync(NotConnected, "has not answered for 4 s");
        outage.Daemon.Plug.Thaw();
        await outage.IsOverAsync();
        Assert.Contains("the source answers again", outage.Pair.Log.Text, StringComparison.Ordinal);
        Assert.Equal(1, outage.ConnectionsOfDaemon);
    }

    [Fact]
    public async Task Source_that_dies_in_a_sync_is_connected_anew()
    {
        await using Outage outage = await Outage.StartAsync();
        outage.StartDaemon();
        await outage.IsOverAsync();
        await outage.FreezeInSyncAsync();
        await outage.IsToldAsync(NotConnected, "has not answered for 4 s");
        await outage.IsToldAsync(NotConnected, "does not answer: (110) Connection timed out", TimeSpan.FromSeconds(20));
        outage.Daemon.Plug.Thaw();
        await outage.IsOverAsync();
        Assert.Equal(2, outage.ConnectionsOfDaemon);
    }

    /// <summary>A pair with a copy, and a daemon on a clock of its own.</summary>
    private sealed class Outage : IAsyncDisposable
    {
        private readonly SteppedClock _clock = new();
        private int _connectionsBefore;

        private Outage(EmbeddedPair pair, ImageHistory history) => (Pair, History) = (pair, history);

        public EmbeddedPair Pair { get; }

        public ImageHistory History { get; }

        public RunningDaemon Daemon { get; private set; } = null!;

        /// <summary>How often the daemon that was started connected.</summary>
        public int ConnectionsOfDaemon => Connections - _connectionsBefore;

        private int Connections => Pair.Log.Text.Split("connected to site 'site-a'").Length - 1;

        public static async Task<Outage> StartAsync()
        {
            EmbeddedPair pair = await EmbeddedPair.StartAsync();
            ImageHistory created = await ImageHistory.CreateAsync(pair.Source, "image", 4 << 20, 21);
            await created.FillAsync();
            (ImageHistory history, ulong snapshot) = await created.EnableAsync();
            RunningDaemon first = pair.StartDaemon();
            await pair.WaitUntilCopiedAsync(history.GlobalImageId, snapshot);
            await first.StopAsync();
            return new Outage(pair, history);
        }

        public RunningDaemon StartDaemon()
        {
            _connectionsBefore = Connections;
            return Daemon = Pair.StartDaemon(new DaemonOptions { ProgressInterval = TimeSpan.FromMilliseconds(20) }, _clock);
        }

        /// <summary>The source falls silent in the middle of the next snapshot.</summary>
        public async Task FreezeInSyncAsync()
        {
            await History.WriteAsync(20);
            Daemon.Plug.FreezeAtDataRead(3);
            await History.SnapshotAsync();
            await Daemon.Plug.Frozen.Task.WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken);
        }

        /// <summary>All who may look are told.</summary>
        public async Task IsToldAsync(string callout, string detail, TimeSpan? within = null)
        {
            string service = $$$"""{"name":"rbd","callouts":{"1":{"level":"error","text":"{{{callout}}}"}},""";
            TimeSpan passed = await _clock.AdvanceUntilAsync(
                async () => await StatusAsync() is { State: MirrorImageStatusState.Error, Up: true } status
                    && status.Description.StartsWith($"{callout}: ", StringComparison.Ordinal)
                    && status.Description.Contains(detail, StringComparison.Ordinal)
                    && Daemon.Plug.ServiceStatus.Contains(service, StringComparison.Ordinal)
                    && Pair.Log.Text.Contains($"Error pool rbd, site 'site-a': {status.Description}", StringComparison.Ordinal),
                within ?? _toldWithin,
                Seen);
            Assert.True(passed < (within ?? TimeSpan.FromSeconds(10)), $"told after {passed}");
        }

        /// <summary>The daemon replays again, nobody is told otherwise any more, and what is new is copied.</summary>
        public async Task IsOverAsync()
        {
            await _clock.AdvanceUntilAsync(
                async () => await StatusAsync() is { State: MirrorImageStatusState.Replaying, Up: true }
                    && Daemon.Plug.ServiceStatus.Contains("""{"name":"rbd","callouts":{},""", StringComparison.Ordinal),
                _recoveredWithin,
                Seen);
            await History.WriteAsync(3);
            ulong snapshot = await History.SnapshotAsync();
            ulong local = 0;
            await _clock.AdvanceUntilAsync(
                async () => (local = await Pair.FindCopiedAsync(History.GlobalImageId, snapshot)) != 0,
                _recoveredWithin,
                Seen);
            string id = (await new MirrorPool(Pair.Target).FindImageIdAsync(History.GlobalImageId))!;
            await CopyCheck.EqualAsync(Pair.Source, History.Image.Id, snapshot, Pair.Target, id, local);
        }

        public async ValueTask DisposeAsync()
        {
            await History.DisposeAsync();
            await Pair.DisposeAsync();
        }

        private async Task<MirrorImageSiteStatus?> StatusAsync() =>
            (await new MirrorPool(Pair.Target).FindStatusAsync(History.GlobalImageId))?.Local;

        private string Seen() => $"service status {Daemon.Plug.ServiceStatus}; log: {Pair.Log.Text}";
    }

    private sealed class UnusedConnector : IClusterConnector
    {
        public Task<ICluster> ConnectAsync(ClusterConfiguration configuration, ClusterOptions options, CancellationToken cancellationToken = default) =>
            throw new InvalidOperationException("a conf file was found");
    }
}
