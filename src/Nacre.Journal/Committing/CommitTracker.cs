using Nacre.ObjectClasses.Journal;

namespace Nacre.Journal.Committing;

/// <summary>
/// How far a client is (src/journal/JournalMetadata.cc): entries are begun in their order and done in any, the position moves over those that are
/// done without a gap. Positions are written at the caller's pace, at most one write at a time. Safe for concurrent use.
/// </summary>
public sealed class CommitTracker
{
    private readonly Lock _lock = new();
    private readonly SemaphoreSlim _flushing = new(1, 1);
    private readonly ImageJournal _journal;
    private readonly string _clientId;
    private readonly Queue<Ticket> _begun = new();
    private readonly List<JournalObjectPosition> _positions;
    private ulong _version;
    private ulong _written;

    /// <param name="journal">The journal.</param>
    /// <param name="clientId">Whose position it is.</param>
    /// <param name="position">The position so far.</param>
    public CommitTracker(ImageJournal journal, string clientId, JournalPosition position)
    {
        _journal = journal;
        _clientId = clientId;
        _positions = [.. position.Positions];
    }

    /// <summary>The position now, written or not.</summary>
    public JournalPosition Position
    {
        get
        {
            lock (_lock)
            {
                return new JournalPosition([.. _positions]);
            }
        }
    }

    /// <summary>Entries that were begun and over which the position has not moved.</summary>
    public int Outstanding
    {
        get
        {
            lock (_lock)
            {
                return _begun.Count;
            }
        }
    }

    /// <summary>An entry is taken up; to be called in the order of the entries.</summary>
    public Ticket Begin(JournalObjectPosition entry)
    {
        var ticket = new Ticket(entry);
        lock (_lock)
        {
            _begun.Enqueue(ticket);
        }

        return ticket;
    }

    /// <summary>An entry is done with: its effect is durable.</summary>
    public void Complete(Ticket ticket)
    {
        lock (_lock)
        {
            ticket.IsDone = true;
            while (_begun.TryPeek(out Ticket? first) && first.IsDone)
            {
                Advance(_begun.Dequeue().Entry);
            }
        }
    }

    /// <summary>Writes the position if it has moved since.</summary>
    public async Task FlushAsync(CancellationToken cancellationToken = default)
    {
        await _flushing.WaitAsync(cancellationToken);
        try
        {
            JournalPosition position;
            ulong version;
            lock (_lock)
            {
                (position, version) = (new JournalPosition([.. _positions]), _version);
            }

            if (version != _written)
            {
                await _journal.CommitAsync(_clientId, position, cancellationToken);
                _written = version;
            }
        }
        finally
        {
            _flushing.Release();
        }
    }

    // The newest first, of each object's number modulo the width only the newest.
    private void Advance(JournalObjectPosition entry)
    {
        _positions.RemoveAll(position => position.ObjectNumber % _journal.SplayWidth == entry.ObjectNumber % _journal.SplayWidth);
        _positions.Insert(0, entry);
        _version++;
    }

    /// <summary>An entry that was begun.</summary>
    public sealed class Ticket
    {
        internal Ticket(JournalObjectPosition entry) => Entry = entry;

        internal JournalObjectPosition Entry { get; }

        internal bool IsDone { get; set; }
    }
}
