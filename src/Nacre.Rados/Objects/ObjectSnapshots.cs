namespace Nacre.Rados.Objects;

/// <summary>What <c>list_snaps</c> tells of an object (librados snap_set_t).</summary>
/// <param name="Sequence">The newest snapshot sequence it was written under.</param>
/// <param name="Clones">Preserved states in ascending order; the head, if the object exists now, comes last with <see cref="SnapshotId.Head"/>.</param>
public sealed record ObjectSnapshots(ulong Sequence, IReadOnlyList<ObjectClone> Clones);

/// <summary>One preserved state of an object (librados clone_info_t).</summary>
/// <param name="CloneId">Newest snapshot that it serves, or <see cref="SnapshotId.Head"/>.</param>
/// <param name="Snapshots">Snapshots that it serves, ascending; empty for the head.</param>
/// <param name="Overlap">Ranges that it has in common with the next newer state; for the head, as Ceph leaves it, its whole size or nothing.</param>
/// <param name="Size">Bytes.</param>
public sealed record ObjectClone(ulong CloneId, IReadOnlyList<ulong> Snapshots, IReadOnlyList<Extent> Overlap, ulong Size);
