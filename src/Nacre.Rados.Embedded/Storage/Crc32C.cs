using System.Buffers.Binary;
using System.Numerics;

namespace Nacre.Rados.Embedded.Storage;

/// <summary>CRC-32C with Ceph's convention (ceph_crc32c): the seed is given and nothing is inverted.</summary>
internal static class Crc32C
{
    public static uint Append(uint seed, ReadOnlySpan<byte> data)
    {
        while (data.Length >= 8)
        {
            seed = BitOperations.Crc32C(seed, BinaryPrimitives.ReadUInt64LittleEndian(data));
            data = data[8..];
        }

        foreach (byte value in data)
        {
            seed = BitOperations.Crc32C(seed, value);
        }

        return seed;
    }
}
