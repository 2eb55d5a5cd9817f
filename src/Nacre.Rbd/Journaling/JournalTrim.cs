using Nacre.Journal;
using Nacre.Journal.Committing;
using Nacre.Journal.Metadata;
using Nacre.ObjectClasses.Calls;
using Nacre.ObjectClasses.Journal;
using Nacre.Rados.Clusters;

namespace Nacre.Rbd.Journaling;

/// <summary>Keeps a journal short: removes what every client has committed, and no longer waits for clients that are too far behind.</summary>
internal static class JournalTrim
{
    /// <summary>
    /// Disconnects clients that are more than <c>rbd_journal_max_concurrent_object_sets</c> behind (0: never; JournalMetadata's laggards), then removes
    /// object sets that the others have committed. Costs nothing while the image's own position is in the oldest set.
    /// </summary>
    public static async Task RunAsync(ImageCore core, ImageJournal journal, JournalPosition own, CancellationToken cancellationToken)
    {
        if (own.Positions.Count == 0)
        {
            return;
        }

        JournalSets sets = await journal.ReadSetsAsync(cancellationToken);
        ulong maximum = core.GetUInt64Option("rbd_journal_max_concurrent_object_sets", 0);
        if (maximum > 0 && sets.Active > sets.Minimum + maximum)
        {
            await DisconnectLaggardsAsync(core, journal, sets.Active, maximum, cancellationToken);
        }

        if (own.Positions.Min(position => position.ObjectNumber) / journal.SplayWidth > sets.Minimum)
        {
            await JournalTrimmer.TrimAsync(journal, cancellationToken);
        }
    }

    private static async Task DisconnectLaggardsAsync(
        ImageCore core, ImageJournal journal, ulong active, ulong maximum, CancellationToken cancellationToken)
    {
        foreach (JournalClient client in await journal.ListClientsAsync(cancellationToken))
        {
            if (client.Id == JournalTags.ImageClientId || client.State == JournalClientState.Disconnected)
            {
                continue;
            }

            ulong oldest = client.CommitPosition.Positions.Count == 0 ? 0 : client.CommitPosition.Positions.Min(position => position.ObjectNumber);
            if (active > (oldest / journal.SplayWidth) + maximum)
            {
                core.Log($"journal client {client.Id} is more than {maximum} object sets behind: the journal is no longer kept for it");
                await journal.Pool.CallAsync(
                    journal.HeaderName, JournalCalls.UpdateClientState(client.Id, JournalClientState.Disconnected), cancellationToken);
                await journal.NotifyAsync(cancellationToken);
            }
        }
    }
}
