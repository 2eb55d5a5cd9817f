using Nacre.Journal.Formats;

namespace Nacre.Rbd.Journaling;

/// <summary>An operation whose event was read, but not its end.</summary>
internal sealed record PendingOperation(ulong Tid, ReplayedEntry Entry, JournalEventPayload Payload);

/// <summary>Operations that were begun, in the order of their events.</summary>
internal sealed class PendingOperations
{
    private readonly List<PendingOperation> _operations = [];

    /// <summary>The one that holds back what comes after it until its end is known; null for none.</summary>
    public PendingOperation? Blocking { get; private set; }

    public IReadOnlyList<PendingOperation> All => _operations;

    public void Add(PendingOperation operation)
    {
        _operations.Add(operation);
        Blocking = OperationReplay.IsAtBegin(operation.Payload.Type) ? operation : Blocking;
    }

    /// <summary>Takes one out; null where it is unknown: carried out before.</summary>
    public PendingOperation? Take(ulong tid)
    {
        int at = _operations.FindIndex(operation => operation.Tid == tid);
        if (at < 0)
        {
            return null;
        }

        PendingOperation taken = _operations[at];
        _operations.RemoveAt(at);
        Blocking = Blocking == taken ? null : Blocking;
        return taken;
    }

    public bool Contains(ulong tid) => _operations.Exists(operation => operation.Tid == tid);
}
