using Nacre.Rados.Objects;

namespace Nacre.Mirroring.Daemon.Planning;

/// <summary>
/// What became of one object between two snapshots, exactly, from its preserved states (librados' calc_snap_set_diff).
/// </summary>
/// <param name="Existed">Whether it was there before.</param>
/// <param name="Exists">Whether it is there after.</param>
/// <param name="SizeBefore">Bytes before.</param>
/// <param name="SizeAfter">Bytes after.</param>
/// <param name="Extents">Ranges below <paramref name="SizeAfter"/> that may differ, ascending.</param>
internal sealed record ObjectChanges(bool Existed, bool Exists, ulong SizeBefore, ulong SizeAfter, IReadOnlyList<Extent> Extents)
{
    /// <summary>Absent before and after.</summary>
    public static ObjectChanges None { get; } = new(false, false, 0, 0, []);

    /// <summary>True where nothing is to be done.</summary>
    public bool IsEmpty => Existed == Exists && SizeBefore == SizeAfter && Extents.Count == 0;

    /// <summary>Compares two states of an object.</summary>
    /// <param name="snapshots">Its preserved states.</param>
    /// <param name="from">The older snapshot; 0 for before the object's beginning.</param>
    /// <param name="to">The newer one.</param>
    public static ObjectChanges Between(ObjectSnapshots snapshots, ulong from, ulong to)
    {
        int before = from == 0 ? -1 : IndexAt(snapshots, from);
        int after = IndexAt(snapshots, to);
        if (after < 0)
        {
            return before < 0 ? None : new ObjectChanges(true, false, snapshots.Clones[before].Size, 0, []);
        }

        ulong sizeAfter = snapshots.Clones[after].Size;
        if (before < 0)
        {
            return new ObjectChanges(false, true, 0, sizeAfter, sizeAfter > 0 ? [new Extent(0, sizeAfter)] : []);
        }

        ulong sizeBefore = snapshots.Clones[before].Size;
        if (before == after)
        {
            return new ObjectChanges(true, true, sizeBefore, sizeAfter, []);
        }

        // A byte is unchanged where every state from the one to the other has it in common with the next.
        List<Extent> common = [new Extent(0, Math.Min(sizeBefore, sizeAfter))];
        for (int i = before; i < after; i++)
        {
            // Where the object was removed in between, the store keeps no overlap.
            common = Intersect(common, snapshots.Clones[i].Overlap);
        }

        return new ObjectChanges(true, true, sizeBefore, sizeAfter, Complement(common, sizeAfter));
    }

    /// <summary>The state that a snapshot reads; -1 where the object did not exist at it.</summary>
    private static int IndexAt(ObjectSnapshots snapshots, ulong snapshotId)
    {
        for (int i = 0; i < snapshots.Clones.Count; i++)
        {
            ObjectClone clone = snapshots.Clones[i];
            if (clone.CloneId == SnapshotId.Head)
            {
                return snapshotId > snapshots.Sequence || snapshotId == SnapshotId.Head ? i : -1;
            }

            if (clone.Snapshots.Contains(snapshotId))
            {
                return i;
            }
        }

        return -1;
    }

    private static List<Extent> Intersect(List<Extent> left, IReadOnlyList<Extent> right)
    {
        var result = new List<Extent>();
        int i = 0;
        int j = 0;
        while (i < left.Count && j < right.Count)
        {
            ulong start = Math.Max(left[i].Offset, right[j].Offset);
            ulong end = Math.Min(left[i].End, right[j].End);
            if (start < end)
            {
                result.Add(new Extent(start, end - start));
            }

            if (left[i].End < right[j].End)
            {
                i++;
            }
            else
            {
                j++;
            }
        }

        return result;
    }

    private static List<Extent> Complement(List<Extent> covered, ulong size)
    {
        var result = new List<Extent>();
        ulong at = 0;
        foreach (Extent extent in covered)
        {
            if (extent.Offset > at)
            {
                result.Add(new Extent(at, extent.Offset - at));
            }

            at = Math.Max(at, extent.End);
        }

        if (at < size)
        {
            result.Add(new Extent(at, size - at));
        }

        return result;
    }
}
