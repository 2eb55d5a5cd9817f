using Nacre.Rados.Objects;

namespace Nacre.Rbd;

/// <summary>What changed in an object between two snapshots, from its preserved states (src/librados/snap_set_diff.cc).</summary>
internal static class SnapshotSetDifference
{
    /// <param name="set">The object's states; the head last.</param>
    /// <param name="from">The older snapshot; 0 for the beginning.</param>
    /// <param name="to">The newer snapshot or the head.</param>
    public static ObjectDifference Calculate(ObjectSnapshots set, ulong from, ulong to)
    {
        var changed = new ExtentSet();
        bool sawStart = false;
        ulong startSize = 0;
        bool existedBefore = false;
        for (int i = 0; i < set.Clones.Count;)
        {
            ObjectClone clone = set.Clones[i];
            bool isHead = clone.CloneId == SnapshotId.Head;
            if (!isHead && clone.Snapshots.Count == 0)
            {
                // All snapshots that it served are trimmed, but it is not yet.
                i++;
                continue;
            }

            ulong first = isHead ? set.Sequence + 1 : clone.Snapshots[0];
            ulong last = isHead ? SnapshotId.Head : clone.Snapshots[^1];
            if (last < from)
            {
                i++;
                continue;
            }

            if (!sawStart)
            {
                sawStart = true;
                if (from < first)
                {
                    changed.Add(0, clone.Size);
                }
                else
                {
                    startSize = clone.Size;
                    existedBefore = true;
                }
            }

            if (to < first)
            {
                // It was removed before.
                break;
            }

            if (to <= last)
            {
                return Found(changed, startSize, existedBefore, clone.Size);
            }

            i++;
            ulong largest = i < set.Clones.Count ? Math.Max(clone.Size, set.Clones[i].Size) : clone.Size;
            changed.AddExcept(largest, clone.Overlap);
        }

        return new ObjectDifference(startSize > 0 ? [new ObjectDelta(new Extent(0, startSize), false)] : [], existedBefore, false, 0);
    }

    // What lies behind the object's end reads as zeroes now.
    private static ObjectDifference Found(ExtentSet changed, ulong startSize, bool existedBefore, ulong endSize)
    {
        var deltas = new List<ObjectDelta>();
        foreach (Extent extent in changed.Extents)
        {
            ulong data = extent.Offset >= endSize ? 0 : Math.Min(extent.Length, endSize - extent.Offset);
            if (data > 0)
            {
                deltas.Add(new ObjectDelta(new Extent(extent.Offset, data), true));
            }

            if (extent.Length > data)
            {
                deltas.Add(new ObjectDelta(new Extent(extent.Offset + data, extent.Length - data), false));
            }
        }

        return new ObjectDifference(deltas, existedBefore, true, endSize);
    }
}
