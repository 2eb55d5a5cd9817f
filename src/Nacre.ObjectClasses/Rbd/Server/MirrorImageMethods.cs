using Nacre.ObjectClasses.Encoding;
using Nacre.ObjectClasses.Server;
using Nacre.Rados;
using Nacre.Rados.ClassMethods;
using Nacre.Rados.Encoding;

namespace Nacre.ObjectClasses.Rbd.Server;

/// <summary>Mirrored images, the daemon's instances, who replays what, and mirror snapshots.</summary>
internal static class MirrorImageMethods
{
    internal const string ImagePrefix = "image_";
    private const string GlobalPrefix = "global_";
    private const string InstancePrefix = "instance_";
    private const string MapPrefix = "image_map_";

    public static IEnumerable<ClassMethodDescription> All =>
    [
        Methods.Read("mirror_image_list", List),
        Methods.Read("mirror_image_get_image_id", GetImageId),
        Methods.Read("mirror_image_get", Get),
        Methods.Write("mirror_image_set", Set),
        Methods.Write("mirror_image_remove", Remove),
        Methods.Read("mirror_instances_list", ListInstances),
        Methods.Write("mirror_instances_add", (c, input, _) => c.OmapSet(InstancePrefix + new CephReader(input).ReadString(), [])),
        Methods.Write("mirror_instances_remove", (c, input, _) => c.OmapRemove(InstancePrefix + new CephReader(input).ReadString())),
        Methods.Read("mirror_image_map_list", ListMap),
        Methods.Write("mirror_image_map_update", UpdateMap),
        Methods.Write("mirror_image_map_remove", (c, input, _) => c.RemoveKey(MapPrefix + new CephReader(input).ReadString())),
        Methods.Write("mirror_image_snapshot_unlink_peer", UnlinkPeer),
        Methods.Write("mirror_image_snapshot_set_copy_progress", SetCopyProgress),
    ];

    internal static int ReadImage(IClassContext context, string imageId, out MirrorImage image) =>
        context.ReadKey(ImagePrefix + imageId, out image);

    internal static int ReadImageId(IClassContext context, string globalImageId, out string imageId) =>
        context.ReadString(GlobalPrefix + globalImageId, out imageId);

    private static int List(IClassContext context, ReadOnlySpan<byte> input, CephWriter output)
    {
        var arguments = new CephReader(input);
        string after = arguments.ReadString();
        int code = context.ReadPage(ImagePrefix, after, arguments.ReadUInt64(), MirrorImage.Decode, out SortedDictionary<string, MirrorImage> page);
        if (code == 0)
        {
            output.WriteMap(page, static (w, id) => w.Write(id), static (w, image) => w.Write(image.GlobalImageId));
        }

        return code;
    }

    private static int GetImageId(IClassContext context, ReadOnlySpan<byte> input, CephWriter output)
    {
        int code = ReadImageId(context, new CephReader(input).ReadString(), out string id);
        if (code == 0)
        {
            output.Write(id);
        }

        return code;
    }

    private static int Get(IClassContext context, ReadOnlySpan<byte> input, CephWriter output)
    {
        int code = ReadImage(context, new CephReader(input).ReadString(), out MirrorImage image);
        if (code == 0)
        {
            image.Encode(output);
        }

        return code;
    }

    private static int Set(IClassContext context, ReadOnlySpan<byte> input, CephWriter output)
    {
        var arguments = new CephReader(input);
        string imageId = arguments.ReadString();
        var image = MirrorImage.Decode(ref arguments);
        int code = ReadImage(context, imageId, out MirrorImage stored);
        if (code == -Errno.ENOENT)
        {
            int global = ReadImageId(context, image.GlobalImageId, out _);
            if (global != -Errno.ENOENT)
            {
                return global == 0 ? -Errno.EEXIST : global;
            }

            // It was disabled meanwhile.
            if (image.State == MirrorImageState.Disabling)
            {
                return -Errno.ENOENT;
            }
        }
        else if (code < 0)
        {
            return code;
        }
        else if (stored.GlobalImageId != image.GlobalImageId)
        {
            return -Errno.EINVAL;
        }

        code = context.WriteKey(ImagePrefix + imageId, image);
        return code < 0 ? code : context.WriteString(GlobalPrefix + image.GlobalImageId, imageId);
    }

    private static int Remove(IClassContext context, ReadOnlySpan<byte> input, CephWriter output)
    {
        string imageId = new CephReader(input).ReadString();
        int code = ReadImage(context, imageId, out MirrorImage image);
        if (code < 0)
        {
            return code;
        }

        if (image.State != MirrorImageState.Disabling)
        {
            return -Errno.EBUSY;
        }

        code = context.RemoveKey(ImagePrefix + imageId);
        code = code < 0 ? code : context.RemoveKey(GlobalPrefix + image.GlobalImageId);
        return code < 0 ? code : MirrorStatusMethods.RemoveAll(context, image.GlobalImageId);
    }

    private static int ListInstances(IClassContext context, ReadOnlySpan<byte> input, CephWriter output)
    {
        var ids = new List<string>();
        int code = context.Visit(InstancePrefix, InstancePrefix, (key, _) =>
        {
            ids.Add(key[InstancePrefix.Length..]);
            return 0;
        });
        if (code == 0)
        {
            output.WriteList(ids, static (w, id) => w.Write(id));
        }

        return code;
    }

    private static int ListMap(IClassContext context, ReadOnlySpan<byte> input, CephWriter output)
    {
        var arguments = new CephReader(input);
        string after = arguments.ReadString();
        int code = context.ReadPage(MapPrefix, after, arguments.ReadUInt64(), MirrorImageMap.Decode, out SortedDictionary<string, MirrorImageMap> page);
        if (code < 0)
        {
            return code == -Errno.EIO ? -Errno.EINVAL : code;
        }

        output.WriteMap(page, static (w, id) => w.Write(id), static (w, map) => map.Encode(w));
        return 0;
    }

    private static int UpdateMap(IClassContext context, ReadOnlySpan<byte> input, CephWriter output)
    {
        var arguments = new CephReader(input);
        string globalImageId = arguments.ReadString();
        return context.WriteKey(MapPrefix + globalImageId, MirrorImageMap.Decode(ref arguments));
    }

    private static int UnlinkPeer(IClassContext context, ReadOnlySpan<byte> input, CephWriter output)
    {
        var arguments = new CephReader(input);
        ulong snapshotId = arguments.ReadUInt64();
        string peerUuid = arguments.ReadString();
        int code = ReadMirrorSnapshot(context, snapshotId, out SnapshotRecord? snapshot, out MirrorSnapshotNamespace? mirror);
        if (code < 0)
        {
            return code;
        }

        if (!mirror!.PeerUuids.Contains(peerUuid))
        {
            return -Errno.ENOENT;
        }

        return context.WriteSnapshot(snapshot! with
        {
            Namespace = mirror with { PeerUuids = [.. mirror.PeerUuids.Where(uuid => uuid != peerUuid)] },
        });
    }

    private static int SetCopyProgress(IClassContext context, ReadOnlySpan<byte> input, CephWriter output)
    {
        var arguments = new CephReader(input);
        ulong snapshotId = arguments.ReadUInt64();
        bool complete = arguments.ReadBool();
        ulong copied = arguments.ReadUInt64();
        int code = ReadMirrorSnapshot(context, snapshotId, out SnapshotRecord? snapshot, out MirrorSnapshotNamespace? mirror);
        return code < 0 ? code : context.WriteSnapshot(snapshot! with
        {
            Namespace = mirror! with { Complete = complete, LastCopiedObjectNumber = mirror.IsNonPrimary ? copied : mirror.LastCopiedObjectNumber },
        });
    }

    private static int ReadMirrorSnapshot(
        IClassContext context, ulong snapshotId, out SnapshotRecord? snapshot, out MirrorSnapshotNamespace? mirror)
    {
        int code = context.ReadKey(HeaderKeys.Snapshot(snapshotId), out SnapshotRecord record);
        snapshot = record;
        mirror = code < 0 ? null : record.Namespace as MirrorSnapshotNamespace;
        return code < 0 ? code : mirror is null ? -Errno.EINVAL : 0;
    }
}
