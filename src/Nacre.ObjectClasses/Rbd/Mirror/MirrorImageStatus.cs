using Nacre.ObjectClasses.Encoding;
using Nacre.Rados.Encoding;

namespace Nacre.ObjectClasses.Rbd;

/// <summary>cls::rbd::MirrorImageSiteStatus: an image's state as one site's daemon last reported it.</summary>
/// <param name="MirrorUuid">Mirror uuid of the reporting site's pool; empty for this site.</param>
/// <param name="State">The state.</param>
/// <param name="Description">Text, or text and JSON.</param>
/// <param name="LastUpdate">When it was reported (set by the store).</param>
/// <param name="Up">Whether the reporter is alive (set by the store).</param>
public sealed record MirrorImageSiteStatus(
    string MirrorUuid, MirrorImageStatusState State, string Description, CephTimestamp LastUpdate = default, bool Up = false)
    : ICephEncodable<MirrorImageSiteStatus>
{
    /// <summary>LOCAL_MIRROR_UUID: this site.</summary>
    public const string LocalMirrorUuid = "";

    /// <inheritdoc/>
    public void Encode(CephWriter writer)
    {
        // As Ceph: a local status stays readable for releases that know no other sites.
        byte version = MirrorUuid.Length == 0 ? (byte)1 : (byte)2;
        using (writer.Versioned(version, version))
        {
            EncodeMembers(writer, version);
        }
    }

    /// <inheritdoc/>
    public static MirrorImageSiteStatus Decode(ref CephReader reader)
    {
        CephReader body = reader.ReadVersioned(2, out byte version, nameof(MirrorImageSiteStatus));
        return DecodeMembers(ref body, version);
    }

    internal void EncodeMembers(CephWriter writer, byte version)
    {
        if (version >= 2)
        {
            writer.Write(MirrorUuid);
        }

        writer.Write((byte)State);
        writer.Write(Description);
        LastUpdate.Encode(writer);
        writer.Write(Up);
    }

    internal static MirrorImageSiteStatus DecodeMembers(ref CephReader body, byte version) => new(
        version >= 2 ? body.ReadString() : LocalMirrorUuid,
        (MirrorImageStatusState)body.ReadByte(), body.ReadString(), body.ReadTimestamp(), body.ReadBool());
}

/// <summary>cls::rbd::MirrorImageStatus: an image's state as seen by all sites.</summary>
/// <param name="Sites">One per reporting site.</param>
public sealed record MirrorImageStatus(IReadOnlyList<MirrorImageSiteStatus> Sites) : ICephEncodable<MirrorImageStatus>
{
    /// <summary>This site's; null where its daemon never reported.</summary>
    public MirrorImageSiteStatus? Local => Sites.FirstOrDefault(site => site.MirrorUuid.Length == 0);

    /// <summary>Other sites'.</summary>
    public IEnumerable<MirrorImageSiteStatus> Remote => Sites.Where(site => site.MirrorUuid.Length > 0);

    /// <inheritdoc/>
    public void Encode(CephWriter writer)
    {
        MirrorImageSiteStatus? local = Local;
        using (writer.Versioned(2, 1))
        {
            (local ?? new MirrorImageSiteStatus("", MirrorImageStatusState.Unknown, "")).EncodeMembers(writer, 1);
            writer.Write(local is not null);
            writer.WriteList([.. Remote], static (w, site) => site.EncodeMembers(w, 2));
        }
    }

    /// <inheritdoc/>
    public static MirrorImageStatus Decode(ref CephReader reader)
    {
        CephReader body = reader.ReadVersioned(2, out byte version, nameof(MirrorImageStatus));
        MirrorImageSiteStatus local = MirrorImageSiteStatus.DecodeMembers(ref body, 1);
        if (version < 2)
        {
            return new MirrorImageStatus([local]);
        }

        bool localValid = body.ReadBool();
        List<MirrorImageSiteStatus> remote = body.ReadList(static (ref CephReader r) => MirrorImageSiteStatus.DecodeMembers(ref r, 2), 18);
        return new MirrorImageStatus(localValid ? [local, .. remote] : remote);
    }

    /// <inheritdoc/>
    public bool Equals(MirrorImageStatus? other) => other is not null && Sites.SequenceEqual(other.Sites);

    /// <inheritdoc/>
    public override int GetHashCode() => Sites.Count;
}
