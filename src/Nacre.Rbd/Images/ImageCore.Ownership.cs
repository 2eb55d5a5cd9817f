using Nacre.ObjectClasses.Rbd;
using Nacre.ObjectClasses.Rbd.Notifications;
using Nacre.Rados;
using Nacre.Rados.Objects;
using Nacre.Rados.Watching;
using Nacre.Rbd.Journaling;

namespace Nacre.Rbd;

/// <content>Watch, lock and object map, and what may be done only with them.</content>
internal sealed partial class ImageCore
{
    private readonly CancellationTokenSource _lockGoing = new();
    private HeadObjectMap? _objectMap;
    private int _closed;

    /// <summary>Work that closing waits for.</summary>
    public BackgroundTasks Background { get; }

    /// <summary>Every maintenance operation that needs the lock is in it; a release of the lock waits for it.</summary>
    public IoGate Operations { get; } = new();

    /// <summary>One maintenance operation at a time.</summary>
    public SemaphoreSlim OneOperation { get; } = new(1, 1);

    /// <summary>Writes whose outcome is unknown.</summary>
    public UnsettledWrites Unsettled { get; }

    /// <summary>The watch; null where opened without one.</summary>
    public ImageWatcher? Watcher { get; private set; }

    /// <summary>The exclusive lock; null where the image has none or is opened for reading.</summary>
    public ExclusiveLock? Lock { get; private set; }

    /// <summary>The head's object map, while this client owns the lock.</summary>
    public HeadObjectMap? ObjectMap => Volatile.Read(ref _objectMap);

    /// <summary>The image that this is a clone of; null for none.</summary>
    public Image? Parent { get; set; }

    public MaintenanceOperations Maintenance { get; internal set; } = null!;

    public SnapshotOperations Snapshots { get; internal set; } = null!;

    public bool IsLockOwner => Lock?.IsOwner ?? false;

    public bool IsClosed => Volatile.Read(ref _closed) != 0;

    /// <summary>Cancelled once the lock goes without this client's own doing.</summary>
    public CancellationToken LockGoing => _lockGoing.Token;

    /// <summary>The lock is wanted by another client, or was lost.</summary>
    public void TellLockGoing() => Background.Start("telling that the lock goes", _ => _lockGoing.CancelAsync());

    /// <summary>Takes the watch, then reads the header, so that no change in between is missed.</summary>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        if ((!Options.ReadOnly && Options.SnapshotId is null && Options.SnapshotName is null) || Options.Watch)
        {
            Watcher = new ImageWatcher(this);
            await Watcher.StartAsync(cancellationToken);
        }

        await RefreshAsync(cancellationToken);
        ReadyLock();
    }

    /// <summary>Has a lock object as long as the image has the feature. Called when features changed by our own doing or were read.</summary>
    public void ReadyLock()
    {
        if (State.Has(RbdFeatures.ExclusiveLock) && Lock is null && Watcher is not null && !Options.ReadOnly && OpenedSnapshot == SnapshotId.Head)
        {
            Lock = new ExclusiveLock(this, Watcher);
        }
    }

    public Task AcquireLockAsync(CancellationToken cancellationToken)
    {
        ReadyLock();
        return Lock is { } exclusiveLock
            ? exclusiveLock.AcquireAsync(cancellationToken)
            : throw Error(Errno.EINVAL, "taking the exclusive lock, a feature that is off or the image is read-only,");
    }

    public Task ReleaseLockAsync(CancellationToken cancellationToken) => Lock?.ReleaseAsync(cancellationToken) ?? Task.CompletedTask;

    public Task<LockOwner?> GetLockOwnerAsync(CancellationToken cancellationToken) => LockOwners.ReadAsync(this, cancellationToken);

    public Task BreakLockAsync(LockOwner owner, CancellationToken cancellationToken) => LockOwners.BreakAsync(this, owner, cancellationToken);

    /// <summary>Loads the object map: the lock was taken.</summary>
    public async Task OpenObjectMapAsync(CancellationToken cancellationToken)
    {
        if (State.Has(RbdFeatures.ObjectMap))
        {
            Volatile.Write(ref _objectMap, await HeadObjectMap.OpenAsync(this, cancellationToken));
        }
    }

    /// <summary>Forgets the object map: the lock is going.</summary>
    public async Task CloseObjectMapAsync(bool unlock, CancellationToken cancellationToken)
    {
        HeadObjectMap? map = Interlocked.Exchange(ref _objectMap, null);
        if (map is not null && unlock)
        {
            await map.CloseAsync(cancellationToken);
        }
    }

    /// <summary>The watch is a new one.</summary>
    public Task OnWatchedAgainAsync(CancellationToken cancellationToken) => Lock?.RenewAsync(cancellationToken) ?? Task.CompletedTask;

    /// <summary>The watch cannot be had again: blocklisted, or the image was removed.</summary>
    public void OnWatchGone(RadosException cause)
    {
        Log(cause.Message);
        TellLockGoing();
        if (Lock is { } exclusiveLock)
        {
            Background.Start("forgetting the lock", _ => exclusiveLock.ForgetAsync());
        }
    }

    /// <summary>
    /// Enters the write gate, owning the lock where the image has one. Leave by <see cref="IoGate.Exit"/> of <see cref="Writes"/>. Where it gives a
    /// journal's writer, the change has to be recorded there.
    /// </summary>
    public ValueTask<JournalWriter?> BeginWriteAsync(CancellationToken cancellationToken)
    {
        // The ordinary case costs nothing.
        if (Interlocked.Read(ref _updatesSeen) == Interlocked.Read(ref _updatesRead) && IsWritableNow(out bool ready) && ready && Writes.TryEnter(out _))
        {
            JournalWriter? journal = Journal;
            if (Lock is null or { IsOwner: true } && (journal is not null || !IsRecording(State)))
            {
                return new ValueTask<JournalWriter?>(journal);
            }

            Writes.Exit();
        }

        return new ValueTask<JournalWriter?>(BeginWriteSlowlyAsync(cancellationToken));
    }

    /// <summary>Tells all that the header changed, this client too.</summary>
    public async Task NotifyHeaderUpdateAsync(CancellationToken cancellationToken)
    {
        MarkStale();
        if (Watcher is { } watcher)
        {
            await watcher.NotifyAsync(new HeaderUpdatePayload(), cancellationToken);
        }
        else
        {
            await Pool.NotifyAsync(
                HeaderName, ObjectClasses.Encoding.CephEncodingExtensions.ToBytes(new NotifyMessage(new HeaderUpdatePayload())), TimeSpan.FromSeconds(5),
                cancellationToken);
        }

        await RefreshIfStaleAsync(cancellationToken);
    }

    /// <summary>Notes flags that were just set in the header.</summary>
    public void SetFlags(ulong snapshotId, RbdFlags flags, RbdFlags mask)
    {
        HeaderState state = State;
        HeaderState changed = snapshotId == SnapshotId.Head
            ? state with { Flags = (state.Flags & ~mask) | flags }
            : state with
            {
                Snapshots = [.. state.Snapshots.Select(s => s.Id == snapshotId ? s with { Flags = (s.Flags & ~mask) | flags } : s)],
            };
        Interlocked.CompareExchange(ref _state, changed, state);
    }

    public void ThrowIfReadOnly(string what)
    {
        if (IsReadOnly)
        {
            throw Error(Errno.EROFS, State.Has(RbdFeatures.NonPrimary) && !Options.ReadOnly ? $"{what} (a mirrored copy: promote it first)" : what);
        }

        if (State.Has(RbdFeatures.Migrating))
        {
            throw Error(Errno.EOPNOTSUPP, $"{what} during its migration");
        }

        if (State.Has(RbdFeatures.DirtyCache))
        {
            throw Error(Errno.EOPNOTSUPP, $"{what} while the persistent cache of another client holds newer data");
        }
    }

    public async ValueTask CloseAsync()
    {
        if (Interlocked.Exchange(ref _closed, 1) != 0)
        {
            return;
        }

        await Writes.DrainAsync(CancellationToken.None);
        await Reads.DrainAsync(CancellationToken.None);
        try
        {
            await ReleaseLockAsync(CancellationToken.None);
        }
        catch (RadosException exception)
        {
            Log($"giving the lock up at the end: {exception.Message}");
        }

        await Background.StopAsync();
        if (Watcher is { } watcher)
        {
            await watcher.StopAsync();
        }

        if (Parent is { } parent)
        {
            await parent.DisposeAsync();
        }
    }

    private bool IsWritableNow(out bool ready)
    {
        HeaderState state = State;
        ready = (state.Features & (RbdFeatures.Migrating | RbdFeatures.DirtyCache)) == 0
            && (Lock is not null || !state.Has(RbdFeatures.ExclusiveLock)) && HasUsableJournal(state);
        return !IsReadOnly && Volatile.Read(ref _closed) == 0;
    }

    private async Task<JournalWriter?> BeginWriteSlowlyAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            ObjectDisposedException.ThrowIf(Volatile.Read(ref _closed) != 0, typeof(Image));
            await RefreshIfStaleAsync(cancellationToken);
            ThrowIfReadOnly("writing");
            ReadyLock();
            ExclusiveLock? exclusiveLock = State.Has(RbdFeatures.ExclusiveLock) ? Lock : null;
            if (!HasUsableJournal(State))
            {
                await TakeUsableJournalAsync(cancellationToken);
            }
            else if (exclusiveLock is { IsOwner: false })
            {
                await exclusiveLock.AcquireAsync(cancellationToken);
            }

            await Writes.EnterAsync(cancellationToken);
            JournalWriter? journal = Journal;
            if (exclusiveLock is null or { IsOwner: true } && (journal is not null || !IsRecording(State)))
            {
                return journal;
            }

            Writes.Exit();
        }
    }
}
