using Nacre.Journal;
using Nacre.Journal.Formats;
using Nacre.ObjectClasses.Calls;
using Nacre.ObjectClasses.Journal;
using Nacre.ObjectClasses.Rbd;
using Nacre.ObjectClasses.Rbd.Notifications;
using Nacre.Rados;
using Nacre.Rados.Clusters;
using Nacre.Rados.Objects;
using Nacre.Rbd.Journaling;

namespace Nacre.Rbd;

/// <content>Features, and making object maps anew.</content>
internal sealed partial class MaintenanceOperations
{
    public async Task UpdateFeaturesAsync(RbdFeatures features, bool enable, JournalLayout layout, CancellationToken cancellationToken)
    {
        Task RunAsync() => core.RunOwnedAsync(
            $"switching {string.Join(',', RbdFeatureNames.Of(features))} {(enable ? "on" : "off")}",
            token => UpdateFeaturesHereAsync(features, enable, layout, token),
            token => core.Watcher!.AskOwnerLongAsync(id => new UpdateFeaturesPayload(features, enable, id), null, token),
            cancellationToken, Errno.EINVAL);

        bool removesJournal = !enable && features.HasFlag(RbdFeatures.Journaling);
        try
        {
            await RunAsync();
        }
        catch (RadosException) when (removesJournal && core is { IsJournalUnusable: true, IsLockOwner: false })
        {
            // Damaged, absent, or another site's: it is to go, and what cannot be applied goes with it. librbd does not even try to apply it.
            core.Log("the journal is removed without being applied");
            core.JournalUse = ImageJournalUse.Ignore;
            try
            {
                await RunAsync();
            }
            finally
            {
                core.JournalUse = core.Options.Journal;
            }
        }
    }

    public Task UpdateFeaturesOwnedAsync(RbdFeatures features, bool enable, CancellationToken cancellationToken) =>
        core.ServeOwnedAsync(token => UpdateFeaturesHereAsync(features, enable, token), cancellationToken);

    public Task RebuildObjectMapAsync(IProgress<OperationProgress>? progress, CancellationToken cancellationToken) => core.RunOwnedAsync(
        "rebuilding the object map",
        token => RebuildHereAsync(progress, token),
        token => core.Watcher!.AskOwnerLongAsync(id => new AsyncRequestPayload(NotifyOperation.RebuildObjectMap, id), progress, token),
        cancellationToken);

    public Task RebuildOwnedAsync(IProgress<OperationProgress>? progress, CancellationToken cancellationToken) =>
        core.ServeOwnedAsync(token => RebuildHereAsync(progress, token), cancellationToken);

    private Task UpdateFeaturesHereAsync(RbdFeatures features, bool enable, CancellationToken cancellationToken) =>
        UpdateFeaturesHereAsync(features, enable, JournalLayout.Default, cancellationToken);

    private async Task UpdateFeaturesHereAsync(RbdFeatures features, bool enable, JournalLayout layout, CancellationToken cancellationToken)
    {
        features = CheckFeatures(features, enable);
        if (!enable && features.HasFlag(RbdFeatures.Journaling))
        {
            // Before writes are held back: snapshots may be to be removed.
            await JournalMirroring.OnJournalingGoingAsync(core.Pool, core.Id, RemoveSyncPointAsync, cancellationToken);
        }

        await core.Writes.BlockAsync(cancellationToken);
        try
        {
            // The journal's own removal is not recorded in it.
            if (!enable && features.HasFlag(RbdFeatures.Journaling))
            {
                await core.CloseJournalAsync(isLost: false);
            }

            await core.OperateAsync(
                operation => new JournalUpdateFeatures(operation, features, enable),
                async () =>
                {
                    await (enable ? EnableAsync(features, layout, cancellationToken) : DisableAsync(features, cancellationToken));
                    await core.RefreshAsync(cancellationToken);
                },
                cancellationToken);
            if (core.IsLockOwner && core.ObjectMap is null)
            {
                await core.OpenObjectMapAsync(cancellationToken);
            }

            if (enable && features.HasFlag(RbdFeatures.Journaling) && core is { IsLockOwner: true, IsJournaled: true })
            {
                ImageJournal journal = await ImageJournal.OpenAsync(core.Pool, core.Id, cancellationToken);
                await core.BeginRecordingAsync(journal, await JournalTags.ReadAsync(journal, cancellationToken), cancellationToken);
            }
        }
        finally
        {
            core.Writes.Unblock();
        }

        await core.NotifyHeaderUpdateAsync(cancellationToken);
        core.ReadyLock();
    }

    // Those that are to change. EINVAL where none is, or where what would be makes no sense.
    private RbdFeatures CheckFeatures(RbdFeatures features, bool enable)
    {
        // As librbd: the two go together.
        const RbdFeatures Maps = RbdFeatures.ObjectMap | RbdFeatures.FastDiff;
        if ((features & Maps) != 0)
        {
            features |= Maps;
        }

        RbdFeatures allowed = RbdFeatures.ExclusiveLock | Maps | RbdFeatures.Journaling | (enable ? RbdFeatures.None : RbdFeatures.DeepFlatten);
        if (features == 0 || (features & ~allowed) != 0)
        {
            throw core.Error(Errno.EINVAL, $"switching {string.Join(',', RbdFeatureNames.Of(features & ~allowed))} {(enable ? "on" : "off")}");
        }

        features = enable ? features & ~core.State.Features : features & core.State.Features;
        RbdFeatures then = enable ? core.State.Features | features : core.State.Features & ~features;
        if (features == 0)
        {
            throw core.Error(Errno.EINVAL, "switching features that are as wanted");
        }

        return (then & (Maps | RbdFeatures.Journaling)) == 0 || then.HasFlag(RbdFeatures.ExclusiveLock)
            ? features
            : throw core.Error(Errno.EINVAL, "switching features: object-map, fast-diff and journaling need exclusive-lock");
    }

    private async Task RemoveSyncPointAsync(JournalSyncPoint point, CancellationToken cancellationToken)
    {
        if (core.State.Snapshots.FirstOrDefault(s => s.Name == point.SnapshotName && s.Namespace.Type == point.Namespace.Type) is { } snapshot)
        {
            await core.Snapshots.RemoveHereAsync(snapshot, cancellationToken);
        }
    }

    private async Task EnableAsync(RbdFeatures features, JournalLayout layout, CancellationToken cancellationToken)
    {
        if (features.HasFlag(RbdFeatures.Journaling))
        {
            await JournalObjects.CreateAsync(core.Pool, core.Id, layout, core.GetOption, cancellationToken);
        }

        if (features.HasFlag(RbdFeatures.ObjectMap))
        {
            // What the maps say of objects that exist already is wrong until they are rebuilt.
            foreach (ulong id in AllIds())
            {
                await ObjectMapStore.InvalidateAsync(core, id, cancellationToken);
                const RbdFlags Both = RbdFlags.ObjectMapInvalid | RbdFlags.FastDiffInvalid;
                await core.Pool.CallAsync(core.HeaderName, RbdCalls.SetFlags(Both, Both, id), cancellationToken);
                await core.Pool.CallAsync(
                    RbdObjects.ObjectMap(core.Id, id),
                    RbdCalls.ResizeObjectMap(core.Layout.ObjectCount(core.SizeAt(id)), ObjectMapState.Nonexistent), cancellationToken);
            }
        }

        await core.Pool.CallAsync(core.HeaderName, RbdCalls.SetFeatures(core.State.Features | features, features), cancellationToken);
        if (features.HasFlag(RbdFeatures.Journaling))
        {
            await JournalMirroring.OnJournalingEnabledAsync(core.Pool, core.Id, cancellationToken);
        }
    }

    private async Task DisableAsync(RbdFeatures features, CancellationToken cancellationToken)
    {
        await core.Pool.CallAsync(core.HeaderName, RbdCalls.SetFeatures(core.State.Features & ~features, features), cancellationToken);
        if (features.HasFlag(RbdFeatures.Journaling))
        {
            // librbd removes it first: killed in between, an image is left that nobody can write, with the feature but without a journal.
            await JournalObjects.RemoveAsync(core.Pool, core.Id, cancellationToken);
        }

        if (features.HasFlag(RbdFeatures.ObjectMap))
        {
            await core.CloseObjectMapAsync(unlock: true, cancellationToken);
            foreach (ulong id in AllIds())
            {
                await core.Pool.RemoveAsync(RbdObjects.ObjectMap(core.Id, id), null, cancellationToken);
                const RbdFlags Both = RbdFlags.ObjectMapInvalid | RbdFlags.FastDiffInvalid;
                await core.Pool.CallAsync(core.HeaderName, RbdCalls.SetFlags(RbdFlags.None, Both, id), cancellationToken);
            }
        }
    }

    private IEnumerable<ulong> AllIds() => [.. core.State.Snapshots.Select(snapshot => snapshot.Id), SnapshotId.Head];

    // From each object's preserved states follow its existence at every snapshot and whether it changed in between, exactly.
    private async Task RebuildHereAsync(IProgress<OperationProgress>? progress, CancellationToken cancellationToken)
    {
        if (core.ObjectMap is not { } head)
        {
            throw core.Error(Errno.EINVAL, "rebuilding the object map without the object-map feature");
        }

        await core.Writes.BlockAsync(cancellationToken);
        try
        {
            ulong[] ids = [.. AllIds()];
            ObjectMap[] maps = [.. ids.Select(id => new ObjectMap(core.Layout.ObjectCount(core.SizeAt(id))))];
            ulong count = maps.Max(map => map.Count);
            await BoundedWork.ForEachAsync(
                0, count, core.Concurrency, progress, (number, token) => FillAsync(number, ids, maps, token), cancellationToken);
            for (int i = 0; i < ids.Length; i++)
            {
                var operation = new WriteOperation();
                if (ids[i] == SnapshotId.Head)
                {
                    operation.Call(HeadObjectMap.AssertLocked);
                }

                await core.Pool.ExecuteAsync(
                    RbdObjects.ObjectMap(core.Id, ids[i]), operation.Call(RbdCalls.SaveObjectMap(maps[i])), "saving the object map", null, cancellationToken);
                const RbdFlags Both = RbdFlags.ObjectMapInvalid | RbdFlags.FastDiffInvalid;
                await core.Pool.CallAsync(core.HeaderName, RbdCalls.SetFlags(RbdFlags.None, Both, ids[i]), cancellationToken);
            }

            head.Replace(maps[^1]);
            await core.RefreshAsync(cancellationToken);
        }
        finally
        {
            core.Writes.Unblock();
        }

        await core.NotifyHeaderUpdateAsync(cancellationToken);
    }

    private async ValueTask FillAsync(ulong number, ulong[] ids, ObjectMap[] maps, CancellationToken cancellationToken)
    {
        ObjectSnapshots set;
        try
        {
            set = await core.DataPool.ListSnapshotsAsync(core.ObjectName(number), cancellationToken);
        }
        catch (RadosException exception) when (exception.Code == Errno.ENOENT)
        {
            return;
        }

        bool fastDiff = core.State.Has(RbdFeatures.FastDiff);
        ulong before = 0;
        for (int i = 0; i < ids.Length; i++)
        {
            ObjectClone? clone = set.Clones.FirstOrDefault(c => Serves(c, set.Sequence, ids[i]));
            if (clone is not null && number < maps[i].Count)
            {
                bool clean = fastDiff && before != 0 && Serves(clone, set.Sequence, before);
                lock (maps[i])
                {
                    maps[i][number] = clean ? ObjectMapState.ExistsClean : ObjectMapState.Exists;
                }
            }

            before = ids[i];
        }
    }

    // The head also is the state of snapshots that were made after its last write.
    private static bool Serves(ObjectClone clone, ulong sequence, ulong id) =>
        clone.CloneId == SnapshotId.Head ? id == SnapshotId.Head || id > sequence : clone.Snapshots.Contains(id);
}
