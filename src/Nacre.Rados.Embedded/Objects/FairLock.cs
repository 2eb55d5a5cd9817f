namespace Nacre.Rados.Embedded.Objects;

/// <summary>
/// Readers or one writer, strictly in order of arrival: operations on an object take effect in the order they were begun, and none starves.
/// </summary>
internal sealed class FairLock
{
    private const int Writer = -1;
    private readonly Lock _gate = new();
    private readonly Queue<Waiter> _queue = new();
    private int _holders;

    /// <summary>Completes when the lock is held. A cancelled wait holds nothing.</summary>
    public ValueTask EnterAsync(bool exclusive, CancellationToken cancellationToken)
    {
        Waiter waiter;
        lock (_gate)
        {
            if (_queue.Count == 0 && TryTake(exclusive))
            {
                return ValueTask.CompletedTask;
            }

            waiter = new Waiter(exclusive);
            _queue.Enqueue(waiter);
        }

        return cancellationToken.CanBeCanceled ? WaitAsync(waiter, cancellationToken) : new ValueTask(waiter.Task);
    }

    /// <summary>Gives it back.</summary>
    public void Exit(bool exclusive)
    {
        lock (_gate)
        {
            _holders = exclusive ? 0 : _holders - 1;
            while (_queue.TryPeek(out Waiter? next))
            {
                if (next.Task.IsCompleted)
                {
                    _queue.Dequeue();
                }
                else if (TryTake(next.Exclusive))
                {
                    _queue.Dequeue();
                    if (!next.TrySetResult())
                    {
                        // It was cancelled just now.
                        _holders = next.Exclusive ? 0 : _holders - 1;
                    }
                }
                else
                {
                    break;
                }
            }
        }
    }

    private static async ValueTask WaitAsync(Waiter waiter, CancellationToken cancellationToken)
    {
        await using CancellationTokenRegistration registration = cancellationToken.UnsafeRegister(
            static (state, token) => ((Waiter)state!).TrySetCanceled(token), waiter);
        await waiter.Task;
    }

    private bool TryTake(bool exclusive)
    {
        if (exclusive ? _holders != 0 : _holders == Writer)
        {
            return false;
        }

        _holders = exclusive ? Writer : _holders + 1;
        return true;
    }

    private sealed class Waiter(bool exclusive) : TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)
    {
        public bool Exclusive { get; } = exclusive;
    }
}
