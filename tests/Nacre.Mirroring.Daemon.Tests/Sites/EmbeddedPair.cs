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
    private EmbeddedStore? _empty;

    public IPool Source { get; private set; } = null!;

    public IPool Target { get; private set; } = null!;

    /// <summary>Thrown at the daemon when it connects to the source; null lets it.</summary>
    public RadosException? ConnectFailure { get; set; }

    /// <summary>Happens whenever a daemon connects to the source, before it does.</summary>
    public Func<MirrorPeer, CancellationToken, Task>? Connecting { get; set; }

    /// <summary>The daemon connects to a site that has no pools, not to the source.</summary>
    public bool IsSourceEmpty { get; set; }

    public TestLog Log { get; } = new();

    public static async Task<EmbeddedPair> StartAsync()
    {
        var pair = new EmbeddedPair();
        var options = new EmbeddedStoreOptions { Classes = RbdObjectClasses.All, CacheSize = 16 << 20 };
        pair._a = await EmbeddedStore.OpenAsync(Path.Combine(pair._directory, "a"), options);
        pair._b = await EmbeddedStore.OpenAsync(Path.Combine(pair._directory, "b"), options);
        pair._empty = await EmbeddedStore.OpenAsync(Path.Combine(pair._directory, "empty"), options);
        pair.Source = await SetUpAsync(pair._a);
        pair.Target = await SetUpAsync(pair._b);
        await pair.Target.AddSourceAsync();
        return pair;
    }

    /// <summary>Starts a daemon at site-b that does not take its time.</summary>
    public RunningDaemon StartDaemon() => StartDaemon(
        new DaemonOptions
        {
            ProgressInterval = TimeSpan.FromMilliseconds(20),
            LeaderHeartbeatInterval = TimeSpan.FromMilliseconds(200),
            MaximumBackoff = TimeSpan.FromSeconds(1),
            MemoryBudget = 4 << 20,
        },
        TimeProvider.System);

    /// <summary>Starts a daemon at site-b.</summary>
    public RunningDaemon StartDaemon(DaemonOptions options, TimeProvider time)
    {
        var daemon = new RunningDaemon(new Plug(), _b!.Connect(EntityName.Admin), ConnectAsync, options, Log, time);
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

    /// <summary>What a daemon leaves that was killed when it had just created a copy. Its id.</summary>
    public async Task<string> BeginCopyAsync(string globalImageId, string name, ulong size)
    {
        const string id = "10c0ffee";
        await new MirrorPool(Target).BeginCopyAsync(id, globalImageId);
        await new RbdImages(Target).CreateAsync(name, size, new ImageCreateOptions { Id = id, Order = 16 });
        return id;
    }

    /// <summary>Waits until a source's snapshot is copied, and returns the local one's id.</summary>
    public Task<ulong> WaitUntilCopiedAsync(string globalImageId, ulong snapshotId) => Eventually.BecomesAsync(
        () => FindCopiedAsync(globalImageId, snapshotId),
        id => id != 0,
        $"snapshot {snapshotId} is copied; log: {Log.Text}");

    /// <summary>The local id of a source's snapshot that is copied; 0 while it is not.</summary>
    public async Task<ulong> FindCopiedAsync(string globalImageId, ulong snapshotId)
    {
        try
        {
            await using Image? copy = await OpenCopyAsync(globalImageId);
            return copy?.Snapshots.LastOrDefault(s =>
                s.Namespace is MirrorSnapshotNamespace { Complete: true } mirror && mirror.PrimarySnapshotId == snapshotId)?.Id ?? 0;
        }
        catch (RadosException)
        {
            return 0;
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (RunningDaemon daemon in _daemons)
        {
            await daemon.DisposeAsync();
        }

        await _a!.DisposeAsync();
        await _b!.DisposeAsync();
        await _empty!.DisposeAsync();
        Directory.Delete(_directory, recursive: true);
    }

    private async Task<ICluster> ConnectAsync(MirrorPeer peer, CancellationToken cancellationToken)
    {
        await (Connecting?.Invoke(peer, cancellationToken) ?? Task.CompletedTask);
        return ConnectFailure is { } failure ? throw failure : (IsSourceEmpty ? _empty : _a)!.Connect(EntityName.Admin);
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
    private readonly Func<MirrorPeer, CancellationToken, Task<ICluster>> _connectRemote;
    private readonly List<ICluster> _remotes = [];
    private readonly Task _running;

    public RunningDaemon(
        Plug plug, ICluster local, Func<MirrorPeer, CancellationToken, Task<ICluster>> connectRemote, DaemonOptions options, TestLog log, TimeProvider time)
    {
        Plug = plug;
        _local = local;
        _connectRemote = connectRemote;
        var daemon = new RbdMirrorDaemon(
            _ => plug.IsPulled
                ? Task.FromException<ICluster>(new RadosException(Errno.ENOTCONN, "the plug is pulled"))
                : Task.FromResult<ICluster>(new PluggedCluster(local, plug, isSource: false)),
            this, options, log, time);
        _running = Task.Run(() => daemon.RunAsync(_stop.Token));
    }

    public Plug Plug { get; }

    public async Task<ICluster> ConnectAsync(
        MirrorPeer peer, MirrorPeerAttributes? attributes, ClusterOptions options, CancellationToken cancellationToken)
    {
        ICluster remote = await _connectRemote(peer, cancellationToken);
        _remotes.Add(remote);
        return new PluggedCluster(remote, Plug, isSource: true);
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
        Plug.Thaw();
        await StopAsync();
        _stop.Dispose();
    }
}

internal static class PairExtensions
{
    public static Task AddSourceAsync(this IPool pool) => new MirrorPool(pool).AddPeerAsync(MirrorPeerDirection.Receive, "site-a", "client.admin");
}
