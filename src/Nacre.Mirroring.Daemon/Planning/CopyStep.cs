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
    /// Sequence of the context to write under: above that of every write before this attempt, so that it tells what this one wrote, and below the local
    /// snapshot's, so that the next write to the object preserves it.
    /// </summary>
    public ulong Sequence => LocalSnapshotId - 1;
}
