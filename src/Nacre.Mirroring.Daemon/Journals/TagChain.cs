using Nacre.ObjectClasses.Journal;
using Nacre.Rbd.Journaling;

namespace Nacre.Mirroring.Daemon.Journals;

/// <summary>A tag of the source's journal.</summary>
internal readonly record struct SourceTag(ulong Tid, JournalTagData Data);

/// <summary>
/// What the lines of tags of a copy's journal and of its source's tell of each other (src/tools/rbd_mirror/image_replayer/journal/PrepareReplayRequest.cc
/// and Replayer.cc). Each tag names who wrote in it and whom that one took over from, and each side calls itself by the empty uuid.
/// </summary>
internal static class TagChain
{
    /// <summary>
    /// Whether the copy may go on with the source's journal: it was replaying from there, or the source took over from where both had been demoted.
    /// Otherwise both were written: a split brain.
    /// </summary>
    public static bool IsLinked(JournalTagData local, string localMirrorUuid, string remoteMirrorUuid, IEnumerable<SourceTag> source)
    {
        bool isKnown = false;
        ulong? demotion = null;
        foreach ((ulong tid, JournalTagData tag) in source)
        {
            if (local.PredecessorCommitValid && local.PredecessorMirrorUuid == remoteMirrorUuid && local.PredecessorTagTid > tid)
            {
                continue;
            }

            isKnown = true;
            if (!local.PredecessorCommitValid || local.MirrorUuid != JournalTagData.Orphan)
            {
                continue;
            }

            if (IsSameDemotion(local, tag, localMirrorUuid, remoteMirrorUuid))
            {
                demotion = tid;
            }
            else if (tag is { MirrorUuid: JournalTagData.Local, PredecessorMirrorUuid: JournalTagData.Orphan, PredecessorCommitValid: true }
                && demotion == tag.PredecessorTagTid)
            {
                return true;
            }
            else
            {
                // A promotion must follow the demotion.
                demotion = null;
            }
        }

        return isKnown && local.MirrorUuid == remoteMirrorUuid;
    }

    /// <summary>What the copy's journal says of an epoch of the source.</summary>
    public static (string Owner, JournalPredecessor Predecessor) Translate(JournalTagData source, string localMirrorUuid, string remoteMirrorUuid) => (
        Translate(source.MirrorUuid, localMirrorUuid, remoteMirrorUuid),
        new JournalPredecessor(
            Translate(source.PredecessorMirrorUuid, localMirrorUuid, remoteMirrorUuid), source.PredecessorCommitValid, source.PredecessorTagTid,
            source.PredecessorEntryTid));

    /// <summary>True where the source's demotion was seen before: this site has been promoted and demoted since.</summary>
    public static bool IsStaleDemotion(JournalTagData local, JournalTagData source) =>
        source.MirrorUuid == JournalTagData.Orphan && local is
        {
            MirrorUuid: JournalTagData.Orphan, PredecessorCommitValid: true, PredecessorMirrorUuid: JournalTagData.Local,
        };

    private static string Translate(string uuid, string localMirrorUuid, string remoteMirrorUuid) =>
        uuid == JournalTagData.Local ? remoteMirrorUuid : uuid == localMirrorUuid ? JournalTagData.Local : uuid;

    private static bool IsSameDemotion(JournalTagData local, JournalTagData source, string localMirrorUuid, string remoteMirrorUuid) =>
        source is { MirrorUuid: JournalTagData.Orphan, PredecessorCommitValid: true }
        && source.PredecessorTagTid == local.PredecessorTagTid
        && ((source.PredecessorMirrorUuid == localMirrorUuid && local.PredecessorMirrorUuid == JournalTagData.Local)
            || (source.PredecessorMirrorUuid == JournalTagData.Local && local.PredecessorMirrorUuid == remoteMirrorUuid));
}
