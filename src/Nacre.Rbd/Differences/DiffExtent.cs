using Nacre.Rados.Objects;

namespace Nacre.Rbd;

/// <summary>A range of the image that differs.</summary>
/// <param name="Offset">Bytes from the image's start.</param>
/// <param name="Length">Bytes.</param>
/// <param name="Exists">True where there is data at the end of the interval; false where there were and it now reads as zeroes.</param>
public readonly record struct DiffExtent(ulong Offset, ulong Length, bool Exists);

/// <summary>A range of one object that differs between two snapshots.</summary>
/// <param name="Range">Bytes of the object.</param>
/// <param name="Exists">True where data are to be copied, false where the range now reads as zeroes.</param>
public readonly record struct ObjectDelta(Extent Range, bool Exists);

/// <summary>What became of an object between two snapshots.</summary>
/// <param name="ExistedBefore">Whether it existed at the older one.</param>
/// <param name="ExistsAfter">Whether it exists at the newer one; false with <paramref name="ExistedBefore"/> is a removal.</param>
/// <param name="SizeBefore">Its size at the older one, in bytes.</param>
/// <param name="SizeAfter">Its size at the newer one, in bytes.</param>
/// <param name="Data">Ranges below <paramref name="SizeAfter"/> that may differ, ascending, neither overlapping nor touching.</param>
/// <param name="Holes">Ranges from <paramref name="SizeAfter"/> on that held data at the older one or in between, ascending.</param>
public sealed record ObjectDifference(
    bool ExistedBefore, bool ExistsAfter, ulong SizeBefore, ulong SizeAfter, IReadOnlyList<Extent> Data, IReadOnlyList<Extent> Holes)
{
    /// <summary>Absent before and after.</summary>
    public static ObjectDifference None { get; } = new(false, false, 0, 0, [], []);

    /// <summary>True where the older state is the newer one already: the same bytes and the same size.</summary>
    public bool IsEmpty => ExistedBefore == ExistsAfter && SizeBefore == SizeAfter && Data.Count == 0;

    /// <summary>All ranges that differ, ascending, not overlapping.</summary>
    public IEnumerable<ObjectDelta> Deltas => [.. Data.Select(range => new ObjectDelta(range, true)), .. Holes.Select(range => new ObjectDelta(range, false))];
}

/// <summary>What an object map knows of one object between two snapshots (librbd's DiffState).</summary>
public enum ObjectChange : byte
{
    /// <summary>Absent at both, unchanged (DIFF_STATE_HOLE).</summary>
    Absent = 0,
    /// <summary>Exists, unchanged (DIFF_STATE_DATA).</summary>
    Unchanged = 1,
    /// <summary>Removed (DIFF_STATE_HOLE_UPDATED).</summary>
    Removed = 2,
    /// <summary>Written (DIFF_STATE_DATA_UPDATED).</summary>
    Changed = 3,
}
