using Nacre.ObjectClasses.Calls;
using Nacre.ObjectClasses.Rbd;
using Nacre.Rados;
using Nacre.Rados.Clusters;
using Nacre.Rbd;
using Nacre.Rbd.Journaling;

namespace Nacre.Mirroring;

/// <summary>
/// Mirroring of one image: enable, disable, mirror snapshots, promote, demote, resync (src/librbd/api/Mirror.cc, src/librbd/mirror). The image must be open
/// for writing; for anything that may meet a copy with <see cref="ImageOpenOptions.IgnoreNonPrimary"/>. Every step may be killed after: the same
/// command again completes or cleans up what was begun.
/// </summary>
public sealed partial class MirrorImageControl
{
    private readonly Image _image;
    private readonly MirrorPool _pool;
    private readonly TimeProvider _time;

    /// <param name="image">The image; it stays the caller's.</param>
    /// <param name="time">The clock; null for the system's.</param>
    public MirrorImageControl(Image image, TimeProvider? time = null)
    {
        _image = image;
        _pool = new MirrorPool(image.Pool);
        _time = time ?? TimeProvider.System;
    }

    /// <summary>How it is mirrored, and whether it is the primary.</summary>
    public async Task<MirrorImageInfo> GetInfoAsync(CancellationToken cancellationToken = default)
    {
        MirrorImage? record = await _pool.FindImageAsync(_image.Id, cancellationToken);
        if (record is null)
        {
            return new MirrorImageInfo(null, PromotionState.NonPrimary, "");
        }

        (PromotionState promotion, string primary) = record.Mode == MirrorImageMode.Journal
            ? MirrorImageInfo.ReadPromotion(await JournalMirroring.FindOwnerAsync(_image.Pool, _image.Id, cancellationToken))
            : MirrorImageInfo.ReadPromotion(_image.Snapshots.Select(s => s.Namespace));
        return new MirrorImageInfo(record, promotion, primary);
    }

    /// <summary>
    /// Enables mirroring: by snapshots makes the first one, by journal switches journaling on where it is off (and the exclusive lock, which it needs); then
    /// makes the record that daemons see. Already enabled is no error.
    /// </summary>
    /// <exception cref="RadosException">
    /// EINVAL: the pool is not in image mode, the image is in a group, its parent is not mirrored, it is mirrored in another mode or being disabled, or it is
    /// a copy.
    /// </exception>
    public Task EnableAsync(MirrorImageMode mode, CancellationToken cancellationToken = default) =>
        EnableAsync(mode, relaxParentCheck: false, cancellationToken);

    /// <param name="mode">How.</param>
    /// <param name="relaxParentCheck">A parent in the same pool need not be mirrored yet: its turn comes, as the whole pool is switched.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    internal async Task EnableAsync(MirrorImageMode mode, bool relaxParentCheck, CancellationToken cancellationToken)
    {
        await _image.RefreshAsync(cancellationToken);
        if (_image.Group is not null)
        {
            throw new RadosException(Errno.EINVAL, "cannot enable mirroring on an image that is member of a group");
        }

        MirrorMode poolMode = await _pool.GetModeAsync(cancellationToken);
        if (poolMode == MirrorMode.Disabled)
        {
            throw new RadosException(Errno.EINVAL, $"cannot enable mirroring: mirroring is not enabled on a {_pool.Kind}");
        }

        if (poolMode != MirrorMode.Image)
        {
            throw new RadosException(Errno.EINVAL, $"cannot enable mirroring: {_pool.Kind} is not in image mirror mode");
        }

        await RequireMirroredParentAsync(relaxParentCheck, cancellationToken);
        switch (await _pool.FindImageAsync(_image.Id, cancellationToken))
        {
            case { } record when record.Mode != mode:
                throw new RadosException(Errno.EINVAL, "cannot enable mirroring: invalid current image mirror mode");
            case { State: MirrorImageState.Enabled }:
                return;
            case not null:
                throw new RadosException(Errno.EINVAL, "cannot enable mirroring: currently disabling; disable it again to complete that");
        }

        string globalImageId = Guid.NewGuid().ToString();
        switch (mode)
        {
            case MirrorImageMode.Snapshot:
                await RemoveLeftoverSnapshotsAsync(cancellationToken);
                await MirrorSnapshots.CreatePrimaryAsync(
                    _image, globalImageId, SnapshotCreateFlags.None, PrimarySnapshotOptions.IgnoreEmptyPeers, cancellationToken: cancellationToken);
                break;
            case MirrorImageMode.Journal:
                await RequireJournalAsync(cancellationToken);
                break;
            default:
                throw new RadosException(Errno.EOPNOTSUPP, $"unknown mirror image mode ({(uint)mode})");
        }

        await _pool.SetImageAsync(_image.Id, new MirrorImage(mode, globalImageId, MirrorImageState.Enabled), cancellationToken);
    }

    /// <summary>
    /// Ends mirroring: removes mirror snapshots and the record. Not mirrored is no error. A copy becomes an ordinary image, set back to its newest complete
    /// mirror snapshot where a copy was under way. By journal, the sites that replay it are unregistered and journaling is switched off, as Ceph does,
    /// whoever had switched it on.
    /// </summary>
    /// <param name="force">Also a copy.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <returns>Why journaling could not be switched off, which is no error: the image is mirrored no more. Null where all is done.</returns>
    /// <exception cref="RadosException">
    /// EINVAL: the pool is not in image mode, or the image is a copy and <paramref name="force"/> not given. EBUSY: a clone of it is mirrored.
    /// </exception>
    public Task<RadosException?> DisableAsync(bool force, CancellationToken cancellationToken = default) =>
        DisableAsync(force, isRemoved: false, cancellationToken);

    /// <summary>Ends mirroring of an image that is to be removed, in whatever mode the pool is. As <see cref="DisableAsync(bool, CancellationToken)"/>.</summary>
    public Task<RadosException?> DisableForRemovalAsync(CancellationToken cancellationToken = default) =>
        DisableAsync(force: false, isRemoved: true, cancellationToken);

    private async Task<RadosException?> DisableAsync(bool force, bool isRemoved, CancellationToken cancellationToken)
    {
        await _image.RefreshAsync(cancellationToken);
        if (_image.Group is not null)
        {
            throw new RadosException(Errno.EINVAL, "cannot disable mirroring on an image that is member of a group");
        }

        if (!isRemoved && await _pool.GetModeAsync(cancellationToken) != MirrorMode.Image)
        {
            throw new RadosException(Errno.EINVAL, "cannot disable mirroring in the current pool mirroring mode");
        }

        MirrorImageInfo info = await GetInfoAsync(cancellationToken);
        if (info.Image is not { } record)
        {
            return null;
        }

        bool primary = info.Promotion is PromotionState.Primary or PromotionState.Unknown;
        if (!primary && !force)
        {
            throw new RadosException(Errno.EINVAL, "mirrored image is not primary, add force option to disable mirroring");
        }

        bool byJournal = record.Mode == MirrorImageMode.Journal;
        await RequireNoMirroredChildAsync(cancellationToken);
        await _pool.SetImageAsync(_image.Id, record with { State = MirrorImageState.Disabling }, cancellationToken);
        try
        {
            if (byJournal && !primary)
            {
                await PromoteJournalAsync(isForced: true, cancellationToken);
            }

            await (byJournal ? RemoveJournalPeersAsync(cancellationToken) : EndSnapshotsAsync(record, primary, cancellationToken));
        }
        catch (RadosException exception) when (!exception.IsTransient && !exception.IsBlocklisted)
        {
            // As Ceph: what could not be disabled is mirrored as before. Killed here instead, it stays disabling until disabled again.
            await _pool.SetImageAsync(_image.Id, record with { State = MirrorImageState.Enabled }, cancellationToken);
            throw;
        }

        await _pool.RemoveImageAsync(_image.Id, record.GlobalImageId, cancellationToken);
        return byJournal ? await TrySwitchJournalingOffAsync(cancellationToken) : null;
    }

    /// <summary>
    /// Makes a mirror snapshot: what peers copy next.
    /// </summary>
    /// <returns>The snapshot.</returns>
    /// <exception cref="RadosException">EINVAL: not mirrored by snapshots, not the primary, or no peer copies from the pool.</exception>
    public async Task<ImageSnapshot> CreateSnapshotAsync(
        SnapshotCreateFlags flags = SnapshotCreateFlags.None, IProgress<OperationProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        await _image.RefreshAsync(cancellationToken);
        MirrorImage? record = await _pool.FindImageAsync(_image.Id, cancellationToken);
        if (record is not { Mode: MirrorImageMode.Snapshot, State: MirrorImageState.Enabled })
        {
            throw new RadosException(Errno.EINVAL, "snapshot based mirroring is not enabled");
        }

        return await MirrorSnapshots.CreatePrimaryAsync(
            _image, record.GlobalImageId, flags, PrimarySnapshotOptions.None, progress, cancellationToken);
    }

    private async Task RequireMirroredParentAsync(bool relaxed, CancellationToken cancellationToken)
    {
        if (_image.Parent is not { } parent || (relaxed && parent.PoolId == _image.Pool.Id))
        {
            return;
        }

        IPool parentPool = parent.PoolId == _image.Pool.Id ? _image.Pool : await _image.Pool.Cluster.OpenPoolAsync(parent.PoolId, cancellationToken);
        MirrorImage? record = await new MirrorPool(parentPool.WithNamespace(parent.PoolNamespace)).FindImageAsync(parent.ImageId, cancellationToken);
        if (record is null)
        {
            throw new RadosException(Errno.EINVAL, "mirroring is not enabled for the parent");
        }
    }

    private async Task RequireNoMirroredChildAsync(CancellationToken cancellationToken)
    {
        foreach (ImageSnapshot snapshot in _image.Snapshots.Where(s => s.ChildCount > 0))
        {
            IReadOnlyList<ChildImageSpec> children =
                await _image.Pool.TryCallAsync(_image.HeaderName, RbdCalls.ListChildren(snapshot.Id), cancellationToken) ?? [];
            foreach (ChildImageSpec child in children)
            {
                IPool pool = child.PoolId == _image.Pool.Id ? _image.Pool : await _image.Pool.Cluster.OpenPoolAsync(child.PoolId, cancellationToken);
                if (await new MirrorPool(pool.WithNamespace(child.PoolNamespace)).FindImageAsync(child.ImageId, cancellationToken) is not null)
                {
                    throw new RadosException(Errno.EBUSY, "mirroring is enabled on one or more children");
                }
            }
        }
    }

    private async Task EndSnapshotsAsync(MirrorImage record, bool primary, CancellationToken cancellationToken)
    {
        if (!primary)
        {
            await PromoteSnapshotsAsync(record.GlobalImageId, cancellationToken);
        }

        if (await _pool.GetMirrorUuidAsync(cancellationToken) is { } uuid)
        {
            await MirrorImageMeta.RemoveAsync(_image.Pool, _image.HeaderName, uuid, cancellationToken);
        }

        await RemoveMirrorSnapshotsAsync(cancellationToken);
    }

    // Without a record, mirror snapshots are what an enabling that was killed has left. A copy's are not touched: there enabling fails.
    private async Task RemoveLeftoverSnapshotsAsync(CancellationToken cancellationToken)
    {
        if (PrimarySnapshotCheck.Of(_image.Snapshots, demoted: false, force: false).IsAllowed)
        {
            await RemoveMirrorSnapshotsAsync(cancellationToken);
        }
    }

    private async Task RemoveMirrorSnapshotsAsync(CancellationToken cancellationToken)
    {
        await _image.RefreshAsync(cancellationToken);
        foreach (ulong id in _image.Snapshots
            .Where(s => s.Namespace is MirrorSnapshotNamespace || MirrorSnapshots.IsHalfRemoved(s)).Select(s => s.Id).ToArray())
        {
            await MirrorSnapshots.RemoveAsync(_image, id, cancellationToken);
        }

        await _image.RefreshAsync(cancellationToken);
    }
}
