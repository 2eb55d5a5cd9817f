using Nacre.Mirroring.Daemon.Copying;
using Nacre.Mirroring.Daemon.Hosting;
using Nacre.Mirroring.Daemon.Images;
using Nacre.Mirroring.Daemon.Planning;
using Nacre.ObjectClasses.Calls;
using Nacre.ObjectClasses.Journal;
using Nacre.ObjectClasses.Rbd;
using Nacre.Rados;
using Nacre.Rados.Clusters;
using Nacre.Rados.Objects;
using Nacre.Rbd;

namespace Nacre.Mirroring.Daemon.Journals;

/// <summary>
/// The first copy of an image in journal mode (src/tools/rbd_mirror/ImageSync.cc): a snapshot at the source, the sync point, is copied with all older ones;
/// the journal, kept from before it, makes up for what was written since. Killed at any moment, it goes on at the same sync point.
/// </summary>
internal sealed class JournalSync(ReplayContext context, SourceJournal source, string remoteId, string localId, Signal wake, Action<string> progress)
{
    private const string SyncPointPrefix = ".rbd-mirror.";

    private LocalCopy _copy = new(context.Local, localId);

    /// <summary>Copies, and marks the registration as replaying.</summary>
    /// <param name="isNew">True where the local image was made just now, so that nothing can be in it.</param>
    /// <param name="cancellationToken">Gives up; the next attempt goes on.</param>
    public async Task RunAsync(bool isNew, CancellationToken cancellationToken)
    {
        await using var held = new HeldCopy(context, localId, wake, isJournaled: true);
        await held.EnsureAsync(cancellationToken);
        _copy = held.Copy;
        progress("NOTIFY_SYNC_REQUEST");
        await context.SyncThrottle.WaitAsync(cancellationToken);
        try
        {
            (HeaderView remote, JournalSyncPoint point) = await PrepareAsync(cancellationToken);
            await CopyAsync(remote, point, isNew && point.ObjectNumber is null, cancellationToken);
        }
        finally
        {
            context.SyncThrottle.Release();
        }

        await source.UpdateAsync(source.Peer! with { State = JournalMirrorPeerState.Replaying }, cancellationToken);
        await RemovePointsAsync(cancellationToken);
    }

    /// <summary>Removes sync points that are not needed any more.</summary>
    public async Task RemovePointsAsync(CancellationToken cancellationToken)
    {
        if (source.Peer!.SyncPoints.Count == 0)
        {
            return;
        }

        progress("PRUNE_SYNC_POINTS");
        await RemoveSnapshotsAsync(source.Peer.SyncPoints, cancellationToken);
        await source.UpdateAsync(source.Peer with { SyncPoints = [] }, cancellationToken);
    }

    private async Task RemoveSnapshotsAsync(IEnumerable<JournalSyncPoint> points, CancellationToken cancellationToken)
    {
        await using Image image = await OpenRemoteAsync(cancellationToken);
        foreach (JournalSyncPoint point in points)
        {
            try
            {
                await image.RemoveSnapshotAsync(point.SnapshotName, SnapshotNamespaceType.User, cancellationToken);
            }
            catch (RadosException gone) when (gone.Code == Errno.ENOENT)
            {
                // Removed by an attempt that was killed before it could tell.
            }
        }
    }

    // The source's header with the snapshot that is to be copied: one of an earlier attempt, or a new one.
    private async Task<(HeaderView Remote, JournalSyncPoint Point)> PrepareAsync(CancellationToken cancellationToken)
    {
        progress("PRUNE_CATCH_UP_SYNC_POINT");
        HeaderView remote = await LoadRemoteAsync(cancellationToken);
        foreach (JournalSyncPoint earlier in source.Peer!.SyncPoints)
        {
            if (FindPoint(remote, earlier) is not null)
            {
                return (remote, earlier);
            }
        }

        progress("CREATE_SYNC_POINT");
        var point = new JournalSyncPoint(
            $"{SyncPointPrefix}{context.LocalMirrorUuid}.{Guid.NewGuid()}", "", null, SnapshotNamespace.User);
        await source.UpdateAsync(source.Peer with { SyncPoints = [point], SyncObjectCount = 0 }, cancellationToken);
        await using (Image image = await OpenRemoteAsync(cancellationToken))
        {
            await image.CreateSnapshotAsync(
                point.SnapshotName, SnapshotNamespace.User, SnapshotCreateFlags.SkipNotifyQuiesce, cancellationToken: cancellationToken);
        }

        return (await LoadRemoteAsync(cancellationToken), point);
    }

    private async Task CopyAsync(HeaderView remote, JournalSyncPoint point, bool isEmpty, CancellationToken cancellationToken)
    {
        SnapshotView end = FindPoint(remote, point)
            ?? throw new RadosException(Errno.EAGAIN, $"snapshot '{point.SnapshotName}' of the source image was removed while it was to be copied");
        HeaderView local = await LoadLocalAsync(cancellationToken);
        IPool from = await ReplayContext.DataPoolAsync(context.Remote, remote.DataPoolId, cancellationToken);
        IPool to = await ReplayContext.DataPoolAsync(context.Local, local.DataPoolId, cancellationToken);
        SortedDictionary<ulong, ulong> mapping = await CopySnapshotsAsync(remote, end, to, cancellationToken);
        local = await LoadLocalAsync(cancellationToken);
        if (local.Size != end.Size)
        {
            await _copy.ResizeAsync(local, end.Size, cancellationToken);
        }

        var whole = new CopySnapshot(0, end.Id, 0, null, 0);
        IReadOnlyList<CopyStep> steps = SnapshotMapping.Steps(local.Snapshots.Select(s => s.Id), remote, whole, mapping, SnapshotId.Head);
        Dictionary<ulong, ObjectMap> remoteMaps = remote.HasFastDiff
            ? await ObjectMaps.LoadAsync(context.Remote, remote.Id, remote.Snapshots.Select(s => s.Id).Where(id => id <= end.Id), cancellationToken)
            : [];
        ObjectPlan plan = ObjectPlan.Create(steps, remote, remoteMaps, !isEmpty);
        ObjectMap? before = local.HasObjectMap ? await _copy.LoadMapAsync(SnapshotId.Head, cancellationToken) : null;
        ObjectMapResult? maps = local.HasObjectMap ? new ObjectMapResult(steps, plan, before, local.Layout.ObjectCount) : null;
        if (maps is not null)
        {
            await SaveMapsAsync(steps, maps, maps.HeadWhileCopying(before), cancellationToken);
        }

        var job = new CopyJob
        {
            Source = from,
            SourcePrefix = remote.ObjectPrefix,
            Target = _copy.Fence(to),
            TargetPrefix = local.ObjectPrefix,
            ObjectSize = remote.Layout.ObjectSize,
            Steps = steps,
            Plan = plan,
            TargetMayHoldMore = !isEmpty,
            FirstObject = point.ObjectNumber ?? 0,
        };
        await CopyObjectsAsync(job, maps, point, cancellationToken);
        if (maps is not null)
        {
            await SaveMapsAsync(steps, maps, maps[steps.Count - 1], cancellationToken);
        }

        await CopyMetadataAsync(cancellationToken);
        if (FindPoint(await LoadRemoteAsync(cancellationToken), point) is null)
        {
            // A store answers reads at a removed snapshot with newer data.
            throw new RadosException(Errno.EAGAIN, $"snapshot '{point.SnapshotName}' of the source image was removed while it was copied");
        }
    }

    // All of the source's user snapshots up to the sync point, without sync points; by name, since an earlier attempt may have made some.
    private async Task<SortedDictionary<ulong, ulong>> CopySnapshotsAsync(HeaderView remote, SnapshotView end, IPool pool, CancellationToken cancellationToken)
    {
        var mapping = new SortedDictionary<ulong, ulong>();
        HeaderView local = await LoadLocalAsync(cancellationToken);
        foreach (SnapshotView snapshot in remote.Snapshots.Where(s => s.IsUser && s.Id < end.Id && !IsPoint(s)))
        {
            if (local.Snapshots.FirstOrDefault(s => s.IsUser && s.Name == snapshot.Name) is { } made)
            {
                mapping[snapshot.Id] = made.Id;
                continue;
            }

            if (local.Size != snapshot.Size)
            {
                await _copy.ResizeAsync(local, snapshot.Size, cancellationToken);
            }

            ulong id = await context.SnapshotIds(pool).TakeAsync(local.Context.Sequence, cancellationToken);
            await _copy.AddSnapshotAsync(id, snapshot.Name, snapshot.Namespace, cancellationToken);
            if (snapshot.Protection == ProtectionStatus.Protected)
            {
                await _copy.Pool.CallAsync(_copy.Header, RbdCalls.SetProtectionStatus(id, ProtectionStatus.Protected), cancellationToken);
            }

            mapping[snapshot.Id] = id;
            local = await LoadLocalAsync(cancellationToken);
        }

        return mapping;
    }

    private async Task CopyObjectsAsync(CopyJob job, ObjectMapResult? maps, JournalSyncPoint point, CancellationToken cancellationToken)
    {
        var copier = new ImageCopier(
            job, new ObjectCopier(job, context.Budget, static _ => { }), context.Options.ConcurrentObjects, (number, states) => maps?.Record(number, states));
        ulong count = job.Plan.ObjectCount;
        progress("COPY_IMAGE");
        await copier.RunMarkedAsync(
            context.Options.ProgressInterval, context.Time,
            (marked, token) => source.UpdateAsync(
                source.Peer! with { SyncObjectCount = count, SyncPoints = [point with { ObjectNumber = marked }] }, token),
            done => progress($"COPY_IMAGE {(count == 0 ? 100 : Math.Min(100, 100 * done / count))}%"), cancellationToken);
    }

    private async Task CopyMetadataAsync(CancellationToken cancellationToken)
    {
        for (string after = ""; ;)
        {
            IReadOnlyDictionary<string, byte[]> page = await context.Remote.CallAsync(
                RbdObjects.Header(remoteId), RbdCalls.ListMetadata(after), cancellationToken);
            if (page.Count == 0)
            {
                return;
            }

            await _copy.Pool.CallAsync(_copy.Header, RbdCalls.SetMetadata(page.ToDictionary()), cancellationToken);
            after = page.Keys.Order(StringComparer.Ordinal).Last();
        }
    }

    private Task SaveMapsAsync(IReadOnlyList<CopyStep> steps, ObjectMapResult maps, ObjectMap head, CancellationToken cancellationToken) => Task.WhenAll(
        steps.Select((step, i) => _copy.SaveMapAsync(step.LocalSnapshotId, step.LocalSnapshotId == SnapshotId.Head ? head : maps[i], cancellationToken)));

    private Task<Image> OpenRemoteAsync(CancellationToken cancellationToken) => new RbdImages(context.Remote).OpenByIdAsync(
        remoteId, new ImageOpenOptions { Time = context.Time }, cancellationToken);

    private async Task<HeaderView> LoadRemoteAsync(CancellationToken cancellationToken) =>
        await HeaderLoader.LoadAsync(context.Remote, remoteId, cancellationToken) ?? throw new RadosException(Errno.EAGAIN, "the source image is gone");

    private async Task<HeaderView> LoadLocalAsync(CancellationToken cancellationToken) =>
        await _copy.LoadAsync(cancellationToken) ?? throw new RadosException(Errno.EAGAIN, $"the local copy {context.Local.Name}/{localId} is gone");

    private static bool IsPoint(SnapshotView snapshot) => snapshot.Name.StartsWith(SyncPointPrefix, StringComparison.Ordinal);

    private static SnapshotView? FindPoint(HeaderView remote, JournalSyncPoint point) =>
        remote.Snapshots.FirstOrDefault(s => s.IsUser && s.Name == point.SnapshotName);
}
