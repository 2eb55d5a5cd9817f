using System.Threading.Channels;
using Grpc.Core;
using Nacre.Rados.Remote.Protocol;

namespace Nacre.Site.Sessions;

/// <summary>One connection of a session: what is sent on it, in order, by one writer.</summary>
internal sealed class SessionConnection(IServerStreamWriter<ServerFrame> stream, CancellationTokenSource ended)
{
    private readonly Channel<Outgoing> _queue = Channel.CreateUnbounded<Outgoing>(new UnboundedChannelOptions { SingleReader = true });
    private readonly TaskCompletionSource _finished = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Fires when the connection is at its end, from whichever side.</summary>
    public CancellationToken Ended => ended.Token;

    /// <summary>Completes when no frame of this connection is handled any more.</summary>
    public Task Finished => _finished.Task;

    /// <summary>Queues a frame. <paramref name="sent"/> runs when its bytes were copied out, or never will be.</summary>
    public void Send(ServerFrame frame, Action? sent = null)
    {
        if (!_queue.Writer.TryWrite(new Outgoing(frame, sent)))
        {
            sent?.Invoke();
        }
    }

    /// <summary>Ends the connection; the client may take its session up on another.</summary>
    public void End()
    {
        try
        {
            ended.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // It has ended already.
        }
    }

    public void Finish() => _finished.TrySetResult();

    /// <summary>Sends what is queued until the connection ends, or all is sent after <see cref="Complete"/>.</summary>
    public async Task WriteAsync()
    {
        try
        {
            while (await _queue.Reader.WaitToReadAsync(Ended))
            {
                while (_queue.Reader.TryRead(out Outgoing next))
                {
                    try
                    {
                        // Small frames that are ready together go out together.
                        stream.WriteOptions = _queue.Reader.TryPeek(out _) ? _buffered : null;
                        await stream.WriteAsync(next.Frame, Ended);
                    }
                    finally
                    {
                        next.Sent?.Invoke();
                    }
                }
            }
        }
        finally
        {
            _queue.Writer.TryComplete();
            while (_queue.Reader.TryRead(out Outgoing left))
            {
                left.Sent?.Invoke();
            }
        }
    }

    /// <summary>Nothing follows what is queued.</summary>
    public void Complete() => _queue.Writer.TryComplete();

    private static readonly WriteOptions _buffered = new(WriteFlags.BufferHint);

    private readonly record struct Outgoing(ServerFrame Frame, Action? Sent);
}
