namespace Nacre.Rbd.Journaling;

/// <summary>A range of an object and what becomes of it: bytes, or zeroes where there are none.</summary>
/// <param name="Offset">First byte in the object.</param>
/// <param name="Length">Bytes.</param>
/// <param name="Data">The bytes; empty for zeroes.</param>
internal readonly record struct OverlayExtent(ulong Offset, ulong Length, ReadOnlyMemory<byte> Data)
{
    public ulong End => Offset + Length;

    public bool IsZero => Data.IsEmpty;

    /// <summary>Its part from one offset to another.</summary>
    public OverlayExtent Part(ulong from, ulong to) =>
        new(from, to - from, IsZero ? Data : Data.Slice((int)(from - Offset), (int)(to - from)));
}

/// <summary>Changes of one object's ranges laid over each other: of what overlaps the later is left. Ascending, without overlaps.</summary>
internal sealed class ExtentOverlay
{
    private readonly List<OverlayExtent> _extents = [];

    public IReadOnlyList<OverlayExtent> Extents => _extents;

    /// <summary>Bytes that are covered.</summary>
    public ulong Covered { get; private set; }

    /// <summary>True where at least one range gets bytes.</summary>
    public bool HasData { get; private set; }

    /// <summary>Lays a later change over what is there.</summary>
    public void Add(OverlayExtent added)
    {
        HasData |= !added.IsZero;
        int at = FirstEndingAfter(added.Offset);
        if (at == _extents.Count || _extents[at].Offset >= added.End)
        {
            _extents.Insert(at, added);
            Covered += added.Length;
            return;
        }

        int end = at;
        ulong hidden = 0;
        OverlayExtent? before = null;
        OverlayExtent? after = null;
        for (; end < _extents.Count && _extents[end].Offset < added.End; end++)
        {
            OverlayExtent old = _extents[end];
            hidden += Math.Min(old.End, added.End) - Math.Max(old.Offset, added.Offset);
            before = old.Offset < added.Offset ? old.Part(old.Offset, added.Offset) : before;
            after = old.End > added.End ? old.Part(added.End, old.End) : after;
        }

        _extents.RemoveRange(at, end - at);
        if (after is { } tail)
        {
            _extents.Insert(at, tail);
        }

        _extents.Insert(at, added);
        if (before is { } head)
        {
            _extents.Insert(at, head);
        }

        Covered += added.Length - hidden;
    }

    private int FirstEndingAfter(ulong offset)
    {
        int low = 0;
        int high = _extents.Count;
        while (low < high)
        {
            int middle = (low + high) / 2;
            if (_extents[middle].End > offset)
            {
                high = middle;
            }
            else
            {
                low = middle + 1;
            }
        }

        return low;
    }
}
