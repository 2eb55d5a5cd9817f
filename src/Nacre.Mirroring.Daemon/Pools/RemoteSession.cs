using Microsoft.Extensions.Logging;
using Nacre.Mirroring.Daemon.Copying;
using Nacre.Mirroring.Daemon.Hosting;
using Nacre.Mirroring.Daemon.Images;
using Nacre.Mirroring.Daemon.Journals;
using Nacre.Mirroring.Daemon.Status;
using Nacre.ObjectClasses.Rbd;
using Nacre.Rados;
using Nacre.Rados.Clusters;

namespace Nacre.Mirroring.Daemon.Pools;

/// <summary>A failure of the connection to the source, with what the operator is told of the pool.</summary>
internal sealed class RemoteFailure(string callout, RadosException cause) : Exception(cause.Message, cause)
{
    /// <summary>Ceph's words for <c>rbd mirror pool status</c>.</summary>
    public string Callout { get; } = callout;

    /// <summary>The error.</summary>
    public RadosException Cause { get; } = cause;
}

/// <summary>
/// One connection to the source of a pool: announces this site there, learns who this site is to it, and replays until the connection is lost. Afterwards
/// everything about it is gone; the next attempt begins with a fresh client.
/// </summary>
internal sealed class RemoteSession : IAsyncDisposable
{
    private readonly ICluster _cluster;
    private readonly IPool _remote;
    private readonly LocalNamespace[] _namespaces;
    private readonly string _siteName;
    private readonly string _localMirrorUuid;
    private readonly DaemonOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger _log;
    private readonly List<NamespaceReplayer> _replayers = [];
    private readonly JournalMemory _journalMemory;

    private RemoteSession(
        ICluster cluster, IPool remote, LocalNamespace[] namespaces, string siteName, string localMirrorUuid, DaemonOptions options, TimeProvider time,
        ILogger log)
    {
        _cluster = cluster;
        _remote = remote;
        _namespaces = namespaces;
        _siteName = siteName;
        _localMirrorUuid = localMirrorUuid;
        _options = options;
        _time = time;
        _log = log;
        _journalMemory = new JournalMemory(options.JournalWindow);
    }

    /// <summary>Images here and at the source.</summary>
    public (int Local, int Remote) Counts => (_replayers.Sum(r => r.Counts.Local), _replayers.Sum(r => r.Counts.Remote));

    /// <summary>Opens the source's pool of that name.</summary>
    public static async Task<RemoteSession> OpenAsync(
        ICluster cluster, string poolName, LocalNamespace[] namespaces, string siteName, string localMirrorUuid, DaemonOptions options, TimeProvider time,
        ILogger log, CancellationToken cancellationToken)
    {
        try
        {
            IPool remote = await cluster.OpenPoolAsync(poolName, cancellationToken);
            return new RemoteSession(cluster, remote, namespaces, siteName, localMirrorUuid, options, time, log);
        }
        catch (RadosException failed)
        {
            throw new RemoteFailure("unable to access remote pool", failed);
        }
    }

    /// <summary>Replays until cancelled or until the connection fails, which is thrown as <see cref="RemoteFailure"/>.</summary>
    /// <param name="outage">Told at once when the source falls silent or fails: to take down what hangs on it may take a while.</param>
    /// <param name="onReady">Called when the source has answered all that is needed.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public async Task RunAsync(SourceOutage outage, Func<Task> onReady, CancellationToken cancellationToken)
    {
        string peerUuid;
        string remoteMirrorUuid;
        try
        {
            remoteMirrorUuid = await new MirrorPool(_remote).GetMirrorUuidAsync(cancellationToken)
                ?? throw new RadosException(Errno.ENOENT, $"mirroring is not enabled for pool {_remote.Name} of the source");
            peerUuid = await AnnounceAsync(cancellationToken);
        }
        catch (RadosException failed)
        {
            throw new RemoteFailure("unable to initialize remote pool poller", failed);
        }

        await onReady();
        using var stopping = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var budget = new ByteBudget(_options.MemoryBudget);
        using var throttle = new SemaphoreSlim(_options.ConcurrentImageSyncs);
        List<Task> running = [KeepAnnouncedAsync(peerUuid, stopping.Token), ProbeAsync(outage, stopping.Token)];
        foreach (LocalNamespace local in _namespaces)
        {
            running.Add(RunNamespaceAsync(local, remoteMirrorUuid, peerUuid, budget, throttle, stopping.Token));
        }

        try
        {
            await await Task.WhenAny(running);
        }
        catch (RadosException failed)
        {
            // The replayers must not say anything more of their images, so they are told first.
            Task cancelling = stopping.CancelAsync();
            await outage.BeginAsync(SourceOutage.NotConnected, failed.Message, cancellationToken);
            await cancelling;
            throw new RemoteFailure(SourceOutage.NotConnected, failed);
        }
        finally
        {
            await stopping.CancelAsync();
            foreach (Task task in running)
            {
                await task.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }

            foreach (LocalNamespace local in _namespaces)
            {
                local.Status.EndSession();
            }
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        foreach (NamespaceReplayer replayer in _replayers)
        {
            await replayer.DisposeAsync();
        }

        await _cluster.DisposeAsync();
    }

    private async Task RunNamespaceAsync(
        LocalNamespace local, string poolMirrorUuid, string peerUuid, ByteBudget budget, SemaphoreSlim throttle, CancellationToken cancellationToken)
    {
        IPool remote = _remote.WithNamespace(local.Pool.Namespace);
        string? uuid = local.Pool.Namespace.Length == 0 ? poolMirrorUuid : await new MirrorPool(remote).GetMirrorUuidAsync(cancellationToken);
        if (uuid is null)
        {
            _log.LogWarning("namespace {Pool}/{Namespace} is not mirrored at the source", local.Pool.Name, local.Pool.Namespace);
            await Task.Delay(Timeout.InfiniteTimeSpan, _time, cancellationToken);
            return;
        }

        var context = new ReplayContext
        {
            Local = local.Pool,
            Remote = remote,
            LocalMirrorUuid = local.MirrorUuid,
            RemoteMirrorUuid = uuid,
            RemotePeerUuid = peerUuid,
            Status = local.Status,
            Options = _options,
            Budget = budget,
            JournalMemory = _journalMemory,
            SyncThrottle = throttle,
            Log = _log,
            Time = _time,
        };
        var replayer = new NamespaceReplayer(context, local.Status);
        lock (_replayers)
        {
            _replayers.Add(replayer);
        }

        using var stopping = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Task publishing = local.Status.PublishToAsync(remote, local.MirrorUuid, stopping.Token);
        local.OnChanged = replayer.OnChanged;
        try
        {
            await replayer.RunAsync(cancellationToken);
        }
        finally
        {
            local.OnChanged = null;
            await stopping.CancelAsync();
            await publishing.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>Announces this site as one that copies from there, and finds what uuid it has there as a peer (src/tools/rbd_mirror/RemotePoolPoller.cc).</summary>
    private async Task<string> AnnounceAsync(CancellationToken cancellationToken)
    {
        var remote = new MirrorPool(_remote);
        await remote.PingAsync(_siteName, _localMirrorUuid, cancellationToken);
        IReadOnlyList<MirrorPeer> peers = await remote.ListPeersAsync(cancellationToken);
        MirrorPeer? self = peers.FirstOrDefault(peer => peer.MirrorUuid == _localMirrorUuid)
            ?? peers.FirstOrDefault(peer => peer.SiteName == _siteName && peer.Direction != MirrorPeerDirection.Receive);
        return self?.Uuid ?? throw new RadosException(Errno.ENOENT, $"this site ('{_siteName}') is not among the peers of pool {_remote.Name} of the source");
    }

    private async Task KeepAnnouncedAsync(string peerUuid, CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(_options.PingInterval, _time);
        while (await timer.WaitForNextTickAsync(cancellationToken))
        {
            if (await AnnounceAsync(cancellationToken) != peerUuid)
            {
                throw new RadosException(Errno.ESTALE, $"this site was given another peer uuid at the source of pool {_remote.Name}");
            }
        }
    }

    /// <summary>Asks the source for a sign of life, so that a dead one is noticed soon whatever hangs on it.</summary>
    private async Task ProbeAsync(SourceOutage outage, CancellationToken cancellationToken)
    {
        while (true)
        {
            await Task.Delay(_options.ProbeInterval, _time, cancellationToken);
            using var answered = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            Task silence = Task.Delay(_options.SilenceTimeout, _time, answered.Token);
            Task probing = LifeSign.RequireAsync(_remote, "the source", mayBeAbsent: false, _options.ProbeTimeout, _time, cancellationToken);
            if (await Task.WhenAny(probing, silence) == silence)
            {
                cancellationToken.ThrowIfCancellationRequested();
                await outage.BeginAsync(
                    SourceOutage.NotConnected, $"the source of pool {_remote.Name} has not answered for {_options.SilenceTimeout.TotalSeconds} s",
                    cancellationToken);
                await probing;
                _log.LogInformation("pool {Pool}: the source answers again", _remote.Name);
                outage.End();
            }

            await answered.CancelAsync();
            await probing;
        }
    }
}
