using System.Globalization;
using Microsoft.Extensions.Logging;
using Nacre.Mirroring.Daemon.Hosting;
using Nacre.ObjectClasses.Calls;
using Nacre.ObjectClasses.Lock;
using Nacre.ObjectClasses.Rbd;
using Nacre.Rados;
using Nacre.Rados.Clusters;
using Nacre.Rados.Objects;
using Nacre.Rados.Watching;

namespace Nacre.Mirroring.Daemon.Pools;

/// <summary>
/// The exclusive right to replay into a pool, the lock on <c>rbd_mirror_leader</c> that Ceph's daemons elect their leader with
/// (src/tools/rbd_mirror/LeaderWatcher.cc). Others stand by. A dead holder is blocklisted before its lock is broken, so that nothing of it can still arrive.
/// </summary>
internal sealed class LeaderLock : IWatchHandler, IAsyncDisposable
{
    private const string Tag = "internal";
    private const int MissedHeartbeats = 3;

    private readonly IPool _pool;
    private readonly DaemonOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger _log;
    private readonly Signal _released = new();
    private IWatch? _watch;
    private long _lastHeartbeat;
    private volatile bool _lost;
    private bool _held;

    public LeaderLock(IPool pool, DaemonOptions options, TimeProvider time, ILogger log)
    {
        _pool = pool;
        _options = options;
        _time = time;
        _log = log;
        _lastHeartbeat = time.GetTimestamp();
    }

    private string Cookie => string.Create(CultureInfo.InvariantCulture, $"auto {_watch!.Cookie}");

    /// <summary>Waits until this daemon is the leader.</summary>
    /// <param name="onStandby">Told once when another daemon is, and this one waits.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task AcquireAsync(Action<string> onStandby, CancellationToken cancellationToken)
    {
        await _pool.ExecuteAsync(
            RbdObjects.MirrorLeader, new WriteOperation().Create(exclusive: false), "creating the leader object", null, cancellationToken);
        _watch = await _pool.WatchAsync(RbdObjects.MirrorLeader, this, cancellationToken);
        _lastHeartbeat = _time.GetTimestamp();
        string? toldOf = null;
        while (!await TryLockAsync(cancellationToken))
        {
            LockInfo? info = await _pool.TryCallAsync(RbdObjects.MirrorLeader, LockCalls.GetInfo(RbdObjects.LockName), cancellationToken);
            if (info is null || info.Lockers.Count == 0)
            {
                continue;
            }

            (LockerId owner, LockerInfo holder) = info.Lockers.First();
            if (await IsDeadAsync(owner, holder, cancellationToken))
            {
                await BreakAsync(owner, holder, cancellationToken);
                continue;
            }

            string who = $"{owner.Locker} at {holder.Address}";
            if (toldOf != who)
            {
                toldOf = who;
                onStandby(who);
            }

            await _released.WaitAsync(_options.LeaderHeartbeatInterval, _time, cancellationToken);
        }

        await TellAsync(LeaderNotification.LockAcquired, cancellationToken);
    }

    /// <summary>Tells the others now and then that the leader lives; ends with an error when it is the leader no more.</summary>
    public async Task HoldAsync(CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(_options.LeaderHeartbeatInterval, _time);
        while (true)
        {
            using OperationResult result = await _pool.OperateAsync(
                RbdObjects.MirrorLeader,
                new WriteOperation().Call(LockCalls.AssertLocked(RbdObjects.LockName, LockType.Exclusive, Cookie, Tag)),
                null,
                cancellationToken);
            if (result.ReturnCode < 0 || _lost)
            {
                throw new RadosException(
                    _lost ? Errno.ENOTCONN : result.ReturnCode, $"leadership of pool {_pool.Name} was lost, another daemon may have it");
            }

            await TellAsync(LeaderNotification.Heartbeat, cancellationToken);
            await timer.WaitForNextTickAsync(cancellationToken);
        }
    }

    /// <inheritdoc/>
    public ValueTask<ReadOnlyMemory<byte>> OnNotifyAsync(Notification notification, CancellationToken cancellationToken)
    {
        _lastHeartbeat = _time.GetTimestamp();
        if (LeaderNotificationEncoding.Decode(notification.Payload.Span) == LeaderNotification.LockReleased)
        {
            _released.Set();
        }

        return ValueTask.FromResult(ReadOnlyMemory<byte>.Empty);
    }

    /// <inheritdoc/>
    public void OnLost(int errno)
    {
        _lost = true;
        _released.Set();
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(5), _time);
        try
        {
            if (_held)
            {
                _held = false;
                await _pool.CallForCodeAsync(RbdObjects.MirrorLeader, LockCalls.Unlock(RbdObjects.LockName, Cookie), patience.Token);
                await TellAsync(LeaderNotification.LockReleased, patience.Token);
            }

            if (_watch is not null)
            {
                await _watch.DisposeAsync();
            }
        }
        catch (Exception failed) when (failed is RadosException or OperationCanceledException)
        {
            _log.LogWarning("pool {Pool}: cannot give up leadership: {Error}", _pool.Name, failed.Message);
        }
    }

    private async Task<bool> TryLockAsync(CancellationToken cancellationToken)
    {
        if (_lost)
        {
            throw new RadosException(Errno.ENOTCONN, $"watch of {RbdObjects.MirrorLeader} of pool {_pool.Name}");
        }

        int code = await _pool.CallForCodeAsync(
            RbdObjects.MirrorLeader,
            LockCalls.Lock(RbdObjects.LockName, LockType.Exclusive, Cookie, Tag, ProcessMark.Current()),
            cancellationToken);
        if (code is -Errno.EBUSY)
        {
            return false;
        }

        if (code != -Errno.EEXIST)
        {
            RadosException.ThrowIfFailed(code, "becoming the leader", _pool.Name, RbdObjects.MirrorLeader);
        }

        _held = true;
        return true;
    }

    private async Task<bool> IsDeadAsync(LockerId owner, LockerInfo holder, CancellationToken cancellationToken)
    {
        if (ProcessMark.IsProvenDead(holder.Description))
        {
            return true;
        }

        IReadOnlyList<Watcher> watchers = await _pool.ListWatchersAsync(RbdObjects.MirrorLeader, cancellationToken);
        return watchers.All(watcher => watcher.ClientId != (ulong)owner.Locker.Number)
            || _time.GetElapsedTime(_lastHeartbeat) > MissedHeartbeats * _options.LeaderHeartbeatInterval;
    }

    private async Task BreakAsync(LockerId owner, LockerInfo holder, CancellationToken cancellationToken)
    {
        _log.LogWarning("pool {Pool}: leader {Owner} at {Address} is dead: taking over", _pool.Name, owner.Locker, holder.Address);
        await _pool.Cluster.BlocklistAsync(holder.Address.ToString(), null, cancellationToken);

        // From here on a store heeds the blocklist before it does anything that this daemon asks for.
        await _pool.Cluster.WaitForLatestMapAsync(cancellationToken);
        int code = await _pool.CallForCodeAsync(
            RbdObjects.MirrorLeader, LockCalls.BreakLock(RbdObjects.LockName, owner.Locker, owner.Cookie), cancellationToken);
        if (code != -Errno.ENOENT)
        {
            RadosException.ThrowIfFailed(code, "breaking the lock of a dead leader", _pool.Name, RbdObjects.MirrorLeader);
        }
    }

    private async Task TellAsync(LeaderNotification what, CancellationToken cancellationToken)
    {
        try
        {
            await _pool.NotifyAsync(RbdObjects.MirrorLeader, what.Encode(), TimeSpan.FromSeconds(5), cancellationToken);
        }
        catch (RadosException failed) when (failed.Code is Errno.ETIMEDOUT or Errno.ENOENT)
        {
            // A watcher that does not answer is not the leader's concern.
        }
    }
}
