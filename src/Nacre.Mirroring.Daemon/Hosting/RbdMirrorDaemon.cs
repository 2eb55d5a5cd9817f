using System.Globalization;
using Microsoft.Extensions.Logging;
using Nacre.Mirroring.Daemon.Pools;
using Nacre.Mirroring.Daemon.Status;
using Nacre.ObjectClasses.Rbd;
using Nacre.Rados;
using Nacre.Rados.Clusters;

namespace Nacre.Mirroring.Daemon.Hosting;

/// <summary>
/// rbd-mirror: finds the local pools that have a peer to copy from, and mirrors each. Where the local site fails, everything ends and begins anew with a
/// fresh client.
/// </summary>
public sealed class RbdMirrorDaemon
{
    private static readonly TimeSpan _statusPace = TimeSpan.FromSeconds(1);

    private readonly Func<CancellationToken, Task<ICluster>> _connectLocal;
    private readonly IPeerConnector _peers;
    private readonly DaemonOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger _log;

    /// <param name="connectLocal">Connects to the local cluster, each time with a new client.</param>
    /// <param name="peers">Connects to peers.</param>
    /// <param name="options">How it behaves.</param>
    /// <param name="log">The log.</param>
    /// <param name="time">The clock.</param>
    public RbdMirrorDaemon(
        Func<CancellationToken, Task<ICluster>> connectLocal, IPeerConnector peers, DaemonOptions options, ILogger log, TimeProvider? time = null)
    {
        _connectLocal = connectLocal;
        _peers = peers;
        _options = options;
        _log = log;
        _time = time ?? TimeProvider.System;
    }

    /// <summary>Runs until cancelled.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        var backoff = new Backoff(_time, maximum: _options.MaximumBackoff);
        while (true)
        {
            try
            {
                await using ICluster local = await _connectLocal(cancellationToken);
                _log.LogInformation("connected to cluster {Fsid} as {Name} ({Address})", local.Fsid, local.Name, local.Address);
                await RunConnectedAsync(local, backoff, cancellationToken);
            }
            catch (RadosException failed)
            {
                cancellationToken.ThrowIfCancellationRequested();
                _log.LogError("local cluster: {Error}", failed.Message);
            }

            await backoff.WaitAsync(cancellationToken);
        }
    }

    private async Task RunConnectedAsync(ICluster local, Backoff backoff, CancellationToken cancellationToken)
    {
        DaemonOptions options = _options.With(local.GetOption);
        string instance = local.InstanceId.ToString(CultureInfo.InvariantCulture);
        await local.RegisterServiceAsync("rbd-mirror", instance, ServiceMetadata.Of(local), cancellationToken);
        var statusChanged = new Signal();
        var pools = new Dictionary<(long Pool, string Peer), (PoolReplayer Replayer, Task Running, CancellationTokenSource Stop)>();
        using var stopping = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Task publishing = PublishAsync(
            local,
            statusChanged,
            () =>
            {
                lock (pools)
                {
                    return pools.Values.GroupBy(p => p.Replayer.Pool.Id).ToDictionary(g => g.Key, g => g.First().Replayer.Describe());
                }
            },
            stopping.Token);
        try
        {
            while (true)
            {
                await RefreshAsync(local, options, pools, statusChanged, stopping.Token);
                backoff.Reset();
                using var pause = new CancellationTokenSource();
                Task delay = Task.Delay(TimeSpan.FromTicks(Math.Min(options.RefreshInterval.Ticks, TimeSpan.FromSeconds(5).Ticks)), _time, stopping.Token);
                Task first = await Task.WhenAny([delay, publishing, .. pools.Values.Select(p => p.Running)]);
                await first;
                if (first != delay)
                {
                    throw new RadosException(Errno.EAGAIN, "a part of the daemon ended");
                }
            }
        }
        finally
        {
            await stopping.CancelAsync();
            foreach ((PoolReplayer _, Task running, CancellationTokenSource stop) in pools.Values)
            {
                await running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                stop.Dispose();
            }

            await publishing.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>Starts what is missing and stops what is not wanted any more.</summary>
    private async Task RefreshAsync(
        ICluster local, DaemonOptions options,
        Dictionary<(long Pool, string Peer), (PoolReplayer Replayer, Task Running, CancellationTokenSource Stop)> pools,
        Signal statusChanged, CancellationToken cancellationToken)
    {
        Dictionary<(long, string), (IPool Pool, MirrorPeer Peer)> wanted = await FindAsync(local, cancellationToken);
        foreach ((long, string) key in pools.Keys.Where(key => !wanted.TryGetValue(key, out var now) || !SamePeer(now.Peer, pools[key].Replayer.Peer)).ToArray())
        {
            _log.LogInformation("pool {Pool}: peer '{Site}' was removed or changed", pools[key].Replayer.Pool.Name, pools[key].Replayer.Peer.SiteName);
            await pools[key].Stop.CancelAsync();
            await pools[key].Running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            lock (pools)
            {
                pools.Remove(key);
            }
        }

        foreach (((long, string) key, (IPool pool, MirrorPeer peer)) in wanted)
        {
            if (pools.ContainsKey(key))
            {
                continue;
            }

            if (pools.Keys.Any(k => k.Pool == key.Item1))
            {
                _log.LogWarning("pool {Pool}: multiple RX peers are not currently supported: '{Site}' is ignored", pool.Name, peer.SiteName);
                continue;
            }

            _log.LogInformation("pool {Pool}: mirroring from site '{Site}' as {Client}", pool.Name, peer.SiteName, peer.ClientName);
            var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            var replayer = new PoolReplayer(pool, peer, _peers, options, _time, _log, statusChanged.Set);
            lock (pools)
            {
                pools[key] = (replayer, Task.Run(() => replayer.RunAsync(stop.Token), CancellationToken.None), stop);
            }

            statusChanged.Set();
        }
    }

    private static bool SamePeer(MirrorPeer left, MirrorPeer right) =>
        left.SiteName == right.SiteName && left.ClientName == right.ClientName && left.Direction == right.Direction;

    private static async Task<Dictionary<(long, string), (IPool Pool, MirrorPeer Peer)>> FindAsync(ICluster local, CancellationToken cancellationToken)
    {
        var wanted = new Dictionary<(long, string), (IPool, MirrorPeer)>();
        foreach (PoolDescription description in await local.ListPoolsAsync(cancellationToken))
        {
            try
            {
                IPool pool = await local.OpenPoolAsync(description.Id, cancellationToken);
                var mirror = new MirrorPool(pool);
                if (await mirror.GetModeAsync(cancellationToken) == MirrorMode.Disabled)
                {
                    continue;
                }

                foreach (MirrorPeer peer in await mirror.ListPeersAsync(cancellationToken))
                {
                    if (peer.Direction != MirrorPeerDirection.Transmit)
                    {
                        wanted[(pool.Id, peer.Uuid)] = (pool, peer);
                    }
                }
            }
            catch (RadosException other) when (other.Code is Errno.ENOENT or Errno.EPERM or Errno.EACCES or Errno.EOPNOTSUPP)
            {
                // Not a pool of images, or not one that this daemon may read.
            }
        }

        return wanted;
    }

    private async Task PublishAsync(
        ICluster local, Signal changed, Func<IReadOnlyDictionary<long, PoolServiceStatus>> describe, CancellationToken cancellationToken)
    {
        string? last = null;
        while (true)
        {
            string json = ServiceStatus.ToJson(describe());
            if (json != last)
            {
                await local.UpdateServiceStatusAsync(new Dictionary<string, string> { ["json"] = json }, cancellationToken);
                last = json;
            }

            // At once after some quiet: an operator may be waiting for it.
            await Task.Delay(_statusPace, _time, cancellationToken);
            await changed.WaitAsync(TimeSpan.FromSeconds(5), _time, cancellationToken);
        }
    }
}
