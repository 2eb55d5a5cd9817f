using Nacre.ObjectClasses.Encoding;
using Nacre.Rados.Encoding;

namespace Nacre.ObjectClasses.Rbd.Notifications;

/// <summary>rbd::mirror::leader_watcher::NotifyOp.</summary>
public enum MirrorLeaderOperation : uint
{
    /// <summary>The leader is alive.</summary>
    Heartbeat = 0,
    /// <summary>There is a new leader.</summary>
    LockAcquired = 1,
    /// <summary>The leader steps down.</summary>
    LockReleased = 2,
}

/// <summary>
/// rbd::mirror::leader_watcher::NotifyMessage: what the daemon's leader tells the other instances through <c>rbd_mirror_leader</c>
/// (src/tools/rbd_mirror/leader_watcher/Types.cc). None has more to it than its number.
/// </summary>
/// <param name="Operation">Which.</param>
public sealed record MirrorLeaderNotification(MirrorLeaderOperation Operation) : ICephEncodable<MirrorLeaderNotification>
{
    /// <inheritdoc/>
    public void Encode(CephWriter writer)
    {
        using (writer.Versioned(1, 1))
        {
            writer.Write((uint)Operation);
        }
    }

    /// <inheritdoc/>
    public static MirrorLeaderNotification Decode(ref CephReader reader)
    {
        CephReader body = reader.ReadVersioned(1, out _, nameof(MirrorLeaderNotification));
        return new MirrorLeaderNotification((MirrorLeaderOperation)body.ReadUInt32());
    }
}
