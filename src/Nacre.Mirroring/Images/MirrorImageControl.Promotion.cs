using Nacre.ObjectClasses.Calls;
using Nacre.ObjectClasses.Rbd;
using Nacre.Rados;
using Nacre.Rados.Watching;
using Nacre.Rbd;
using Nacre.Rbd.Journaling;

namespace Nacre.Mirroring;

/// <content>Promotion, demotion, resync.</content>
public sealed partial class MirrorImageControl
{
    private static readonly TimeSpan _daemonPatience = TimeSpan.FromSeconds(30);

    /// <summary>
    /// True where the image is marked as a copy that only the daemon writes. On a primary that is what a promotion or demotion that was killed has left;
    /// promoting or demoting it again ends it.
    /// </summary>
    public bool IsMarkedNonPrimary => _image.Features.HasFlag(RbdFeatures.NonPrimary);

    /// <summary>
    /// Makes a copy the primary. By snapshots, a copy under way is set back to its newest complete one. Never waits for the peer's site.
    /// </summary>
    /// <exception cref="RadosException">
    /// EINVAL: not mirrored, or the primary already. EBUSY: it is still the primary elsewhere, or the demotion has not arrived, and
    /// <paramref name="force"/> is not given.
    /// </exception>
    public async Task PromoteAsync(bool force, CancellationToken cancellationToken = default)
    {
        await _image.RefreshAsync(cancellationToken);
        MirrorImageInfo info = await RequireEnabledAsync(cancellationToken);
        if (info.Promotion == PromotionState.Primary && info.Image!.Mode == MirrorImageMode.Journal)
        {
            throw new RadosException(Errno.EINVAL, "image is already primary");
        }

        if (info.Promotion == PromotionState.Primary)
        {
            // A promotion or demotion was killed halfway: the snapshots say primary, so it is to be written.
            bool completed = await CompleteNewestAsync(cancellationToken);
            if (IsMarkedNonPrimary)
            {
                await _image.SetNonPrimaryAsync(false, cancellationToken);
            }
            else if (!completed)
            {
                throw new RadosException(Errno.EINVAL, "image is already primary");
            }

            return;
        }

        if (info.Promotion == PromotionState.NonPrimary && !force)
        {
            throw new RadosException(Errno.EBUSY, "image is primary within a remote cluster or demotion is not propagated yet");
        }

        await (info.Image!.Mode == MirrorImageMode.Journal
            ? PromoteJournalAsync(isForced: false, cancellationToken)
            : PromoteSnapshotsAsync(info.Image.GlobalImageId, cancellationToken));
    }

    /// <summary>Ends a primary's being written, so that the copy elsewhere can be promoted once it has this.</summary>
    /// <exception cref="RadosException">EINVAL: not mirrored, not the primary, or without exclusive lock.</exception>
    public async Task DemoteAsync(CancellationToken cancellationToken = default)
    {
        await _image.RefreshAsync(cancellationToken);
        MirrorImageInfo info = await RequireEnabledAsync(cancellationToken);
        if (info.Promotion != PromotionState.Primary)
        {
            // A demotion that was killed before its snapshot was complete or its entry in the journal; nobody has written since.
            if (await (info.Image!.Mode == MirrorImageMode.Snapshot
                ? CompleteNewestAsync(cancellationToken)
                : JournalMirroring.CompleteDemotionAsync(_image.Pool, _image.Id, _time, cancellationToken)))
            {
                return;
            }

            throw new RadosException(Errno.EINVAL, "image is not primary");
        }

        if (!_image.Features.HasFlag(RbdFeatures.ExclusiveLock))
        {
            throw new RadosException(Errno.EINVAL, "exclusive lock is not active");
        }

        if (info.Image!.Mode == MirrorImageMode.Journal)
        {
            await DemoteJournalAsync(cancellationToken);
            return;
        }

        // With the lock, no writer can slip in between: after the feature is set nobody else gets to write.
        await _image.AcquireLockAsync(cancellationToken);
        await _image.SetNonPrimaryAsync(true, cancellationToken);
        await MirrorSnapshots.CreatePrimaryAsync(
            _image, info.Image!.GlobalImageId, SnapshotCreateFlags.SkipNotifyQuiesce,
            PrimarySnapshotOptions.IgnoreEmptyPeers | PrimarySnapshotOptions.Demoted, null, cancellationToken);
        await _image.ReleaseLockAsync(cancellationToken);
    }

    /// <summary>Asks the daemon to copy the image anew. EINVAL where it is not mirrored or the primary.</summary>
    public async Task RequestResyncAsync(CancellationToken cancellationToken = default)
    {
        await _image.RefreshAsync(cancellationToken);
        MirrorImageInfo info = await GetInfoAsync(cancellationToken);
        if (!info.IsEnabled)
        {
            throw new RadosException(Errno.EINVAL, "mirroring is not enabled, cannot resync");
        }

        if (info.IsPrimary)
        {
            throw new RadosException(Errno.EINVAL, "image is primary, cannot resync to itself");
        }

        if (info.Image!.Mode == MirrorImageMode.Journal)
        {
            await JournalMirroring.RequestResyncAsync(_image.Pool, _image.Id, cancellationToken);
            return;
        }

        string uuid = await _pool.GetMirrorUuidAsync(cancellationToken)
            ?? throw new RadosException(Errno.ENOENT, $"mirror uuid of {_pool.Kind} {_image.Pool.Name}");
        await MirrorImageMeta.SetResyncRequestedAsync(_image, uuid, true, cancellationToken);
    }

    // True where the newest mirror snapshot is one of ours that its maker did not complete, and now is.
    private async Task<bool> CompleteNewestAsync(CancellationToken cancellationToken)
    {
        ImageSnapshot? newest = _image.Snapshots.LastOrDefault(s => s.Namespace is MirrorSnapshotNamespace);
        if (newest?.Namespace is not MirrorSnapshotNamespace { IsPrimary: true, Complete: false })
        {
            return false;
        }

        await MirrorSnapshots.CompleteAsync(_image, newest.Id, cancellationToken);
        return true;
    }

    private async Task<MirrorImageInfo> RequireEnabledAsync(CancellationToken cancellationToken)
    {
        MirrorImageInfo info = await GetInfoAsync(cancellationToken);
        return info.IsEnabled ? info : throw new RadosException(Errno.EINVAL, "mirroring is not currently enabled");
    }

    private async Task PromoteSnapshotsAsync(string globalImageId, CancellationToken cancellationToken)
    {
        PrimarySnapshotCheck check = PrimarySnapshotCheck.Of(_image.Snapshots, demoted: false, force: true);
        if (!check.IsAllowed)
        {
            throw new RadosException(Errno.EINVAL, check.Obstacle!);
        }

        if (check.RequiresOrphan || check.RollBackTo is not null)
        {
            await MirrorSnapshots.CreateOrphanAsync(_image, globalImageId, cancellationToken);
        }

        // Also after a clean demotion: the daemon that has just copied it may still hold the lock, and it never makes snapshots for others.
        await WaitForDaemonsAsync(cancellationToken);
        bool locked = _image.Features.HasFlag(RbdFeatures.ExclusiveLock);
        if (locked)
        {
            await _image.AcquireLockAsync(cancellationToken);
        }

        if (check.RollBackTo is { } snapshotId)
        {
            await _image.RollBackAsync(snapshotId, null, cancellationToken);
        }

        await MirrorSnapshots.CreatePrimaryAsync(
            _image, globalImageId, SnapshotCreateFlags.SkipNotifyQuiesce,
            PrimarySnapshotOptions.IgnoreEmptyPeers | PrimarySnapshotOptions.Force, null, cancellationToken);
        await _image.SetNonPrimaryAsync(false, cancellationToken);
        if (locked)
        {
            await _image.ReleaseLockAsync(cancellationToken);
        }
    }

    // The daemon closes the copy when it sees the orphan snapshot. One that does not is not waited for for ever: taking the lock then decides.
    private async Task WaitForDaemonsAsync(CancellationToken cancellationToken)
    {
        long begun = _time.GetTimestamp();
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(250), _time);
        do
        {
            IReadOnlyList<string> instances = await _image.Pool.WithNamespace("").TryCallAsync(
                RbdObjects.MirrorLeader, RbdCalls.ListMirrorInstances(), cancellationToken) ?? [];
            IReadOnlyList<Watcher> watchers = await _image.ListWatchersAsync(cancellationToken);
            if (!watchers.Any(w => w.ClientId != _image.Pool.Cluster.InstanceId && instances.Contains($"{w.ClientId}")))
            {
                return;
            }
        }
        while (_time.GetElapsedTime(begun) < _daemonPatience && await timer.WaitForNextTickAsync(cancellationToken));
    }
}
