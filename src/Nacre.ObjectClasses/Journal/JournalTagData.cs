using Nacre.ObjectClasses.Encoding;
using Nacre.Rados.Encoding;

namespace Nacre.ObjectClasses.Journal;

/// <summary>librbd::journal::TagData: who wrote in an epoch, and where it took over (src/librbd/journal/Types.cc).</summary>
/// <param name="MirrorUuid">The primary's mirror uuid; empty for this site, "&lt;orphan&gt;" after a demotion.</param>
/// <param name="PredecessorMirrorUuid">The primary's before.</param>
/// <param name="PredecessorCommitValid">Whether the position before is known.</param>
/// <param name="PredecessorTagTid">Its tag.</param>
/// <param name="PredecessorEntryTid">Its entry.</param>
public sealed record JournalTagData(
    string MirrorUuid, string PredecessorMirrorUuid, bool PredecessorCommitValid, ulong PredecessorTagTid, ulong PredecessorEntryTid)
    : ICephEncodable<JournalTagData>
{
    /// <summary>LOCAL_MIRROR_UUID.</summary>
    public const string Local = "";

    /// <summary>ORPHAN_MIRROR_UUID: nobody is primary.</summary>
    public const string Orphan = "<orphan>";

    /// <inheritdoc/>
    public void Encode(CephWriter writer)
    {
        writer.Write(MirrorUuid);
        writer.Write(PredecessorMirrorUuid);
        writer.Write(PredecessorCommitValid);
        writer.Write(PredecessorTagTid);
        writer.Write(PredecessorEntryTid);
    }

    /// <inheritdoc/>
    public static JournalTagData Decode(ref CephReader reader) =>
        new(reader.ReadString(), reader.ReadString(), reader.ReadBool(), reader.ReadUInt64(), reader.ReadUInt64());
}
