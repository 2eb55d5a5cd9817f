using Nacre.Journal.Formats;
using Nacre.ObjectClasses.Calls;
using Nacre.ObjectClasses.Rbd;
using Nacre.Rados;
using Nacre.Rados.Clusters;
using Nacre.Rados.Objects;

namespace Nacre.Rbd;

/// <content>Rolling back, and lifting protection.</content>
internal sealed partial class SnapshotOperations
{
    public async Task RollBackAsync(string name, IProgress<OperationProgress>? progress, CancellationToken cancellationToken)
    {
        await core.RefreshIfStaleAsync(cancellationToken);
        await RollBackAsync((Find(name) ?? throw Missing(name)).Id, progress, cancellationToken);
    }

    // librbd takes the lock for it: a rollback is not asked of another owner.
    public Task RollBackAsync(ulong id, IProgress<OperationProgress>? progress, CancellationToken cancellationToken) => core.RunOwnedAsync(
        "rolling back", token => RollBackHereAsync(id, progress, token), null, cancellationToken);

    private async Task RollBackHereAsync(ulong id, IProgress<OperationProgress>? progress, CancellationToken cancellationToken)
    {
        ImageSnapshot snapshot = core.State.FindSnapshot(id)
            ?? throw Missing(id.ToString(System.Globalization.CultureInfo.InvariantCulture));
        await core.Writes.BlockAsync(cancellationToken);
        try
        {
            await core.OperateAsync(
                operation => new JournalSnapOperation(JournalEventType.SnapRollback, operation, snapshot.Name, snapshot.Namespace),
                () => RollBackBlockedAsync(snapshot, progress, cancellationToken), cancellationToken);
        }
        finally
        {
            core.Writes.Unblock();
        }

        await core.NotifyHeaderUpdateAsync(cancellationToken);
    }

    private async Task RollBackBlockedAsync(ImageSnapshot snapshot, IProgress<OperationProgress>? progress, CancellationToken cancellationToken)
    {
        ulong id = snapshot.Id;
        if (snapshot.Size != core.State.Size)
        {
            await core.Maintenance.ResizeBlockedAsync(snapshot.Size, null, cancellationToken);
        }

        ulong count = core.Layout.ObjectCount(snapshot.Size);
        ObjectMap? then = core.ObjectMap is null ? null : await ObjectMapStore.LoadAsync(core, id, cancellationToken);
        if (then is not null && (then.Count < count || snapshot.Flags.HasFlag(RbdFlags.ObjectMapInvalid)))
        {
            then = null;
        }

        await SaveMapAsync(count, number => StateDuring(then, number), cancellationToken);
        await BoundedWork.ForEachAsync(
            0, count, core.Concurrency, progress, (number, _) => RollBackObjectAsync(number, id, then), cancellationToken);
        await SaveMapAsync(count, number => then is null || Exists(then[number]) ? ObjectMapState.Exists : ObjectMapState.Nonexistent, cancellationToken);
    }

    // While it goes on, an object exists if it did or will.
    private ObjectMapState StateDuring(ObjectMap? then, ulong number) =>
        then is null || Exists(then[number]) || core.ObjectMap!.MayExist(number) ? ObjectMapState.Exists : ObjectMapState.Nonexistent;

    private static bool Exists(ObjectMapState state) => state != ObjectMapState.Nonexistent;

    private async ValueTask RollBackObjectAsync(ulong number, ulong id, ObjectMap? then)
    {
        if (then is not null && !Exists(then[number]) && core.ObjectMap is { } map && !map.MayExist(number))
        {
            return;
        }

        int code = await objects.SendAsync(number, new WriteOperation().Rollback(id), core.State.SnapshotContext);
        if (code < 0 && code != -Errno.ENOENT)
        {
            throw objects.Failed(code, "rolling back", number);
        }
    }

    // Everything that exists counts as changed, since it may differ from the newest snapshot.
    private async Task SaveMapAsync(ulong count, Func<ulong, ObjectMapState> stateOf, CancellationToken cancellationToken)
    {
        if (core.ObjectMap is not { } head)
        {
            return;
        }

        var map = new ObjectMap(count);
        for (ulong number = 0; number < count; number++)
        {
            map[number] = stateOf(number);
        }

        await core.Pool.ExecuteAsync(
            RbdObjects.ObjectMap(core.Id), new WriteOperation().Call(HeadObjectMap.AssertLocked).Call(RbdCalls.SaveObjectMap(map)), "saving the object map",
            null, cancellationToken);
        head.Replace(map);
    }

    private Task UnprotectHereAsync(ImageSnapshot snapshot, CancellationToken cancellationToken) => core.OperateAsync(
        operation => new JournalSnapOperation(JournalEventType.SnapUnprotect, operation, snapshot.Name, snapshot.Namespace),
        () => UnprotectStepsAsync(snapshot, cancellationToken), cancellationToken);

    private async Task UnprotectStepsAsync(ImageSnapshot snapshot, CancellationToken cancellationToken)
    {
        ProtectionStatus now = await core.Pool.CallAsync(core.HeaderName, RbdCalls.GetProtectionStatus(snapshot.Id), cancellationToken);
        if (now == ProtectionStatus.Unprotected)
        {
            throw core.Error(Errno.EINVAL, $"unprotecting snapshot '{snapshot.Name}', which is not protected,");
        }

        // No new clones from here on; then look for old ones.
        await core.Pool.CallAsync(core.HeaderName, RbdCalls.SetProtectionStatus(snapshot.Id, ProtectionStatus.Unprotecting), cancellationToken);
        string? childPool = await FindCloneAsync(snapshot.Id, cancellationToken);
        ProtectionStatus then = childPool is null ? ProtectionStatus.Unprotected : ProtectionStatus.Protected;
        await core.Pool.CallAsync(core.HeaderName, RbdCalls.SetProtectionStatus(snapshot.Id, then), cancellationToken);
        await core.NotifyHeaderUpdateAsync(cancellationToken);
        if (childPool is not null)
        {
            throw core.Error(Errno.EBUSY, $"unprotecting snapshot '{snapshot.Name}', which has clones in pool '{childPool}',");
        }
    }

    private async Task<string?> FindCloneAsync(ulong snapshotId, CancellationToken cancellationToken)
    {
        var parent = new ParentImageSpec(core.Pool.Id, core.Pool.Namespace, core.Id, snapshotId);
        foreach (PoolDescription pool in await core.Pool.Cluster.ListPoolsAsync(cancellationToken))
        {
            IPool opened = await core.Pool.Cluster.OpenPoolAsync(pool.Id, cancellationToken);
            IReadOnlyList<string>? children = await opened.TryCallAsync(RbdObjects.Children, RbdCalls.GetChildren(parent), cancellationToken);
            if (children is { Count: > 0 })
            {
                return pool.Name;
            }
        }

        return null;
    }
}
