using Nacre.ObjectClasses.Rbd;
using Nacre.Rados.Encoding;

namespace Nacre.Mirroring.Daemon.Planning;

/// <summary>A snapshot as the daemon needs it.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Namespace">What it is for.</param>
/// <param name="Name">Its name.</param>
/// <param name="Size">The image's size at it, in bytes.</param>
/// <param name="Timestamp">When it was made.</param>
/// <param name="Protection">Whether it is protected.</param>
/// <param name="Flags">Whether its object map can be relied on.</param>
internal sealed record SnapshotView(
    ulong Id, SnapshotNamespace Namespace, string Name, ulong Size, CephTimestamp Timestamp = default,
    ProtectionStatus Protection = ProtectionStatus.Unprotected, RbdFlags Flags = RbdFlags.None)
{
    /// <summary>Its mirror namespace; null for other kinds.</summary>
    public MirrorSnapshotNamespace? Mirror => Namespace as MirrorSnapshotNamespace;

    /// <summary>Made by a user, so part of what is mirrored.</summary>
    public bool IsUser => Namespace is UserSnapshotNamespace;
}
