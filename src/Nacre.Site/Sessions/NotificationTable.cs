using System.Collections.Concurrent;
using Nacre.Rados.Remote.Protocol;

namespace Nacre.Site.Sessions;

/// <summary>Notifications on their way to one client, until it acknowledges them; sent again when it takes its session up on a new connection.</summary>
internal sealed class NotificationTable(Action<ServerFrame> send)
{
    private readonly ConcurrentDictionary<(ulong Cookie, ulong NotifyId), Pending> _pending = new();

    public async Task<ReadOnlyMemory<byte>> DeliverAsync(ulong cookie, ulong notifyId, ServerFrame frame, CancellationToken cancellationToken)
    {
        var pending = new Pending(frame, new TaskCompletionSource<ReadOnlyMemory<byte>>(TaskCreationOptions.RunContinuationsAsynchronously));
        _pending[(cookie, notifyId)] = pending;
        try
        {
            send(frame);
            return await pending.Answer.Task.WaitAsync(cancellationToken);
        }
        finally
        {
            _pending.TryRemove((cookie, notifyId), out _);
        }
    }

    public void Acknowledged(NotifyAcknowledge acknowledge)
    {
        if (_pending.TryGetValue((acknowledge.Cookie, acknowledge.NotifyId), out Pending? pending))
        {
            pending.Answer.TrySetResult(acknowledge.Payload.Memory);
        }
    }

    public void SendAgain()
    {
        foreach (Pending pending in _pending.Values)
        {
            send(pending.Frame);
        }
    }

    private sealed record Pending(ServerFrame Frame, TaskCompletionSource<ReadOnlyMemory<byte>> Answer);
}
