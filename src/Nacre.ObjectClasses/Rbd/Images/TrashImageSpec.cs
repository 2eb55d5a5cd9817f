using Nacre.ObjectClasses.Encoding;
using Nacre.Rados.Encoding;

namespace Nacre.ObjectClasses.Rbd;

/// <summary>cls::rbd::TrashImageSpec: an image in the trash.</summary>
/// <param name="Source">Who put it there.</param>
/// <param name="Name">Its name before.</param>
/// <param name="DeletionTime">When it was put there.</param>
/// <param name="DefermentEndTime">Until when it must not be removed without force.</param>
/// <param name="State">Where it stands.</param>
public sealed record TrashImageSpec(
    TrashImageSource Source, string Name, CephTimestamp DeletionTime, CephTimestamp DefermentEndTime, TrashImageState State = TrashImageState.Normal)
    : ICephEncodable<TrashImageSpec>
{
    /// <inheritdoc/>
    public void Encode(CephWriter writer)
    {
        using (writer.Versioned(2, 1))
        {
            writer.Write((byte)Source);
            writer.Write(Name);
            DeletionTime.Encode(writer);
            DefermentEndTime.Encode(writer);
            writer.Write((byte)State);
        }
    }

    /// <inheritdoc/>
    public static TrashImageSpec Decode(ref CephReader reader)
    {
        CephReader body = reader.ReadVersioned(2, out byte version, nameof(TrashImageSpec));
        return new TrashImageSpec(
            (TrashImageSource)body.ReadByte(), body.ReadString(), body.ReadTimestamp(), body.ReadTimestamp(),
            version >= 2 ? (TrashImageState)body.ReadByte() : TrashImageState.Normal);
    }
}
