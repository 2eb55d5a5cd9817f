using Nacre.ObjectClasses.Rbd;

namespace Nacre.Mirroring.Daemon.Planning;

/// <summary>What a replayer does next with an image; see <see cref="ReplayPlanner"/>.</summary>
internal abstract record ReplayStep;

/// <summary>Remove a local mirror snapshot that nobody needs any more.</summary>
internal sealed record PruneLocal(ulong SnapshotId) : ReplayStep;

/// <summary>Give up a copy that was cut off: take back what it wrote, and remove its local snapshot.</summary>
/// <param name="SnapshotId">The local snapshot.</param>
/// <param name="LocalStart">The complete mirror snapshot to go back to; 0 for none.</param>
internal sealed record AbandonCopy(ulong SnapshotId, ulong LocalStart) : ReplayStep;

/// <summary>Tell the source that a snapshot is not needed any more.</summary>
internal sealed record UnlinkRemote(ulong SnapshotId) : ReplayStep;

/// <summary>Tell the source that a snapshot is wanted, which was made before it knew this site.</summary>
internal sealed record LinkRemote(ulong SnapshotId) : ReplayStep;

/// <summary>Copy the changes up to a snapshot.</summary>
/// <param name="RemoteStart">The source's snapshot that is here already; 0 for none.</param>
/// <param name="RemoteEnd">The source's snapshot to be copied.</param>
/// <param name="LocalStart">The local complete mirror snapshot to start from; 0 for none.</param>
/// <param name="LocalEnd">The local snapshot of an interrupted copy, which is to go on; null to begin.</param>
/// <param name="Pending">How many snapshots are to be copied, this included.</param>
internal sealed record CopySnapshot(ulong RemoteStart, ulong RemoteEnd, ulong LocalStart, ulong? LocalEnd, int Pending) : ReplayStep;

/// <summary>Nothing to do until something changes.</summary>
/// <param name="RemoteIncomplete">True where a snapshot is just being made at the source.</param>
internal sealed record WaitForChange(bool RemoteIncomplete = false) : ReplayStep;

/// <summary>Replay ends until something changes, with what the operator is told.</summary>
/// <param name="State">The state to report.</param>
/// <param name="Description">Ceph's words.</param>
internal sealed record StopReplay(MirrorImageStatusState State, string Description) : ReplayStep;
