using Nacre.ObjectClasses.Calls;
using Nacre.ObjectClasses.Lock;
using Nacre.ObjectClasses.Rbd;
using Nacre.Rados;
using Nacre.Rados.Clusters;
using Nacre.Rados.Objects;

namespace Nacre.Rbd;

/// <summary>
/// The head's object map while this client owns the lock (librbd::ObjectMap): kept in memory, and changed in the store before an object is made and
/// after one is removed, so that the stored map never says less than there is.
/// </summary>
internal sealed partial class HeadObjectMap
{
    private const int MaximumInFlight = 8;

    private readonly ImageCore _core;
    private readonly string _name;
    private readonly Lock _sync = new();
    private readonly LinkedList<Update> _queue = [];
    private readonly List<Update> _inFlight = [];
    private ObjectMap _map;
    private int _requests;

    private HeadObjectMap(ImageCore core, ObjectMap map)
    {
        _core = core;
        _name = RbdObjects.ObjectMap(core.Id);
        _map = map;
    }

    private sealed record Update(ulong Start, ulong End, ObjectMapState State, ObjectMapState? Expected, TaskCompletionSource Done);

    /// <summary>Takes the map's lock and loads it. A map that is damaged or too small is marked invalid and all objects are taken to exist.</summary>
    public static async Task<HeadObjectMap> OpenAsync(ImageCore core, CancellationToken cancellationToken)
    {
        string name = RbdObjects.ObjectMap(core.Id);
        await LockAsync(core, name, cancellationToken);
        ulong count = core.Layout.ObjectCount(core.State.Size);
        ObjectMap? map = await ObjectMapStore.LoadAsync(core, SnapshotId.Head, cancellationToken);
        var opened = new HeadObjectMap(core, map ?? new ObjectMap(0));
        if (map is null || map.Count < count)
        {
            core.Log(map is null ? "the object map is absent or damaged" : $"the object map has {map.Count} objects instead of {count}");
            await ObjectMapStore.InvalidateAsync(core, SnapshotId.Head, cancellationToken);
            opened._map.Resize(count, ObjectMapState.Exists);
            await core.Pool.ExecuteAsync(
                name, new WriteOperation().Call(AssertLocked).Call(RbdCalls.SaveObjectMap(opened._map)), "replacing the object map", null,
                cancellationToken);
        }

        return opened;
    }

    /// <summary>A check that this client holds the map, as first step of a write to it.</summary>
    public static ClassWrite AssertLocked { get; } = LockCalls.AssertLocked(RbdObjects.LockName, LockType.Exclusive, "");

    /// <summary>How many objects it has.</summary>
    public ulong Count
    {
        get
        {
            lock (_sync)
            {
                return _map.Count;
            }
        }
    }

    /// <summary>Gives the map's lock back.</summary>
    public async Task CloseAsync(CancellationToken cancellationToken)
    {
        int code = await _core.Pool.CallForCodeAsync(_name, LockCalls.Unlock(RbdObjects.LockName, ""), cancellationToken);
        if (code < 0 && code != -Errno.ENOENT)
        {
            _core.Log($"unlocking the object map: {Errno.Describe(code)}");
        }
    }

    /// <summary>An object's state.</summary>
    public ObjectMapState StateOf(ulong objectNumber)
    {
        lock (_sync)
        {
            return objectNumber < _map.Count ? _map[objectNumber] : ObjectMapState.Exists;
        }
    }

    /// <summary>False only where the object certainly does not exist.</summary>
    public bool MayExist(ulong objectNumber)
    {
        if (_core.State.Flags.HasFlag(RbdFlags.ObjectMapInvalid))
        {
            return true;
        }

        ObjectMapState state = StateOf(objectNumber);
        return state is ObjectMapState.Exists or ObjectMapState.ExistsClean or ObjectMapState.Pending;
    }

    /// <summary>A snapshot was made: what exists is clean.</summary>
    public void MarkClean()
    {
        lock (_sync)
        {
            for (ulong number = 0; number < _map.Count; number++)
            {
                if (_map[number] == ObjectMapState.Exists)
                {
                    _map[number] = ObjectMapState.ExistsClean;
                }
            }
        }
    }

    /// <summary>The newest snapshot was removed: what changed up to it now counts as changed.</summary>
    public void MergeRemoved(ObjectMap removed)
    {
        lock (_sync)
        {
            for (ulong number = 0; number < _map.Count; number++)
            {
                if (_map[number] == ObjectMapState.ExistsClean && (number >= removed.Count || removed[number] == ObjectMapState.Exists))
                {
                    _map[number] = ObjectMapState.Exists;
                }
            }
        }
    }

    /// <summary>Takes over what the store now has.</summary>
    public void Replace(ObjectMap map)
    {
        lock (_sync)
        {
            _map = map;
        }
    }

    /// <summary>Changes the number of objects in memory, when the store has it.</summary>
    public void Resized(ulong count, ObjectMapState state)
    {
        lock (_sync)
        {
            _map.Resize(count, state);
        }
    }

    /// <summary>
    /// Sets states where they differ, in the store first. Costs nothing where nothing is to be changed.
    /// </summary>
    /// <param name="start">First object.</param>
    /// <param name="end">One past the last.</param>
    /// <param name="state">The new state.</param>
    /// <param name="expected">Only objects in this state change; null for all.</param>
    /// <param name="cancellationToken">Gives up waiting; the change goes on.</param>
    public ValueTask UpdateAsync(ulong start, ulong end, ObjectMapState state, ObjectMapState? expected, CancellationToken cancellationToken)
    {
        lock (_sync)
        {
            if (!IsNeeded(start, end, state) && !IsPending(start, end))
            {
                return ValueTask.CompletedTask;
            }
        }

        return new ValueTask(UpdateInStoreAsync(start, end, state, expected, cancellationToken));
    }

    private static async Task LockAsync(ImageCore core, string name, CancellationToken cancellationToken)
    {
        ClassWrite take = LockCalls.Lock(RbdObjects.LockName, LockType.Exclusive, "");
        int code = await core.Pool.CallForCodeAsync(name, take, cancellationToken);
        if (code == -Errno.EBUSY)
        {
            // Whoever held it has lost the image's lock, which we own.
            LockInfo info = await core.Pool.CallAsync(name, LockCalls.GetInfo(RbdObjects.LockName), cancellationToken);
            foreach (LockerId id in info.Lockers.Keys)
            {
                await core.Pool.CallForCodeAsync(name, LockCalls.BreakLock(RbdObjects.LockName, id.Locker, id.Cookie), cancellationToken);
            }

            code = await core.Pool.CallForCodeAsync(name, take, cancellationToken);
        }

        if (code < 0 && code != -Errno.EEXIST)
        {
            throw core.Error(code, "locking the object map");
        }
    }
}
