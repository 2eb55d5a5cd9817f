using Nacre.ObjectClasses.Calls;
using Nacre.ObjectClasses.Rbd;
using Nacre.Rados;
using Nacre.Rados.Objects;
using Nacre.Rbd;
using Nacre.Rbd.Journaling;

namespace Nacre.Mirroring;

/// <content>Copies, for the daemon: images that are mirrored from elsewhere, also while they do not exist yet.</content>
public sealed partial class MirrorPool
{
    /// <summary>
    /// How an image is mirrored and whether it is the primary, without opening it. An image that is only announced (<see cref="BeginCopyAsync"/>) is
    /// <see cref="PromotionState.Unknown"/>. ENOENT where the record's image is gone.
    /// </summary>
    public async Task<MirrorImageInfo> GetImageInfoAsync(string imageId, CancellationToken cancellationToken = default)
    {
        MirrorImage? record = await FindImageAsync(imageId, cancellationToken);
        if (record is null)
        {
            return new MirrorImageInfo(null, PromotionState.NonPrimary, "");
        }

        if (record.Mode == MirrorImageMode.Journal)
        {
            (PromotionState state, string owner) = MirrorImageInfo.ReadPromotion(
                await JournalMirroring.FindOwnerAsync(_pool, imageId, cancellationToken));
            return state != PromotionState.Unknown || record.State == MirrorImageState.Creating
                ? new MirrorImageInfo(record, state, owner)
                : throw new RadosException(Errno.ENOENT, $"journal of mirrored image {imageId} of {Kind} {_pool.Name}");
        }

        IReadOnlyList<SnapshotNamespace>? snapshots = await ReadSnapshotsAsync(RbdObjects.Header(imageId), cancellationToken);
        if (snapshots is null)
        {
            return record.State == MirrorImageState.Creating
                ? new MirrorImageInfo(record, PromotionState.Unknown, "")
                : throw new RadosException(Errno.ENOENT, $"mirrored image {imageId} of {Kind} {_pool.Name}");
        }

        (PromotionState promotion, string primary) = MirrorImageInfo.ReadPromotion(snapshots);
        return new MirrorImageInfo(record, promotion, primary);
    }

    /// <summary>
    /// Announces a copy before its image is created under that id, so that after a death in between the leftover is known. Then create the image
    /// (<see cref="ImageCreateOptions.Id"/>) and call <see cref="FinishCopyAsync"/>. EEXIST where the global id is another image's.
    /// </summary>
    public Task BeginCopyAsync(string imageId, string globalImageId, CancellationToken cancellationToken = default) =>
        SetImageAsync(imageId, new MirrorImage(MirrorImageMode.Snapshot, globalImageId, MirrorImageState.Creating), cancellationToken);

    /// <summary>Makes the created image a copy: nobody but the daemon may write it from now on, then its record says enabled.</summary>
    public async Task FinishCopyAsync(string imageId, string globalImageId, CancellationToken cancellationToken = default)
    {
        await _pool.CallAsync(
            RbdObjects.Header(imageId), RbdCalls.SetFeatures(RbdFeatures.NonPrimary, RbdFeatures.NonPrimary), cancellationToken);
        await SetImageAsync(imageId, new MirrorImage(MirrorImageMode.Snapshot, globalImageId, MirrorImageState.Enabled), cancellationToken);
    }

    private async Task<IReadOnlyList<SnapshotNamespace>?> ReadSnapshotsAsync(string header, CancellationToken cancellationToken)
    {
        for (int attempt = 0; attempt < 16; attempt++)
        {
            SnapshotContext? context = await _pool.TryCallAsync(header, RbdCalls.GetSnapshotContext(), cancellationToken);
            if (context is null || context.Snapshots.Count == 0)
            {
                return context is null ? null : [];
            }

            var read = new ReadOperation();
            ClassRead<SnapshotInfo>[] calls = [.. context.Snapshots.Reverse().Select(RbdCalls.GetSnapshot)];
            foreach (ClassRead<SnapshotInfo> call in calls)
            {
                read.Call(call);
            }

            using OperationResult result = await _pool.OperateAsync(header, read, SnapshotId.Head, cancellationToken);
            if (result.ReturnCode == -Errno.ENOENT)
            {
                // One was removed meanwhile.
                continue;
            }

            RadosException.ThrowIfFailed(result.ReturnCode, "reading snapshots", _pool.Name, header);
            return [.. calls.Select((call, step) => call.Decode(result, step).Namespace)];
        }

        throw new RadosException(Errno.EIO, $"header {header} names snapshots that are not there");
    }
}
