using System.Buffers.Binary;
using System.Text;
using Nacre.Rados;

namespace Nacre.Cli.Rbd.Transfer;

/// <summary>Ceph's diff stream, version 1 (doc/dev/rbd-diff.rst): a banner, then tagged records, little-endian.</summary>
internal static class DiffStream
{
    /// <summary>What it begins with.</summary>
    public const string Banner = "rbd diff v1\n";

    /// <summary>The longest name that is believed.</summary>
    public const int MaximumNameLength = 4096;

    /// <summary>A record with a name: 'f' the snapshot it begins at, 't' the one it ends at.</summary>
    public static byte[] Name(char tag, string name)
    {
        byte[] text = Encoding.UTF8.GetBytes(name);
        byte[] record = new byte[5 + text.Length];
        record[0] = (byte)tag;
        BinaryPrimitives.WriteUInt32LittleEndian(record.AsSpan(1), (uint)text.Length);
        text.CopyTo(record, 5);
        return record;
    }

    /// <summary>'s': the image's size.</summary>
    public static byte[] Size(ulong size)
    {
        byte[] record = new byte[9];
        record[0] = (byte)'s';
        BinaryPrimitives.WriteUInt64LittleEndian(record.AsSpan(1), size);
        return record;
    }

    /// <summary>'w' data, which follow, or 'z' zeroes.</summary>
    public static byte[] Range(bool data, ulong offset, ulong length)
    {
        byte[] record = new byte[17];
        record[0] = (byte)(data ? 'w' : 'z');
        BinaryPrimitives.WriteUInt64LittleEndian(record.AsSpan(1), offset);
        BinaryPrimitives.WriteUInt64LittleEndian(record.AsSpan(9), length);
        return record;
    }

    /// <summary>Reads exactly; a stream that ends early is EINVAL.</summary>
    public static async Task ReadAsync(Stream stream, Memory<byte> buffer, CancellationToken cancellationToken)
    {
        try
        {
            await stream.ReadExactlyAsync(buffer, cancellationToken);
        }
        catch (EndOfStreamException exception)
        {
            throw new RadosException(Errno.EINVAL, "the diff ends early: it is truncated", exception);
        }
    }

    /// <summary>Reads a u64.</summary>
    public static async Task<ulong> ReadUInt64Async(Stream stream, CancellationToken cancellationToken)
    {
        byte[] buffer = new byte[8];
        await ReadAsync(stream, buffer, cancellationToken);
        return BinaryPrimitives.ReadUInt64LittleEndian(buffer);
    }

    /// <summary>Reads a name.</summary>
    public static async Task<string> ReadNameAsync(Stream stream, CancellationToken cancellationToken)
    {
        byte[] buffer = new byte[4];
        await ReadAsync(stream, buffer, cancellationToken);
        uint length = BinaryPrimitives.ReadUInt32LittleEndian(buffer);
        if (length > MaximumNameLength)
        {
            throw new RadosException(Errno.EINVAL, $"the diff has a snapshot name of {length} bytes");
        }

        buffer = new byte[length];
        await ReadAsync(stream, buffer, cancellationToken);
        return Encoding.UTF8.GetString(buffer);
    }
}
