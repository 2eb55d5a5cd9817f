using Nacre.ObjectClasses.Rbd;

namespace Nacre.Mirroring.Daemon.Planning;

/// <summary>What is known of one object at the end of a step.</summary>
internal enum ObjectFate : byte
{
    /// <summary>Absent, and was absent before.</summary>
    Absent = 0,
    /// <summary>Exists and did not change.</summary>
    Unchanged = 1,
    /// <summary>Was removed.</summary>
    Removed = 2,
    /// <summary>Exists and may have changed.</summary>
    Changed = 3,
    /// <summary>Exists, and did not before.</summary>
    Created = 4,
}

/// <summary>
/// Which objects a copy must look at, step by step, from the source's object maps (src/librbd/object_map/DiffRequest.cc): each snapshot's map marks what
/// changed since the snapshot before it. Without usable maps every object must be looked at.
/// </summary>
internal sealed class ObjectPlan
{
    private readonly ObjectFate[]?[] _fates;

    private ObjectPlan(ulong objectCount, ObjectFate[]?[] fates)
    {
        ObjectCount = objectCount;
        _fates = fates;
    }

    /// <summary>Objects 0 to here, exclusive, can be concerned.</summary>
    public ulong ObjectCount { get; }

    /// <summary>True where the source's object maps were usable for that step.</summary>
    public bool IsExact(int step) => _fates[step] is not null;

    /// <summary>What becomes of an object in a step.</summary>
    public ObjectFate this[int step, ulong objectNumber] => _fates[step] is not { } fates
        ? ObjectFate.Changed
        : objectNumber < (ulong)fates.Length ? fates[objectNumber] : ObjectFate.Absent;

    /// <summary>Whether an object must be looked at in any step.</summary>
    public bool MustLook(ulong objectNumber)
    {
        for (int step = 0; step < _fates.Length; step++)
        {
            if (this[step, objectNumber] >= ObjectFate.Removed)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>How many objects must be looked at.</summary>
    public ulong LookCount
    {
        get
        {
            ulong count = 0;
            for (ulong number = 0; number < ObjectCount; number++)
            {
                count += MustLook(number) ? 1UL : 0UL;
            }

            return count;
        }
    }

    /// <summary>Plans a copy.</summary>
    /// <param name="steps">Its steps, in order.</param>
    /// <param name="remote">The source's header.</param>
    /// <param name="maps">The source's object maps by snapshot: of every snapshot from the first step's start to the last one's end; absent ones are unusable.</param>
    /// <param name="localMayHoldMore">True where a copy from nothing meets an image that holds objects already: then absent ones are looked at too.</param>
    public static ObjectPlan Create(
        IReadOnlyList<CopyStep> steps, HeaderView remote, IReadOnlyDictionary<ulong, ObjectMap> maps, bool localMayHoldMore)
    {
        var fates = new ObjectFate[]?[steps.Count];
        ulong largest = 0;
        for (int i = 0; i < steps.Count; i++)
        {
            CopyStep step = steps[i];
            if (!(localMayHoldMore && step.RemoteFrom == 0))
            {
                fates[i] = Fates(step, remote, maps);
            }

            largest = Math.Max(largest, step.ImageSize);
        }

        foreach (SnapshotView snapshot in remote.Snapshots)
        {
            largest = Math.Max(largest, snapshot.Size);
        }

        return new ObjectPlan(remote.Layout.ObjectCount(Math.Max(largest, remote.Size)), fates);
    }

    private static ObjectFate[]? Fates(CopyStep step, HeaderView remote, IReadOnlyDictionary<ulong, ObjectMap> maps)
    {
        ObjectMap? before = null;
        if (step.RemoteFrom != 0 && !TryGet(step.RemoteFrom, remote, maps, out before))
        {
            return null;
        }

        var existed = new bool[before?.Count ?? 0];
        for (int i = 0; i < existed.Length; i++)
        {
            existed[i] = before![(ulong)i] != ObjectMapState.Nonexistent;
        }

        var exists = (bool[])existed.Clone();
        var touched = new bool[existed.Length];
        foreach (SnapshotView snapshot in remote.Snapshots.Where(s => s.Id > step.RemoteFrom && s.Id <= step.RemoteTo))
        {
            if (!TryGet(snapshot.Id, remote, maps, out ObjectMap? map))
            {
                return null;
            }

            Advance(map!, ref exists, ref touched);
        }

        var fates = new ObjectFate[exists.Length];
        for (int i = 0; i < fates.Length; i++)
        {
            bool was = i < existed.Length && existed[i];
            fates[i] = (was, exists[i]) switch
            {
                (true, true) => touched[i] ? ObjectFate.Changed : ObjectFate.Unchanged,
                (false, true) => ObjectFate.Created,
                (true, false) => ObjectFate.Removed,
                (false, false) => ObjectFate.Absent,
            };
        }

        return fates;
    }

    private static void Advance(ObjectMap map, ref bool[] exists, ref bool[] touched)
    {
        int count = Math.Max((int)map.Count, exists.Length);
        Array.Resize(ref exists, count);
        Array.Resize(ref touched, count);
        for (int i = 0; i < count; i++)
        {
            ObjectMapState state = (ulong)i < map.Count ? map[(ulong)i] : ObjectMapState.Nonexistent;
            bool now = state != ObjectMapState.Nonexistent;
            touched[i] |= now != exists[i] || state is ObjectMapState.Exists or ObjectMapState.Pending;
            exists[i] = now;
        }
    }

    private static bool TryGet(ulong snapshotId, HeaderView remote, IReadOnlyDictionary<ulong, ObjectMap> maps, out ObjectMap? map) =>
        maps.TryGetValue(snapshotId, out map)
        && remote.Find(snapshotId) is { Flags: RbdFlags.None } snapshot
        && map.Count >= remote.Layout.ObjectCount(snapshot.Size);
}
