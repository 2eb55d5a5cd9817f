using System.Buffers.Binary;
using System.Numerics;

namespace Nacre.Rados.Encoding;

/// <summary>CRC-32C as Ceph computes it (ceph_crc32c): the seed is given, nothing is inverted.</summary>
public static class CephCrc32C
{
    /// <summary>Carries a checksum on over more bytes.</summary>
    public static uint Append(uint crc, ReadOnlySpan<byte> data)
    {
        for (; data.Length >= 8; data = data[8..])
        {
            crc = BitOperations.Crc32C(crc, BinaryPrimitives.ReadUInt64LittleEndian(data));
        }

        foreach (byte b in data)
        {
            crc = BitOperations.Crc32C(crc, b);
        }

        return crc;
    }
}
