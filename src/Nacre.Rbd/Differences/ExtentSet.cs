using Nacre.Rados.Objects;

namespace Nacre.Rbd;

/// <summary>A set of bytes as ascending ranges that neither overlap nor touch (interval_set).</summary>
internal sealed class ExtentSet
{
    private readonly List<Extent> _extents = [];

    public IReadOnlyList<Extent> Extents => _extents;

    /// <summary>Adds a range.</summary>
    public void Add(ulong offset, ulong length)
    {
        if (length == 0)
        {
            return;
        }

        ulong end = offset + length;
        int first = 0;
        while (first < _extents.Count && _extents[first].End < offset)
        {
            first++;
        }

        int last = first;
        while (last < _extents.Count && _extents[last].Offset <= end)
        {
            offset = Math.Min(offset, _extents[last].Offset);
            end = Math.Max(end, _extents[last].End);
            last++;
        }

        _extents.RemoveRange(first, last - first);
        _extents.Insert(first, new Extent(offset, end - offset));
    }

    /// <summary>Adds 0 to <paramref name="size"/> except the given ranges, which may come in any order.</summary>
    public void AddExcept(ulong size, IReadOnlyList<Extent> except)
    {
        ulong at = 0;
        foreach (Extent extent in except.OrderBy(e => e.Offset))
        {
            if (extent.Offset >= size)
            {
                break;
            }

            if (extent.Offset > at)
            {
                Add(at, extent.Offset - at);
            }

            at = Math.Max(at, extent.End);
        }

        if (at < size)
        {
            Add(at, size - at);
        }
    }
}
