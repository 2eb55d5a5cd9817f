namespace Nacre.Rbd.Journaling;

/// <summary>
/// Bounds what is under way, in bytes and in pieces; who finds no room waits its turn. One piece alone may be larger than the whole budget.
/// </summary>
internal sealed class WorkBudget(long maximumBytes, int maximumPieces)
{
    private readonly Lock _sync = new();
    private readonly LinkedList<(long Bytes, TaskCompletionSource Admitted)> _waiting = new();
    private long _bytes;
    private int _pieces;

    /// <summary>Takes room for one piece.</summary>
    public ValueTask TakeAsync(long bytes, CancellationToken cancellationToken)
    {
        LinkedListNode<(long Bytes, TaskCompletionSource Admitted)> waiter;
        lock (_sync)
        {
            if (_waiting.Count == 0 && TryTake(bytes))
            {
                return ValueTask.CompletedTask;
            }

            waiter = _waiting.AddLast((bytes, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)));
        }

        return new ValueTask(WaitAsync(waiter, cancellationToken));
    }

    /// <summary>Gives it back.</summary>
    public void Give(long bytes)
    {
        lock (_sync)
        {
            _bytes -= bytes;
            _pieces--;
            Admit();
        }
    }

    private async Task WaitAsync(LinkedListNode<(long Bytes, TaskCompletionSource Admitted)> waiter, CancellationToken cancellationToken)
    {
        try
        {
            await waiter.Value.Admitted.Task.WaitAsync(cancellationToken);
        }
        catch (OperationCanceledException)
        {
            lock (_sync)
            {
                if (waiter.List is null)
                {
                    // Admitted meanwhile.
                    _bytes -= waiter.Value.Bytes;
                    _pieces--;
                }
                else
                {
                    _waiting.Remove(waiter);
                }

                Admit();
            }

            throw;
        }
    }

    private void Admit()
    {
        while (_waiting.First is { } first && TryTake(first.Value.Bytes))
        {
            _waiting.RemoveFirst();
            first.Value.Admitted.SetResult();
        }
    }

    private bool TryTake(long bytes)
    {
        if (_pieces > 0 && (_pieces >= maximumPieces || _bytes + bytes > maximumBytes))
        {
            return false;
        }

        _bytes += bytes;
        _pieces++;
        return true;
    }
}
