using Nacre.ObjectClasses.Encoding;
using Nacre.Rados.Encoding;

namespace Nacre.ObjectClasses.Rbd.Notifications;

/// <summary>
/// librbd::mirroring_watcher::NotifyMessage: what changed in a pool's mirroring, told through <c>rbd_mirroring</c>
/// (src/librbd/mirroring_watcher/Types.cc).
/// </summary>
public abstract record MirroringNotification : ICephEncodable<MirroringNotification>
{
    private const uint ModeUpdatedOperation = 0;
    private const uint ImageUpdatedOperation = 1;

    /// <inheritdoc/>
    public void Encode(CephWriter writer)
    {
        using (writer.Versioned(1, 1))
        {
            switch (this)
            {
                case MirrorModeUpdated mode:
                    writer.Write(ModeUpdatedOperation);
                    writer.Write((uint)mode.Mode);
                    break;
                case MirrorImageUpdated image:
                    writer.Write(ImageUpdatedOperation);
                    writer.Write((uint)image.State);
                    writer.Write(image.ImageId);
                    writer.Write(image.GlobalImageId);
                    break;
                case UnknownMirroringNotification unknown:
                    writer.Write(unknown.Operation);
                    writer.WriteRaw(unknown.Body.Span);
                    break;
            }
        }
    }

    /// <inheritdoc/>
    public static MirroringNotification Decode(ref CephReader reader)
    {
        CephReader body = reader.ReadVersioned(1, out _, nameof(MirroringNotification));
        uint operation = body.ReadUInt32();
        return operation switch
        {
            ModeUpdatedOperation => new MirrorModeUpdated((MirrorMode)body.ReadUInt32()),
            ImageUpdatedOperation => new MirrorImageUpdated((MirrorImageState)body.ReadUInt32(), body.ReadString(), body.ReadString()),
            _ => new UnknownMirroringNotification(operation, body.Rest.ToArray()),
        };
    }
}

/// <summary>The pool's mode changed.</summary>
/// <param name="Mode">To what.</param>
public sealed record MirrorModeUpdated(MirrorMode Mode) : MirroringNotification;

/// <summary>An image's mirroring changed.</summary>
/// <param name="State">To what.</param>
/// <param name="ImageId">The image.</param>
/// <param name="GlobalImageId">Its id at all sites.</param>
public sealed record MirrorImageUpdated(MirrorImageState State, string ImageId, string GlobalImageId) : MirroringNotification;

/// <summary>Something that a newer Ceph tells.</summary>
/// <param name="Operation">Its number.</param>
/// <param name="Body">What it tells.</param>
public sealed record UnknownMirroringNotification(uint Operation, ReadOnlyMemory<byte> Body) : MirroringNotification;
