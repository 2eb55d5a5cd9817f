using Microsoft.Extensions.Logging;
using Nacre.Rados.Embedded.Objects;
using Nacre.Rados.Embedded.Storage;
using Nacre.Rados.Embedded.Watching;

namespace Nacre.Rados.Embedded;

/// <summary>What operations, trimming and sessions of one store share.</summary>
internal sealed class StoreCore : IDisposable
{
    private readonly TaskCompletionSource _drained = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly NumberSource _numbers;
    private int _activities = 1;

    public StoreCore(RocksDatabase database, EmbeddedStoreOptions options)
    {
        Database = database;
        Commits = new CommitQueue(database);
        Time = options.Time;
        Logger = options.Logger;
        Objects = new ObjectTable(Math.Max(options.CacheSize / 4, 4 << 20));
        Classes = new Classes.ClassRegistry(options.Classes);
        Watches = new WatchTable(options.Time, options.Logger);
        _numbers = new NumberSource(database, "next-number", 1, 1 << 20);
    }

    public RocksDatabase Database { get; }

    public CommitQueue Commits { get; }

    public TimeProvider Time { get; }

    public ILogger Logger { get; }

    public ObjectTable Objects { get; }

    public Classes.ClassRegistry Classes { get; }

    public WatchTable Watches { get; }

    /// <summary>
    /// Held shared by an operation while it takes effect, exclusively while pools, removed snapshots or the blocklist change: what began
    /// under the old map has then taken effect, and what comes after sees the new one.
    /// </summary>
    public ReaderWriterLockSlim Map { get; } = new(LockRecursionPolicy.NoRecursion);

    /// <summary>Changes what operations check, between them.</summary>
    public void ChangeMap(Action change)
    {
        Map.EnterWriteLock();
        try
        {
            change();
        }
        finally
        {
            Map.ExitWriteLock();
        }
    }

    /// <summary>A number that no version, object or omap of this store ever had before.</summary>
    public ulong NextNumber() => _numbers.Next();

    /// <summary>Something begins that needs the database. ENOTCONN once the store is closed.</summary>
    public Activity BeginActivity() =>
        TryBeginActivity(out Activity activity) ? activity : throw new RadosException(Errno.ENOTCONN, "the store was closed");

    /// <summary>Something begins that needs the database; false once the store is closed.</summary>
    public bool TryBeginActivity(out Activity activity)
    {
        activity = new Activity(this);
        while (true)
        {
            int count = Volatile.Read(ref _activities);
            if (count == 0)
            {
                return false;
            }

            if (Interlocked.CompareExchange(ref _activities, count + 1, count) == count)
            {
                return true;
            }
        }
    }

    /// <summary>It is over.</summary>
    public void EndActivity()
    {
        if (Interlocked.Decrement(ref _activities) == 0)
        {
            _drained.SetResult();
        }
    }

    /// <summary>Lets nothing new begin once what is under way has ended, and waits for that. Call once.</summary>
    public Task DrainAsync()
    {
        EndActivity();
        return _drained.Task;
    }

    public void Dispose()
    {
        Commits.Dispose();
        Database.Dispose();
        Map.Dispose();
    }
}
