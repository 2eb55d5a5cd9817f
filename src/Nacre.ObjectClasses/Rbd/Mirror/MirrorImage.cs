using Nacre.ObjectClasses.Encoding;
using Nacre.Rados.Encoding;

namespace Nacre.ObjectClasses.Rbd;

/// <summary>cls::rbd::MirrorImage: how an image is mirrored.</summary>
/// <param name="Mode">By journal or by snapshots.</param>
/// <param name="GlobalImageId">Identifies the image at all sites.</param>
/// <param name="State">Where it stands.</param>
public sealed record MirrorImage(MirrorImageMode Mode, string GlobalImageId, MirrorImageState State) : ICephEncodable<MirrorImage>
{
    /// <inheritdoc/>
    public void Encode(CephWriter writer)
    {
        using (writer.Versioned(2, 1))
        {
            writer.Write(GlobalImageId);
            writer.Write((byte)State);
            writer.Write((byte)Mode);
        }
    }

    /// <inheritdoc/>
    public static MirrorImage Decode(ref CephReader reader)
    {
        CephReader body = reader.ReadVersioned(2, out byte version, nameof(MirrorImage));
        string id = body.ReadString();
        var state = (MirrorImageState)body.ReadByte();
        return new MirrorImage(version >= 2 ? (MirrorImageMode)body.ReadByte() : MirrorImageMode.Journal, id, state);
    }
}
