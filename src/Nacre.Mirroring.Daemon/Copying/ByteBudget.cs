namespace Nacre.Mirroring.Daemon.Copying;

/// <summary>Bounds how many bytes are in memory at once. Requests are served in order, so that large ones do not starve.</summary>
internal sealed class ByteBudget
{
    private readonly Lock _lock = new();
    private readonly Queue<(long Bytes, TaskCompletionSource Granted)> _waiting = new();
    private readonly long _total;
    private long _free;

    /// <param name="total">Bytes.</param>
    public ByteBudget(long total) => _total = _free = total;

    /// <summary>Takes bytes, waiting until they are free; never more than all.</summary>
    /// <returns>What was taken, to be given back.</returns>
    public async ValueTask<long> TakeAsync(long bytes, CancellationToken cancellationToken)
    {
        bytes = Math.Clamp(bytes, 1, _total);
        TaskCompletionSource granted;
        lock (_lock)
        {
            if (_waiting.Count == 0 && _free >= bytes)
            {
                _free -= bytes;
                return bytes;
            }

            granted = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _waiting.Enqueue((bytes, granted));
        }

        await using (cancellationToken.Register(static state => ((TaskCompletionSource)state!).TrySetCanceled(), granted))
        {
            await granted.Task;
        }

        return bytes;
    }

    /// <summary>Replaces a guess by what it came to be, without waiting where that is more: others wait the longer for it.</summary>
    /// <param name="taken">What was taken; gets <paramref name="bytes"/>.</param>
    /// <param name="bytes">What is in memory.</param>
    public void Adjust(ref long taken, long bytes)
    {
        Give(taken - bytes);
        taken = bytes;
    }

    /// <summary>Gives bytes back.</summary>
    public void Give(long bytes)
    {
        lock (_lock)
        {
            _free += bytes;
            while (_waiting.TryPeek(out (long Bytes, TaskCompletionSource Granted) next) && (next.Granted.Task.IsCompleted || _free >= next.Bytes))
            {
                _waiting.Dequeue();
                if (next.Granted.TrySetResult())
                {
                    _free -= next.Bytes;
                }
            }
        }
    }
}
