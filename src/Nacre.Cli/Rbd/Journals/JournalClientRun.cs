using Nacre.Journal;
using Nacre.Journal.Reading;
using Nacre.ObjectClasses.Journal;
using Nacre.Rados;
using Nacre.Rados.Clusters;

namespace Nacre.Cli.Rbd.Journals;

/// <summary>A command that is a client of a journal while it runs, so that what it reads is kept; its texts are Ceph's.</summary>
/// <param name="context">The command.</param>
/// <param name="pool">The journal's pool.</param>
/// <param name="journalId">The journal.</param>
/// <param name="clientId">What it is called meanwhile.</param>
internal sealed class JournalClientRun(RbdCommandContext context, IPool pool, string journalId, string clientId)
{
    /// <summary>Does something with the journal as its client; 0 or a negated errno. What failed was printed.</summary>
    public async Task<int> AsClientAsync(Func<ImageJournal, JournalPosition, Task<int>> action, CancellationToken cancellationToken)
    {
        ImageJournal journal;
        try
        {
            // The header first: registering would make it, on a store without Ceph's guards.
            journal = await ImageJournal.OpenAsync(pool, journalId, cancellationToken);
            await journal.RegisterClientAsync(clientId, ReadOnlyMemory<byte>.Empty, cancellationToken);
        }
        catch (RadosException exception)
        {
            context.Error.Write($"failed to register client: {Errno.Describe(exception.Code)}\n");
            return -exception.Code;
        }

        JournalClient client = await journal.FindClientAsync(clientId, cancellationToken)
            ?? throw new RadosException(Errno.ENOENT, $"client {clientId} of journal {journalId}, just registered");
        return await action(journal, client.CommitPosition);
    }

    /// <summary>Gives each entry with its number to a function until that returns a negated errno; damage is an error too.</summary>
    public Task<int> PlayAsync(Func<PlayedEntry, ulong, Task<int>> process, CancellationToken cancellationToken) =>
        AsClientAsync(
            async (journal, position) =>
            {
                await using var player = new JournalPlayer(journal, position, new JournalPlayerOptions { Time = context.Application.Time });
                try
                {
                    ulong number = 0;
                    await foreach (PlayedEntry entry in player.PlayAsync(cancellationToken))
                    {
                        int code = await process(entry, ++number);
                        if (code < 0)
                        {
                            return code;
                        }
                    }

                    return 0;
                }
                catch (RadosException exception)
                {
                    context.Error.Write($"rbd: {exception.Message}\n");
                    return -exception.Code;
                }
            },
            cancellationToken);

    /// <summary>Is no client any more. Gives the code that the command ends with.</summary>
    public async Task<int> ShutDownAsync(int code)
    {
        try
        {
            // Even where the command was interrupted: a client that stays keeps the journal from being trimmed.
            ImageJournal journal = await ImageJournal.OpenAsync(pool, journalId, CancellationToken.None);
            await journal.UnregisterClientAsync(clientId, CancellationToken.None);
        }
        catch (RadosException exception)
        {
            context.Error.Write($"rbd: failed to unregister journal client: {Errno.Describe(exception.Code)}\n");
            return code < 0 ? code : -exception.Code;
        }

        return code;
    }
}
