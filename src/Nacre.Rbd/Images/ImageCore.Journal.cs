using Nacre.Journal;
using Nacre.Journal.Formats;
using Nacre.ObjectClasses.Journal;
using Nacre.ObjectClasses.Rbd;
using Nacre.Rados;
using Nacre.Rbd.Journaling;

namespace Nacre.Rbd;

/// <content>The image's own journal, while this client owns the lock.</content>
internal sealed partial class ImageCore
{
    private JournalWriter? _journal;

    /// <summary>How changes reach the objects.</summary>
    public ImageIo Io { get; internal set; } = null!;

    /// <summary>Requests to data objects.</summary>
    public ObjectIo Objects { get; internal set; } = null!;

    /// <summary>Records changes before they are made; null where nothing is recorded.</summary>
    public JournalWriter? Journal => Volatile.Read(ref _journal);

    /// <summary>What is done with the journal: as opened, unless it is being removed.</summary>
    public ImageJournalUse JournalUse { get; set; }

    /// <summary>True where the lock could not be taken because of the journal.</summary>
    public bool IsJournalUnusable { get; private set; }

    /// <summary>True where operations that otherwise need no lock need it, to be recorded.</summary>
    public bool IsJournaled => IsRecording(State);

    // Such an image is read and written only as the lock's owner: what a killed writer has left must be applied first.
    private bool IsRecording(HeaderState state) =>
        state.Has(RbdFeatures.Journaling) && JournalUse == ImageJournalUse.Record && Lock is not null && state.Has(RbdFeatures.ExclusiveLock);

    private bool HasUsableJournal(HeaderState state) => !IsRecording(state) || (Lock is { IsOwner: true } && Journal is { IsFailed: false });

    /// <summary>
    /// Opens the journal: the lock was taken, and the object map is loaded (exclusive_lock::PostAcquireRequest). What a killed writer has left is applied.
    /// EPERM where another site writes the image.
    /// </summary>
    public async Task OpenJournalAsync(CancellationToken cancellationToken)
    {
        IsJournalUnusable = false;
        if (!State.Has(RbdFeatures.Journaling) || JournalUse == ImageJournalUse.Ignore)
        {
            return;
        }

        try
        {
            ImageJournal journal = await ImageJournal.OpenAsync(Pool, Id, cancellationToken);
            JournalTags tags = await JournalTags.ReadAsync(journal, cancellationToken);
            var options = new JournalApplierOptions { MaximumRequests = Concurrency };
            JournalPosition position = await JournalRecovery.RunAsync(this, Objects, journal, tags.Client, options, cancellationToken);
            if (JournalUse != ImageJournalUse.Record)
            {
                return;
            }

            if (!tags.IsLocal)
            {
                throw Error(Errno.EPERM, "taking the exclusive lock, whose journal belongs to another site (the image is not primary: promote it first),");
            }

            tags = tags with { Client = tags.Client with { CommitPosition = position } };
            tags = await tags.AllocateLocalAsync(journal, cancellationToken);
            await BeginRecordingAsync(journal, tags, cancellationToken);
        }
        catch (RadosException exception)
        {
            IsJournalUnusable = true;
            Log($"opening the journal: {exception.Message}");
            throw;
        }
    }

    /// <summary>Begins to record in the newest tag: nobody has recorded in it.</summary>
    public async Task BeginRecordingAsync(ImageJournal journal, JournalTags tags, CancellationToken cancellationToken) =>
        Volatile.Write(ref _journal, await JournalWriter.OpenAsync(this, Io, journal, tags, cancellationToken));

    /// <summary>Ends recording. Writes are held back, or the lock is lost.</summary>
    public async Task CloseJournalAsync(bool isLost)
    {
        if (Interlocked.Exchange(ref _journal, null) is { } journal)
        {
            await journal.CloseAsync(isLost);
        }
    }

    /// <summary>
    /// Ends this site's ownership of the journal, after everything that was acknowledged has been applied; nobody writes the image from then on. EINVAL where
    /// this site does not own it, EROFS without the lock.
    /// </summary>
    public async Task DemoteAsync(CancellationToken cancellationToken)
    {
        await Operations.EnterAsync(cancellationToken);
        try
        {
            await Writes.BlockAsync(cancellationToken);
            try
            {
                if (!IsLockOwner || Journal is not { IsFailed: false })
                {
                    throw Error(Errno.EROFS, "demoting without the exclusive lock and an open journal");
                }

                await CloseJournalAsync(isLost: false);
                ImageJournal journal = await ImageJournal.OpenAsync(Pool, Id, cancellationToken);
                JournalTags tags = await JournalTags.ReadAsync(journal, cancellationToken);
                if (!tags.IsLocal)
                {
                    throw Error(Errno.EINVAL, "demoting, while the image is not the primary,");
                }

                await JournalOwnership.DemoteAsync(journal, tags, Options.Time, cancellationToken);
            }
            finally
            {
                Writes.Unblock();
            }
        }
        finally
        {
            Operations.Exit();
        }
    }

    /// <summary>Waits until the objects hold everything that was acknowledged.</summary>
    public async ValueTask ApplyJournaledAsync(CancellationToken cancellationToken)
    {
        while (OpenedSnapshot == Rados.Objects.SnapshotId.Head && Journal is { } journal && !await journal.IsAllAppliedAsync(cancellationToken))
        {
            await PrepareReadSlowlyAsync(cancellationToken);
        }
    }

    /// <summary>Carries an operation out, recorded with its beginning and its end where changes are recorded.</summary>
    public Task OperateAsync(Func<ulong, JournalEventPayload> payload, Func<Task> operate, CancellationToken cancellationToken) =>
        Journal is { } journal ? journal.OperateAsync(payload, operate, cancellationToken) : operate();

    /// <summary>
    /// Reads the header if it changed, and where changes are recorded takes the lock and waits until the objects hold everything that was acknowledged of
    /// a range.
    /// </summary>
    public ValueTask PrepareReadAsync(ulong offset, ulong length, CancellationToken cancellationToken)
    {
        ValueTask prepared = PrepareReadAsync(cancellationToken);
        return prepared.IsCompletedSuccessfully && Journal is null ? prepared : new ValueTask(PrepareReadJournaledAsync(prepared, offset, length, cancellationToken));
    }

    private async Task PrepareReadJournaledAsync(ValueTask prepared, ulong offset, ulong length, CancellationToken cancellationToken)
    {
        await prepared;

        // A writer that fails or goes meanwhile is replaced, which applies what it has left.
        while (!IsReadOnly && IsRecording(State))
        {
            if (Journal is { } journal && await journal.IsAppliedAsync(offset, length, cancellationToken))
            {
                return;
            }

            await PrepareReadSlowlyAsync(cancellationToken);
        }
    }

    /// <summary>Makes what was acknowledged durable in the objects.</summary>
    public async ValueTask FlushJournaledAsync(JournalWriter journal, CancellationToken cancellationToken)
    {
        if (!await journal.FlushAsync(cancellationToken))
        {
            await PrepareReadSlowlyAsync(cancellationToken);
        }
    }

    private ValueTask PrepareReadAsync(CancellationToken cancellationToken) =>
        Interlocked.Read(ref _updatesSeen) == Interlocked.Read(ref _updatesRead) && HasUsableJournal(State)
            ? ValueTask.CompletedTask
            : new ValueTask(PrepareReadSlowlyAsync(cancellationToken));

    private async Task PrepareReadSlowlyAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            ObjectDisposedException.ThrowIf(Volatile.Read(ref _closed) != 0, typeof(Image));
            await RefreshIfStaleAsync(cancellationToken);
            ReadyLock();
            if (IsReadOnly || HasUsableJournal(State))
            {
                return;
            }

            await TakeUsableJournalAsync(cancellationToken);
        }
    }

    // A writer that failed leaves its changes in the journal: giving the lock up and taking it again applies them.
    private async Task TakeUsableJournalAsync(CancellationToken cancellationToken)
    {
        ExclusiveLock exclusiveLock = Lock!;
        if (exclusiveLock.IsOwner && Journal is null or { IsFailed: true })
        {
            await exclusiveLock.ReleaseAsync(cancellationToken);
        }

        await exclusiveLock.AcquireAsync(cancellationToken);
    }
}
