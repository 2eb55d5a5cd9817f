using System.Globalization;

namespace Nacre.ObjectClasses.Rbd;

/// <summary>Names of the objects that hold images and their metadata (src/include/rbd_types.h).</summary>
public static class RbdObjects
{
    /// <summary>Object of a pool or namespace that maps image names to ids and back.</summary>
    public const string Directory = "rbd_directory";
    /// <summary>Object that marks a pool as validated for RBD.</summary>
    public const string Info = "rbd_info";
    /// <summary>Object that maps parents to children (clone v1).</summary>
    public const string Children = "rbd_children";
    /// <summary>Object of images in the trash.</summary>
    public const string Trash = "rbd_trash";
    /// <summary>Object (in the default namespace) of a pool's namespaces.</summary>
    public const string Namespace = "rbd_namespace";
    /// <summary>Object of mirroring: mode, uuid, peers, images, statuses.</summary>
    public const string Mirroring = "rbd_mirroring";
    /// <summary>Object of the daemon's leader election, its instances, and which of them replays which image.</summary>
    public const string MirrorLeader = "rbd_mirror_leader";
    /// <summary>Prefix of a daemon instance's object.</summary>
    public const string MirrorInstancePrefix = "rbd_mirror_instance.";
    /// <summary>Object of snapshot groups.</summary>
    public const string GroupDirectory = "rbd_group_directory";
    /// <summary>Object of trash purge schedules.</summary>
    public const string TrashPurgeSchedule = "rbd_trash_purge_schedule";
    /// <summary>Object of mirror snapshot schedules.</summary>
    public const string MirrorSnapshotSchedule = "rbd_mirror_snapshot_schedule";
    /// <summary>Name of the exclusive lock on a header.</summary>
    public const string LockName = "rbd_lock";

    /// <summary>Prefix of the object that holds an image's id.</summary>
    public const string IdPrefix = "rbd_id.";
    /// <summary>Prefix of an image's header.</summary>
    public const string HeaderPrefix = "rbd_header.";
    /// <summary>Prefix of an image's data objects.</summary>
    public const string DataPrefix = "rbd_data.";
    /// <summary>Prefix of an image's object maps.</summary>
    public const string ObjectMapPrefix = "rbd_object_map.";

    /// <summary>The object with the id of an image of that name.</summary>
    public static string ImageId(string imageName) => IdPrefix + imageName;

    /// <summary>The header of an image.</summary>
    public static string Header(string imageId) => HeaderPrefix + imageId;

    /// <summary>The object map of an image's head, or of a snapshot.</summary>
    public static string ObjectMap(string imageId, ulong snapshotId = Nacre.Rados.Objects.SnapshotId.Head) =>
        snapshotId == Nacre.Rados.Objects.SnapshotId.Head
            ? ObjectMapPrefix + imageId
            : string.Create(CultureInfo.InvariantCulture, $"{ObjectMapPrefix}{imageId}.{snapshotId:x16}");

    /// <summary>A data object: the image's object prefix and the object number.</summary>
    public static string Data(string objectPrefix, ulong objectNumber) =>
        string.Create(CultureInfo.InvariantCulture, $"{objectPrefix}.{objectNumber:x16}");

    /// <summary>The object of a daemon instance.</summary>
    public static string MirrorInstance(string instanceId) => MirrorInstancePrefix + instanceId;
}
