using Nacre.Journal.Metadata;
using Nacre.ObjectClasses.Calls;
using Nacre.ObjectClasses.Journal;
using Nacre.Rados;
using Nacre.Rados.Clusters;

namespace Nacre.Journal.Committing;

/// <summary>Removes object sets that every connected client has committed (src/journal/JournalTrimmer.cc).</summary>
public static class JournalTrimmer
{
    /// <summary>
    /// Removes what nobody needs any more; gives how many sets went. A crash in the midst is harmless: objects go before the header says so, and absent
    /// ones are removed again.
    /// </summary>
    public static async Task<ulong> TrimAsync(ImageJournal journal, CancellationToken cancellationToken = default)
    {
        JournalState state = await journal.ReadStateAsync(cancellationToken);
        ulong needed = state.Sets.Active;
        foreach (JournalClient client in state.Clients.Where(client => client.State != JournalClientState.Disconnected))
        {
            // A client that has committed nothing needs all.
            ulong oldest = client.CommitPosition.Positions.Count == 0 ? 0 : client.CommitPosition.Positions.Min(position => position.ObjectNumber);
            needed = Math.Min(needed, oldest / journal.SplayWidth);
        }

        ulong trimmed = 0;
        for (ulong set = state.Sets.Minimum; set < needed; set++)
        {
            for (uint offset = 0; offset < journal.SplayWidth; offset++)
            {
                await journal.DataPool.RemoveAsync(journal.ObjectName((set * journal.SplayWidth) + offset), null, cancellationToken);
            }

            // ESTALE: somebody else trims too, and is ahead.
            int code = await journal.Pool.CallForCodeAsync(journal.HeaderName, JournalCalls.SetMinimumSet(set + 1), cancellationToken);
            RadosException.ThrowIfFailed(code == -Errno.ESTALE ? 0 : code, "trimming a journal", journal.Pool.Name, journal.HeaderName);
            trimmed++;
        }

        if (trimmed > 0)
        {
            await journal.NotifyAsync(cancellationToken);
        }

        return trimmed;
    }
}
