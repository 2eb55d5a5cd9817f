using Nacre.Rados.Objects;

namespace Nacre.Rbd.Journaling;

/// <summary>
/// Journaled writes that each lie in one object, on their way into the objects: one request to an object at a time, which takes all that waits for it, in
/// the journal's order. The slower the store, the more writes share a request.
/// </summary>
internal sealed class ObjectQueues(ObjectIo objects, Action<JournaledChange, Exception?> settled)
{
    // Small writes gain by waiting for others of their object; large ones do not.
    private const int MaximumRequests = 16;
    private const int RequestsForSmallWrites = 4;
    private const int LargeWrite = 64 << 10;
    private const int MaximumWrites = 64;
    private const int MaximumBytes = 4 << 20;

    private readonly Lock _sync = new();
    private readonly Dictionary<ulong, ObjectQueue> _queues = [];
    private readonly Queue<ObjectQueue> _ready = new();
    private readonly Queue<ObjectQueue> _urgent = new();
    private int _running;

    /// <summary>Applies a write, after all to its object that were given before.</summary>
    public void Add(JournaledChange change, ulong number, ulong offset)
    {
        lock (_sync)
        {
            if (!_queues.TryGetValue(number, out ObjectQueue? queue))
            {
                _queues[number] = queue = new ObjectQueue(number);
                _ready.Enqueue(queue);
            }

            queue.Waiting.Enqueue((change, offset));
            if (_running >= (change.Data.Length < LargeWrite ? RequestsForSmallWrites : MaximumRequests))
            {
                return;
            }

            _running++;
        }

        // Its end is that of the changes, which hold the write gate.
        _ = RunAsync();
    }

    /// <summary>Somebody waits for an object: it is next.</summary>
    public void Urge(ulong number)
    {
        lock (_sync)
        {
            if (_queues.TryGetValue(number, out ObjectQueue? queue) && !queue.IsRunning)
            {
                _urgent.Enqueue(queue);
            }
        }
    }

    private async Task RunAsync()
    {
        // Not within the caller's locks.
        await Task.Yield();
        var batch = new List<(JournaledChange Change, ulong Offset)>();
        while (Take(batch) is { } queue)
        {
            Exception? failure = null;
            try
            {
                await objects.ChangeAsync(queue.Number, Effect.Exists, operation => AddSteps(operation, batch), CancellationToken.None);
            }
            catch (Exception exception)
            {
                failure = exception;
            }

            foreach ((JournaledChange change, _) in batch)
            {
                settled(change, failure);
            }

            batch.Clear();
            Leave(queue);
        }
    }

    private void AddSteps(WriteOperation operation, List<(JournaledChange Change, ulong Offset)> batch)
    {
        foreach ((JournaledChange change, ulong offset) in batch)
        {
            objects.AddWrite(operation, offset, change.Data);
        }
    }

    // The next object and what waits for it; null, and this worker is none any more, where nothing does.
    private ObjectQueue? Take(List<(JournaledChange Change, ulong Offset)> batch)
    {
        lock (_sync)
        {
            while (_urgent.TryDequeue(out ObjectQueue? queue) || _ready.TryDequeue(out queue))
            {
                if (queue.IsRunning || queue.Waiting.Count == 0)
                {
                    // It was urgent and is under way or done.
                    continue;
                }

                queue.IsRunning = true;
                for (int bytes = 0; batch.Count < MaximumWrites && queue.Waiting.TryPeek(out (JournaledChange Change, ulong Offset) next);)
                {
                    bytes += next.Change.Data.Length;
                    if (bytes > MaximumBytes && batch.Count > 0)
                    {
                        break;
                    }

                    batch.Add(queue.Waiting.Dequeue());
                }

                return queue;
            }

            _running--;
            return null;
        }
    }

    private void Leave(ObjectQueue queue)
    {
        lock (_sync)
        {
            queue.IsRunning = false;
            if (queue.Waiting.Count > 0)
            {
                _ready.Enqueue(queue);
            }
            else
            {
                _queues.Remove(queue.Number);
            }
        }
    }

    private sealed class ObjectQueue(ulong number)
    {
        public ulong Number => number;

        public Queue<(JournaledChange Change, ulong Offset)> Waiting { get; } = new();

        public bool IsRunning { get; set; }
    }
}
