using System.Globalization;
using Nacre.Journal;
using Nacre.Journal.Committing;
using Nacre.Journal.Recording;
using Nacre.Rados;

namespace Nacre.Rbd.Journaling;

/// <summary>
/// Records an image's changes in its journal before they are made, while this client owns the exclusive lock (librbd::Journal).
/// </summary>
/// <remarks>
/// <para>A change is appended, is acknowledged once it and all before it are durable in the journal, and is then applied to the objects, after changes
/// before it that overlap it. So overlapping changes are applied in the journal's order, which is that in which they were begun; others as they come.
/// Reads wait for changes of their range that are not applied yet. A flush waits for all: then the objects alone hold everything.</para>
/// <para>The commit position moves over a change once it and all before it are applied and durable; it is written at intervals, and object sets that every
/// client has committed are removed then.</para>
/// <para>Any failure, of an append or of an object's write, ends the writer: what was acknowledged but not applied is in the journal, and is applied when
/// the lock is taken next, which the next read or write brings about.</para>
/// </remarks>
internal sealed partial class JournalWriter
{
    // As much as librbd's cache may hold back (rbd_cache_size), and enough requests to keep a cluster busy.
    private const long MaximumKeptBytes = 32 << 20;
    private const int MaximumChanges = 2048;

    // By Ceph's default there is no limit. With one, entries that come meanwhile share an append; but with one alone each would wait for another's.
    private const int DefaultAppendsPerObject = 4;

    private readonly Lock _sync = new();
    private readonly ImageCore _core;
    private readonly ImageIo _io;
    private readonly ImageJournal _journal;
    private readonly JournalRecorder _recorder;
    private readonly CommitTracker _tracker;
    private readonly JournalEvents _events;
    private readonly ObjectQueues _objects;
    private readonly PendingChanges _pending = new();
    private readonly Queue<JournaledChange> _recording = new();
    private readonly WorkBudget _budget = new(MaximumKeptBytes, MaximumChanges);
    private readonly CancellationTokenSource _stop = new();
    private Task _committing = Task.CompletedTask;
    private RadosException? _failure;

    private JournalWriter(ImageCore core, ImageIo io, ImageJournal journal, JournalRecorder recorder, JournalTags tags)
    {
        _core = core;
        _io = io;
        _objects = new ObjectQueues(core.Objects, Finish);
        _journal = journal;
        _recorder = recorder;
        _tracker = new CommitTracker(journal, JournalTags.ImageClientId, tags.Client.CommitPosition);
        _events = new JournalEvents(
            recorder, tags.Newest.Tid, core.Options.Time, JournalEvents.MaximumSize(journal, core.GetUInt64Option("rbd_journal_max_payload_bytes", 16384)));
    }

    /// <summary>True once something went wrong: nothing more is recorded.</summary>
    public bool IsFailed => Volatile.Read(ref _failure) is not null;

    /// <summary>Begins to record in the newest tag, which nobody has recorded in.</summary>
    public static async Task<JournalWriter> OpenAsync(
        ImageCore core, ImageIo io, ImageJournal journal, JournalTags tags, CancellationToken cancellationToken)
    {
        ulong appends = core.GetUInt64Option("rbd_journal_object_max_in_flight_appends", 0);
        var options = new JournalRecorderOptions
        {
            MaximumAppendsPerObject = appends == 0 ? DefaultAppendsPerObject : (int)Math.Min(appends, 256),
            MaximumAppendBytes = (int)Math.Clamp(core.GetUInt64Option("rbd_journal_object_flush_bytes", 1 << 20), 1 << 16, 1 << 24),
        };
        JournalRecorder recorder = await JournalRecorder.OpenAsync(journal, options, cancellationToken);
        var writer = new JournalWriter(core, io, journal, recorder, tags);
        writer._committing = Task.Run(writer.CommitAtIntervalsAsync, CancellationToken.None);
        return writer;
    }

    /// <summary>
    /// Records a change, and has it applied behind; completes when it is durable in the journal. A compare-and-write completes when applied, with its
    /// outcome. The caller is in the write gate, which this leaves once the change is applied, or has failed.
    /// </summary>
    public async ValueTask<ulong?> RecordAsync(JournaledChange change, CancellationToken cancellationToken)
    {
        try
        {
            await _budget.TakeAsync(change.KeptBytes, cancellationToken);
        }
        catch
        {
            _core.Writes.Exit();
            throw;
        }

        lock (_sync)
        {
            change.Before = _pending.Find(change.Offset, change.End);
            if (change.Object is not null)
            {
                // Those that go to one object by its queue keep their order there.
                change.Before?.RemoveAll(static before => before.IsQueued);
                change.IsQueued = change.Before is null or { Count: 0 };
            }

            _pending.Add(change);
            _recording.Enqueue(change);
            _events.Append(change, _tracker);
        }

        try
        {
            // While the entry is on its way.
            change.KeepData();
            await change.Recorded;
        }
        catch (RadosException exception)
        {
            Finish(change, exception);
            throw Failed();
        }

        Apply(change);
        if (change.Kind != JournaledChangeKind.CompareAndWrite)
        {
            return null;
        }

        await change.Settled;
        return IsFailed ? throw Failed() : change.Outcome;
    }

    /// <summary>
    /// Records a flush, and waits until everything that was acknowledged before is applied; false where the writer has failed before that.
    /// </summary>
    public async ValueTask<bool> FlushAsync(CancellationToken cancellationToken)
    {
        await _core.Writes.EnterAsync(cancellationToken);
        if (_core.Journal != this || IsFailed)
        {
            // The lock was given up meanwhile, and everything applied before that; or not.
            _core.Writes.Exit();
            return !IsFailed;
        }

        try
        {
            await RecordAsync(JournaledChange.Flush(), cancellationToken);
        }
        catch (RadosException) when (IsFailed)
        {
            return false;
        }

        return await IsAllAppliedAsync(cancellationToken);
    }

    /// <summary>Waits until what was acknowledged is applied, everywhere; false where the writer has failed before that.</summary>
    public ValueTask<bool> IsAllAppliedAsync(CancellationToken cancellationToken)
    {
        JournaledChange[] changes;
        lock (_sync)
        {
            changes = [.. _pending.All];
        }

        return IsAppliedAsync(changes, cancellationToken);
    }

    /// <summary>Waits until what was acknowledged of a range is applied; false where the writer has failed before that.</summary>
    public ValueTask<bool> IsAppliedAsync(ulong offset, ulong length, CancellationToken cancellationToken)
    {
        List<JournaledChange>? changes;
        lock (_sync)
        {
            changes = _pending.Find(offset, offset + length);
        }

        return changes is null ? ValueTask.FromResult(!IsFailed) : IsAppliedAsync(changes, cancellationToken);
    }

    /// <summary>
    /// Ends: waits for appends under way and, unless the lock is lost, writes the position. The caller has blocked the write gate, or the lock is lost.
    /// </summary>
    public async Task CloseAsync(bool isLost)
    {
        if (isLost)
        {
            Fail(_core.Error(Errno.ESHUTDOWN, "recording changes without the exclusive lock"));
        }

        await _stop.CancelAsync();
        await _committing;
        await _recorder.DisposeAsync();
        if (isLost)
        {
            return;
        }

        try
        {
            await CommitAsync(CancellationToken.None);
        }
        catch (RadosException exception)
        {
            _core.Log($"committing the journal at the end: {exception.Message}; what it holds is applied once more when the lock is taken next");
        }
    }

    private async ValueTask<bool> IsAppliedAsync(IReadOnlyCollection<JournaledChange> changes, CancellationToken cancellationToken)
    {
        foreach (JournaledChange change in changes)
        {
            Urge(change);
            await change.Settled.WaitAsync(cancellationToken);
        }

        return !IsFailed;
    }

    // Writes of one object go to it in the journal's order: those that were recorded go there as they stand in it, though their waits end in any order.
    private void Apply(JournaledChange change)
    {
        lock (_sync)
        {
            change.IsRecorded = true;
            while (_recording.TryPeek(out JournaledChange? first) && first.IsRecorded)
            {
                _recording.Dequeue();
                if (first is { IsQueued: true, Object: { } piece } && !IsFailed)
                {
                    _objects.Add(first, piece.ObjectNumber, piece.Offset);
                }
                else
                {
                    // The write gate, which it holds, waits for it.
                    _ = ApplyAsync(first);
                }
            }
        }
    }

    private void Urge(JournaledChange change)
    {
        if (change is { IsQueued: true, Object: { } piece })
        {
            _objects.Urge(piece.ObjectNumber);
        }
    }

    private async Task ApplyAsync(JournaledChange change)
    {
        Exception? failure = null;
        try
        {
            foreach (JournaledChange before in change.Before ?? [])
            {
                Urge(before);
                await before.Settled;
            }

            if (!IsFailed)
            {
                change.Outcome = await _io.ApplyAsync(change);
            }
        }
        catch (Exception exception)
        {
            failure = exception;
        }

        Finish(change, failure);
    }

    private void Finish(JournaledChange change, Exception? failure)
    {
        if (failure is not null)
        {
            Fail(failure as RadosException ?? new RadosException(Errno.EIO, $"applying a change: {failure.Message}", failure));
        }
        else if (!IsFailed)
        {
            change.Commit();
        }

        int bytes = change.KeptBytes;
        lock (_sync)
        {
            _pending.Remove(change);
        }

        change.Before = null;
        change.Settle();
        _budget.Give(bytes);
        _core.Writes.Exit();
    }

    private void Fail(RadosException exception)
    {
        if (Interlocked.CompareExchange(ref _failure, exception, null) is null)
        {
            _core.Log($"the journal's writer ends: {exception.Message}");
        }
    }

    private RadosException Failed()
    {
        RadosException failure = Volatile.Read(ref _failure)!;
        return new RadosException(failure.Code, failure.Message, failure);
    }

    private async Task CommitAtIntervalsAsync()
    {
        TimeSpan age = TimeSpan.FromSeconds(
            double.TryParse(_core.GetOption("rbd_journal_commit_age"), NumberStyles.Float, CultureInfo.InvariantCulture, out double seconds) && seconds > 0
                ? Math.Clamp(seconds, 0.01, 3600)
                : 5);
        while (true)
        {
            try
            {
                await Task.Delay(age, _core.Options.Time, _stop.Token);
                await CommitAsync(_stop.Token);
            }
            catch (OperationCanceledException) when (_stop.IsCancellationRequested)
            {
                return;
            }
            catch (RadosException exception)
            {
                _core.Log($"committing the journal: {exception.Message}; tried again in {age.TotalSeconds:0.#} s");
            }
        }
    }

    private async Task CommitAsync(CancellationToken cancellationToken)
    {
        await _tracker.FlushAsync(cancellationToken);
        await JournalTrim.RunAsync(_core, _journal, _tracker.Position, cancellationToken);
    }
}
