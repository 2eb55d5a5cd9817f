using Nacre.ObjectClasses.Encoding;
using Nacre.Rados.Encoding;

namespace Nacre.ObjectClasses.Rbd;

/// <summary>cls::rbd::ParentImageSpec: the snapshot that a clone is of.</summary>
/// <param name="PoolId">The parent's pool; -1 for no parent.</param>
/// <param name="PoolNamespace">The parent's namespace.</param>
/// <param name="ImageId">The parent's id.</param>
/// <param name="SnapshotId">The parent's snapshot.</param>
public sealed record ParentImageSpec(long PoolId, string PoolNamespace, string ImageId, ulong SnapshotId) : ICephEncodable<ParentImageSpec>
{
    /// <summary>No parent.</summary>
    public static ParentImageSpec None { get; } = new(-1, "", "", Nacre.Rados.Objects.SnapshotId.Head);

    /// <summary>True where it names a parent.</summary>
    public bool Exists => PoolId >= 0 && ImageId.Length > 0 && SnapshotId != Nacre.Rados.Objects.SnapshotId.Head;

    /// <inheritdoc/>
    public void Encode(CephWriter writer)
    {
        using (writer.Versioned(1, 1))
        {
            writer.Write(PoolId);
            writer.Write(PoolNamespace);
            writer.Write(ImageId);
            writer.Write(SnapshotId);
        }
    }

    /// <inheritdoc/>
    public static ParentImageSpec Decode(ref CephReader reader)
    {
        CephReader body = reader.ReadVersioned(1, out _, nameof(ParentImageSpec));
        return new ParentImageSpec(body.ReadInt64(), body.ReadString(), body.ReadString(), body.ReadUInt64());
    }
}
