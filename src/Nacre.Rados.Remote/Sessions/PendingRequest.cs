using Nacre.Rados.Remote.Protocol;

namespace Nacre.Rados.Remote.Sessions;

/// <summary>
/// A request until its reply. Its frame points into the caller's memory, so giving it up must settle that no sender reads it any more.
/// </summary>
internal sealed class PendingRequest(ulong id, ClientFrame frame, Action<ServerFrame>? onReply)
{
    private const int Queued = 0;
    private const int Sending = 1;
    private const int Sent = 2;
    private const int Abandoned = 3;

    private readonly TaskCompletionSource<ServerFrame> _reply = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _state;

    public ulong Id { get; } = id;

    public ClientFrame Frame { get; } = frame;

    public Task<ServerFrame> Reply => _reply.Task;

    /// <summary>Readies it for another connection. A session that was taken up again knows itself what it has done; one that was forgotten does not.</summary>
    public void Requeue(bool forgotten)
    {
        if (Interlocked.CompareExchange(ref _state, Queued, Sent) == Sent && forgotten)
        {
            Frame.Resent = true;
        }
    }

    /// <summary>False where it was given up.</summary>
    public bool BeginSending() => Interlocked.CompareExchange(ref _state, Sending, Queued) == Queued;

    /// <summary>The frame's bytes have been copied out.</summary>
    public void EndSending() => Volatile.Write(ref _state, Sent);

    /// <summary>Gives it up; once this returns, the frame is not read any more.</summary>
    public void Abandon()
    {
        var spin = default(SpinWait);
        while (Interlocked.CompareExchange(ref _state, Abandoned, Queued) == Sending)
        {
            spin.SpinOnce(); // a frame is being copied: microseconds
        }
    }

    public void Complete(ServerFrame reply)
    {
        // Before the caller wakes: what follows on the stream may already concern what this reply made (a watch).
        onReply?.Invoke(reply);
        _reply.TrySetResult(reply);
    }

    public void Fail(int errno, string message) => _reply.TrySetResult(new ServerFrame { Id = Id, ReturnCode = -errno, Error = message });
}
