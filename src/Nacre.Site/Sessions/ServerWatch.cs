using Google.Protobuf;
using Nacre.Rados.Remote.Protocol;
using Nacre.Rados.Watching;

namespace Nacre.Site.Sessions;

/// <summary>A client's watch, at the site: hands notifications to the session and waits for the client's acknowledgement.</summary>
internal sealed class ServerWatch(ClientSession session) : IWatchHandler
{
    private readonly TaskCompletionSource _announced = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public IWatch? Watch { get; set; }

    /// <summary>The client knows the watch: notifications may follow.</summary>
    public void Announced() => _announced.TrySetResult();

    public async ValueTask<ReadOnlyMemory<byte>> OnNotifyAsync(Rados.Watching.Notification notification, CancellationToken cancellationToken)
    {
        await _announced.Task.WaitAsync(cancellationToken);
        var frame = new ServerFrame
        {
            Notification = new Rados.Remote.Protocol.Notification
            {
                Cookie = notification.Cookie,
                NotifyId = notification.NotifyId,
                NotifierId = notification.NotifierId,
                Payload = ByteString.CopyFrom(notification.Payload.Span),
            },
        };
        return await session.Notifications.DeliverAsync(notification.Cookie, notification.NotifyId, frame, cancellationToken);
    }

    public void OnLost(int errno) => session.WatchLost(this, errno);
}
