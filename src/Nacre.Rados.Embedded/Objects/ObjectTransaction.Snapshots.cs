using Nacre.Rados.Objects;

namespace Nacre.Rados.Embedded.Objects;

/// <content>Rolling back.</content>
internal sealed partial class ObjectTransaction
{
    /// <summary>
    /// Makes the head what it was at a snapshot: its blocks are shared with the clone, not copied. Where the object did not exist
    /// then, it is removed; -EBUSY while somebody watches it.
    /// </summary>
    public int Rollback(ulong snapshot, bool snapshotIsRemoved)
    {
        if (_base is { Exists: true } && snapshot > _base.SnapshotSequence && !snapshotIsRemoved)
        {
            // The head still is what it was.
            return BeginWriting();
        }

        CloneRecord? clone = _base is null || snapshotIsRemoved || snapshot > _base.SnapshotSequence ? null : FindClone(_base, snapshot);
        if (clone is null)
        {
            if (IsWatched())
            {
                return -Errno.EBUSY;
            }

            _ = Remove();
            return 0;
        }

        int result = BeginWriting();
        if (result < 0)
        {
            return result;
        }

        IntervalSet same = IntervalSet.Of(0, _size);
        foreach (CloneRecord newer in _base!.Clones.Where(newer => newer.Id >= clone.Id))
        {
            same = same.Intersect(newer.Overlap);
        }

        _modified = _modified.Union(IntervalSet.Of(0, _size).Subtract(same));
        ObjectState then = _context.LoadClone(_core.Database, _number, clone.Id);
        DropAllBlocks();
        DropOmap();
        _exists = true;
        _size = then.Size;
        _blocks = then.Blocks.AllShared();
        _blocksAreOwn = true;
        _xattrs = then.Xattrs;
        _omap = then.OmapNumber;
        _omapRead = then.OmapNumber;
        _omapIsShared = then.OmapNumber != 0;
        return 0;
    }
}
