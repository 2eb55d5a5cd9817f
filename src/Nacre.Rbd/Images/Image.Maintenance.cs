using Nacre.ObjectClasses.Rbd;
using Nacre.Rados.Clusters;
using Nacre.Rbd.Journaling;

namespace Nacre.Rbd;

/// <content>Size, features, metadata, lock, object map.</content>
public sealed partial class Image
{
    /// <summary>
    /// Changes the size; where another client owns the lock, that one does it. Shrinking gives up what lies behind: EINVAL unless
    /// <paramref name="allowShrink"/>.
    /// </summary>
    public Task ResizeAsync(
        ulong size, bool allowShrink = false, IProgress<OperationProgress>? progress = null, CancellationToken cancellationToken = default) =>
        _maintenance.ResizeAsync(size, allowShrink, progress, cancellationToken);

    /// <summary>
    /// Switches features on or off (exclusive-lock, object-map, fast-diff, journaling, deep-flatten off). EINVAL where they depend on others, or where the
    /// image is mirrored by the journal that is to go.
    /// </summary>
    public Task UpdateFeaturesAsync(RbdFeatures features, bool enable, CancellationToken cancellationToken = default) =>
        _maintenance.UpdateFeaturesAsync(features, enable, JournalLayout.Default, cancellationToken);

    /// <summary>
    /// Switches features on, and where journaling is among them makes the journal that way. Where another client owns the lock, it makes the journal by
    /// its own options.
    /// </summary>
    public Task EnableFeaturesAsync(RbdFeatures features, JournalLayout layout, CancellationToken cancellationToken = default) =>
        _maintenance.UpdateFeaturesAsync(features, true, layout, cancellationToken);

    /// <summary>Marks the image as a mirrored copy or as writable again (feature non-primary), and tells everybody.</summary>
    public Task SetNonPrimaryAsync(bool nonPrimary, CancellationToken cancellationToken = default) =>
        _maintenance.SetNonPrimaryAsync(nonPrimary, cancellationToken);

    /// <summary>One metadata value; null where the key is missing.</summary>
    public Task<string?> GetMetadataAsync(string key, CancellationToken cancellationToken = default) => _maintenance.GetMetadataAsync(key, cancellationToken);

    /// <summary>All metadata, in order of keys.</summary>
    public Task<IReadOnlyList<KeyValuePair<string, string>>> ListMetadataAsync(CancellationToken cancellationToken = default) =>
        _maintenance.ListMetadataAsync(cancellationToken);

    /// <summary>Sets a metadata value.</summary>
    public Task SetMetadataAsync(string key, string value, CancellationToken cancellationToken = default) =>
        _maintenance.SetMetadataAsync(key, value, cancellationToken);

    /// <summary>Removes a metadata value. ENOENT where the key is missing.</summary>
    public Task RemoveMetadataAsync(string key, CancellationToken cancellationToken = default) =>
        _maintenance.RemoveMetadataAsync(key, cancellationToken);

    /// <summary>
    /// An option's value for this image: its own <c>conf_NAME</c> metadata, else the pool's, else the cluster's; null where nobody knows it.
    /// </summary>
    public string? GetOption(string name) => _core.GetOption(name);

    /// <summary>Takes the exclusive lock now, asking its owner for it, and breaking it where the owner is dead. EINVAL where the image has no such feature.</summary>
    public Task AcquireLockAsync(CancellationToken cancellationToken = default) => _core.AcquireLockAsync(cancellationToken);

    /// <summary>Gives the exclusive lock up; the next write takes it again.</summary>
    public Task ReleaseLockAsync(CancellationToken cancellationToken = default) => _core.ReleaseLockAsync(cancellationToken);

    /// <summary>
    /// Gives up this site's ownership of the image's journal (librbd::journal::DemoteRequest), with the lock held: nobody writes the image until one site is
    /// promoted. EINVAL where another site owns it, EROFS where the lock was lost.
    /// </summary>
    public Task DemoteJournalAsync(CancellationToken cancellationToken = default) => _core.DemoteAsync(cancellationToken);

    /// <summary>True while this image holds the exclusive lock.</summary>
    public bool IsLockOwner => _core.IsLockOwner;

    /// <summary>Cancelled once another client wants the lock, or it was lost: by blocklisting, or because somebody broke it.</summary>
    public CancellationToken LockGoing => _core.LockGoing;

    /// <summary>
    /// A view of a pool whose writes count as this image's: the lock is given up only after those under way have ended, and without it, or once the image
    /// is closed, they fail with EROFS. For who writes the image's objects by other means.
    /// </summary>
    public IPool Fence(IPool pool) => new FencedPool(pool, _core);

    /// <summary>Who holds the exclusive lock; null for nobody.</summary>
    public Task<LockOwner?> GetLockOwnerAsync(CancellationToken cancellationToken = default) => _core.GetLockOwnerAsync(cancellationToken);

    /// <summary>Takes the lock away from its owner, blocklisting it first unless <c>rbd_blocklist_on_break_lock</c> is false.</summary>
    public Task BreakLockAsync(LockOwner owner, CancellationToken cancellationToken = default) => _core.BreakLockAsync(owner, cancellationToken);

    /// <summary>Makes the object maps of the head and of all snapshots anew from the objects that exist, and clears the invalid flags.</summary>
    public Task RebuildObjectMapAsync(IProgress<OperationProgress>? progress = null, CancellationToken cancellationToken = default) =>
        _maintenance.RebuildObjectMapAsync(progress, cancellationToken);

    /// <summary>The object map's states, one byte per object (<see cref="ObjectMapState"/>), as stored; null where the image has none or it is absent.</summary>
    public Task<byte[]?> LoadObjectMapAsync(ulong snapshotId, CancellationToken cancellationToken = default) =>
        _differences.LoadObjectMapAsync(snapshotId, cancellationToken);
}
