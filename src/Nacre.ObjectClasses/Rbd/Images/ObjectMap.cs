using Nacre.ObjectClasses.Encoding;
using Nacre.Rados.Encoding;

namespace Nacre.ObjectClasses.Rbd;

/// <summary>
/// An image's object map, Ceph's BitVector&lt;2&gt; (src/common/bit_vector.hpp): two bits per object, four objects per byte, the first in the
/// highest bits; stored as header, data and a footer with CRCs of the header and of each 4096-byte block.
/// </summary>
public sealed class ObjectMap : ICephEncodable<ObjectMap>
{
    /// <summary>MAX_OBJECT_MAP_OBJECT_COUNT: no image with more objects has a map.</summary>
    public const ulong MaximumCount = 256_000_000;

    internal const int BlockSize = 4096;
    internal const int HeaderLength = 18;
    private const int PerByte = 4;

    private byte[] _data;

    /// <param name="count">Objects; all nonexistent.</param>
    public ObjectMap(ulong count)
    {
        Count = count;
        _data = new byte[ByteCount(count)];
    }

    private ObjectMap(ulong count, byte[] data)
    {
        Count = count;
        _data = data;
    }

    /// <summary>Objects.</summary>
    public ulong Count { get; private set; }

    /// <summary>The states, four per byte.</summary>
    public ReadOnlySpan<byte> Data => _data;

    /// <summary>One object's state.</summary>
    public ObjectMapState this[ulong objectNumber]
    {
        get
        {
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(objectNumber, Count);
            return (ObjectMapState)((_data[objectNumber / PerByte] >> Shift(objectNumber)) & 3);
        }

        set
        {
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(objectNumber, Count);
            ref byte cell = ref _data[objectNumber / PerByte];
            cell = (byte)((cell & ~(3 << Shift(objectNumber))) | ((int)value << Shift(objectNumber)));
        }
    }

    /// <summary>Sets the number of objects; new ones get that state.</summary>
    public void Resize(ulong count, ObjectMapState state = ObjectMapState.Nonexistent)
    {
        ulong old = Count;
        Array.Resize(ref _data, ByteCount(count));
        Count = count;
        for (ulong i = old; i < count; i++)
        {
            this[i] = state;
        }
    }

    /// <summary>A copy of its own.</summary>
    public ObjectMap Clone() => new(Count, (byte[])_data.Clone());

    /// <summary>As it is stored, with CRCs.</summary>
    public void Encode(CephWriter writer) => Encode(writer, withChecksums: true);

    /// <summary>With CRCs, or with the empty footer that librbd sends (the class computes them).</summary>
    public void Encode(CephWriter writer, bool withChecksums)
    {
        var header = new CephWriter(16);
        using (header.Versioned(1, 1))
        {
            header.Write(Count);
        }

        writer.WriteBytes(header.WrittenSpan);
        writer.WriteRaw(_data);
        if (!withChecksums)
        {
            writer.Write(0u);
            return;
        }

        int blocks = (_data.Length + BlockSize - 1) / BlockSize;
        writer.Write((uint)((2 + blocks) * sizeof(uint)));
        writer.Write(CephCrc32C.Append(0, header.WrittenSpan));
        writer.Write((uint)blocks);
        for (int block = 0; block < blocks; block++)
        {
            writer.Write(CephCrc32C.Append(0, Block(block)));
        }
    }

    /// <summary>Reads it and checks its CRCs, where it has them.</summary>
    public static ObjectMap Decode(ref CephReader reader)
    {
        ReadOnlySpan<byte> header = reader.ReadBytes();
        var headerReader = new CephReader(header);
        CephReader body = headerReader.ReadVersioned(1, out _, nameof(ObjectMap));
        ulong count = body.ReadUInt64();
        if (count > (ulong)reader.Remaining * PerByte)
        {
            throw new CephDecodeException($"an object map of {count} objects with {reader.Remaining} bytes left");
        }

        var map = new ObjectMap(count, reader.ReadRaw(ByteCount(count)).ToArray());
        var footer = new CephReader(reader.ReadBytes());
        if (footer.Remaining > 0)
        {
            map.CheckFooter(ref footer, header);
        }

        return map;
    }

    private static int ByteCount(ulong count) => checked((int)((count + PerByte - 1) / PerByte));

    private static int Shift(ulong objectNumber) => (int)(PerByte - 1 - (objectNumber % PerByte)) * 2;

    private ReadOnlySpan<byte> Block(int index) =>
        _data.AsSpan(index * BlockSize, Math.Min(BlockSize, _data.Length - (index * BlockSize)));

    private void CheckFooter(ref CephReader footer, ReadOnlySpan<byte> header)
    {
        if (footer.ReadUInt32() != CephCrc32C.Append(0, header))
        {
            throw new CephDecodeException("the object map's header does not match its CRC");
        }

        int blocks = footer.ReadCount(sizeof(uint));
        if (blocks != (_data.Length + BlockSize - 1) / BlockSize)
        {
            throw new CephDecodeException($"the object map has {blocks} block CRCs for {_data.Length} bytes");
        }

        for (int block = 0; block < blocks; block++)
        {
            if (footer.ReadUInt32() != CephCrc32C.Append(0, Block(block)))
            {
                throw new CephDecodeException($"block {block} of the object map does not match its CRC");
            }
        }
    }
}
