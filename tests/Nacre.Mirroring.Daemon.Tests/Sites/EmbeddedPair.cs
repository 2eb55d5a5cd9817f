using Nacre.Mirroring.Daemon.Hosting;
using Nacre.ObjectClasses;
using Nacre.ObjectClasses.Rbd;
using Nacre.Rados;
using Nacre.Rados.Clusters;
using Nacre.Rados.Configuration;
using Nacre.Rados.Embedded;
using Nacre.Rados.Objects;
using Nacre.Rbd;
using Nacre.Testing;

namespace Nacre.Mirroring.Daemon.Tests.Sites;

/// <summary>Two embedded stores in this process, mirroring set up from site-a to site-b, and daemons that can be killed.</summary>
internal sealed class EmbeddedPair : IAsyncDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("nacre-mirror-").FullName;
    private readonly List<RunningDaemon> _daemons = [];
    private EmbeddedStore? _a;
    private EmbeddedStore? _b;

    public IPool Source { get; private set; } = null!;

    public IPool Target { get; private set; } = null!;

    /// <summary>Thrown at the daemon when it connects to the source; null lets it.</summary>
    public RadosException? ConnectFailure { get; set; }

    public TestLog Log { get; } = new();

    public static async Task<EmbeddedPair> StartAsync()
    {
        var pair = new EmbeddedPair();
        var options = new EmbeddedStoreOptions { Classes = RbdObjectClasses.All, CacheSize = 16 << 20 };
        pair._a = await EmbeddedStore.OpenAsync(Path.Combine(pair._directory, "a"), options);
        pair._b = await EmbeddedStore.OpenAsync(Path.Combine(pair._directory, "b"), options);
        pair.Source = await SetUpAsync(pair._a);
        pair.Target = await SetUpAsync(pair._b);
        await pair.Target.AddSourceAsync();
        return pair;
    }

    /// <summary>Starts a daemon at site-b.</summary>
    public RunningDaemon StartDaemon()
    {
        var plug = new Plug();
        var options = new DaemonOptions
        {
            ProgressInterval = TimeSpan.FromMilliseconds(20),
            LeaderHeartbeatInterval = TimeSpan.FromMilliseconds(200),
            MaximumBackoff = TimeSpan.FromSeconds(1),
            MemoryBudget = 4 << 20,
        };
        var daemon = new RunningDaemon(
            plug, _b!.Connect(EntityName.Admin), () => ConnectFailure is { } failure ? throw failure : _a!.Connect(EntityName.Admin), options, Log);
        _daemons.Add(daemon);
        return daemon;
    }

    /// <summary>Cuts the daemons' connections to the source; they may connect again.</summary>
    public async Task BreakSourceAsync()
    {
        foreach (EmbeddedSession session in _a!.Sessions.Where(s => s.InstanceId != Source.Cluster.InstanceId))
        {
            await _a.BlocklistAsync(session.Address);
        }
    }

    /// <summary>The copy of an image, by global id; null while there is none.</summary>
    public async Task<Image?> OpenCopyAsync(string globalImageId)
    {
        string? id = await new MirrorPool(Target).FindImageIdAsync(globalImageId);
        return id is null ? null : await new RbdImages(Target).OpenByIdAsync(id, ImageOpenOptions.ForReading);
    }

    /// <summary>Waits until a source's snapshot is copied, and returns the local one's id.</summary>
    public Task<ulong> WaitUntilCopiedAsync(string globalImageId, ulong snapshotId) => Eventually.BecomesAsync(
        async () =>
        {
            try
            {
                await using Image? copy = await OpenCopyAsync(globalImageId);
                return copy?.Snapshots.LastOrDefault(s =>
                    s.Namespace is MirrorSnapshotNamespace { Complete: true } mirror && mirror.PrimarySnapshotId == snapshotId)?.Id ?? 0;
            }
            catch (RadosException)
            {
                return 0UL;
            }
        },
        id => id != 0,
        $"snapshot {snapshotId} is copied; log: {Log.Text}");

    public async ValueTask DisposeAsync()
    {
        foreach (RunningDaemon daemon in _daemons)
        {
            await daemon.DisposeAsync();
        }

        await _a!.DisposeAsync();
        await _b!.DisposeAsync();
        Directory.Delete(_directory, recursive: true);
    }

    private static async Task<IPool> SetUpAsync(EmbeddedStore store)
    {
        EmbeddedSession session = store.Connect(EntityName.Admin);
        await session.CreatePoolAsync("rbd");
        IPool pool = await session.OpenPoolAsync("rbd");
        await new MirrorPool(pool).SetModeAsync(MirrorMode.Image);
        return pool;
    }
}

/// <summary>A daemon in this process.</summary>
internal sealed class RunningDaemon : IAsyncDisposable, IPeerConnector
{
    private readonly CancellationTokenSource _stop = new();
    private readonly ICluster _local;
    private readonly Func<ICluster> _connectRemote;
    private readonly List<ICluster> _remotes = [];
    private readonly Task _running;

    public RunningDaemon(Plug plug, ICluster local, Func<ICluster> connectRemote, DaemonOptions options, TestLog log)
    {
        Plug = plug;
        _local = local;
        _connectRemote = connectRemote;
        var daemon = new RbdMirrorDaemon(
            _ => plug.IsPulled
                ? Task.FromException<ICluster>(new RadosException(Errno.ENOTCONN, "the plug is pulled"))
                : Task.FromResult<ICluster>(new PluggedCluster(local, plug, countsData: false)),
            this, options, log);
        _running = Task.Run(() => daemon.RunAsync(_stop.Token));
    }

    public Plug Plug { get; }

    public Task<ICluster> ConnectAsync(MirrorPeer peer, MirrorPeerAttributes? attributes, ClusterOptions options, CancellationToken cancellationToken)
    {
        ICluster remote = _connectRemote();
        _remotes.Add(remote);
        return Task.FromResult<ICluster>(new PluggedCluster(remote, Plug, countsData: true));
    }

    /// <summary>Ends it as kill -9 does: nothing that it still does reaches a site.</summary>
    public async Task KillAsync()
    {
        Plug.PullAfter(0);
        foreach (ICluster connection in _remotes.Append(_local))
        {
            await connection.DisposeAsync();
        }

        await StopAsync();
    }

    public async Task StopAsync()
    {
        await _stop.CancelAsync();
        await _running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _stop.Dispose();
    }
}

internal static class PairExtensions
{
    public static Task AddSourceAsync(this IPool pool) => new MirrorPool(pool).AddPeerAsync(MirrorPeerDirection.Receive, "site-a", "client.admin");
}
