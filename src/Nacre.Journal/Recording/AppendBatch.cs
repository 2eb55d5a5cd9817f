using System.Buffers;
using Nacre.Journal.Formats;
using Nacre.ObjectClasses.Journal;
using Nacre.Rados;
using Nacre.Rados.Encoding;

namespace Nacre.Journal.Recording;

/// <summary>An entry that is being appended.</summary>
internal sealed class PendingEntry(ulong tagTid, ulong entryTid, JournalAppend append)
{
    private ulong _objectNumber;

    public ulong TagTid => tagTid;

    public ulong EntryTid => entryTid;

    public bool IsSafe { get; private set; }

    public void MarkSafe(ulong objectNumber)
    {
        _objectNumber = objectNumber;
        IsSafe = true;
    }

    public void Complete() => append.OnDurable(new JournalObjectPosition(_objectNumber, tagTid, entryTid));

    public void Fail(RadosException exception) => append.OnFailed(exception);
}

/// <summary>An entry of its own, whose fate is a task.</summary>
internal sealed class AwaitedAppend : JournalAppend
{
    private readonly TaskCompletionSource<JournalObjectPosition> _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Task<JournalObjectPosition> Completion => _completion.Task;

    protected internal override void OnDurable(JournalObjectPosition position) => _completion.TrySetResult(position);

    protected internal override void OnFailed(RadosException exception) => _completion.TrySetException(exception);
}

/// <summary>Entries that go to an object together.</summary>
internal sealed class AppendBatch(ulong sequence, CephWriter writer)
{
    /// <summary>Order of the batches of a lane.</summary>
    public ulong Sequence => sequence;

    public CephWriter Writer => writer;

    public List<PendingEntry> Entries { get; } = [];

    public ReadOnlyMemory<byte> Bytes => writer.WrittenMemory;
}

/// <summary>The objects of one number modulo the width: what waits for them and what is under way.</summary>
internal sealed class AppendLane
{
    private readonly LinkedList<AppendBatch> _waiting = new();
    private readonly List<AppendBatch> _refused = [];
    private ulong _sequence;

    public int InFlight { get; set; }

    /// <summary>The batch that an entry of about that many bytes joins; more entries follow, perhaps, so that it will be long.</summary>
    public AppendBatch BatchFor(int entryBytes, int maximumBytes, bool more)
    {
        AppendBatch? last = _waiting.Last?.Value;
        if (last is null || last.Bytes.Length + entryBytes > maximumBytes)
        {
            last = new AppendBatch(_sequence++, new CephWriter(ArrayPool<byte>.Shared, more ? maximumBytes : 2 * entryBytes));
            _waiting.AddLast(last);
        }

        return last;
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
