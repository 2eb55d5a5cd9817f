using Nacre.ObjectClasses.Calls;
using Nacre.ObjectClasses.Rbd;
using Nacre.Rados;
using Nacre.Rados.Clusters;
using Nacre.Rados.Encoding;
using Nacre.Rados.Objects;

namespace Nacre.Rbd;

/// <summary>Stored object maps, of the head and of snapshots (librbd/object_map/).</summary>
internal static class ObjectMapStore
{
    /// <summary>Loads a map; null where it is absent or damaged.</summary>
    public static async Task<ObjectMap?> LoadAsync(ImageCore core, ulong snapshotId, CancellationToken cancellationToken)
    {
        try
        {
            return await core.Pool.TryCallAsync(RbdObjects.ObjectMap(core.Id, snapshotId), RbdCalls.LoadObjectMap(), cancellationToken);
        }
        catch (RadosException exception) when (exception is CephDecodeException || exception.Code is Errno.EINVAL or Errno.EIO)
        {
            core.Log($"object map of {(snapshotId == SnapshotId.Head ? "the head" : $"snapshot {snapshotId}")}: {exception.Message}");
            return null;
        }
    }

    /// <summary>Marks a map as not to be relied on, in the header.</summary>
    public static async Task InvalidateAsync(ImageCore core, ulong snapshotId, CancellationToken cancellationToken)
    {
        RbdFlags flags = RbdFlags.ObjectMapInvalid | (core.State.Has(RbdFeatures.FastDiff) ? RbdFlags.FastDiffInvalid : RbdFlags.None);
        await core.Pool.CallAsync(core.HeaderName, RbdCalls.SetFlags(flags, flags, snapshotId), cancellationToken);
        core.SetFlags(snapshotId, flags, flags);
    }

    /// <summary>Sets one object's state in a snapshot's map; a map that cannot be changed is marked invalid.</summary>
    public static async Task UpdateSnapshotAsync(
        ImageCore core, ulong snapshotId, ulong objectNumber, ObjectMapState state, CancellationToken cancellationToken)
    {
        int code = await core.Pool.CallForCodeAsync(
            RbdObjects.ObjectMap(core.Id, snapshotId), RbdCalls.UpdateObjectMap(objectNumber, objectNumber + 1, state, null), cancellationToken);
        if (code < 0)
        {
            core.Log($"changing the object map of snapshot {snapshotId}: {Errno.Describe(code)}");
            await InvalidateAsync(core, snapshotId, cancellationToken);
        }
    }

    /// <summary>
    /// Copies the head's map for a new snapshot, and marks the head's objects clean (object_map::SnapshotCreateRequest). Writes are held back meanwhile.
    /// </summary>
    public static async Task AddSnapshotAsync(ImageCore core, HeadObjectMap head, ulong snapshotId, CancellationToken cancellationToken)
    {
        string name = RbdObjects.ObjectMap(core.Id);
        using (OperationResult stored = await core.Pool.OperateAsync(name, new ReadOperation().Read(0, 0), SnapshotId.Head, cancellationToken))
        {
            if (stored.ReturnCode < 0)
            {
                core.Log($"reading the object map: {Errno.Describe(stored.ReturnCode)}");
                await InvalidateAsync(core, SnapshotId.Head, cancellationToken);
                await InvalidateAsync(core, snapshotId, cancellationToken);
                return;
            }

            await core.Pool.ExecuteAsync(
                RbdObjects.ObjectMap(core.Id, snapshotId), new WriteOperation().WriteFull(stored.Outputs[0].Data), "copying the object map", null,
                cancellationToken);
        }

        if (!core.State.Has(RbdFeatures.FastDiff))
        {
            return;
        }

        await core.Pool.ExecuteAsync(
            name, new WriteOperation().Call(HeadObjectMap.AssertLocked).Call(RbdCalls.AddObjectMapSnapshot()), "marking the object map clean", null,
            cancellationToken);
        head.MarkClean();
    }

    /// <summary>
    /// Merges a removed snapshot's map into the next one, so that fast-diff still sees its changes, and removes it (object_map::SnapshotRemoveRequest).
    /// </summary>
    public static async Task RemoveSnapshotAsync(ImageCore core, HeadObjectMap head, ulong snapshotId, CancellationToken cancellationToken)
    {
        string name = RbdObjects.ObjectMap(core.Id, snapshotId);
        if (core.State.Has(RbdFeatures.FastDiff))
        {
            ulong next = core.State.Snapshots.FirstOrDefault(snapshot => snapshot.Id > snapshotId)?.Id ?? SnapshotId.Head;
            ObjectMap? removed = await LoadAsync(core, snapshotId, cancellationToken);
            bool invalid = core.State.FindSnapshot(snapshotId)?.Flags.HasFlag(RbdFlags.ObjectMapInvalid) ?? false;
            if (removed is null && await core.Pool.StatAsync(name, cancellationToken: cancellationToken) is null)
            {
                // A removal that was killed behind this point: merged already.
                return;
            }

            if (removed is null || invalid)
            {
                await InvalidateAsync(core, next, cancellationToken);
            }
            else
            {
                await MergeAsync(core, head, removed, next, cancellationToken);
            }
        }

        await core.Pool.RemoveAsync(name, null, cancellationToken);
    }

    private static async Task MergeAsync(ImageCore core, HeadObjectMap head, ObjectMap removed, ulong next, CancellationToken cancellationToken)
    {
        var operation = new WriteOperation();
        if (next == SnapshotId.Head)
        {
            operation.Call(HeadObjectMap.AssertLocked);
        }

        using OperationResult result = await core.Pool.OperateAsync(
            RbdObjects.ObjectMap(core.Id, next), operation.Call(RbdCalls.RemoveObjectMapSnapshot(removed)), null, cancellationToken);
        if (result.ReturnCode < 0 && result.ReturnCode != -Errno.ENOENT)
        {
            core.Log($"merging object maps: {Errno.Describe(result.ReturnCode)}");
            await InvalidateAsync(core, next, cancellationToken);
            return;
        }

        if (next == SnapshotId.Head)
        {
            head.MergeRemoved(removed);
        }
    }
}
