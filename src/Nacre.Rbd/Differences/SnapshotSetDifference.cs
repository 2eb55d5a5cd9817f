using Nacre.Rados.Objects;

namespace Nacre.Rbd;

/// <summary>
/// What changed in an object between two snapshots, from its preserved states (src/librados/snap_set_diff.cc). Differences told to users and what a mirror
/// copies both come from here.
/// </summary>
public static class SnapshotSetDifference
{
    /// <summary>Compares two states of an object.</summary>
    /// <param name="set">The object's states; the head last.</param>
    /// <param name="from">The older snapshot; 0 for the beginning.</param>
    /// <param name="to">The newer snapshot or the head.</param>
    public static ObjectDifference Calculate(ObjectSnapshots set, ulong from, ulong to)
    {
        IReadOnlyList<ObjectClone> clones = set.Clones;
        int start = IndexReaching(set, from, 0);
        int end = IndexReaching(set, to, start);
        bool existedBefore = start < clones.Count && from >= First(set, start);
        bool existsAfter = end < clones.Count && to >= First(set, end);
        ulong sizeBefore = existedBefore ? clones[start].Size : 0;
        if (!existsAfter)
        {
            return existedBefore ? new ObjectDifference(true, false, sizeBefore, 0, [], Range(0, sizeBefore)) : ObjectDifference.None;
        }

        if (start == end)
        {
            ulong size = clones[end].Size;
            return new ObjectDifference(existedBefore, true, sizeBefore, size, existedBefore ? [] : Range(0, size), []);
        }

        var changed = new ExtentSet();
        if (!existedBefore)
        {
            changed.Add(0, clones[start].Size);
        }

        // Also states whose snapshots are all removed but that the store still has: what was written then is told by their overlap alone.
        for (int i = start; i < end; i++)
        {
            // Both can have in common only what both hold; where the object was removed in between, the store keeps no overlap.
            ulong smaller = Math.Min(clones[i].Size, clones[i + 1].Size);
            changed.AddExcept(smaller, clones[i].Overlap);
            changed.Add(smaller, Math.Max(clones[i].Size, clones[i + 1].Size) - smaller);
        }

        return Split(changed, existedBefore, sizeBefore, clones[end].Size);
    }

    // What lies behind the object's end reads as zeroes now.
    private static ObjectDifference Split(ExtentSet changed, bool existedBefore, ulong sizeBefore, ulong sizeAfter)
    {
        var data = new List<Extent>(changed.Extents.Count);
        var holes = new List<Extent>();
        foreach (Extent extent in changed.Extents)
        {
            ulong length = extent.Offset >= sizeAfter ? 0 : Math.Min(extent.Length, sizeAfter - extent.Offset);
            data.AddRange(Range(extent.Offset, length));
            holes.AddRange(Range(extent.Offset + length, extent.Length - length));
        }

        return new ObjectDifference(existedBefore, true, sizeBefore, sizeAfter, data, holes);
    }

    /// <summary>The first state that serves a snapshot or a newer one; how many there are where none does.</summary>
    private static int IndexReaching(ObjectSnapshots set, ulong snapshotId, int index)
    {
        while (index < set.Clones.Count && !Reaches(set.Clones[index], snapshotId))
        {
            index++;
        }

        return index;
    }

    // A state without snapshots serves nobody: its last one was removed, and it goes away soon.
    private static bool Reaches(ObjectClone clone, ulong snapshotId) =>
        clone.CloneId == SnapshotId.Head || (clone.Snapshots.Count > 0 && clone.Snapshots[^1] >= snapshotId);

    private static ulong First(ObjectSnapshots set, int index) =>
        set.Clones[index].CloneId == SnapshotId.Head ? set.Sequence + 1 : set.Clones[index].Snapshots[0];

    private static Extent[] Range(ulong offset, ulong length) => length > 0 ? [new Extent(offset, length)] : [];
}
