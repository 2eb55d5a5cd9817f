using Nacre.ObjectClasses.Calls;
using Nacre.ObjectClasses.Encoding;
using Nacre.Rados.Encoding;

namespace Nacre.ObjectClasses.Rbd;

/// <summary>A page of mirrored images and their statuses.</summary>
/// <param name="Images">Images by image id.</param>
/// <param name="Statuses">Statuses by image id, of those that have one.</param>
public sealed record MirrorImageStatusPage(
    IReadOnlyDictionary<string, MirrorImage> Images, IReadOnlyDictionary<string, MirrorImageStatus> Statuses);

// All on rbd_mirroring of the pool's namespace, unless said otherwise.
public static partial class RbdCalls
{
    /// <summary>This pool's mirror uuid. ENOENT where none was set.</summary>
    public static ClassRead<string> GetMirrorUuid() => Read("mirror_uuid_get", DecodeString);

    /// <summary>Sets the mirror uuid. EINVAL where mirroring is enabled.</summary>
    public static ClassWrite SetMirrorUuid(string uuid) => Write("mirror_uuid_set", w => w.Write(uuid));

    /// <summary>The mode. ENOENT where mirroring was never set up: that is disabled.</summary>
    public static ClassRead<MirrorMode> GetMirrorMode() => Read("mirror_mode_get", static (ref CephReader r) => (MirrorMode)r.ReadUInt32());

    /// <summary>Sets the mode. EINVAL without a uuid, EBUSY where peers would stay.</summary>
    public static ClassWrite SetMirrorMode(MirrorMode mode) => Write("mirror_mode_set", w => w.Write((uint)mode));

    /// <summary>Peers.</summary>
    public static ClassRead<IReadOnlyList<MirrorPeer>> ListMirrorPeers() =>
        Read<IReadOnlyList<MirrorPeer>>("mirror_peer_list", static (ref CephReader r) => r.ReadList<MirrorPeer>());

    /// <summary>Announces a site that copies from here: makes a transmitting peer of it or refreshes when it was seen.</summary>
    public static ClassWrite PingMirrorPeer(string siteName, string mirrorUuid) => Write("mirror_peer_ping", w =>
    {
        w.Write(siteName);
        w.Write(mirrorUuid);
        w.Write((byte)MirrorPeerDirection.Transmit);
    });

    /// <summary>
    /// Adds a peer. ESTALE for its uuid, EEXIST for its site name or mirror uuid; EINVAL where mirroring is disabled, the uuid is this pool's
    /// own, or it only transmits.
    /// </summary>
    public static ClassWrite AddMirrorPeer(MirrorPeer peer) => Write("mirror_peer_add", peer.Encode);

    /// <summary>Removes a peer; an absent one is no error.</summary>
    public static ClassWrite RemoveMirrorPeer(string peerUuid) => Write("mirror_peer_remove", w => w.Write(peerUuid));

    /// <summary>Sets a peer's client name. ENOENT where there is no such peer.</summary>
    public static ClassWrite SetMirrorPeerClient(string peerUuid, string clientName) => Write("mirror_peer_set_client", w =>
    {
        w.Write(peerUuid);
        w.Write(clientName);
    });

    /// <summary>Sets a peer's site name.</summary>
    public static ClassWrite SetMirrorPeerSite(string peerUuid, string siteName) => Write("mirror_peer_set_cluster", w =>
    {
        w.Write(peerUuid);
        w.Write(siteName);
    });

    /// <summary>Sets a peer's direction.</summary>
    public static ClassWrite SetMirrorPeerDirection(string peerUuid, MirrorPeerDirection direction) => Write("mirror_peer_set_direction", w =>
    {
        w.Write(peerUuid);
        w.Write((byte)direction);
    });

    /// <summary>A page of mirrored images by id after an id, each with its global id.</summary>
    public static ClassRead<IReadOnlyDictionary<string, string>> ListMirrorImages(string after, ulong maximum = 1024) =>
        Read("mirror_image_list", DecodeStringMap, w => EncodePage(w, after, maximum));

    /// <summary>Id of the image with that global id. ENOENT where there is none.</summary>
    public static ClassRead<string> GetMirrorImageId(string globalImageId) =>
        Read("mirror_image_get_image_id", DecodeString, w => w.Write(globalImageId));

    /// <summary>How an image is mirrored. ENOENT where it is not.</summary>
    public static ClassRead<MirrorImage> GetMirrorImage(string imageId) => Read("mirror_image_get", MirrorImage.Decode, w => w.Write(imageId));

    /// <summary>Sets how an image is mirrored. EEXIST where its global id is another image's.</summary>
    public static ClassWrite SetMirrorImage(string imageId, MirrorImage image) => Write("mirror_image_set", w =>
    {
        w.Write(imageId);
        image.Encode(w);
    });

    /// <summary>Ends an image's mirroring. EBUSY unless it is disabling, ENOENT where it is not mirrored.</summary>
    public static ClassWrite RemoveMirrorImage(string imageId) => Write("mirror_image_remove", w => w.Write(imageId));

    /// <summary>Reports an image's state for a site; dropped without an error unless the image is mirrored and enabled.</summary>
    public static ClassWrite SetMirrorImageStatus(string globalImageId, MirrorImageSiteStatus status) => Write("mirror_image_status_set", w =>
    {
        w.Write(globalImageId);
        status.Encode(w);
    });

    /// <summary>Removes this site's status of an image.</summary>
    public static ClassWrite RemoveMirrorImageStatus(string globalImageId) => Write("mirror_image_status_remove", w => w.Write(globalImageId));

    /// <summary>An image's statuses of all sites. ENOENT where there is none.</summary>
    public static ClassRead<MirrorImageStatus> GetMirrorImageStatus(string globalImageId) =>
        Read("mirror_image_status_get", MirrorImageStatus.Decode, w => w.Write(globalImageId));

    /// <summary>A page of images by id, with statuses, after an id.</summary>
    public static ClassRead<MirrorImageStatusPage> ListMirrorImageStatuses(string after, ulong maximum = 1024) => Read(
        "mirror_image_status_list",
        static (ref CephReader r) => new MirrorImageStatusPage(r.ReadMap(MirrorImage.Decode), r.ReadMap(MirrorImageStatus.Decode)),
        w => EncodePage(w, after, maximum));

    /// <summary>How many images are in which state; peers tell which other sites' reports count.</summary>
    public static ClassRead<IReadOnlyDictionary<MirrorImageStatusState, int>> GetMirrorStatusSummary(IReadOnlyList<MirrorPeer> peers) =>
        Read<IReadOnlyDictionary<MirrorImageStatusState, int>>("mirror_image_status_get_summary", static (ref CephReader r) =>
        {
            var counts = new SortedDictionary<MirrorImageStatusState, int>();
            for (int i = r.ReadCount(5); i > 0; i--)
            {
                var state = (MirrorImageStatusState)r.ReadByte();
                counts[state] = r.ReadInt32();
            }

            return counts;
        }, w => w.WriteList(peers));

    /// <summary>Removes statuses whose reporter is gone.</summary>
    public static ClassWrite RemoveDownMirrorStatuses() => Write("mirror_image_status_remove_down");

    /// <summary>The daemon that reports an image's local status. ENOENT, or ESTALE where it is gone.</summary>
    public static ClassRead<EntityInstance> GetMirrorImageInstance(string globalImageId) =>
        Read("mirror_image_instance_get", EntityInstance.Decode, w => w.Write(globalImageId));

    /// <summary>A page of image ids with the daemon that reports each, after an id.</summary>
    public static ClassRead<IReadOnlyDictionary<string, EntityInstance>> ListMirrorImageInstances(string after, ulong maximum = 1024) =>
        Read<IReadOnlyDictionary<string, EntityInstance>>(
            "mirror_image_instance_list", static (ref CephReader r) => r.ReadMap(EntityInstance.Decode), w => EncodePage(w, after, maximum));

    /// <summary>Ids of the daemon's instances; on <c>rbd_mirror_leader</c>.</summary>
    public static ClassRead<IReadOnlyList<string>> ListMirrorInstances() =>
        Read<IReadOnlyList<string>>("mirror_instances_list", static (ref CephReader r) => r.ReadStrings());

    /// <summary>Adds an instance; on <c>rbd_mirror_leader</c>.</summary>
    public static ClassWrite AddMirrorInstance(string instanceId) => Write("mirror_instances_add", w => w.Write(instanceId));

    /// <summary>Removes an instance; on <c>rbd_mirror_leader</c>.</summary>
    public static ClassWrite RemoveMirrorInstance(string instanceId) => Write("mirror_instances_remove", w => w.Write(instanceId));

    /// <summary>A page of the image map by global id, after one; the daemon keeps it on <c>rbd_mirror_leader</c>.</summary>
    public static ClassRead<IReadOnlyDictionary<string, MirrorImageMap>> ListMirrorImageMap(string after, ulong maximum = 1024) =>
        Read<IReadOnlyDictionary<string, MirrorImageMap>>(
            "mirror_image_map_list", static (ref CephReader r) => r.ReadMap(MirrorImageMap.Decode), w => EncodePage(w, after, maximum));

    /// <summary>Sets which instance replays an image; on <c>rbd_mirror_leader</c>.</summary>
    public static ClassWrite UpdateMirrorImageMap(string globalImageId, MirrorImageMap map) => Write("mirror_image_map_update", w =>
    {
        w.Write(globalImageId);
        map.Encode(w);
    });

    /// <summary>Removes an image from the map; on <c>rbd_mirror_leader</c>.</summary>
    public static ClassWrite RemoveMirrorImageMap(string globalImageId) => Write("mirror_image_map_remove", w => w.Write(globalImageId));

    /// <summary>A peer has copied a mirror snapshot; on the image's header. ENOENT where the peer is not on it.</summary>
    public static ClassWrite UnlinkMirrorSnapshotPeer(ulong snapshotId, string peerUuid) => Write("mirror_image_snapshot_unlink_peer", w =>
    {
        w.Write(snapshotId);
        w.Write(peerUuid);
    });

    /// <summary>How far a copied mirror snapshot is; on the image's header.</summary>
    public static ClassWrite SetMirrorSnapshotProgress(ulong snapshotId, bool complete, ulong copiedObjects) =>
        Write("mirror_image_snapshot_set_copy_progress", w =>
        {
            w.Write(snapshotId);
            w.Write(complete);
            w.Write(copiedObjects);
        });

    private static void EncodePage(CephWriter writer, string after, ulong maximum)
    {
        writer.Write(after);
        writer.Write(maximum);
    }
}
