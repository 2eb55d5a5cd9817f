using Nacre.ObjectClasses.Calls;
using Nacre.ObjectClasses.Encoding;
using Nacre.Rados.Encoding;
using Nacre.Rados.Objects;

namespace Nacre.ObjectClasses.Rbd;

/// <summary>A clone's parent as get_parent (up to Mimic) tells it.</summary>
/// <param name="Parent">The parent; <see cref="ParentImageSpec.Exists"/> is false where there is none.</param>
/// <param name="Overlap">Bytes that it shows through.</param>
public sealed record ParentWithOverlap(ParentImageSpec Parent, ulong Overlap);

public static partial class RbdCalls
{
    /// <summary>The image's snapshot sequence and ids. A damaged one throws.</summary>
    public static ClassRead<SnapshotContext> GetSnapshotContext() => Read(
        "get_snapcontext",
        static (ref CephReader r) =>
        {
            ulong sequence = r.ReadUInt64();
            var context = new SnapshotContext(sequence, r.ReadList(DecodeUInt64, sizeof(ulong)));
            return context.IsValid ? context : throw new CephDecodeException("the image's snapshot context is not in descending order");
        });

    /// <summary>One snapshot. ENOENT where it is absent.</summary>
    public static ClassRead<SnapshotInfo> GetSnapshot(ulong snapshotId) => Read("snapshot_get", SnapshotInfo.Decode, w => w.Write(snapshotId));

    /// <summary>Adds a snapshot. EEXIST for its name or id, ESTALE for an id below the newest, EDQUOT at the limit.</summary>
    public static ClassWrite AddSnapshot(ulong snapshotId, string name, SnapshotNamespace snapshotNamespace) => Write("snapshot_add", w =>
    {
        w.Write(name);
        w.Write(snapshotId);
        snapshotNamespace.Encode(w);
    });

    /// <summary>Removes a snapshot. EBUSY where it is protected or has children, ENOENT where it is absent.</summary>
    public static ClassWrite RemoveSnapshot(ulong snapshotId) => Write("snapshot_remove", w => w.Write(snapshotId));

    /// <summary>Renames a snapshot. EEXIST where the name is taken.</summary>
    public static ClassWrite RenameSnapshot(ulong snapshotId, string newName) => Write("snapshot_rename", w =>
    {
        w.Write(snapshotId);
        w.Write(newName);
    });

    /// <summary>Moves a snapshot that has children to the trash.</summary>
    public static ClassWrite TrashSnapshot(ulong snapshotId) => Write("snapshot_trash_add", w => w.Write(snapshotId));

    /// <summary>A snapshot's name.</summary>
    public static ClassRead<string> GetSnapshotName(ulong snapshotId) => Read("get_snapshot_name", DecodeString, w => w.Write(snapshotId));

    /// <summary>When a snapshot was made.</summary>
    public static ClassRead<CephTimestamp> GetSnapshotTimestamp(ulong snapshotId) =>
        Read("get_snapshot_timestamp", CephTimestamp.Decode, w => w.Write(snapshotId));

    /// <summary>Whether a snapshot is protected.</summary>
    public static ClassRead<ProtectionStatus> GetProtectionStatus(ulong snapshotId) =>
        Read("get_protection_status", static (ref CephReader r) => (ProtectionStatus)r.ReadByte(), w => w.Write(snapshotId));

    /// <summary>Protects or unprotects a snapshot.</summary>
    public static ClassWrite SetProtectionStatus(ulong snapshotId, ProtectionStatus status) => Write("set_protection_status", w =>
    {
        w.Write(snapshotId);
        w.Write((byte)status);
    });

    /// <summary>Most snapshots that the image may have; <see cref="ulong.MaxValue"/> for no limit.</summary>
    public static ClassRead<ulong> GetSnapshotLimit() => Read("snapshot_get_limit", DecodeUInt64);

    /// <summary>Limits the snapshots. ERANGE where there are more.</summary>
    public static ClassWrite SetSnapshotLimit(ulong limit) => Write("snapshot_set_limit", w => w.Write(limit));

    /// <summary>The parent of the head or of a snapshot, as older clients ask. EXDEV where it is in a namespace; ENOEXEC without layering.</summary>
    public static ClassRead<ParentWithOverlap> GetParent(ulong snapshotId = SnapshotId.Head) => Read(
        "get_parent",
        static (ref CephReader r) => new ParentWithOverlap(new ParentImageSpec(r.ReadInt64(), "", r.ReadString(), r.ReadUInt64()), r.ReadUInt64()),
        w => w.Write(snapshotId));

    /// <summary>The image's parent; <see cref="ParentImageSpec.Exists"/> is false where there is none.</summary>
    public static ClassRead<ParentImageSpec> GetParentSpec() => Read("parent_get", ParentImageSpec.Decode);

    /// <summary>Bytes of the parent that show through in the head or a snapshot; null for none.</summary>
    public static ClassRead<ulong?> GetParentOverlap(ulong snapshotId = SnapshotId.Head) =>
        Read("parent_overlap_get", static (ref CephReader r) => r.ReadOptionalUInt64(), w => w.Write(snapshotId));

    /// <summary>Makes the image a clone. EEXIST where it has a parent (other, or any unless reattaching), EINVAL for an incomplete one.</summary>
    public static ClassWrite AttachParent(ParentImageSpec parent, ulong overlap, bool reattach) => Write("parent_attach", w =>
    {
        parent.Encode(w);
        w.Write(overlap);
        w.Write(reattach);
    });

    /// <summary>Ends the head's being a clone. ENOENT where it is none.</summary>
    public static ClassWrite DetachParent() => Write("parent_detach");

    /// <summary>Adds a clone (v1) to <c>rbd_children</c>. EEXIST where it is there.</summary>
    public static ClassWrite AddChild(ParentImageSpec parent, string childId) => Write("add_child", w => EncodeChild(w, parent, childId));

    /// <summary>Removes a clone (v1) from <c>rbd_children</c>. ENOENT where it is not there.</summary>
    public static ClassWrite RemoveChild(ParentImageSpec parent, string childId) => Write("remove_child", w => EncodeChild(w, parent, childId));

    /// <summary>Ids of a snapshot's clones (v1). ENOENT for none.</summary>
    public static ClassRead<IReadOnlyList<string>> GetChildren(ParentImageSpec parent) =>
        Read<IReadOnlyList<string>>("get_children", static (ref CephReader r) => r.ReadStrings(), w => EncodeLegacyParent(w, parent));

    /// <summary>Records a clone (v2) at its parent's snapshot. EEXIST where it is recorded.</summary>
    public static ClassWrite AttachChild(ulong snapshotId, ChildImageSpec child) => Write("child_attach", w =>
    {
        w.Write(snapshotId);
        child.Encode(w);
    });

    /// <summary>Forgets a clone (v2). ENOENT where it is not recorded.</summary>
    public static ClassWrite DetachChild(ulong snapshotId, ChildImageSpec child) => Write("child_detach", w =>
    {
        w.Write(snapshotId);
        child.Encode(w);
    });

    /// <summary>Clones (v2) of a snapshot. ENOENT for none.</summary>
    public static ClassRead<IReadOnlyList<ChildImageSpec>> ListChildren(ulong snapshotId) =>
        Read<IReadOnlyList<ChildImageSpec>>("children_list", static (ref CephReader r) => r.ReadList<ChildImageSpec>(), w => w.Write(snapshotId));

    /// <summary>Puts the image into a group. EEXIST where it is in one.</summary>
    public static ClassWrite AddImageGroup(GroupSpec group) => Write("image_group_add", group.Encode);

    /// <summary>Takes the image out of its group. EBADF where it is in another, ENOENT where it is in none.</summary>
    public static ClassWrite RemoveImageGroup(GroupSpec group) => Write("image_group_remove", group.Encode);

    /// <summary>The image's group; not valid where it is in none.</summary>
    public static ClassRead<GroupSpec> GetImageGroup() => Read("image_group_get", GroupSpec.Decode);

    private static void EncodeLegacyParent(CephWriter writer, ParentImageSpec parent)
    {
        writer.Write(parent.PoolId);
        writer.Write(parent.ImageId);
        writer.Write(parent.SnapshotId);
    }

    private static void EncodeChild(CephWriter writer, ParentImageSpec parent, string childId)
    {
        EncodeLegacyParent(writer, parent);
        writer.Write(childId);
    }
}
