using Nacre.Rados.Objects;

namespace Nacre.Rbd;

/// <summary>A range of one data object, and where its bytes are in the caller's buffer.</summary>
public sealed class ObjectExtent
{
    private readonly Extent _first;
    private List<Extent>? _more;

    internal ObjectExtent(ulong objectNumber, ulong offset, ulong bufferOffset, ulong length)
    {
        ObjectNumber = objectNumber;
        Offset = offset;
        Length = length;
        _first = new Extent(bufferOffset, length);
    }

    /// <summary>The object.</summary>
    public ulong ObjectNumber { get; }

    /// <summary>Bytes from the object's start.</summary>
    public ulong Offset { get; }

    /// <summary>Bytes.</summary>
    public ulong Length { get; private set; }

    /// <summary>One past the last byte.</summary>
    public ulong End => Offset + Length;

    /// <summary>True where the buffer's bytes lie in one piece.</summary>
    public bool IsContiguous => _more is null;

    /// <summary>Where the first bytes are in the buffer.</summary>
    public Extent FirstInBuffer => _first;

    /// <summary>All pieces of the buffer, in the object's order.</summary>
    public IReadOnlyList<Extent> InBuffer => _more is null ? [_first] : _more;

    internal void Append(ulong bufferOffset, ulong length)
    {
        _more ??= [_first];
        _more.Add(new Extent(bufferOffset, length));
        Length += length;
    }
}
