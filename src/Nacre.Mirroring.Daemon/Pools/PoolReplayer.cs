using System.Globalization;
using Microsoft.Extensions.Logging;
using Nacre.Mirroring.Daemon.Hosting;
using Nacre.Mirroring.Daemon.Status;
using Nacre.ObjectClasses.Rbd;
using Nacre.Rados;
using Nacre.Rados.Clusters;
using Nacre.Rbd;

namespace Nacre.Mirroring.Daemon.Pools;

/// <summary>
/// Mirrors one pool from one peer: stands by until it leads the pool, then keeps a session with the source, however often that fails. A failure of the
/// local site ends it; the daemon then begins anew with a fresh client.
/// </summary>
internal sealed class PoolReplayer
{
    private readonly IPool _pool;
    private readonly MirrorPeer _peer;
    private readonly IPeerConnector _connector;
    private readonly DaemonOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger _log;
    private readonly Action _statusChanged;
    private RemoteSession? _session;
    private LocalNamespace[] _namespaces = [];
    private readonly SourceOutage _outage;
    private bool _leader;

    public PoolReplayer(
        IPool pool, MirrorPeer peer, IPeerConnector connector, DaemonOptions options, TimeProvider time, ILogger log, Action statusChanged)
    {
        _pool = pool;
        _peer = peer;
        _connector = connector;
        _options = options;
        _time = time;
        _log = log;
        _statusChanged = statusChanged;
        _outage = new SourceOutage(pool, peer, log, statusChanged);
    }

    /// <summary>The pool.</summary>
    public IPool Pool => _pool;

    /// <summary>The peer it copies from.</summary>
    public MirrorPeer Peer => _peer;

    /// <summary>What the service status says of the pool.</summary>
    public PoolServiceStatus Describe()
    {
        (int Total, int Errors, int Warnings)[] counts = [.. _namespaces.Select(n => n.Status.Count())];
        (int Local, int Remote)? images = _session?.Counts;
        return new PoolServiceStatus
        {
            Name = _pool.Name,
            Callouts = _outage.Callout is { } callout ? [callout] : [],
            InstanceId = _pool.Cluster.InstanceId.ToString(CultureInfo.InvariantCulture),
            Leader = _leader,
            ImagesAssigned = counts.Length == 0 ? null : counts.Sum(c => c.Total),
            ImagesFailed = counts.Length == 0 ? null : counts.Sum(c => c.Errors),
            ImagesWarning = counts.Length == 0 ? null : counts.Sum(c => c.Warnings),
            ImagesLocal = images?.Local,
            ImagesRemote = images?.Remote,
        };
    }

    /// <summary>Mirrors until cancelled, or until the local site fails.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        await using var leadership = new LeaderLock(_pool, _options, _time, _log);
        await leadership.AcquireAsync(
            owner => _log.LogInformation("pool {Pool}: standing by, the leader is {Owner}", _pool.Name, owner), cancellationToken);
        _log.LogInformation("pool {Pool}: this daemon is the leader", _pool.Name);
        _leader = true;
        using var stopping = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        List<Task> running = [leadership.HoldAsync(stopping.Token), ProbeAsync(stopping.Token)];
        try
        {
            _namespaces = await FindNamespacesAsync(stopping.Token);
            _outage.Namespaces = _namespaces;
            running.AddRange(_namespaces.Select(n => n.RunAsync(stopping.Token)));
            running.Add(MirrorAsync(stopping.Token));
            _statusChanged();
            await await Task.WhenAny(running);
        }
        finally
        {
            await stopping.CancelAsync();
            foreach (Task task in running)
            {
                await task.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }

            _leader = false;
            _statusChanged();
        }
    }

    /// <summary>Session after session with the source.</summary>
    private async Task MirrorAsync(CancellationToken cancellationToken)
    {
        var backoff = new Backoff(_time, maximum: _options.MaximumBackoff);
        while (true)
        {
            try
            {
                await RunSessionAsync(backoff, cancellationToken);
            }
            catch (RemoteFailure failure)
            {
                cancellationToken.ThrowIfCancellationRequested();
                await _outage.BeginAsync(failure.Callout, failure.Message, cancellationToken);
            }

            await backoff.WaitAsync(cancellationToken);
        }
    }

    private async Task RunSessionAsync(Backoff backoff, CancellationToken cancellationToken)
    {
        string siteName = await MirrorSite.GetNameAsync(_pool.Cluster, cancellationToken);
        string mirrorUuid = _namespaces.First(n => n.Pool.Namespace.Length == 0).MirrorUuid;
        using var starting = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Task watching = TellOfSilenceAsync(starting.Token);
        ICluster? cluster = null;
        RemoteSession? session = null;
        try
        {
            cluster = await ConnectAsync(cancellationToken);
            session = await RemoteSession.OpenAsync(
                cluster, _pool.Name, _namespaces, siteName, mirrorUuid, _options, _time, _log, cancellationToken);
            _session = session;
            await session.RunAsync(
                _outage,
                async () =>
                {
                    await EndAsync(watching, starting);
                    _log.LogInformation("pool {Pool}: connected to site '{Site}'", _pool.Name, _peer.SiteName);
                    backoff.Reset();
                    _outage.End();
                },
                cancellationToken);
        }
        finally
        {
            await EndAsync(watching, starting);
            _session = null;
            if (session is not null)
            {
                await session.DisposeAsync();
            }
            else if (cluster is not null)
            {
                await cluster.DisposeAsync();
            }
        }
    }

    /// <summary>An attempt may take longer than an operator wants to wait for a word, above all where the source says nothing at all.</summary>
    private async Task TellOfSilenceAsync(CancellationToken cancellationToken)
    {
        await Task.Delay(_options.SilenceTimeout, _time, cancellationToken);
        if (_outage.Callout is null)
        {
            await _outage.BeginAsync(
                SourceOutage.NotConnected, $"site '{_peer.SiteName}' has not answered for {_options.SilenceTimeout.TotalSeconds} s", cancellationToken);
        }
    }

    private static async Task EndAsync(Task task, CancellationTokenSource stop)
    {
        await stop.CancelAsync();
        await task.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private async Task<ICluster> ConnectAsync(CancellationToken cancellationToken)
    {
        try
        {
            var options = new ClusterOptions { ConnectTimeout = _options.ConnectTimeout, OperationTimeout = TimeSpan.FromSeconds(30), Time = _time };
            return await _connector.ConnectAsync(_peer, await FindAttributesAsync(cancellationToken), options, cancellationToken);
        }
        catch (RadosException failed)
        {
            throw new RemoteFailure(SourceOutage.NotConnected, failed);
        }
    }

    private async Task<MirrorPeerAttributes?> FindAttributesAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await new MirrorPool(_pool).GetPeerAttributesAsync(_peer.Uuid, cancellationToken);
        }
        catch (RadosException refused) when (refused.Code is Errno.EACCES or Errno.EPERM)
        {
            // Then the conf file must tell.
            return null;
        }
    }

    /// <summary>The pool's default namespace, and the others that are mirrored.</summary>
    private async Task<LocalNamespace[]> FindNamespacesAsync(CancellationToken cancellationToken)
    {
        var found = new List<LocalNamespace>();
        IReadOnlyList<string> others = await new RbdImages(_pool).ListNamespacesAsync(cancellationToken);
        foreach (string name in others.Prepend(""))
        {
            IPool pool = _pool.WithNamespace(name);
            var mirror = new MirrorPool(pool);
            if ((name.Length == 0 || await mirror.GetModeAsync(cancellationToken) != MirrorMode.Disabled)
                && await mirror.GetMirrorUuidAsync(cancellationToken) is { } uuid)
            {
                found.Add(new LocalNamespace(pool, uuid, new StatusPublisher(pool, _options, _time, _log)));
            }
        }

        return [.. found];
    }

    private async Task ProbeAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            await Task.Delay(_options.ProbeInterval, _time, cancellationToken);
            await LifeSign.RequireAsync(_pool, "the local site", mayBeAbsent: true, _options.ProbeTimeout, _time, cancellationToken);
        }
    }
}
