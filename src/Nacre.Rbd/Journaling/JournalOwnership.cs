using Nacre.Journal;
using Nacre.Journal.Committing;
using Nacre.Journal.Formats;
using Nacre.Journal.Reading;
using Nacre.Journal.Recording;
using Nacre.ObjectClasses.Encoding;
using Nacre.ObjectClasses.Journal;
using Nacre.Rados.Encoding;

namespace Nacre.Rbd.Journaling;

/// <summary>
/// Hands an image's journal to another owner (librbd::journal::PromoteRequest, DemoteRequest): a tag that names it and whom it takes over from, with one
/// entry, which tells sites that replay the journal. Killed between both, a promotion is done; a demotion is completed by doing it again.
/// </summary>
internal static class JournalOwnership
{
    /// <summary>Makes this site the owner.</summary>
    /// <param name="journal">The journal.</param>
    /// <param name="isForced">No site can go on from here: also after a demotion.</param>
    /// <param name="time">The clock.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public static async Task PromoteAsync(ImageJournal journal, bool isForced, TimeProvider time, CancellationToken cancellationToken)
    {
        JournalTags tags = await JournalTags.ReadAsync(journal, cancellationToken);

        // A demotion's epoch has one entry; others link to it by its number, and to nothing that a forced promotion names.
        JournalPredecessor predecessor = tags.IsOrphan && !isForced
            ? new JournalPredecessor(JournalTagData.Orphan, true, tags.Newest.Tid, 1)
            : new JournalPredecessor(JournalTagData.Local, true, tags.Newest.Tid, 0);
        tags = await tags.AllocateAsync(journal, JournalTagData.Local, predecessor, cancellationToken);
        await MarkAsync(journal, tags, time, cancellationToken);
    }

    /// <summary>Makes nobody the owner. The caller owns the image's lock, and nothing is recorded any more.</summary>
    public static async Task DemoteAsync(ImageJournal journal, JournalTags tags, TimeProvider time, CancellationToken cancellationToken)
    {
        tags = await tags.AllocateAsync(
            journal, JournalTagData.Orphan, JournalPredecessor.At(JournalTagData.Local, tags.Client.CommitPosition), cancellationToken);
        await MarkAsync(journal, tags, time, cancellationToken);
    }

    /// <summary>Ends a demotion of this site that was killed before its entry was there. False where there is none.</summary>
    public static async Task<bool> CompleteDemotionAsync(ImageJournal journal, TimeProvider time, CancellationToken cancellationToken)
    {
        JournalTags tags = await JournalTags.ReadAsync(journal, cancellationToken);
        if (tags is not { IsOrphan: true, Data.PredecessorMirrorUuid: JournalTagData.Local })
        {
            return false;
        }

        await using var player = new JournalPlayer(
            journal, tags.Client.CommitPosition, new JournalPlayerOptions { Follow = false, Time = time });
        bool isMarked = tags.Client.CommitPosition.Positions.Any(position => position.TagTid == tags.Newest.Tid);
        while (!isMarked && await player.NextAsync(cancellationToken) is { } entry)
        {
            isMarked = entry.Entry.TagTid == tags.Newest.Tid;
        }

        if (isMarked)
        {
            return false;
        }

        await MarkAsync(journal, tags, time, cancellationToken);
        return true;
    }

    private static async Task MarkAsync(ImageJournal journal, JournalTags tags, TimeProvider time, CancellationToken cancellationToken)
    {
        // Whoever replays into the image stops at this, before it is told.
        await journal.NotifyAsync(cancellationToken);
        var writer = new CephWriter();
        new JournalEvent(new JournalPlainEvent(JournalEventType.DemotePromote), CephTimestamp.FromDateTime(time.GetUtcNow())).Encode(writer);
        JournalObjectPosition position;
        await using (JournalRecorder recorder = await JournalRecorder.OpenAsync(journal, null, cancellationToken))
        {
            position = await recorder.AppendAsync(tags.Newest.Tid, writer.ToArray());
        }

        var tracker = new CommitTracker(journal, JournalTags.ImageClientId, tags.Client.CommitPosition);
        tracker.Complete(tracker.Begin(position));
        await tracker.FlushAsync(cancellationToken);
        await journal.NotifyAsync(cancellationToken);
    }
}
