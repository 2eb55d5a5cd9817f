using Nacre.Journal.Formats;
using Nacre.ObjectClasses.Journal;
using Nacre.Rados.Encoding;

namespace Nacre.Journal.Recording;

/// <summary>An entry that is being appended.</summary>
internal sealed class PendingEntry(ulong tagTid, ulong entryTid)
{
    private readonly TaskCompletionSource<JournalObjectPosition> _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private ulong _objectNumber;

    public Task<JournalObjectPosition> Completion => _completion.Task;

    public bool IsSafe { get; private set; }

    public void MarkSafe(ulong objectNumber)
    {
        _objectNumber = objectNumber;
        IsSafe = true;
    }

    public void Complete() => _completion.TrySetResult(new JournalObjectPosition(_objectNumber, tagTid, entryTid));

    public void Fail(Exception exception) => _completion.TrySetException(exception);
}

/// <summary>Entries that go to an object together.</summary>
internal sealed class AppendBatch(ulong sequence)
{
    private readonly CephWriter _writer = new();

    /// <summary>Order of the batches of a lane.</summary>
    public ulong Sequence => sequence;

    public List<PendingEntry> Entries { get; } = [];

    public ReadOnlyMemory<byte> Bytes => _writer.WrittenMemory;

    public void Add(PendingEntry pending, JournalEntry entry)
    {
        entry.Encode(_writer);
        Entries.Add(pending);
    }
}

/// <summary>The objects of one number modulo the width: what waits for them and what is under way.</summary>
internal sealed class AppendLane
{
    private readonly LinkedList<AppendBatch> _waiting = new();
    private readonly List<AppendBatch> _refused = [];
    private ulong _sequence;

    public int InFlight { get; set; }

    public void Add(PendingEntry pending, JournalEntry entry, int maximumBytes)
    {
        AppendBatch? last = _waiting.Last?.Value;
        if (last is null || last.Bytes.Length + entry.Data.Length + JournalEntry.FixedSize > maximumBytes)
        {
            last = new AppendBatch(_sequence++);
            _waiting.AddLast(last);
        }

        last.Add(pending, entry);
    }

    public bool TryTake(out AppendBatch batch)
    {
        batch = _waiting.First?.Value!;
        if (batch is not null)
        {
            _waiting.RemoveFirst();
        }

        return batch is not null;
    }

    /// <summary>The object was full.</summary>
    public void Refuse(AppendBatch batch) => _refused.Add(batch);

    /// <summary>What was refused is first again, in its order.</summary>
    public void Requeue()
    {
        foreach (AppendBatch batch in _refused.OrderByDescending(b => b.Sequence))
        {
            _waiting.AddFirst(batch);
        }

        _refused.Clear();
    }
}
