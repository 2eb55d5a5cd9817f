using Nacre.Journal;
using Nacre.ObjectClasses.Calls;
using Nacre.ObjectClasses.Encoding;
using Nacre.ObjectClasses.Journal;
using Nacre.Rados;
using Nacre.Rbd.Journaling;

namespace Nacre.Mirroring.Daemon.Journals;

/// <summary>The journal of a local copy. Nothing is recorded in it; its tags tell whose epochs were replayed, which promotion and demotion look at.</summary>
internal sealed class CopyJournal(ImageJournal journal)
{
    private const int Attempts = 16;

    /// <summary>The line of tags now.</summary>
    public Task<JournalTags> ReadTagsAsync(CancellationToken cancellationToken) => JournalTags.ReadAsync(journal, cancellationToken);

    /// <summary>
    /// Notes that from here on an epoch of the source is replayed. EAGAIN where the copy was promoted meanwhile: its tag must not be followed by ours.
    /// </summary>
    /// <returns>True where that epoch is a demotion of the source.</returns>
    public async Task<bool> EnterAsync(JournalTagData source, string localMirrorUuid, string remoteMirrorUuid, CancellationToken cancellationToken)
    {
        for (int attempt = 0; attempt < Attempts; attempt++)
        {
            // The number first: a tag that somebody makes after it was read makes ours fail.
            ulong next = await journal.Pool.CallAsync(journal.HeaderName, JournalCalls.GetNextTagTid(), cancellationToken);
            JournalTags tags = await ReadTagsAsync(cancellationToken);
            if (tags.IsLocal)
            {
                throw new RadosException(Errno.EAGAIN, $"the copy with journal {journal.Pool.Name}/{journal.HeaderName}, which was promoted");
            }

            if (TagChain.IsStaleDemotion(tags.Data, source))
            {
                return false;
            }

            (string owner, JournalPredecessor predecessor) = TagChain.Translate(source, localMirrorUuid, remoteMirrorUuid);
            int code = await journal.Pool.CallForCodeAsync(
                journal.HeaderName, JournalCalls.CreateTag(next, tags.Class, JournalTags.DataOf(owner, predecessor).ToBytes()), cancellationToken);
            if (code is not (-Errno.ESTALE or -Errno.EEXIST))
            {
                RadosException.ThrowIfFailed(code, "allocating a journal tag", journal.Pool.Name, journal.HeaderName);
                return owner == JournalTagData.Orphan;
            }
        }

        throw new RadosException(Errno.EIO, $"journal header {journal.Pool.Name}/{journal.HeaderName}, which refuses the next tag that it names");
    }
}
