using Nacre.Journal;
using Nacre.Journal.Committing;
using Nacre.Journal.Formats;
using Nacre.Journal.Recording;
using Nacre.Rados.Encoding;

namespace Nacre.Rbd.Journaling;

/// <summary>Turns changes into journal entries as librbd does (Journal::append_write_event and its like): cut so that each fits one entry.</summary>
internal sealed class JournalEvents(JournalRecorder recorder, ulong tagTid, TimeProvider time, int maximumSize)
{
    // EventEntry::get_fixed_size: the versioned headers of the event and of its metadata, its type, and the time.
    private const int FixedSize = 28;
    private const int RangeSize = 16;
    private const int CompareSize = 32;

    /// <summary>Bytes that an entry's event has at most (Journaler::get_max_append_size).</summary>
    public static int MaximumSize(ImageJournal journal, ulong maximumPayload)
    {
        ulong size = (1UL << journal.Order) - JournalEntry.FixedSize;
        size = maximumPayload > 0 ? Math.Min(size, maximumPayload) : size;
        return (int)Math.Clamp(size, 1024, JournalEntry.MaximumSize - JournalEntry.FixedSize);
    }

    /// <summary>Appends a change's entries.</summary>
    public void Append(JournaledChange change, CommitTracker tracker)
    {
        CephTimestamp now = CephTimestamp.FromDateTime(time.GetUtcNow());
        switch (change.Kind)
        {
            case JournaledChangeKind.Write:
                AppendWrite(change, tracker, now);
                break;
            case JournaledChangeKind.CompareAndWrite:
                AppendCompareAndWrite(change, tracker, now);
                break;
            default:
                change.Expect(1, tracker);
                Append(PayloadOf(change), now, change, change.KeptBytes, more: false);
                break;
        }
    }

    /// <summary>Appends an operation's event, or its end.</summary>
    public void Append(JournalEventPayload payload, JournalAppend append) =>
        Append(payload, CephTimestamp.FromDateTime(time.GetUtcNow()), append, 0, more: false);

    private void AppendWrite(JournaledChange change, CommitTracker tracker, CephTimestamp now)
    {
        int piece = maximumSize - FixedSize - RangeSize;
        ReadOnlyMemory<byte> data = change.Data;
        change.Expect((data.Length + piece - 1) / piece, tracker);
        for (int at = 0; at < data.Length; at += piece)
        {
            int length = Math.Min(piece, data.Length - at);
            var write = new JournalWrite(JournalEventType.Write, change.Offset + (ulong)at, (ulong)length, data.Slice(at, length));
            Append(write, now, change, length, more: at + length < data.Length);
        }
    }

    private void AppendCompareAndWrite(JournaledChange change, CommitTracker tracker, CephTimestamp now)
    {
        // Both of what is compared and what is written have to fit.
        int piece = (maximumSize - FixedSize - CompareSize) / 2;
        ReadOnlyMemory<byte> data = change.Data;
        change.Expect((data.Length + piece - 1) / piece, tracker);
        for (int at = 0; at < data.Length; at += piece)
        {
            int length = Math.Min(piece, data.Length - at);
            var compare = new JournalCompareAndWrite(
                change.Offset + (ulong)at, (ulong)length, change.Expected.Slice(at, length), data.Slice(at, length));
            Append(compare, now, change, 2 * length, more: at + length < data.Length);
        }
    }

    private static JournalEventPayload PayloadOf(JournaledChange change) => change.Kind switch
    {
        JournaledChangeKind.Discard => new JournalDiscard(change.Offset, change.Length, change.Granularity),
        JournaledChangeKind.WriteSame => new JournalWrite(JournalEventType.WriteSame, change.Offset, change.Length, change.Data),
        _ => new JournalPlainEvent(JournalEventType.Flush),
    };

    private void Append(JournalEventPayload payload, CephTimestamp now, JournalAppend append, int dataBytes, bool more) =>
        recorder.Append(tagTid, new JournalEvent(payload, now), dataBytes + FixedSize + CompareSize, append, more);
}
