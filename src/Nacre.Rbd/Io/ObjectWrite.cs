namespace Nacre.Rbd;

/// <summary>One change of an object that is copied from another image; see <see cref="Image.ApplyObjectAsync"/>.</summary>
/// <param name="Offset">Bytes from the object's start.</param>
/// <param name="Length">Bytes.</param>
/// <param name="Data">The bytes, as many as <paramref name="Length"/>; empty makes the range read as zeroes.</param>
public readonly record struct ObjectWrite(ulong Offset, ulong Length, ReadOnlyMemory<byte> Data)
{
    /// <summary>Writes bytes.</summary>
    public static ObjectWrite OfData(ulong offset, ReadOnlyMemory<byte> data) => new(offset, (ulong)data.Length, data);

    /// <summary>Makes a range read as zeroes.</summary>
    public static ObjectWrite OfZeroes(ulong offset, ulong length) => new(offset, length, default);
}
