using Nacre.ObjectClasses.Encoding;
using Nacre.ObjectClasses.Server;
using Nacre.Rados;
using Nacre.Rados.ClassMethods;
using Nacre.Rados.Encoding;

namespace Nacre.ObjectClasses.Rbd.Server;

/// <summary>A pool's mirroring: uuid, mode and peers, in <c>rbd_mirroring</c>.</summary>
internal static class MirrorPeerMethods
{
    private const string UuidKey = "mirror_uuid";
    private const string ModeKey = "mirror_mode";
    private const string PeerPrefix = "mirror_peer_";

    public static IEnumerable<ClassMethodDescription> All =>
    [
        Methods.Read("mirror_uuid_get", GetUuid),
        Methods.Write("mirror_uuid_set", SetUuid),
        Methods.Read("mirror_mode_get", GetMode),
        Methods.Write("mirror_mode_set", SetMode),
        Methods.Write("mirror_peer_ping", Ping),
        Methods.Read("mirror_peer_list", ListPeers),
        Methods.Write("mirror_peer_add", AddPeer),
        Methods.Write("mirror_peer_remove", (c, input, _) => c.RemoveKey(PeerPrefix + new CephReader(input).ReadString())),
        Methods.Write("mirror_peer_set_client", SetPeerClient),
        Methods.Write("mirror_peer_set_cluster", SetPeerSite),
        Methods.Write("mirror_peer_set_direction", SetPeerDirection),
    ];

    // The uuid is stored without a length.
    private static int ReadUuid(IClassContext context, out string uuid)
    {
        int code = context.OmapGet(UuidKey, out ReadOnlyMemory<byte> bytes);
        uuid = code < 0 ? "" : System.Text.Encoding.UTF8.GetString(bytes.Span);
        return code;
    }

    private static int ReadMode(IClassContext context, out MirrorMode mode) =>
        context.ReadKey(ModeKey, static (ref CephReader r) => (MirrorMode)r.ReadUInt32(), out mode);

    private static int CheckEnabled(IClassContext context)
    {
        int code = ReadMode(context, out MirrorMode mode);
        if (code < 0 && code != -Errno.ENOENT)
        {
            return code;
        }

        return code < 0 || mode == MirrorMode.Disabled ? -Errno.EINVAL : 0;
    }

    private static int ReadPeers(IClassContext context, out List<MirrorPeer> peers)
    {
        var found = new List<MirrorPeer>();
        peers = found;
        int code = context.Visit(PeerPrefix, PeerPrefix, (key, bytes) =>
        {
            int decoded = context.TryDecode(key, bytes.Span, MirrorPeer.Decode, out MirrorPeer peer);
            if (decoded == 0)
            {
                found.Add(peer);
            }

            return decoded;
        });
        return code == -Errno.ENOENT ? 0 : code;
    }

    private static int WritePeer(IClassContext context, MirrorPeer peer) => context.WriteKey(PeerPrefix + peer.Uuid, peer);

    private static int GetUuid(IClassContext context, ReadOnlySpan<byte> input, CephWriter output)
    {
        int code = ReadUuid(context, out string uuid);
        if (code == 0)
        {
            output.Write(uuid);
        }

        return code;
    }

    private static int SetUuid(IClassContext context, ReadOnlySpan<byte> input, CephWriter output)
    {
        string uuid = new CephReader(input).ReadString();
        if (uuid.Length == 0)
        {
            return -Errno.EINVAL;
        }

        int code = ReadMode(context, out MirrorMode mode);
        if (code < 0 && code != -Errno.ENOENT)
        {
            return code;
        }

        return code == 0 && mode != MirrorMode.Disabled
            ? -Errno.EINVAL
            : context.OmapSet(UuidKey, System.Text.Encoding.UTF8.GetBytes(uuid));
    }

    private static int GetMode(IClassContext context, ReadOnlySpan<byte> input, CephWriter output)
    {
        int code = ReadMode(context, out MirrorMode mode);
        if (code == 0)
        {
            output.Write((uint)mode);
        }

        return code;
    }

    private static int SetMode(IClassContext context, ReadOnlySpan<byte> input, CephWriter output)
    {
        var mode = (MirrorMode)new CephReader(input).ReadUInt32();
        int code;
        switch (mode)
        {
            case MirrorMode.Image or MirrorMode.Pool:
                code = ReadUuid(context, out _);
                if (code < 0)
                {
                    return code == -Errno.ENOENT ? -Errno.EINVAL : code;
                }

                return context.WriteKey(ModeKey, w => w.Write((uint)mode));
            case MirrorMode.Disabled:
                code = ReadPeers(context, out List<MirrorPeer> peers);
                if (code < 0)
                {
                    return code;
                }

                if (peers.Count > 0)
                {
                    return -Errno.EBUSY;
                }

                code = context.RemoveKey(ModeKey);
                return code < 0 ? code : context.RemoveKey(UuidKey);
            default:
                return -Errno.EINVAL;
        }
    }

    private static int Ping(IClassContext context, ReadOnlySpan<byte> input, CephWriter output)
    {
        var arguments = new CephReader(input);
        string site = arguments.ReadString();
        string mirrorUuid = arguments.ReadString();
        if ((MirrorPeerDirection)arguments.ReadByte() != MirrorPeerDirection.Transmit)
        {
            return -Errno.EINVAL;
        }

        int code = CheckEnabled(context);
        if (code < 0)
        {
            return code;
        }

        if (site.Length == 0 || mirrorUuid.Length == 0)
        {
            return -Errno.EINVAL;
        }

        code = ReadPeers(context, out List<MirrorPeer> peers);
        if (code < 0)
        {
            return code;
        }

        MirrorPeer peer = FindPinging(peers, site, mirrorUuid) ?? new MirrorPeer
        {
            Uuid = Guid.NewGuid().ToString(),
            Direction = MirrorPeerDirection.Transmit,
            SiteName = site,
            MirrorUuid = mirrorUuid,
        };
        if (peer.Direction == MirrorPeerDirection.Receive)
        {
            peer = peer with { Direction = MirrorPeerDirection.Both };
        }

        peer = peer with { LastSeen = context.Timestamp() };
        return peer.IsValid ? WritePeer(context, peer) : -Errno.EINVAL;
    }

    // By site name, unless that peer is known under another mirror uuid; then by mirror uuid, whose site name then follows unless it is taken.
    private static MirrorPeer? FindPinging(List<MirrorPeer> peers, string site, string mirrorUuid)
    {
        MirrorPeer? bySite = peers.FirstOrDefault(peer => peer.SiteName == site);
        MirrorPeer? byUuid = bySite is null || (bySite.MirrorUuid.Length > 0 && bySite.MirrorUuid != mirrorUuid)
            ? peers.FirstOrDefault(peer => peer.MirrorUuid == mirrorUuid)
            : null;
        if (byUuid is not null)
        {
            return bySite is null ? byUuid with { SiteName = site } : byUuid;
        }

        return bySite is null ? null : bySite with { MirrorUuid = mirrorUuid };
    }

    private static int ListPeers(IClassContext context, ReadOnlySpan<byte> input, CephWriter output)
    {
        int code = ReadPeers(context, out List<MirrorPeer> peers);
        if (code == 0)
        {
            output.WriteList(peers);
        }

        return code;
    }

    private static int AddPeer(IClassContext context, ReadOnlySpan<byte> input, CephWriter output)
    {
        var arguments = new CephReader(input);
        var peer = MirrorPeer.Decode(ref arguments);
        int code = CheckEnabled(context);
        if (code < 0)
        {
            return code;
        }

        if (!peer.IsValid)
        {
            return -Errno.EINVAL;
        }

        code = ReadUuid(context, out string uuid);
        if (code < 0)
        {
            return code;
        }

        // A peer that only copies from here announces itself.
        if (peer.Uuid == uuid || peer.Direction == MirrorPeerDirection.Transmit)
        {
            return -Errno.EINVAL;
        }

        code = ReadPeers(context, out List<MirrorPeer> peers);
        if (code < 0)
        {
            return code;
        }

        foreach (MirrorPeer other in peers)
        {
            if (other.Uuid == peer.Uuid)
            {
                return -Errno.ESTALE;
            }

            if (other.SiteName == peer.SiteName || (peer.MirrorUuid.Length > 0 && other.MirrorUuid == peer.MirrorUuid))
            {
                return -Errno.EEXIST;
            }
        }

        return WritePeer(context, peer);
    }

    private static int SetPeerClient(IClassContext context, ReadOnlySpan<byte> input, CephWriter output)
    {
        var arguments = new CephReader(input);
        string uuid = arguments.ReadString();
        string client = arguments.ReadString();
        int code = context.ReadKey(PeerPrefix + uuid, out MirrorPeer peer);
        return code < 0 ? code : WritePeer(context, peer with { ClientName = client });
    }

    private static int SetPeerSite(IClassContext context, ReadOnlySpan<byte> input, CephWriter output)
    {
        var arguments = new CephReader(input);
        string uuid = arguments.ReadString();
        string site = arguments.ReadString();
        int code = ReadPeers(context, out List<MirrorPeer> peers);
        if (code < 0)
        {
            return code;
        }

        if (peers.Any(other => other.Uuid != uuid && other.SiteName == site))
        {
            return -Errno.EEXIST;
        }

        MirrorPeer? peer = peers.FirstOrDefault(other => other.Uuid == uuid);
        return peer is null ? -Errno.ENOENT : WritePeer(context, peer with { SiteName = site });
    }

    private static int SetPeerDirection(IClassContext context, ReadOnlySpan<byte> input, CephWriter output)
    {
        var arguments = new CephReader(input);
        string uuid = arguments.ReadString();
        var direction = (MirrorPeerDirection)arguments.ReadByte();
        int code = context.ReadKey(PeerPrefix + uuid, out MirrorPeer peer);
        return code < 0 ? code : WritePeer(context, peer with { Direction = direction });
    }
}
