namespace Nacre.Rados.Embedded.Storage;

/// <summary>
/// Group commit: batches are applied at once, and one sync makes durable all that were applied before it began, so that writers
/// wait for a sync together. After a failed sync nothing is acknowledged any more: what reached the disk is unknown until the next opening.
/// </summary>
internal sealed class CommitQueue : IDisposable
{
    private readonly RocksDatabase _database;
    private readonly SemaphoreSlim _signal = new(0);
    private readonly Lock _gate = new();
    private readonly Thread _thread;
    private List<TaskCompletionSource> _waiting = [];
    private List<TaskCompletionSource> _syncing = [];
    private long _applied;
    private long _durable;
    private volatile Exception? _failure;
    private bool _closed;

    public CommitQueue(RocksDatabase database)
    {
        _database = database;
        _thread = new Thread(Run) { IsBackground = true, Name = "store sync" };
        _thread.Start();
    }

    /// <summary>Ticket of the newest applied batch.</summary>
    public long Applied => Volatile.Read(ref _applied);

    /// <summary>True where all up to that ticket is on disk.</summary>
    public bool IsDurable(long ticket) => Volatile.Read(ref _durable) >= ticket;

    /// <summary>Applies a batch, all or nothing, visible at once. Returns the ticket to wait for.</summary>
    public long Apply(BatchWriter batch)
    {
        if (_failure is { } failure)
        {
            throw new RadosException(Errno.EIO, "write after a failed sync; restart the site", failure);
        }

        _database.Write(batch);
        return Interlocked.Increment(ref _applied);
    }

    /// <summary>Completes when all up to that ticket is on disk.</summary>
    public Task WaitAsync(long ticket)
    {
        if (IsDurable(ticket))
        {
            return Task.CompletedTask;
        }

        var waiter = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        bool first;
        lock (_gate)
        {
            if (_failure is { } failure)
            {
                return Task.FromException(new RadosException(Errno.EIO, "sync of the store failed; restart the site", failure));
            }

            if (_closed)
            {
                return Task.FromException(new RadosException(Errno.ENOTCONN, "the store was closed"));
            }

            first = _waiting.Count == 0;
            _waiting.Add(waiter);
        }

        if (first)
        {
            _signal.Release();
        }

        return waiter.Task;
    }

    public void Dispose()
    {
        lock (_gate)
        {
            _closed = true;
        }

        _signal.Release();
        _thread.Join();
        _signal.Dispose();
    }

    private void Run()
    {
        while (true)
        {
            _signal.Wait();
            bool closed;
            lock (_gate)
            {
                closed = _closed;
                (_waiting, _syncing) = (_syncing, _waiting);
            }

            SyncOnce();
            if (closed)
            {
                return;
            }
        }
    }

    private void SyncOnce()
    {
        // Every waiter was applied before it came here, so this sync covers it; the ticket is read first, so that it claims no more.
        long ticket = Volatile.Read(ref _applied);
        try
        {
            _database.Sync();
            Volatile.Write(ref _durable, ticket);
            foreach (TaskCompletionSource waiter in _syncing)
            {
                waiter.SetResult();
            }
        }
        catch (RadosException exception)
        {
            _failure = exception;
            foreach (TaskCompletionSource waiter in _syncing)
            {
                waiter.SetException(new RadosException(Errno.EIO, "sync of the store failed; restart the site", exception));
            }
        }

        _syncing.Clear();
    }
}
