using Nacre.ObjectClasses.Encoding;
using Nacre.Rados.Encoding;

namespace Nacre.ObjectClasses.Rbd;

/// <summary>cls_rbd_parent (src/cls/rbd/cls_rbd.h): omap value <c>parent</c> of a clone's header.</summary>
/// <param name="Spec">The parent.</param>
/// <param name="HeadOverlap">Bytes that show through in the head; null where only snapshots still need the parent.</param>
public sealed record ParentRecord(ParentImageSpec Spec, ulong? HeadOverlap) : ICephEncodable<ParentRecord>
{
    /// <summary>No parent.</summary>
    public static ParentRecord None { get; } = new(ParentImageSpec.None, null);

    /// <summary>True where it names a parent.</summary>
    public bool Exists => Spec.Exists;

    /// <summary>As Nautilus and newer write it.</summary>
    public void Encode(CephWriter writer)
    {
        using (writer.Versioned(2, 2))
        {
            writer.Write(Spec.PoolId);
            writer.Write(Spec.PoolNamespace);
            writer.Write(Spec.ImageId);
            writer.Write(Spec.SnapshotId);
            writer.WriteOptional(HeadOverlap);
        }
    }

    /// <inheritdoc/>
    public static ParentRecord Decode(ref CephReader reader)
    {
        CephReader body = reader.ReadVersioned(2, out byte version, nameof(ParentRecord));
        long pool = body.ReadInt64();
        string poolNamespace = version >= 2 ? body.ReadString() : "";
        var spec = new ParentImageSpec(pool, poolNamespace, body.ReadString(), body.ReadUInt64());
        return new ParentRecord(spec, version >= 2 ? body.ReadOptionalUInt64() : body.ReadUInt64());
    }
}
