using Nacre.Journal;
using Nacre.Journal.Committing;
using Nacre.Journal.Reading;
using Nacre.ObjectClasses.Journal;

namespace Nacre.Rbd.Journaling;

/// <summary>
/// Applies what a killed writer left in an image's own journal (librbd::Journal's replay at opening). To be called by whoever is just taking the lock, once
/// the object map is loaded and before anybody may write.
/// </summary>
internal static class JournalRecovery
{
    /// <summary>
    /// Applies all entries after a client's position and moves it. <see cref="JournalDamagedException"/> where the journal is damaged; what is before the
    /// damage is applied and committed then. Killed and called again, it goes on.
    /// </summary>
    /// <returns>The position afterwards.</returns>
    public static async Task<JournalPosition> RunAsync(
        ImageCore core, ObjectIo objects, ImageJournal journal, JournalClient client, JournalApplierOptions options, CancellationToken cancellationToken)
    {
        var tracker = new CommitTracker(journal, client.Id, client.CommitPosition);
        await using var player = new JournalPlayer(
            journal, client.CommitPosition, new JournalPlayerOptions { Follow = false, Time = core.Options.Time });
        await using var applier = new JournalApplier(core, objects, journal, tracker, options with { RequiresLock = false });
        try
        {
            await ApplyAsync(player, applier, cancellationToken);
        }
        catch (JournalDamagedException)
        {
            await applier.FlushAsync(cancellationToken);
            await tracker.FlushAsync(cancellationToken);
            throw;
        }

        await tracker.FlushAsync(cancellationToken);
        return tracker.Position;
    }

    private static async Task ApplyAsync(JournalPlayer player, JournalApplier applier, CancellationToken cancellationToken)
    {
        ulong? tag = null;
        while (await player.NextAsync(cancellationToken) is { } entry)
        {
            if (tag is { } before && before != entry.Entry.TagTid)
            {
                await applier.EndTagAsync(cancellationToken);
            }

            tag = entry.Entry.TagTid;
            await applier.ApplyAsync(entry, cancellationToken);
        }

        await applier.EndTagAsync(cancellationToken);
    }
}
