namespace Nacre.Rbd;

/// <summary>
/// Counts operations under way, and can hold new ones back until those have ended: how writes are stopped around a snapshot, a release of the lock,
/// a shrink, or the end. Entering costs no allocation while nobody blocks.
/// </summary>
internal sealed class IoGate
{
    private readonly Lock _sync = new();
    private int _active;
    private int _blockers;
    private TaskCompletionSource? _drained;
    private TaskCompletionSource? _unblocked;

    /// <summary>Enters, or returns false with the task to wait for before trying again.</summary>
    public bool TryEnter(out Task unblocked)
    {
        lock (_sync)
        {
            if (_blockers == 0)
            {
                _active++;
                unblocked = Task.CompletedTask;
                return true;
            }

            unblocked = (_unblocked ??= NewSource()).Task;
            return false;
        }
    }

    /// <summary>Enters, once nobody blocks.</summary>
    public async ValueTask EnterAsync(CancellationToken cancellationToken)
    {
        while (!TryEnter(out Task unblocked))
        {
            await unblocked.WaitAsync(cancellationToken);
        }
    }

    /// <summary>Leaves.</summary>
    public void Exit()
    {
        TaskCompletionSource? drained = null;
        lock (_sync)
        {
            if (--_active == 0)
            {
                drained = _drained;
                _drained = null;
            }
        }

        drained?.SetResult();
    }

    /// <summary>Holds new ones back at once and waits until none is under way. Unblock afterwards, whatever comes of it; blocks nest.</summary>
    public async Task BlockAsync(CancellationToken cancellationToken)
    {
        Task drained;
        lock (_sync)
        {
            _blockers++;
            drained = _active == 0 ? Task.CompletedTask : (_drained ??= NewSource()).Task;
        }

        try
        {
            await drained.WaitAsync(cancellationToken);
        }
        catch
        {
            Unblock();
            throw;
        }
    }

    /// <summary>Waits until all that are under way now have ended, letting new ones in.</summary>
    public Task DrainAsync(CancellationToken cancellationToken)
    {
        lock (_sync)
        {
            return _active == 0 ? Task.CompletedTask : (_drained ??= NewSource()).Task.WaitAsync(cancellationToken);
        }
    }

    /// <summary>Lets new ones in, if nobody else blocks.</summary>
    public void Unblock()
    {
        TaskCompletionSource? unblocked = null;
        lock (_sync)
        {
            if (--_blockers == 0)
            {
                unblocked = _unblocked;
                _unblocked = null;
            }
        }

        unblocked?.SetResult();
    }

    private static TaskCompletionSource NewSource() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
