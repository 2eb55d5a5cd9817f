using Nacre.Rados.Encoding;

namespace Nacre.Mirroring.Daemon.Pools;

/// <summary>What a pool's leader tells through <c>rbd_mirror_leader</c> (src/tools/rbd_mirror/leader_watcher/Types.cc).</summary>
internal enum LeaderNotification : uint
{
    /// <summary>The leader is alive.</summary>
    Heartbeat = 0,
    /// <summary>The sender is the leader now.</summary>
    LockAcquired = 1,
    /// <summary>The sender is not the leader any more.</summary>
    LockReleased = 2,
}

/// <summary>Their encoding.</summary>
internal static class LeaderNotificationEncoding
{
    /// <summary>The bytes.</summary>
    public static byte[] Encode(this LeaderNotification notification)
    {
        var writer = new CephWriter(16);
        using (writer.Versioned(1, 1))
        {
            writer.Write((uint)notification);
        }

        return writer.ToArray();
    }

    /// <summary>What they say; null where they say nothing known.</summary>
    public static LeaderNotification? Decode(ReadOnlySpan<byte> bytes)
    {
        try
        {
            var reader = new CephReader(bytes);
            CephReader body = reader.ReadVersioned(1, out _, nameof(LeaderNotification));
            uint operation = body.ReadUInt32();
            return operation <= (uint)LeaderNotification.LockReleased ? (LeaderNotification)operation : null;
        }
        catch (CephDecodeException)
        {
            return null;
        }
    }
}
