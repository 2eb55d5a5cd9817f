using Nacre.ObjectClasses.Encoding;
using Nacre.Rados.Encoding;

namespace Nacre.ObjectClasses.Rbd.Notifications;

/// <summary>rbd::mirror::instance_watcher::NotifyOp.</summary>
public enum MirrorInstanceOperation : uint
{
    /// <summary>Replay an image.</summary>
    ImageAcquire = 0,
    /// <summary>Stop replaying an image.</summary>
    ImageRelease = 1,
    /// <summary>A peer's image is gone.</summary>
    PeerImageRemoved = 2,
    /// <summary>May I begin a first copy?</summary>
    SyncRequest = 3,
    /// <summary>You may.</summary>
    SyncStart = 4,
}

/// <summary>
/// rbd::mirror::instance_watcher::NotifyMessage: what the daemon's instances tell one of them through its <c>rbd_mirror_instance.ID</c>
/// (src/tools/rbd_mirror/instance_watcher/Types.cc).
/// </summary>
/// <param name="Operation">Which; a newer one is kept as its number.</param>
/// <param name="RequestId">The sender's number for it.</param>
/// <param name="Id">Global image id; for syncs, the sync's id, which is the local image's.</param>
/// <param name="PeerMirrorUuid">Only of <see cref="MirrorInstanceOperation.PeerImageRemoved"/>: the peer.</param>
public sealed record MirrorInstanceNotification(MirrorInstanceOperation Operation, ulong RequestId, string Id, string PeerMirrorUuid = "")
    : ICephEncodable<MirrorInstanceNotification>
{
    private const byte Version = 2;

    /// <inheritdoc/>
    public void Encode(CephWriter writer)
    {
        using (writer.Versioned(Version, Version))
        {
            writer.Write((uint)Operation);
            writer.Write(RequestId);
            writer.Write(Id);
            if (Operation == MirrorInstanceOperation.PeerImageRemoved)
            {
                writer.Write(PeerMirrorUuid);
            }
        }
    }

    /// <inheritdoc/>
    public static MirrorInstanceNotification Decode(ref CephReader reader)
    {
        CephReader body = reader.ReadVersioned(Version, out _, nameof(MirrorInstanceNotification));
        var operation = (MirrorInstanceOperation)body.ReadUInt32();
        if (operation > MirrorInstanceOperation.SyncStart)
        {
            return new MirrorInstanceNotification(operation, 0, "");
        }

        return new MirrorInstanceNotification(
            operation, body.ReadUInt64(), body.ReadString(), operation == MirrorInstanceOperation.PeerImageRemoved ? body.ReadString() : "");
    }
}

/// <summary>rbd::mirror::instance_watcher::NotifyAckPayload: the addressee's acknowledgement.</summary>
/// <param name="InstanceId">The addressee.</param>
/// <param name="RequestId">The notification's.</param>
/// <param name="Result">0 or a negated errno.</param>
public sealed record MirrorInstanceAcknowledgement(string InstanceId, ulong RequestId, int Result) : ICephEncodable<MirrorInstanceAcknowledgement>
{
    /// <inheritdoc/>
    public void Encode(CephWriter writer)
    {
        writer.Write(InstanceId);
        writer.Write(RequestId);
        writer.Write(Result);
    }

    /// <inheritdoc/>
    public static MirrorInstanceAcknowledgement Decode(ref CephReader reader) => new(reader.ReadString(), reader.ReadUInt64(), reader.ReadInt32());
}
