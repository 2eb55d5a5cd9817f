namespace Nacre.Site.Sessions;

/// <summary>Bounds what one client can have under way: its connection is not read further until there is room. One waiter.</summary>
internal sealed class InFlightLimit(int maximumOperations, long maximumBytes)
{
    private readonly Lock _gate = new();
    private int _operations;
    private long _bytes;
    private TaskCompletionSource? _room;

    public async ValueTask EnterAsync(long bytes, CancellationToken cancellationToken)
    {
        while (true)
        {
            Task room;
            lock (_gate)
            {
                // A single operation may be larger than the limit: it goes alone.
                if (_operations == 0 || (_operations < maximumOperations && _bytes + bytes <= maximumBytes))
                {
                    _operations++;
                    _bytes += bytes;
                    return;
                }

                _room ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                room = _room.Task;
            }

            await room.WaitAsync(cancellationToken);
        }
    }

    public void Leave(long bytes)
    {
        TaskCompletionSource? room;
        lock (_gate)
        {
            _operations--;
            _bytes -= bytes;
            room = _room;
            _room = null;
        }

        room?.TrySetResult();
    }
}
