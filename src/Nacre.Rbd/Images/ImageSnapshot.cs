using Nacre.ObjectClasses.Rbd;

namespace Nacre.Rbd;

/// <summary>A snapshot of an image, as its header tells it (cls_rbd_snap and cls::rbd::SnapshotInfo).</summary>
public sealed record ImageSnapshot
{
    /// <summary>Its id: a self-managed snapshot of the data pool.</summary>
    public required ulong Id { get; init; }

    /// <summary>Its name, unique among snapshots of its kind.</summary>
    public required string Name { get; init; }

    /// <summary>What it is for.</summary>
    public required SnapshotNamespace Namespace { get; init; }

    /// <summary>The image's size at it, in bytes.</summary>
    public required ulong Size { get; init; }

    /// <summary>When it was made.</summary>
    public DateTimeOffset Timestamp { get; init; }

    /// <summary>Whether clones (v1) may be made and removal is refused.</summary>
    public ProtectionStatus Protection { get; init; }

    /// <summary>Whether its object map can be relied on.</summary>
    public RbdFlags Flags { get; init; }

    /// <summary>What the image was a clone of at it; null for none.</summary>
    public ParentImageSpec? Parent { get; init; }

    /// <summary>How many bytes of the image the parent still backed at it.</summary>
    public ulong ParentOverlap { get; init; }

    /// <summary>How many clones (v2) it has.</summary>
    public uint ChildCount { get; init; }

    /// <summary>True for a snapshot made by a user, which plain listings show.</summary>
    public bool IsUser => Namespace.Type == SnapshotNamespaceType.User;
}
