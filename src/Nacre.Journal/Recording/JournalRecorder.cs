using Nacre.Journal.Formats;
using Nacre.Journal.Metadata;
using Nacre.ObjectClasses.Calls;
using Nacre.ObjectClasses.Journal;
using Nacre.Rados;
using Nacre.Rados.Encoding;
using Nacre.Rados.Objects;

namespace Nacre.Journal.Recording;

/// <summary>
/// Appends entries to a journal (src/journal/JournalRecorder.cc, ObjectRecorder.cc). Entry T of a tag goes to the object of the active set whose number
/// modulo the width is T modulo the width. Where an object is full, all of the set are closed: once nothing is under way any more, the next set becomes
/// active and what was refused is appended there. Safe for concurrent use.
/// </summary>
/// <remarks>
/// An entry is acknowledged when it and all entries before it are durable, so that what was acknowledged never lies behind a gap. An error is for good:
/// whether entries under way are in the journal is not known then, and the image has to be opened and replayed anew.
/// </remarks>
public sealed class JournalRecorder : IAsyncDisposable, IThreadPoolWorkItem
{
    private readonly Lock _lock = new();
    private readonly ImageJournal _journal;
    private readonly JournalRecorderOptions _options;
    private readonly AppendLane[] _lanes;
    private readonly Queue<PendingEntry> _unacknowledged = new();
    private readonly Dictionary<ulong, ulong> _nextEntries = [];
    private readonly TaskCompletionSource _idle = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private ulong _set;
    private int _running = 1;
    private bool _isRolling;
    private bool _isSending;
    private bool _isDisposed;
    private RadosException? _failure;

    private JournalRecorder(ImageJournal journal, JournalRecorderOptions options, ulong set)
    {
        _journal = journal;
        _options = options;
        _set = set;
        _lanes = new AppendLane[journal.SplayWidth];
        for (int lane = 0; lane < _lanes.Length; lane++)
        {
            _lanes[lane] = new AppendLane();
        }
    }

    /// <summary>Bytes at which an object takes no more.</summary>
    private ulong ObjectSize => 1UL << _journal.Order;

    /// <summary>Begins at the active set. Whoever records must have shut out every other writer.</summary>
    public static async Task<JournalRecorder> OpenAsync(
        ImageJournal journal, JournalRecorderOptions? options = null, CancellationToken cancellationToken = default)
    {
        JournalSets sets = await journal.ReadSetsAsync(cancellationToken);
        return new JournalRecorder(journal, options ?? new JournalRecorderOptions(), sets.Active);
    }

    /// <summary>
    /// Appends an entry to a tag; entries get their numbers in the order of the calls. Completes with where it is once it and all before it are durable.
    /// The data are copied before this returns.
    /// </summary>
    public Task<JournalObjectPosition> AppendAsync(ulong tagTid, ReadOnlyMemory<byte> data)
    {
        var append = new AwaitedAppend();
        Append(tagTid, data.Length, data, static (writer, bytes) => writer.WriteRaw(bytes.Span), append, more: false);
        return append.Completion;
    }

    /// <summary>Appends an event like <see cref="AppendAsync"/>, encoded where it is sent from, and tells its fate to <paramref name="append"/>.</summary>
    /// <param name="tagTid">The tag.</param>
    /// <param name="journalEvent">The event; its data are copied before this returns.</param>
    /// <param name="sizeHint">About how many bytes it takes.</param>
    /// <param name="append">Is told; at once, and before this returns, where the recorder has failed already.</param>
    /// <param name="more">Another one follows at once that belongs to it: it need not be sent before that.</param>
    public void Append(ulong tagTid, JournalEvent journalEvent, int sizeHint, JournalAppend append, bool more = false) =>
        Append(tagTid, sizeHint, journalEvent, static (writer, e) => e.Encode(writer), append, more);

    private void Append<T>(ulong tagTid, int size, T data, Action<CephWriter, T> encode, JournalAppend append, bool more)
    {
        lock (_lock)
        {
            RadosException? failure = _failure ?? (_isDisposed
                ? new RadosException(Errno.ESHUTDOWN, $"appending to journal {_journal.Pool.Name}/{_journal.HeaderName}, which was closed")
                : null);
            if (failure is not null)
            {
                append.OnFailed(failure);
                return;
            }

            ulong number = _nextEntries.GetValueOrDefault(tagTid);
            _nextEntries[tagTid] = number + 1;
            var pending = new PendingEntry(tagTid, number, append);
            _unacknowledged.Enqueue(pending);
            AppendLane lane = _lanes[number % _journal.SplayWidth];
            AppendBatch batch = lane.BatchFor(
                size + JournalEntry.FixedSize, (int)Math.Min((ulong)_options.MaximumAppendBytes, ObjectSize), more);
            JournalEntry.Encode(batch.Writer, tagTid, number, data, encode);
            batch.Entries.Add(pending);
            if (!more)
            {
                SendSoon();
            }
        }
    }

    /// <summary>Sends what has come together.</summary>
    void IThreadPoolWorkItem.Execute()
    {
        try
        {
            lock (_lock)
            {
                _isSending = false;
                Array.ForEach(_lanes, Send);
            }
        }
        finally
        {
            Leave();
        }
    }

    // Entries tend to come in bursts, since acknowledgements do: behind what the pool's threads have to do already the whole burst goes as one append to
    // each object, where else it were one for each entry.
    private void SendSoon()
    {
        if (!_isSending)
        {
            _isSending = true;
            _running++;
            ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
        }
    }

    /// <summary>Waits until nothing is under way any more.</summary>
    public async ValueTask DisposeAsync()
    {
        bool isFirst;
        lock (_lock)
        {
            isFirst = !_isDisposed;
            _isDisposed = true;
        }

        if (isFirst)
        {
            Leave();
        }

        await _idle.Task;
    }

    // Under the lock, so that appends to an object begin in order.
    private void Send(AppendLane lane)
    {
        while (!_isRolling && _failure is null && lane.InFlight < _options.MaximumAppendsPerObject && lane.TryTake(out AppendBatch batch))
        {
            lane.InFlight++;
            _running++;
            ulong number = (_set * _journal.SplayWidth) + (ulong)Array.IndexOf(_lanes, lane);

            // DisposeAsync waits for it, by the count.
            _ = DeliverAsync(lane, batch, number);
        }
    }

    private async Task DeliverAsync(AppendLane lane, AppendBatch batch, ulong number)
    {
        int code;
        try
        {
            WriteOperation append = new WriteOperation().Call(JournalCalls.GuardAppend(ObjectSize)).Append(batch.Bytes);
            using OperationResult result = await _journal.DataPool.OperateAsync(_journal.ObjectName(number), append);
            code = result.ReturnCode;
        }
        catch (Exception exception)
        {
            // Whatever it is: who waits for the entries must hear of it.
            code = CodeOf(exception);
        }

        try
        {
            if (Settle(lane, batch, number, code))
            {
                await OpenNextSetAsync();
            }
        }
        finally
        {
            Leave();
        }
    }

    // True where the set is closed and this was the last append to it.
    private bool Settle(AppendLane lane, AppendBatch batch, ulong number, int code)
    {
        lock (_lock)
        {
            lane.InFlight--;
            if (code == -Errno.EOVERFLOW)
            {
                lane.Refuse(batch);
                _isRolling = true;
            }
            else if (code < 0)
            {
                Fail(new RadosException(code, $"appending to journal object {_journal.DataPool.Name}/{_journal.ObjectName(number)}"));
            }
            else
            {
                batch.Writer.GiveBack();
                batch.Entries.ForEach(entry => entry.MarkSafe(number));
                while (_unacknowledged.TryPeek(out PendingEntry? first) && first.IsSafe)
                {
                    _unacknowledged.Dequeue().Complete();
                }
            }

            if (!_isRolling)
            {
                SendSoon();
            }

            return _isRolling && _failure is null && _lanes.All(l => l.InFlight == 0);
        }
    }

    private async Task OpenNextSetAsync()
    {
        int code;
        try
        {
            code = await _journal.Pool.CallForCodeAsync(_journal.HeaderName, JournalCalls.SetActiveSet(_set + 1));
        }
        catch (Exception exception)
        {
            code = CodeOf(exception);
        }

        lock (_lock)
        {
            if (code < 0)
            {
                Fail(new RadosException(code, $"opening object set {_set + 1} of journal {_journal.Pool.Name}/{_journal.HeaderName}"));
                return;
            }

            _set++;
            _isRolling = false;
            foreach (AppendLane lane in _lanes)
            {
                lane.Requeue();
                Send(lane);
            }
        }

        try
        {
            await _journal.NotifyAsync();
        }
        catch (RadosException)
        {
            // Readers look at the header by themselves too.
        }
    }

    private static int CodeOf(Exception exception) => exception switch
    {
        RadosException failed => -failed.Code,
        OperationCanceledException or ObjectDisposedException => -Errno.ENOTCONN,
        _ => -Errno.EIO,
    };

    private void Fail(RadosException exception)
    {
        _failure ??= exception;
        while (_unacknowledged.TryDequeue(out PendingEntry? entry))
        {
            entry.Fail(_failure);
        }
    }

    private void Leave()
    {
        lock (_lock)
        {
            if (--_running == 0)
            {
                _idle.TrySetResult();
            }
        }
    }
}
