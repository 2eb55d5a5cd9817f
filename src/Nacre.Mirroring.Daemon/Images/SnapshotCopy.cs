using Nacre.Mirroring.Daemon.Copying;
using Nacre.Mirroring.Daemon.Planning;
using Nacre.Mirroring.Daemon.Status;
using Nacre.ObjectClasses.Rbd;
using Nacre.Rados;
using Nacre.Rados.Clusters;
using Nacre.Rados.Objects;
using Nacre.Rbd;

namespace Nacre.Mirroring.Daemon.Images;

/// <summary>
/// Copies one mirror snapshot: makes the local one, incomplete; copies the objects that changed, under it; then gives the image the state that it had
/// there and marks the snapshot complete. Killed at any moment, the next attempt goes on.
/// </summary>
internal sealed class SnapshotCopy
{
    private readonly ReplayContext _context;
    private readonly LocalCopy _copy;
    private readonly string _globalImageId;
    private readonly HeaderView _local;
    private readonly HeaderView _remote;
    private readonly CopySnapshot _step;
    private readonly ReplayRates _rates;
    private ImageCopier? _copier;
    private ObjectPlan? _plan;

    public SnapshotCopy(
        ReplayContext context, LocalCopy copy, string globalImageId, HeaderView local, HeaderView remote, CopySnapshot step, ReplayRates rates)
    {
        _context = context;
        _copy = copy;
        _globalImageId = globalImageId;
        _local = local;
        _remote = remote;
        _step = step;
        _rates = rates;
    }

    /// <summary>How far it is, 0 to 100.</summary>
    public ulong Percent => _copier is { } copier && _plan is { ObjectCount: > 0 } plan ? Math.Min(100, 100 * copier.Done / plan.ObjectCount) : 0;

    /// <summary>Copies it.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        long begun = _context.Time.GetTimestamp();
        _rates.Begin();
        IPool source = await ReplayContext.DataPoolAsync(_context.Remote, _remote.DataPoolId, cancellationToken);
        IPool target = await ReplayContext.DataPoolAsync(_context.Local, _local.DataPoolId, cancellationToken);
        Task<Dictionary<ulong, ObjectMap>> loadingMaps = LoadRemoteMapsAsync(cancellationToken);
        Task<ObjectMap?> loadingHead = _local.HasObjectMap ? _copy.LoadMapAsync(SnapshotId.Head, cancellationToken) : Task.FromResult<ObjectMap?>(null);
        Task<ImageState> loadingState = _step.LocalEnd is { } end
            ? MirrorImageStates.ReadAsync(_context.Local, _local.Id, end, cancellationToken)
            : MirrorImageStates.ReadAsync(_context.Remote, _remote.Id, _step.RemoteEnd, cancellationToken);
        await Task.WhenAll(loadingMaps, loadingHead, loadingState);
        ObjectMap? headMap = await loadingHead;
        ImageState state = await loadingState;

        LocalSnapshots made = await PrepareSnapshotsAsync(target, cancellationToken);
        IReadOnlyList<CopyStep> steps = SnapshotMapping.Steps(made.Ids, _remote, _step, made.Mapping, made.End);
        bool mayHoldMore = _step.LocalStart == 0 && _step.LocalEnd is null && _local.Context.Sequence > 0;
        _plan = ObjectPlan.Create(steps, _remote, await loadingMaps, mayHoldMore);
        ObjectMapResult? maps = _local.HasObjectMap ? new ObjectMapResult(steps, _plan, headMap, _local.Layout.ObjectCount) : null;
        await BeginAsync(made, steps, state, maps, headMap, cancellationToken);
        if (!IsClean)
        {
            await CopyObjectsAsync(source, target, steps, made, maps, mayHoldMore, cancellationToken);
        }

        await Task.WhenAll(
            maps is null ? Task.CompletedTask : SaveMapsAsync(steps, maps, maps.Head(), cancellationToken),
            RequireSourceAsync(cancellationToken),
            ApplyStateAsync(state, made, cancellationToken));
        await _copy.MarkProgressAsync(made.End, complete: true, _plan.ObjectCount, cancellationToken);
        _rates.Complete(_context.Time.GetElapsedTime(begun));
    }

    /// <summary>True where the source says that nothing was written since.</summary>
    private bool IsClean => _step.RemoteStart != 0 && _remote.Find(_step.RemoteEnd)?.Mirror?.PrimarySnapshotId == _step.RemoteStart;

    private async Task<Dictionary<ulong, ObjectMap>> LoadRemoteMapsAsync(CancellationToken cancellationToken) => _remote.HasFastDiff
        ? await ObjectMaps.LoadAsync(
            _context.Remote, _remote.Id,
            _remote.Snapshots.Select(s => s.Id).Where(id => id >= _step.RemoteStart && id <= _step.RemoteEnd), cancellationToken)
        : [];

    private async Task<LocalSnapshots> PrepareSnapshotsAsync(IPool dataPool, CancellationToken cancellationToken)
    {
        if (_step.LocalEnd is { } interrupted)
        {
            return new LocalSnapshots(
                [.. _local.Snapshots.Select(s => s.Id)], _local.Find(interrupted)!.Mirror!.SnapshotSequences, interrupted, Exists: true);
        }

        SortedDictionary<ulong, ulong> mapping = SnapshotMapping.Inherited(_local, _remote, _step);
        HeaderView local = await RemoveLeftoversAsync(mapping, cancellationToken);
        SnapshotIdReserve reserve = _context.SnapshotIds(dataPool);
        var ids = local.Snapshots.Select(s => s.Id).ToList();
        ulong newest = local.Context.Sequence;
        foreach (SnapshotView snapshot in SnapshotMapping.ToCreate(_remote, _step))
        {
            newest = await reserve.TakeAsync(newest, cancellationToken);
            local = await ResizeAsync(local, snapshot.Size, cancellationToken);
            await _copy.AddSnapshotAsync(newest, snapshot.Name, snapshot.Namespace, cancellationToken);
            mapping[snapshot.Id] = newest;
            ids.Add(newest);
        }

        ulong end = await reserve.TakeAsync(newest, cancellationToken);
        await ResizeAsync(local, _remote.Find(_step.RemoteEnd)!.Size, cancellationToken);
        ids.Add(end);
        mapping[_step.RemoteEnd] = SnapshotId.Head;
        return new LocalSnapshots(ids, mapping, end, Exists: false);
    }

    private async Task<HeaderView> RemoveLeftoversAsync(SortedDictionary<ulong, ulong> mapping, CancellationToken cancellationToken)
    {
        var names = SnapshotMapping.ToCreate(_remote, _step).Select(s => s.Name).ToHashSet(StringComparer.Ordinal);
        SnapshotView[] displaced =
        [
            // One that the source removed, and made anew under the same name.
            .. _local.Snapshots.Where(s => s.IsUser && s.Id <= _step.LocalStart && names.Contains(s.Name) && !mapping.ContainsValue(s.Id)),
            .. SnapshotMapping.Leftovers(_local, _step),
        ];
        foreach (SnapshotView snapshot in displaced)
        {
            await _copy.RemoveSnapshotAsync(_local, snapshot, cancellationToken);
        }

        return displaced.Length == 0 ? _local : await LoadLocalAsync(cancellationToken);
    }

    private async Task<HeaderView> ResizeAsync(HeaderView local, ulong size, CancellationToken cancellationToken)
    {
        if (local.Size == size)
        {
            return local;
        }

        await _copy.ResizeAsync(local, size, cancellationToken);
        return local with { Size = size };
    }

    /// <summary>Makes the mirror snapshot with all that belongs to it, at once: until the first progress mark it is made anew when the daemon dies.</summary>
    private async Task BeginAsync(
        LocalSnapshots made, IReadOnlyList<CopyStep> steps, ImageState state, ObjectMapResult? maps, ObjectMap? headMap, CancellationToken cancellationToken)
    {
        Task savingMaps = maps is null ? Task.CompletedTask : SaveMapsAsync(steps, maps, maps.HeadWhileCopying(headMap), cancellationToken);
        if (made.Exists)
        {
            await savingMaps;
            return;
        }

        MirrorSnapshotNamespace source = _remote.Find(_step.RemoteEnd)!.Mirror!;
        var snapshotNamespace = new MirrorSnapshotNamespace
        {
            State = source.IsDemoted ? MirrorSnapshotState.NonPrimaryDemoted : MirrorSnapshotState.NonPrimary,
            PrimaryMirrorUuid = _context.RemoteMirrorUuid,
            PrimarySnapshotId = _step.RemoteEnd,
            SnapshotSequences = made.Mapping,
        };
        await Task.WhenAll(
            savingMaps,
            MirrorImageStates.WriteAsync(_copy.Pool, _local.Id, made.End, state, cancellationToken),
            _copy.AddSnapshotAsync(made.End, $".mirror.non_primary.{_globalImageId}.{Guid.NewGuid()}", snapshotNamespace, cancellationToken));
        if (_step.LocalStart == 0)
        {
            // Only now, being linked to its source by a snapshot, the copy counts as one.
            await new MirrorPool(_copy.Pool).SetImageAsync(
                _local.Id, new MirrorImage(MirrorImageMode.Snapshot, _globalImageId, MirrorImageState.Enabled), cancellationToken);
        }
    }

    private async Task CopyObjectsAsync(
        IPool source, IPool target, IReadOnlyList<CopyStep> steps, LocalSnapshots made, ObjectMapResult? maps, bool mayHoldMore,
        CancellationToken cancellationToken)
    {
        var job = new CopyJob
        {
            Source = source,
            SourcePrefix = _remote.ObjectPrefix,
            Target = _copy.Fence(target),
            TargetPrefix = _local.ObjectPrefix,
            ObjectSize = _remote.Layout.ObjectSize,
            Steps = steps,
            Plan = _plan!,
            TargetMayHoldMore = mayHoldMore,
            FirstObject = made.Exists ? _local.Find(made.End)!.Mirror!.LastCopiedObjectNumber : 0,
            IsResumed = made.Exists,
        };
        var copier = new ObjectCopier(job, _context.Budget, _rates.Read);
        _copier = new ImageCopier(job, copier, _context.Options.ConcurrentObjects, (number, states) => maps?.Record(number, states));
        await _copier.RunMarkedAsync(
            _context.Options.ProgressInterval, _context.Time, (marked, token) => _copy.MarkProgressAsync(made.End, complete: false, marked, token), null,
            cancellationToken);
    }

    private Task SaveMapsAsync(IReadOnlyList<CopyStep> steps, ObjectMapResult maps, ObjectMap head, CancellationToken cancellationToken) => Task.WhenAll(
        steps.Select((step, i) => _copy.SaveMapAsync(step.LocalSnapshotId, maps[i], cancellationToken))
            .Append(_copy.SaveMapAsync(SnapshotId.Head, head, cancellationToken)));

    /// <summary>A store answers reads at a removed snapshot with newer data: what was copied counts only if the snapshots are still there.</summary>
    private async Task RequireSourceAsync(CancellationToken cancellationToken)
    {
        HeaderView? now = await HeaderLoader.LoadAsync(_context.Remote, _remote.Id, cancellationToken);
        if (now?.Find(_step.RemoteEnd) is null || (_step.RemoteStart != 0 && now.Find(_step.RemoteStart) is null))
        {
            throw new RadosException(Errno.EAGAIN, $"snapshot {_step.RemoteEnd} of the source image was removed while it was copied");
        }
    }

    private async Task ApplyStateAsync(ImageState state, LocalSnapshots made, CancellationToken cancellationToken) =>
        await new StateApplier(_copy).ApplyAsync(await LoadLocalAsync(cancellationToken), state, made.Mapping, cancellationToken);

    private async Task<HeaderView> LoadLocalAsync(CancellationToken cancellationToken) =>
        await _copy.LoadAsync(cancellationToken) ?? throw new RadosException(Errno.ENOENT, $"the local copy {_context.Local.Name}/{_local.Id}");

    /// <param name="Ids">All local snapshots, those of this copy included.</param>
    /// <param name="Mapping">Ids at the source to ids here.</param>
    /// <param name="End">The mirror snapshot's id.</param>
    /// <param name="Exists">Whether it is made already.</param>
    private sealed record LocalSnapshots(IReadOnlyList<ulong> Ids, IReadOnlyDictionary<ulong, ulong> Mapping, ulong End, bool Exists);
}
