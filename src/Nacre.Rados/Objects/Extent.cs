namespace Nacre.Rados.Objects;

/// <summary>A range of bytes.</summary>
public readonly record struct Extent(ulong Offset, ulong Length)
{
    /// <summary>One past the last byte.</summary>
    public ulong End => Offset + Length;
}
