using Nacre.ObjectClasses.Encoding;
using Nacre.Rados.Encoding;

namespace Nacre.ObjectClasses.Rbd;

/// <summary>cls::rbd::MirrorImageSiteStatusOnDisk: a status as <c>rbd_mirroring</c> keeps it, with who reported it.</summary>
/// <param name="Origin">The reporter; its address of type "any", since what it speaks does not identify it.</param>
/// <param name="Status">The status; the site's uuid is in the key.</param>
public sealed record MirrorImageSiteStatusRecord(EntityInstance Origin, MirrorImageSiteStatus Status) : ICephEncodable<MirrorImageSiteStatusRecord>
{
    /// <inheritdoc/>
    public void Encode(CephWriter writer)
    {
        using (writer.Versioned(1, 1))
        {
            Sanitize(Origin).Encode(writer);
        }

        Status.Encode(writer);
    }

    /// <inheritdoc/>
    public static MirrorImageSiteStatusRecord Decode(ref CephReader reader)
    {
        EntityInstance origin = DecodeOrigin(ref reader);
        return new MirrorImageSiteStatusRecord(origin, MirrorImageSiteStatus.Decode(ref reader));
    }

    /// <summary>Reads only who reported it.</summary>
    internal static EntityInstance DecodeOrigin(ref CephReader reader)
    {
        CephReader body = reader.ReadVersioned(1, out _, nameof(MirrorImageSiteStatusRecord));
        return Sanitize(EntityInstance.Decode(ref body));
    }

    /// <summary>The instance with an address of type "any".</summary>
    internal static EntityInstance Sanitize(EntityInstance instance) =>
        instance with { Address = instance.Address with { Type = EntityAddressType.Any } };
}
