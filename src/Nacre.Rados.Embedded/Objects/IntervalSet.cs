using System.Buffers;
using Nacre.Rados.Embedded.Storage;
using Nacre.Rados.Objects;

namespace Nacre.Rados.Embedded.Objects;

/// <summary>A set of byte ranges, ascending, apart from each other (Ceph's interval_set). Immutable.</summary>
internal sealed class IntervalSet
{
    /// <summary>Nothing.</summary>
    public static readonly IntervalSet Empty = new([]);

    private readonly Extent[] _extents;

    private IntervalSet(Extent[] extents) => _extents = extents;

    /// <summary>The ranges.</summary>
    public IReadOnlyList<Extent> Extents => _extents;

    public static IntervalSet Of(ulong offset, ulong length) => length == 0 ? Empty : new([new Extent(offset, length)]);

    public bool Contains(ulong value)
    {
        foreach (Extent extent in _extents)
        {
            if (value >= extent.Offset && value < extent.End)
            {
                return true;
            }
        }

        return false;
    }

    public IntervalSet Union(IntervalSet other)
    {
        if (_extents.Length == 0 || other._extents.Length == 0)
        {
            return _extents.Length == 0 ? other : this;
        }

        var merged = new List<Extent>(_extents.Length + other._extents.Length);
        merged.AddRange(_extents);
        merged.AddRange(other._extents);
        merged.Sort((a, b) => a.Offset.CompareTo(b.Offset));
        int last = 0;
        for (int i = 1; i < merged.Count; i++)
        {
            if (merged[i].Offset <= merged[last].End)
            {
                merged[last] = new Extent(merged[last].Offset, Math.Max(merged[last].End, merged[i].End) - merged[last].Offset);
            }
            else
            {
                merged[++last] = merged[i];
            }
        }

        merged.RemoveRange(last + 1, merged.Count - last - 1);
        return new([.. merged]);
    }

    public IntervalSet Intersect(IntervalSet other)
    {
        var common = new List<Extent>();
        for (int i = 0, j = 0; i < _extents.Length && j < other._extents.Length;)
        {
            Extent a = _extents[i];
            Extent b = other._extents[j];
            ulong start = Math.Max(a.Offset, b.Offset);
            ulong end = Math.Min(a.End, b.End);
            if (start < end)
            {
                common.Add(new Extent(start, end - start));
            }

            if (a.End < b.End)
            {
                i++;
            }
            else
            {
                j++;
            }
        }

        return new([.. common]);
    }

    public IntervalSet Subtract(IntervalSet other)
    {
        if (_extents.Length == 0 || other._extents.Length == 0)
        {
            return this;
        }

        var left = new List<Extent>();
        int j = 0;
        foreach (Extent extent in _extents)
        {
            ulong start = extent.Offset;
            while (j < other._extents.Length && other._extents[j].End <= start)
            {
                j++;
            }

            for (int k = j; k < other._extents.Length && other._extents[k].Offset < extent.End; k++)
            {
                if (other._extents[k].Offset > start)
                {
                    left.Add(new Extent(start, other._extents[k].Offset - start));
                }

                start = Math.Max(start, other._extents[k].End);
            }

            if (start < extent.End)
            {
                left.Add(new Extent(start, extent.End - start));
            }
        }

        return new([.. left]);
    }

    public void Encode(IBufferWriter<byte> writer)
    {
        Varint.Write(writer, (ulong)_extents.Length);
        foreach (Extent extent in _extents)
        {
            Varint.Write(writer, extent.Offset);
            Varint.Write(writer, extent.Length);
        }
    }

    public static IntervalSet Decode(ref ReadOnlySpan<byte> data)
    {
        var extents = new Extent[Varint.ReadCount(ref data)];
        foreach (ref Extent extent in extents.AsSpan())
        {
            extent = new Extent(Varint.Read(ref data), Varint.Read(ref data));
        }

        return extents.Length == 0 ? Empty : new(extents);
    }
}
