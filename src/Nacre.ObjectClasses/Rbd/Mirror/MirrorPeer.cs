using Nacre.ObjectClasses.Encoding;
using Nacre.Rados.Encoding;

namespace Nacre.ObjectClasses.Rbd;

/// <summary>cls::rbd::MirrorPeer: another site that this pool mirrors with.</summary>
public sealed record MirrorPeer : ICephEncodable<MirrorPeer>
{
    /// <summary>Identifies the peer in this pool.</summary>
    public required string Uuid { get; init; }

    /// <summary>Which way images go.</summary>
    public MirrorPeerDirection Direction { get; init; } = MirrorPeerDirection.Both;

    /// <summary>The peer's site (cluster) name.</summary>
    public string SiteName { get; init; } = "";

    /// <summary>Whom the daemon connects as, <c>client.rbd-mirror-peer</c>.</summary>
    public string ClientName { get; init; } = "";

    /// <summary>Mirror uuid of the peer's pool; empty while unknown. For a peer that announced itself by ping it is its fsid.</summary>
    public string MirrorUuid { get; init; } = "";

    /// <summary>When it last announced itself.</summary>
    public CephTimestamp LastSeen { get; init; }

    /// <summary>Ceph's is_valid: a uuid, a site name, and where images come from it a client name.</summary>
    public bool IsValid => Direction switch
    {
        MirrorPeerDirection.Transmit => Uuid.Length > 0 && SiteName.Length > 0,
        MirrorPeerDirection.Receive or MirrorPeerDirection.Both => Uuid.Length > 0 && SiteName.Length > 0 && ClientName.Length > 0,
        _ => false,
    };

    /// <inheritdoc/>
    public void Encode(CephWriter writer)
    {
        using (writer.Versioned(2, 1))
        {
            writer.Write(Uuid);
            writer.Write(SiteName);
            writer.Write(ClientName);
            writer.Write(-1L);
            writer.Write((byte)Direction);
            writer.Write(MirrorUuid);
            LastSeen.Encode(writer);
        }
    }

    /// <inheritdoc/>
    public static MirrorPeer Decode(ref CephReader reader)
    {
        CephReader body = reader.ReadVersioned(2, out byte version, nameof(MirrorPeer));
        string uuid = body.ReadString();
        string site = body.ReadString();
        string client = body.ReadString();
        _ = body.ReadInt64();
        var peer = new MirrorPeer { Uuid = uuid, SiteName = site, ClientName = client };
        return version < 2
            ? peer
            : peer with { Direction = (MirrorPeerDirection)body.ReadByte(), MirrorUuid = body.ReadString(), LastSeen = body.ReadTimestamp() };
    }
}
