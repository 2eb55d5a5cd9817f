using Nacre.Journal.Committing;
using Nacre.Journal.Reading;

namespace Nacre.Rbd.Journaling;

/// <summary>An entry that is being applied. Done when all objects that it concerns are.</summary>
internal sealed class ReplayedEntry(PlayedEntry entry, CommitTracker tracker)
{
    private readonly CommitTracker.Ticket _ticket = tracker.Begin(entry.Position);
    private int _parts = 1;

    public PlayedEntry Entry => entry;

    /// <summary>Bytes that it keeps in memory, about.</summary>
    public int Cost => entry.Entry.Data.Length + 512;

    /// <summary>One more object has to be changed for it.</summary>
    public void AddPart() => Interlocked.Increment(ref _parts);

    /// <summary>One object is changed, or all are known. True at the last.</summary>
    public bool EndPart()
    {
        if (Interlocked.Decrement(ref _parts) > 0)
        {
            return false;
        }

        entry.Dispose();
        tracker.Complete(_ticket);
        return true;
    }

    /// <summary>It will not be done; the position stays before it.</summary>
    public void Abandon() => entry.Dispose();
}
