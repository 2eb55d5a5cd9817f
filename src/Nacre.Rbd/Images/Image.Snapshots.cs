using Nacre.ObjectClasses.Rbd;

namespace Nacre.Rbd;

/// <content>Snapshots and differences.</content>
public sealed partial class Image
{
    /// <summary>
    /// Makes a snapshot; where another client owns the lock, that one does it. Writes under way are in it or not as a whole; none is torn.
    /// </summary>
    /// <param name="name">Its name; EEXIST where a snapshot of that kind has it.</param>
    /// <param name="snapshotNamespace">What it is for; null for a user's.</param>
    /// <param name="flags">Whether and how to ask other clients to quiesce.</param>
    /// <param name="progress">Told of attempts to quiesce.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <returns>The snapshot, as <see cref="Snapshots"/> now lists it. EDQUOT where the snapshot limit is reached.</returns>
    public Task<ImageSnapshot> CreateSnapshotAsync(
        string name, SnapshotNamespace? snapshotNamespace = null, SnapshotCreateFlags flags = SnapshotCreateFlags.None,
        IProgress<OperationProgress>? progress = null, CancellationToken cancellationToken = default) =>
        _snapshots.CreateAsync(name, snapshotNamespace ?? SnapshotNamespace.User, flags, progress, cancellationToken);

    /// <summary>Removes a snapshot. ENOENT where there is none, EBUSY where it is protected or has clones.</summary>
    public Task RemoveSnapshotAsync(string name, SnapshotNamespaceType type = SnapshotNamespaceType.User, CancellationToken cancellationToken = default) =>
        _snapshots.RemoveAsync(name, type, cancellationToken);

    /// <summary>Removes a snapshot by id.</summary>
    public Task RemoveSnapshotAsync(ulong id, CancellationToken cancellationToken = default) => _snapshots.RemoveAsync(id, cancellationToken);

    /// <summary>Renames a user snapshot. EEXIST where the new name is taken.</summary>
    public Task RenameSnapshotAsync(string name, string newName, CancellationToken cancellationToken = default) =>
        _snapshots.RenameAsync(name, newName, cancellationToken);

    /// <summary>Protects a snapshot against removal, so that clones (v1) can be made of it. EBUSY where it is already.</summary>
    public Task ProtectSnapshotAsync(string name, CancellationToken cancellationToken = default) => _snapshots.ProtectAsync(name, cancellationToken);

    /// <summary>Lifts a snapshot's protection. EINVAL where it has none, EBUSY where it has clones.</summary>
    public Task UnprotectSnapshotAsync(string name, CancellationToken cancellationToken = default) => _snapshots.UnprotectAsync(name, cancellationToken);

    /// <summary>Sets the image back to a user snapshot: size and every object.</summary>
    public Task RollBackAsync(string snapshotName, IProgress<OperationProgress>? progress = null, CancellationToken cancellationToken = default) =>
        _snapshots.RollBackAsync(snapshotName, progress, cancellationToken);

    /// <summary>Sets the image back to a snapshot of whatever kind.</summary>
    public Task RollBackAsync(ulong snapshotId, IProgress<OperationProgress>? progress = null, CancellationToken cancellationToken = default) =>
        _snapshots.RollBackAsync(snapshotId, progress, cancellationToken);

    /// <summary>How many user snapshots there may be; <see cref="ulong.MaxValue"/> for no limit.</summary>
    public Task<ulong> GetSnapshotLimitAsync(CancellationToken cancellationToken = default) => _snapshots.GetLimitAsync(cancellationToken);

    /// <summary>Sets how many user snapshots there may be. ERANGE where there are more already.</summary>
    public Task SetSnapshotLimitAsync(ulong limit, CancellationToken cancellationToken = default) => _snapshots.SetLimitAsync(limit, cancellationToken);

    /// <summary>
    /// Which objects changed between two snapshots, from object maps: those of both and of all between. Cheap: one read per snapshot.
    /// </summary>
    /// <param name="fromSnapshotId">The older; null for the beginning, when the image was empty.</param>
    /// <param name="toSnapshotId">The newer, or the head's id.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    public Task<ObjectChangeSet> GetObjectChangesAsync(ulong? fromSnapshotId, ulong toSnapshotId, CancellationToken cancellationToken = default) =>
        _differences.GetObjectChangesAsync(fromSnapshotId, toSnapshotId, cancellationToken);

    /// <summary>
    /// What changed in one object between two snapshots, exactly, from its clones (librados list_snaps; librbd's calc_snap_set_diff). One request.
    /// </summary>
    /// <param name="objectNumber">The object.</param>
    /// <param name="fromSnapshotId">The older; null for the beginning.</param>
    /// <param name="toSnapshotId">The newer, or the head's id.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    public Task<ObjectDifference> GetObjectDifferenceAsync(
        ulong objectNumber, ulong? fromSnapshotId, ulong toSnapshotId, CancellationToken cancellationToken = default) =>
        _differences.GetObjectDifferenceAsync(objectNumber, fromSnapshotId, toSnapshotId, cancellationToken);

    /// <summary>Ranges of the image that differ between two snapshots, in order of objects, as <c>rbd diff</c> lists them.</summary>
    /// <param name="fromSnapshotId">The older; null for the beginning (lists what holds data).</param>
    /// <param name="toSnapshotId">The newer, or the head's id.</param>
    /// <param name="wholeObject">Whole objects only: with object maps no object is looked at.</param>
    /// <param name="includeParent">For a clone without an older snapshot: also what only the parent holds.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    public IAsyncEnumerable<DiffExtent> DiffAsync(
        ulong? fromSnapshotId, ulong toSnapshotId, bool wholeObject = false, bool includeParent = false, CancellationToken cancellationToken = default) =>
        _differences.DiffAsync(fromSnapshotId, toSnapshotId, wholeObject, includeParent, cancellationToken);
}
