using Nacre.Journal;
using Nacre.Journal.Committing;
using Nacre.Journal.Formats;
using Nacre.Journal.Reading;
using Nacre.Rados;
using Nacre.Rados.Encoding;

namespace Nacre.Rbd.Journaling;

/// <summary>
/// Applies the entries of a journal to an open image, past the image's own journal (src/librbd/journal/Replay.cc): of another site's journal to a copy, or
/// of its own to an image whose writer was killed. Entries are given in their order, by one caller at a time; the tracker is told of each that is durable.
/// </summary>
/// <remarks>
/// <para>Writes between two flushes of the source take effect in any order, those of one object together; what a later one overwrites is not written. None
/// takes effect before all that came before the last flush are durable. So the image is at every moment what it was at the source after some prefix of
/// its writes, as far as flushes tell the order; only what was applied before and is applied again, after a killed replay, may be older meanwhile.</para>
/// <para>Operations take effect alone, between what comes before and after them, and the position is written before anything else happens, so that none is
/// carried out again over what came after it. An error is for good: after it only what came before the entry that it names can be flushed.</para>
/// </remarks>
public sealed class JournalApplier : IAsyncDisposable
{
    private readonly ImageJournal _source;
    private readonly CommitTracker _tracker;
    private readonly JournalApplierOptions _options;
    private readonly ReplayWindow _window;
    private readonly WriteReplay _writes;
    private readonly OperationReplay _operations;
    private readonly PendingOperations _pending = new();
    private readonly Queue<(ReplayedEntry Entry, JournalEventPayload Payload)> _held = new();
    private long _heldBytes;

    /// <param name="image">The image, open and with its lock owned; see <see cref="ImageJournalUse.Bypass"/>.</param>
    /// <param name="source">The journal that is applied, for errors.</param>
    /// <param name="tracker">Is told what is durable.</param>
    /// <param name="options">How to apply.</param>
    public JournalApplier(Image image, ImageJournal source, CommitTracker tracker, JournalApplierOptions? options = null)
        : this(image.Core, image.Objects, source, tracker, options ?? new JournalApplierOptions())
    {
    }

    internal JournalApplier(ImageCore core, ObjectIo objects, ImageJournal source, CommitTracker tracker, JournalApplierOptions options)
    {
        _source = source;
        _tracker = tracker;
        _options = options;
        _window = new ReplayWindow(new ImageReplayTarget(core, objects, source, options.RequiresLock), () => options.MaximumNow, options.MaximumRequests);
        _writes = new WriteReplay(core, objects, _window);
        _operations = new OperationReplay(core, core.Snapshots, core.Maintenance, options.RequiresLock);
    }

    /// <summary>Bytes of entries that are in memory, about.</summary>
    public long Bytes => _window.Bytes + Interlocked.Read(ref _heldBytes);

    /// <summary>Decodes an entry of a journal, without copying. <see cref="JournalDamagedException"/> where it is no event.</summary>
    public static JournalEvent Decode(ImageJournal source, PlayedEntry entry)
    {
        try
        {
            return JournalEvent.Decode(entry.Entry.Data);
        }
        catch (CephDecodeException exception)
        {
            throw new JournalDamagedException(
                Errno.EBADMSG, $"an entry that is no event ({exception.Attempt})", source.DataPool.Name, source.ObjectName(entry.ObjectNumber), entry.Offset);
        }
    }

    /// <summary>Decodes and takes up an entry; see <see cref="ApplyAsync(PlayedEntry, JournalEvent, CancellationToken)"/>.</summary>
    public ValueTask ApplyAsync(PlayedEntry entry, CancellationToken cancellationToken = default)
    {
        try
        {
            return ApplyAsync(entry, Decode(_source, entry), cancellationToken);
        }
        catch
        {
            entry.Dispose();
            throw;
        }
    }

    /// <summary>
    /// Takes up the next entry, which is disposed here, and waits until there is room for another. Throws the error that ended the replay, of this entry or
    /// of an earlier one: it names the journal's object and the offset.
    /// </summary>
    /// <param name="entry">The entry.</param>
    /// <param name="journalEvent">What is in it.</param>
    /// <param name="cancellationToken">Gives up; nothing can be applied after that.</param>
    public async ValueTask ApplyAsync(PlayedEntry entry, JournalEvent journalEvent, CancellationToken cancellationToken = default)
    {
        JournalEventPayload payload = journalEvent.Payload;
        if (payload is JournalUnknownEvent)
        {
            entry.Dispose();
            throw ImageReplayTarget.Failed(
                _source, entry, new RadosException(Errno.EOPNOTSUPP, $"an event of type {(uint)payload.Type}, which only a newer release knows"));
        }

        var replayed = new ReplayedEntry(entry, _tracker);
        if (payload is JournalOperationFinish finish)
        {
            await FinishAsync(replayed, finish, cancellationToken);
            return;
        }

        if (_pending.Blocking is null)
        {
            await ProcessAsync(replayed, payload, cancellationToken);
            return;
        }

        // What comes after the operation waits until it is known how that ended; unless it takes too long: then it will have succeeded, as mostly.
        _held.Enqueue((replayed, payload));
        Interlocked.Add(ref _heldBytes, replayed.Cost);
        if (_heldBytes > _options.MaximumNow / 2)
        {
            await RunAsync(_pending.Blocking, cancellationToken);
            await ReleaseHeldAsync(cancellationToken);
        }
    }

    /// <summary>Nothing more comes soon: all that is here is written without waiting for more.</summary>
    public void SendAll() => _window.SendAll();

    /// <summary>Waits until all is durable that can be: operations whose end was not read are not begun.</summary>
    public Task FlushAsync(CancellationToken cancellationToken = default) => _window.DrainAsync(cancellationToken);

    /// <summary>
    /// The tag is at its end: its writer says no more. Operations whose end was not read are carried out, as librbd does; then all is durable.
    /// </summary>
    public async Task EndTagAsync(CancellationToken cancellationToken = default)
    {
        while (_pending.All.Count > 0)
        {
            await RunAsync(_pending.All[0], cancellationToken);
            await ReleaseHeldAsync(cancellationToken);
        }

        await _window.DrainAsync(cancellationToken);
    }

    /// <summary>Begins nothing more and waits for what is under way.</summary>
    public ValueTask DisposeAsync()
    {
        foreach ((ReplayedEntry entry, _) in _held)
        {
            entry.Abandon();
        }

        foreach (PendingOperation operation in _pending.All)
        {
            operation.Entry.Abandon();
        }

        return _window.DisposeAsync();
    }

    private async ValueTask ProcessAsync(ReplayedEntry entry, JournalEventPayload payload, CancellationToken cancellationToken)
    {
        if (OperationReplay.TidOf(payload) is not { } tid)
        {
            await _window.BeginAsync(entry, cancellationToken);
            if (payload.Type == JournalEventType.Flush)
            {
                _window.EndAtFlush(entry);
                return;
            }

            try
            {
                _writes.Add(entry, payload);
            }
            catch (RadosException exception)
            {
                throw ImageReplayTarget.Failed(_source, entry.Entry, exception);
            }

            _window.End(entry);
            return;
        }

        if (_pending.Contains(tid))
        {
            throw ImageReplayTarget.Failed(_source, entry.Entry, new RadosException(Errno.EINVAL, $"operation {tid} begins twice"));
        }

        _pending.Add(new PendingOperation(tid, entry, payload));
    }

    private async ValueTask FinishAsync(ReplayedEntry entry, JournalOperationFinish finish, CancellationToken cancellationToken)
    {
        if (_pending.All.FirstOrDefault(operation => operation.Tid == finish.OperationTid) is not { } operation)
        {
            if (IsHeld(finish.OperationTid))
            {
                // An operation that began after the one that holds back: that one has to be through first.
                await RunAsync(_pending.Blocking!, cancellationToken);
                await ReleaseHeldAsync(cancellationToken);
                await FinishAsync(entry, finish, cancellationToken);
                return;
            }

            // It was carried out, and its event committed, before this replay began.
            entry.EndPart();
            return;
        }

        if (finish.Result >= 0)
        {
            await RunAsync(operation, cancellationToken);
        }
        else if (OperationReplay.IsTornByFailure(operation.Payload.Type))
        {
            throw ImageReplayTarget.Failed(
                _source, entry.Entry, new RadosException(finish.Result, $"operation {operation.Payload.Type}, which failed at the source and may be half done there"));
        }
        else
        {
            _pending.Take(operation.Tid);
            operation.Entry.EndPart();
        }

        entry.EndPart();
        await ReleaseHeldAsync(cancellationToken);
        await _tracker.FlushAsync(cancellationToken);
    }

    private async Task RunAsync(PendingOperation operation, CancellationToken cancellationToken)
    {
        await _window.DrainAsync(cancellationToken);
        try
        {
            await _operations.RunAsync(operation.Payload, cancellationToken);
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            // Whatever a hostile event brings about.
            throw ImageReplayTarget.Failed(_source, operation.Entry.Entry, exception);
        }

        _pending.Take(operation.Tid);
        operation.Entry.EndPart();
        await _tracker.FlushAsync(cancellationToken);
    }

    private bool IsHeld(ulong tid) => _held.Any(held => OperationReplay.TidOf(held.Payload) == tid);

    private async ValueTask ReleaseHeldAsync(CancellationToken cancellationToken)
    {
        while (_pending.Blocking is null && _held.TryDequeue(out (ReplayedEntry Entry, JournalEventPayload Payload) next))
        {
            Interlocked.Add(ref _heldBytes, -next.Entry.Cost);
            await ProcessAsync(next.Entry, next.Payload, cancellationToken);
        }
    }
}
