using Nacre.ObjectClasses.Encoding;
using Nacre.ObjectClasses.Rbd.Notifications;
using Nacre.Rados;
using Nacre.Rados.Encoding;
using Nacre.Rados.Watching;

namespace Nacre.Rbd;

/// <summary>
/// The watch on an image's header: how clients of an image talk (librbd::ImageWatcher). It is taken anew whenever it is lost.
/// </summary>
internal sealed partial class ImageWatcher(ImageCore core) : IWatchHandler
{
    // librbd::watcher::Notifier::NOTIFY_TIMEOUT.
    private static readonly TimeSpan _notifyTimeout = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan _retryDelay = TimeSpan.FromSeconds(1);
    private static readonly byte[] _success = new ResponseMessage(0).ToBytes();

    private readonly Lock _sync = new();
    private IWatch? _watch;
    private TaskCompletionSource<IWatch> _watching = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private bool _closed;

    /// <summary>Cookie of the standing watch; 0 while there is none.</summary>
    public ulong Cookie
    {
        get
        {
            lock (_sync)
            {
                return _watch?.Cookie ?? 0;
            }
        }
    }

    /// <summary>Who this client is to others.</summary>
    public ClientId Self => new(core.Pool.Cluster.InstanceId, Cookie);

    /// <summary>Takes the watch for the first time.</summary>
    public async Task StartAsync(CancellationToken cancellationToken) =>
        Set(await core.Pool.WatchAsync(core.HeaderName, this, cancellationToken));

    /// <summary>Gives the watch up.</summary>
    public async Task StopAsync()
    {
        IWatch? watch;
        lock (_sync)
        {
            _closed = true;
            watch = _watch;
            _watch = null;
            _watching.TrySetCanceled();
        }

        if (watch is not null)
        {
            await watch.DisposeAsync();
        }
    }

    /// <summary>The standing watch's cookie, waiting for it where it has been lost.</summary>
    public async Task<ulong> WaitForCookieAsync(CancellationToken cancellationToken)
    {
        Task<IWatch> watching;
        lock (_sync)
        {
            watching = _watching.Task;
        }

        return (await watching.WaitAsync(cancellationToken)).Cookie;
    }

    /// <inheritdoc/>
    public void OnLost(int errno)
    {
        lock (_sync)
        {
            if (_closed || _watch is null)
            {
                return;
            }

            _watch = null;
            _watching = new TaskCompletionSource<IWatch>(TaskCreationOptions.RunContinuationsAsynchronously);
        }

        core.Log($"watch lost: {Errno.Describe(errno)}");
        core.Background.Start("watching again", RewatchAsync);
    }

    /// <summary>Tells all watchers something; slow ones are in the result.</summary>
    public Task<NotifyResult> NotifyAsync(NotifyPayload payload, CancellationToken cancellationToken) =>
        core.Pool.NotifyAsync(core.HeaderName, new NotifyMessage(payload).ToBytes(), _notifyTimeout, cancellationToken);

    /// <summary>Tells all watchers something without waiting for them.</summary>
    public void NotifySoon(NotifyPayload payload) =>
        core.Background.Start($"telling others of {payload.Operation}", async stopping => await NotifyAsync(payload, stopping));

    private void Set(IWatch watch)
    {
        lock (_sync)
        {
            _watch = watch;
            _watching.TrySetResult(watch);
        }
    }

    private async Task RewatchAsync(CancellationToken stopping)
    {
        while (true)
        {
            try
            {
                IWatch watch = await core.Pool.WatchAsync(core.HeaderName, this, stopping);
                Set(watch);
                break;
            }
            catch (RadosException exception)
            {
                if (exception.IsBlocklisted || exception.Code == Errno.ENOENT)
                {
                    lock (_sync)
                    {
                        _watching.TrySetException(exception);
                    }

                    core.OnWatchGone(exception);
                    return;
                }

                core.Log($"cannot watch again: {exception.Message}");
                await Task.Delay(_retryDelay, core.Options.Time, stopping);
            }
        }

        // What was told meanwhile was missed, and the lock's cookie names the old watch.
        core.MarkStale();
        await core.OnWatchedAgainAsync(stopping);
        await core.RefreshIfStaleAsync(stopping);
    }

    /// <inheritdoc/>
    public async ValueTask<ReadOnlyMemory<byte>> OnNotifyAsync(Notification notification, CancellationToken cancellationToken)
    {
        NotifyPayload payload;
        try
        {
            payload = NotifyMessage.DecodeNotification(notification.Payload.Span).Payload;
        }
        catch (CephDecodeException exception)
        {
            core.Log($"a notification that cannot be read: {exception.Message}");
            return default;
        }

        return payload switch
        {
            HeaderUpdatePayload => await OnHeaderUpdateAsync(notification.NotifierId, cancellationToken),
            LockOwnerPayload { Operation: NotifyOperation.AcquiredLock } acquired => OnAcquired(acquired.Client),
            LockOwnerPayload released => OnReleased(released.Client),
            RequestLockPayload request => Answer(OnRequestLock(request)),
            AsyncProgressPayload progress => OnProgress(progress),
            AsyncCompletePayload complete => OnComplete(complete),
            _ => await OnRequestAsync(payload, cancellationToken),
        };
    }

    private async ValueTask<ReadOnlyMemory<byte>> OnHeaderUpdateAsync(ulong notifierId, CancellationToken cancellationToken)
    {
        core.MarkStale();
        if (core.Options.KeepLock && notifierId == core.Pool.Cluster.InstanceId)
        {
            // The daemon changes its copies by itself and tells often: it knows.
            return _success;
        }

        try
        {
            await core.RefreshIfStaleAsync(cancellationToken);
        }
        catch (RadosException exception)
        {
            // The next use tries again and reports.
            core.Log($"cannot read the changed header: {exception.Message}");
        }

        return _success;
    }

    private ReadOnlyMemory<byte> OnAcquired(ClientId client)
    {
        bool changed;
        lock (_sync)
        {
            changed = client == default || client != _owner;
            _owner = client;
        }

        if (changed && !core.IsLockOwner)
        {
            RestartRequests();
        }

        core.Lock?.OnPeer();
        return default;
    }

    private ReadOnlyMemory<byte> OnReleased(ClientId client)
    {
        bool changed = true;
        lock (_sync)
        {
            if (client != default && client != _owner)
            {
                changed = false;
            }
            else
            {
                _owner = default;
            }
        }

        if (changed && !core.IsLockOwner)
        {
            RestartRequests();
        }

        core.Lock?.OnPeer();
        return default;
    }

    // Null is no answer: this client does not own the lock.
    private int? OnRequestLock(RequestLockPayload request)
    {
        if (request.Client == Self || core.Lock is not { IsOwner: true } exclusiveLock)
        {
            return null;
        }

        if (core.Options is { KeepLock: true, YieldLock: false } && !request.Force)
        {
            return -Errno.EROFS;
        }

        exclusiveLock.ReleaseSoon();
        return 0;
    }

    private static ReadOnlyMemory<byte> Answer(int? result) => result is { } code ? Encode(code) : default;

    private static byte[] Encode(int code) => code == 0 ? _success : new ResponseMessage(code).ToBytes();
}
