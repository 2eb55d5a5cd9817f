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
/// <param name="Deltas">Ranges that differ, ascending, not overlapping; empty where nothing changed.</param>
/// <param name="ExistedBefore">Whether it existed at the older one.</param>
/// <param name="ExistsAfter">Whether it exists at the newer one; false with <paramref name="ExistedBefore"/> is a removal.</param>
/// <param name="SizeAfter">Its size at the newer one, in bytes.</param>
public sealed record ObjectDifference(IReadOnlyList<ObjectDelta> Deltas, bool ExistedBefore, bool ExistsAfter, ulong SizeAfter)
{
    /// <summary>Nothing changed.</summary>
    public static ObjectDifference None { get; } = new([], false, false, 0);
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
