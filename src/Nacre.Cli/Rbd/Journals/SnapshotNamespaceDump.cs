using Nacre.Cli.Output;
using Nacre.ObjectClasses.Rbd;

namespace Nacre.Cli.Rbd.Journals;

/// <summary>What a snapshot is for, as Ceph dumps it (src/cls/rbd/cls_rbd_types.cc).</summary>
internal static class SnapshotNamespaceDump
{
    /// <summary>Its kind and, of a group's or one in the trash, where it comes from.</summary>
    public static void Dump(OutputFormatter formatter, SnapshotNamespace value)
    {
        formatter.Dump("snapshot_namespace_type", Name(value.Type));
        switch (value)
        {
            case GroupSnapshotNamespace group:
                formatter.Dump("group_pool", group.GroupPoolId);
                formatter.Dump("group_id", group.GroupId);
                formatter.Dump("group_snapshot_id", group.GroupSnapshotId);
                break;
            case TrashSnapshotNamespace trash:
                formatter.Dump("original_name", trash.OriginalName);
                formatter.Dump("original_snapshot_namespace", Name(trash.OriginalType));
                break;
        }
    }

    private static string Name(SnapshotNamespaceType type) => type switch
    {
        SnapshotNamespaceType.User => "user",
        SnapshotNamespaceType.Group => "group",
        SnapshotNamespaceType.Trash => "trash",
        SnapshotNamespaceType.Mirror => "mirror",
        _ => "unknown",
    };
}
