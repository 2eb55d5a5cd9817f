using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;

namespace Nacre.Rados.Encoding;

/// <summary>
/// Reads Ceph's little-endian encoding (doc/dev/encoding.rst; src/include/encoding.h) from a span. Every length is checked
/// against what is left, so hostile input gives <see cref="CephDecodeException"/>.
/// </summary>
public ref struct CephReader
{
    private readonly ReadOnlySpan<byte> _data;
    private int _position;

    /// <summary>Starts at the first byte.</summary>
    public CephReader(ReadOnlySpan<byte> data)
    {
        _data = data;
        _position = 0;
    }

    /// <summary>Bytes consumed.</summary>
    public readonly int Position => _position;

    /// <summary>Bytes left.</summary>
    public readonly int Remaining => _data.Length - _position;

    /// <summary>All that is left, not consumed.</summary>
    public readonly ReadOnlySpan<byte> Rest => _data[_position..];

    /// <summary>u8.</summary>
    public byte ReadByte() => Take(1)[0];
    /// <summary>bool, one byte.</summary>
    public bool ReadBool() => Take(1)[0] != 0;
    /// <summary>u16.</summary>
    public ushort ReadUInt16() => BinaryPrimitives.ReadUInt16LittleEndian(Take(2));
    /// <summary>u32.</summary>
    public uint ReadUInt32() => BinaryPrimitives.ReadUInt32LittleEndian(Take(4));
    /// <summary>s32.</summary>
    public int ReadInt32() => BinaryPrimitives.ReadInt32LittleEndian(Take(4));
    /// <summary>u64.</summary>
    public ulong ReadUInt64() => BinaryPrimitives.ReadUInt64LittleEndian(Take(8));
    /// <summary>s64.</summary>
    public long ReadInt64() => BinaryPrimitives.ReadInt64LittleEndian(Take(8));

    /// <summary>A bufferlist or string's bytes: u32 length, then that many bytes. The span points into the input.</summary>
    public ReadOnlySpan<byte> ReadBytes() => Take(ReadLength());

    /// <summary>std::string as UTF-8.</summary>
    public string ReadString() => System.Text.Encoding.UTF8.GetString(ReadBytes());

    /// <summary>That many raw bytes.</summary>
    public ReadOnlySpan<byte> ReadRaw(int length) => Take(length);

    /// <summary>A u32 element count, refused when that many elements of at least <paramref name="minimumElementSize"/> bytes cannot follow.</summary>
    public int ReadCount(int minimumElementSize = 1)
    {
        uint count = ReadUInt32();
        if ((ulong)count * (ulong)Math.Max(minimumElementSize, 1) > (ulong)Remaining)
        {
            Throw($"a count of {count} elements with {Remaining} bytes left");
        }

        return (int)count;
    }

    /// <summary>utime_t: u32 seconds since the epoch, u32 nanoseconds. Sub-100 ns digits are lost.</summary>
    public DateTimeOffset ReadTime() => CephTime.ToDateTime(ReadUInt32(), ReadUInt32());

    /// <summary>entity_name_t: u8 type, s64 number.</summary>
    public (byte Type, long Number) ReadEntityNameNumber() => (ReadByte(), ReadInt64());

    /// <summary>
    /// Opens a versioned struct (ENCODE_START/FINISH): u8 version, u8 oldest compatible version, u32 length. The returned reader holds
    /// just its body, so fields that a newer Ceph appended are skipped: this reader already stands behind them.
    /// </summary>
    /// <param name="supported">The newest version understood; a struct whose compatible version is higher is refused.</param>
    /// <param name="version">The struct's version: fields appended later are decoded when it is high enough.</param>
    /// <param name="type">For the error text.</param>
    public CephReader ReadVersioned(byte supported, out byte version, string type)
    {
        version = ReadByte();
        byte compatible = ReadByte();
        if (compatible > supported)
        {
            Throw($"{type} needs version {compatible} to be understood, this reads up to {supported}");
        }

        return new CephReader(Take(ReadLength()));
    }

    private int ReadLength()
    {
        uint length = ReadUInt32();
        if (length > (uint)Remaining)
        {
            Throw($"a length of {length} with {Remaining} bytes left");
        }

        return (int)length;
    }

    private ReadOnlySpan<byte> Take(int length)
    {
        if ((uint)length > (uint)Remaining)
        {
            Throw($"{length} bytes wanted, {Remaining} left");
        }

        ReadOnlySpan<byte> taken = _data.Slice(_position, length);
        _position += length;
        return taken;
    }

    [DoesNotReturn]
    private readonly void Throw(string what) => throw new CephDecodeException($"decoding at byte {_position}: {what}");
}
