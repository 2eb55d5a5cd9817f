using Microsoft.Extensions.Logging;
using Nacre.Rados.Embedded.Storage;
using Nacre.Rados.Watching;

namespace Nacre.Rados.Embedded.Watching;

/// <summary>One watch. Notifications reach its handler in the order they were sent; the handler's tasks may overlap.</summary>
internal sealed class Watch(WatchTable table, ObjectKey key, EmbeddedSession session, IWatchHandler handler, ulong cookie, ILogger logger) : IWatch
{
    private readonly Lock _gate = new();
    private readonly Queue<Delivery> _queue = new();
    private readonly HashSet<Delivery> _unanswered = [];
    private readonly CancellationTokenSource _ended = new();
    private bool _draining;
    private int _lost;
    private bool _over;

    public ObjectKey Key { get; } = key;

    public EmbeddedSession Session { get; } = session;

    public ulong Cookie { get; } = cookie;

    public int Check() => -Volatile.Read(ref _lost);

    /// <summary>Hands a notification to the handler. The answer is null where the watch ends first.</summary>
    public Task<ReadOnlyMemory<byte>?> DeliverAsync(Notification notification, CancellationToken cancellationToken)
    {
        var delivery = new Delivery(notification, cancellationToken);
        lock (_gate)
        {
            if (_over)
            {
                return Task.FromResult<ReadOnlyMemory<byte>?>(null);
            }

            _queue.Enqueue(delivery);
            _unanswered.Add(delivery);
            if (_draining)
            {
                return delivery.Task;
            }

            _draining = true;
        }

        ThreadPool.UnsafeQueueUserWorkItem(static watch => watch.Drain(), this, preferLocal: false);
        return delivery.Task;
    }

    /// <summary>The watch is lost: its owner is told, once.</summary>
    public void Break(int errno)
    {
        if (End(errno))
        {
            ThreadPool.UnsafeQueueUserWorkItem(
                static state =>
                {
                    try
                    {
                        state.Handler.OnLost(state.Errno);
                    }
                    catch (Exception exception)
                    {
                        state.Logger.LogError(exception, "a watch's owner failed to take its loss");
                    }
                },
                (Handler: handler, Errno: errno, Logger: logger),
                preferLocal: false);
        }
    }

    public ValueTask DisposeAsync()
    {
        End(Errno.ENOTCONN);
        return ValueTask.CompletedTask;
    }

    private bool End(int errno)
    {
        Delivery[] unanswered;
        lock (_gate)
        {
            if (_over)
            {
                return false;
            }

            _over = true;
            Volatile.Write(ref _lost, errno);
            unanswered = [.. _unanswered];
            _queue.Clear();
        }

        table.Remove(this);
        foreach (Delivery delivery in unanswered)
        {
            delivery.TrySetResult(null);
        }

        _ended.Cancel();
        return true;
    }

    private void Drain()
    {
        while (true)
        {
            Delivery? delivery;
            lock (_gate)
            {
                if (!_queue.TryDequeue(out delivery))
                {
                    _draining = false;
                    return;
                }
            }

            // Only its beginning is in order; HandleAsync completes the delivery, whatever happens.
            _ = HandleAsync(delivery);
        }
    }

    private async Task HandleAsync(Delivery delivery)
    {
        ReadOnlyMemory<byte> answer = default;
        try
        {
            using var ended = CancellationTokenSource.CreateLinkedTokenSource(delivery.CancellationToken, _ended.Token);
            answer = await handler.OnNotifyAsync(delivery.Notification, ended.Token);
            answer = answer.ToArray();
        }
        catch (OperationCanceledException) when (delivery.CancellationToken.IsCancellationRequested)
        {
            // Too late for an answer.
            Forget(delivery);
            delivery.TrySetCanceled(delivery.CancellationToken);
            return;
        }
        catch (Exception exception)
        {
            logger.LogError(exception, "a watch's owner failed to handle a notification of {Object}", Key);
        }

        Forget(delivery);
        delivery.TrySetResult(answer);
    }

    private void Forget(Delivery delivery)
    {
        lock (_gate)
        {
            _unanswered.Remove(delivery);
        }
    }

    private sealed class Delivery(Notification notification, CancellationToken cancellationToken)
        : TaskCompletionSource<ReadOnlyMemory<byte>?>(TaskCreationOptions.RunContinuationsAsynchronously)
    {
        public Notification Notification { get; } = notification;

        public CancellationToken CancellationToken { get; } = cancellationToken;
    }
}
