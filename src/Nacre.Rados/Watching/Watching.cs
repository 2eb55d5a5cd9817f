namespace Nacre.Rados.Watching;

/// <summary>A notification that arrived at a watch.</summary>
/// <param name="NotifyId">Unique id of the notification.</param>
/// <param name="Cookie">The watch it arrived at.</param>
/// <param name="NotifierId">Global id of the client that sent it.</param>
/// <param name="Payload">Its bytes; valid until the handler's task completes.</param>
public readonly record struct Notification(ulong NotifyId, ulong Cookie, ulong NotifierId, ReadOnlyMemory<byte> Payload);

/// <summary>The owner of a watch.</summary>
public interface IWatchHandler
{
    /// <summary>
    /// Handles a notification; the notifier gets the returned bytes as this watcher's acknowledgement when the task completes. Calls for
    /// one watch may overlap. An exception is acknowledged with nothing.
    /// </summary>
    ValueTask<ReadOnlyMemory<byte>> OnNotifyAsync(Notification notification, CancellationToken cancellationToken);

    /// <summary>
    /// The watch is gone and gets nothing any more (ENOTCONN, ESHUTDOWN when blocklisted, ENOENT when the object was removed); called once.
    /// Watch anew.
    /// </summary>
    void OnLost(int errno);
}

/// <summary>A standing watch. Disposing it unwatches.</summary>
public interface IWatch : IAsyncDisposable
{
    /// <summary>Identifies the watch within its client.</summary>
    ulong Cookie { get; }

    /// <summary>0 while the watch stands, else a negated errno.</summary>
    int Check();
}

/// <summary>Who acknowledged a notification, and who did not in time.</summary>
/// <param name="Acknowledgements">Each with the watcher's global id, cookie and answer.</param>
/// <param name="TimedOut">Watchers that did not answer in time.</param>
public sealed record NotifyResult(IReadOnlyList<NotifyAcknowledgement> Acknowledgements, IReadOnlyList<NotifyTimeout> TimedOut);

/// <summary>One watcher's answer.</summary>
public readonly record struct NotifyAcknowledgement(ulong WatcherId, ulong Cookie, ReadOnlyMemory<byte> Payload);

/// <summary>One watcher that did not answer.</summary>
public readonly record struct NotifyTimeout(ulong WatcherId, ulong Cookie);

/// <summary>A watcher of an object (obj_watch_t).</summary>
/// <param name="Address">Its entity address as Ceph prints it, <c>127.0.0.1:0/123456</c>.</param>
/// <param name="ClientId">Its global id.</param>
/// <param name="Cookie">Its watch.</param>
/// <param name="Timeout">After how much silence it is dropped.</param>
public readonly record struct Watcher(string Address, ulong ClientId, ulong Cookie, TimeSpan Timeout);
