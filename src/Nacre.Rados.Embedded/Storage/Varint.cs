using System.Buffers;

namespace Nacre.Rados.Embedded.Storage;

/// <summary>Unsigned integers of seven bits a byte, least first: what this engine's own records are made of.</summary>
internal static class Varint
{
    public static void Write(IBufferWriter<byte> writer, ulong value)
    {
        Span<byte> span = writer.GetSpan(10);
        int length = 0;
        while (value >= 0x80)
        {
            span[length++] = (byte)(value | 0x80);
            value >>= 7;
        }

        span[length++] = (byte)value;
        writer.Advance(length);
    }

    /// <summary>Reads one and moves the span behind it. EIO where there is none.</summary>
    public static ulong Read(ref ReadOnlySpan<byte> data)
    {
        ulong value = 0;
        for (int i = 0; i < 10 && i < data.Length; i++)
        {
            value |= (ulong)(data[i] & 0x7F) << (7 * i);
            if (data[i] < 0x80)
            {
                data = data[(i + 1)..];
                return value;
            }
        }

        throw new RadosException(Errno.EIO, "a record of the store is damaged: a number does not end");
    }

    /// <summary>Reads a count of things that take at least a byte each. EIO where so many cannot follow.</summary>
    public static int ReadCount(ref ReadOnlySpan<byte> data)
    {
        ulong count = Read(ref data);
        if (count > (ulong)data.Length)
        {
            throw new RadosException(Errno.EIO, $"a record of the store is damaged: {count} items with {data.Length} bytes left");
        }

        return (int)count;
    }

    /// <summary>Bytes behind their length.</summary>
    public static ReadOnlySpan<byte> ReadBytes(ref ReadOnlySpan<byte> data)
    {
        int length = ReadCount(ref data);
        ReadOnlySpan<byte> bytes = data[..length];
        data = data[length..];
        return bytes;
    }

    public static void WriteBytes(IBufferWriter<byte> writer, ReadOnlySpan<byte> bytes)
    {
        Write(writer, (ulong)bytes.Length);
        writer.Write(bytes);
    }
}
