using Nacre.Rados.Objects;

namespace Nacre.Mirroring.Daemon.Planning;

/// <summary>One state of the image that a copy writes: a user snapshot's, or at last the mirror snapshot's.</summary>
/// <param name="RemoteFrom">The source's snapshot whose data are here already; 0 for none.</param>
/// <param name="RemoteTo">The source's snapshot to be reached.</param>
/// <param name="LocalSnapshots">Local snapshots older than the one that gets this state, descending: the context to write under.</param>
/// <param name="LocalSnapshotId">The local snapshot that gets this state.</param>
/// <param name="ImageSize">The image's size in this state, in bytes.</param>
internal sealed record CopyStep(ulong RemoteFrom, ulong RemoteTo, IReadOnlyList<ulong> LocalSnapshots, ulong LocalSnapshotId, ulong ImageSize)
{
    /// <summary>
    /// Sequence of the context to write under; 0 for none. Where a local snapshot gets the state: above that of every write before this attempt, so that it
    /// tells what this one wrote, and below the snapshot's, so that the next write to the object preserves it. The head's is that of the newest snapshot, as
    /// anybody's: with a larger one the store would not preserve what snapshots to come hold.
    /// </summary>
    public ulong Sequence => LocalSnapshotId != SnapshotId.Head ? LocalSnapshotId - 1 : LocalSnapshots.Count > 0 ? LocalSnapshots[0] : 0;
}
