using System.Buffers;
using Nacre.Journal.Committing;
using Nacre.Journal.Recording;
using Nacre.ObjectClasses.Journal;
using Nacre.Rados;

namespace Nacre.Rbd.Journaling;

/// <summary>What a change does to its range.</summary>
internal enum JournaledChangeKind
{
    Write,
    Discard,
    WriteSame,
    CompareAndWrite,
    Flush,
}

/// <summary>
/// A guest's change on its way: appended to the journal, acknowledged, applied to the objects. It holds the write gate from its beginning to its end.
/// </summary>
internal sealed class JournaledChange : JournalAppend
{
    private readonly TaskCompletionSource _recorded = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _settled = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private CommitTracker? _tracker;
    private CommitTracker.Ticket? _ticket;
    private List<CommitTracker.Ticket>? _moreTickets;
    private byte[]? _rented;
    private int _entries;

    private JournaledChange(JournaledChangeKind kind, ulong offset, ulong length)
    {
        Kind = kind;
        Offset = offset;
        Length = length;
    }

    public JournaledChangeKind Kind { get; }

    public ulong Offset { get; }

    public ulong Length { get; }

    public ulong End => Offset + Length;

    /// <summary>What is written: the bytes, or the pattern.</summary>
    public ReadOnlyMemory<byte> Data { get; private set; }

    /// <summary>What a compare-and-write expects.</summary>
    public ReadOnlyMemory<byte> Expected { get; private set; }

    public uint Granularity { get; private init; }

    /// <summary>Bytes that are kept for it until it is applied.</summary>
    public int KeptBytes => Data.Length + Expected.Length;

    /// <summary>The one object that a write lies in, and where in it; null for everything else.</summary>
    public ObjectPiece? Object { get; init; }

    /// <summary>True where it goes to its object by that one's queue, with nothing else to wait for.</summary>
    public bool IsQueued { get; set; }

    /// <summary>True once it is durable in the journal.</summary>
    public bool IsRecorded { get; set; }

    /// <summary>Changes before it that have to be applied first: they overlap.</summary>
    public List<JournaledChange>? Before { get; set; }

    /// <summary>A compare-and-write's outcome, once settled.</summary>
    public ulong? Outcome { get; set; }

    /// <summary>Completes once it is durable in the journal, with all before it.</summary>
    public Task Recorded => _recorded.Task;

    /// <summary>Completes once it is applied, or never will be: the writer has failed then.</summary>
    public Task Settled => _settled.Task;

    public static JournaledChange Write(ulong offset, ReadOnlyMemory<byte> data, ImageLayout layout)
    {
        ObjectPiece piece = layout.PieceAt(offset);
        bool isOne = piece.Length >= (ulong)data.Length;
        return new(JournaledChangeKind.Write, offset, (ulong)data.Length) { Data = data, Object = isOne ? piece : null };
    }

    public static JournaledChange Discard(ulong offset, ulong length, uint granularity) =>
        new(JournaledChangeKind.Discard, offset, length) { Granularity = granularity };

    public static JournaledChange WriteSame(ulong offset, ulong length, ReadOnlyMemory<byte> pattern) =>
        new(JournaledChangeKind.WriteSame, offset, length) { Data = pattern };

    public static JournaledChange CompareAndWrite(ulong offset, ReadOnlyMemory<byte> expected, ReadOnlyMemory<byte> data) =>
        new(JournaledChangeKind.CompareAndWrite, offset, (ulong)data.Length) { Data = data, Expected = expected };

    public static JournaledChange Flush() => new(JournaledChangeKind.Flush, 0, 0);

    public bool Overlaps(ulong offset, ulong end) => Offset < end && offset < End;

    /// <summary>To be called before its entries are appended.</summary>
    public void Expect(int entries, CommitTracker tracker)
    {
        _entries = entries;
        _tracker = tracker;
    }

    /// <summary>Copies what the guest's buffers hold: they are the guest's again once the change is acknowledged.</summary>
    public void KeepData()
    {
        if (KeptBytes == 0)
        {
            return;
        }

        _rented = ArrayPool<byte>.Shared.Rent(KeptBytes);
        Data.CopyTo(_rented);
        Expected.CopyTo(_rented.AsMemory(Data.Length));
        (Data, Expected) = (_rented.AsMemory(0, Data.Length), _rented.AsMemory(Data.Length, Expected.Length));
    }

    /// <summary>It is applied, and durable: the commit position may move over it.</summary>
    public void Commit()
    {
        _tracker!.Complete(_ticket!);
        _moreTickets?.ForEach(_tracker.Complete);
    }

    /// <summary>Nobody uses it any more.</summary>
    public void Settle()
    {
        (Data, Expected) = (default, default);
        if (Interlocked.Exchange(ref _rented, null) is { } rented)
        {
            ArrayPool<byte>.Shared.Return(rented);
        }

        _settled.TrySetResult();
    }

    protected override void OnDurable(JournalObjectPosition position)
    {
        CommitTracker.Ticket ticket = _tracker!.Begin(position);
        if (_ticket is null)
        {
            _ticket = ticket;
        }
        else
        {
            (_moreTickets ??= []).Add(ticket);
        }

        if (--_entries == 0)
        {
            _recorded.TrySetResult();
        }
    }

    protected override void OnFailed(RadosException exception) => _recorded.TrySetException(exception);
}
