using Nacre.ObjectClasses.Encoding;
using Nacre.Rados.Encoding;

namespace Nacre.ObjectClasses.Rbd;

/// <summary>cls::rbd::SnapshotInfo: what snapshot_get tells of a snapshot.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Namespace">What it is for.</param>
/// <param name="Name">Its name, unique within its namespace's kind.</param>
/// <param name="ImageSize">The image's size at it, in bytes.</param>
/// <param name="Timestamp">When it was made.</param>
/// <param name="ChildCount">How many clones (v2) it has.</param>
public sealed record SnapshotInfo(ulong Id, SnapshotNamespace Namespace, string Name, ulong ImageSize, CephTimestamp Timestamp, uint ChildCount)
    : ICephEncodable<SnapshotInfo>
{
    /// <inheritdoc/>
    public void Encode(CephWriter writer)
    {
        using (writer.Versioned(1, 1))
        {
            writer.Write(Id);
            Namespace.Encode(writer);
            writer.Write(Name);
            writer.Write(ImageSize);
            Timestamp.Encode(writer);
            writer.Write(ChildCount);
        }
    }

    /// <inheritdoc/>
    public static SnapshotInfo Decode(ref CephReader reader)
    {
        CephReader body = reader.ReadVersioned(1, out _, nameof(SnapshotInfo));
        return new SnapshotInfo(
            body.ReadUInt64(), body.Read<SnapshotNamespace>(), body.ReadString(), body.ReadUInt64(), body.ReadTimestamp(), body.ReadUInt32());
    }
}
