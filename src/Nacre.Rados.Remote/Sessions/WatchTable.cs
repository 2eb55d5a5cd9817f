using System.Collections.Concurrent;
using Nacre.Rados.Remote.Protocol;
using Nacre.Rados.Remote.Translation;
using Nacre.Rados.Watching;

namespace Nacre.Rados.Remote.Sessions;

/// <summary>A session's watches: hands notifications to their owners, and their answers back.</summary>
internal sealed class WatchTable(RemoteSession session, TimeProvider time) : IAsyncDisposable
{
    private static readonly TimeSpan _acknowledgeTimeout = TimeSpan.FromSeconds(60);

    private readonly ConcurrentDictionary<ulong, RemoteWatch> _watches = new();
    private readonly ConcurrentDictionary<(ulong Cookie, ulong NotifyId), Task> _handling = new();
    private readonly ConcurrentDictionary<ulong, bool> _lost = new();

    public void Add(RemoteWatch watch) => _watches[watch.Cookie] = watch;

    public bool Remove(ulong cookie) => _watches.TryRemove(cookie, out _);

    /// <summary>A frame that answers no request.</summary>
    public void Received(ServerFrame frame)
    {
        switch (frame.BodyCase)
        {
            case ServerFrame.BodyOneofCase.Notification:
                Notified(frame.Notification);
                break;
            case ServerFrame.BodyOneofCase.WatchLost:
                if (_watches.TryRemove(frame.WatchLost.Cookie, out RemoteWatch? watch))
                {
                    watch.Lose(frame.WatchLost.Errno);
                }

                break;
            default:
                break; // the answer to a ping, or something newer than this client
        }
    }

    /// <summary>No watch stands any more; their owners are told.</summary>
    public void LoseAll(int errno)
    {
        foreach (ulong cookie in _watches.Keys)
        {
            if (_watches.TryRemove(cookie, out RemoteWatch? watch))
            {
                _lost[cookie] = true;
                watch.Lose(errno);
            }
        }
    }

    /// <summary>The session was taken up again after its watches had been given up for lost: the site must not keep them.</summary>
    public void DropLost()
    {
        foreach (ulong cookie in _lost.Keys)
        {
            if (_lost.TryRemove(cookie, out _))
            {
                Own((cookie, 0), () => session.RequestAsync(
                    new ClientFrame { Unwatch = new Unwatch { Cookie = cookie } }, _acknowledgeTimeout, null, session.Stopping));
            }
        }
    }

    /// <summary>Waits for owners that are handling a notification, but not for ever: they were told to stop.</summary>
    public async ValueTask DisposeAsync() =>
        await Task.WhenAll(_handling.Values).WaitAsync(TimeSpan.FromSeconds(5), time).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);

    private void Notified(Protocol.Notification notification)
    {
        // The site sends a notification again after a broken connection until it has the answer.
        if (!_handling.ContainsKey((notification.Cookie, notification.NotifyId)))
        {
            Own((notification.Cookie, notification.NotifyId), () => AnswerAsync(notification));
        }
    }

    private async ValueTask<ServerFrame> AnswerAsync(Protocol.Notification notification)
    {
        ReadOnlyMemory<byte> answer = default;
        if (_watches.TryGetValue(notification.Cookie, out RemoteWatch? watch))
        {
            try
            {
                answer = await watch.Handler.OnNotifyAsync(
                    new Watching.Notification(notification.NotifyId, notification.Cookie, notification.NotifierId, notification.Payload.Memory),
                    session.Stopping).ConfigureAwait(false);
            }
            catch (Exception)
            {
                // As the contract says: an owner that fails acknowledges with nothing.
            }
        }

        var acknowledge = new NotifyAcknowledge
        {
            Cookie = notification.Cookie,
            NotifyId = notification.NotifyId,
            Payload = StepTranslation.Wrap(answer),
        };
        return await session.RequestAsync(
            new ClientFrame { NotifyAcknowledge = acknowledge }, _acknowledgeTimeout, null, session.Stopping).ConfigureAwait(false);
    }

    // Runs beside the receiving loop and is awaited when the session ends.
    private void Own((ulong Cookie, ulong Id) key, Func<ValueTask<ServerFrame>> work)
    {
        var registered = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _handling[key] = Task.Run(async () =>
        {
            await registered.Task.ConfigureAwait(false);
            try
            {
                await work().ConfigureAwait(false);
            }
            catch (OperationCanceledException)
            {
                // the session ends
            }
            finally
            {
                _handling.TryRemove(key, out _);
            }
        });
        registered.SetResult();
    }
}
