using System.Buffers.Binary;
using Nacre.Rados;
using Nacre.Rados.ClassMethods;
using Nacre.Rados.Encoding;

namespace Nacre.ObjectClasses.Rbd.Server;

/// <summary>
/// Updates a few states of a stored object map in place: reads and writes only the 4096-byte blocks that hold them and those blocks' CRCs, since
/// this runs at the first write to every object.
/// </summary>
internal static class ObjectMapUpdate
{
    private const int PerByte = 4;
    private const int FooterHeaderLength = 2 * sizeof(uint);

    public static int Apply(IClassContext context, ulong start, ulong end, ObjectMapState state, ObjectMapState? expected)
    {
        int code = context.Read(0, ObjectMap.HeaderLength, out ReadOnlyMemory<byte> header);
        if (code < 0)
        {
            return code;
        }

        if (!TryReadCount(context, header.Span, out ulong count))
        {
            return -Errno.EINVAL;
        }

        if (start >= end || end > count)
        {
            return -Errno.ERANGE;
        }

        ulong length = (count + PerByte - 1) / PerByte;
        ulong firstBlock = start / PerByte / ObjectMap.BlockSize;
        ulong lastBlock = (end - 1) / PerByte / ObjectMap.BlockSize;
        ulong from = firstBlock * ObjectMap.BlockSize;
        ulong to = Math.Min((lastBlock + 1) * ObjectMap.BlockSize, length);
        code = context.Read(ObjectMap.HeaderLength + from, to - from, out ReadOnlyMemory<byte> stored);
        if (code < 0)
        {
            return code;
        }

        ulong checksumsAt = ObjectMap.HeaderLength + length + sizeof(uint) + FooterHeaderLength + (firstBlock * sizeof(uint));
        code = context.Read(checksumsAt, (lastBlock - firstBlock + 1) * sizeof(uint), out ReadOnlyMemory<byte> checksums);
        if (code < 0)
        {
            return code;
        }

        byte[] data = stored.ToArray();
        byte[] crcs = checksums.ToArray();
        if (data.Length != (int)(to - from) || !Matches(data, crcs))
        {
            context.Log("object map: a block does not match its CRC");
            return -Errno.EINVAL;
        }

        if (!Change(data, start - (from * PerByte), end - (from * PerByte), state, expected))
        {
            return 0;
        }

        code = context.Write(ObjectMap.HeaderLength + from, data);
        return code < 0 ? code : context.Write(checksumsAt, ComputeChecksums(data));
    }

    private static bool TryReadCount(IClassContext context, ReadOnlySpan<byte> header, out ulong count)
    {
        count = 0;
        try
        {
            var reader = new CephReader(header);
            var inner = new CephReader(reader.ReadBytes());
            count = inner.ReadVersioned(1, out _, nameof(ObjectMap)).ReadUInt64();
            return true;
        }
        catch (CephDecodeException damaged)
        {
            context.Log($"object map: {damaged.Message}");
            return false;
        }
    }

    private static bool Matches(ReadOnlySpan<byte> data, ReadOnlySpan<byte> crcs) => ComputeChecksums(data).AsSpan().SequenceEqual(crcs);

    private static byte[] ComputeChecksums(ReadOnlySpan<byte> data)
    {
        byte[] crcs = new byte[(data.Length + ObjectMap.BlockSize - 1) / ObjectMap.BlockSize * sizeof(uint)];
        for (int block = 0; block * sizeof(uint) < crcs.Length; block++)
        {
            int at = block * ObjectMap.BlockSize;
            uint crc = CephCrc32C.Append(0, data.Slice(at, Math.Min(ObjectMap.BlockSize, data.Length - at)));
            BinaryPrimitives.WriteUInt32LittleEndian(crcs.AsSpan(block * sizeof(uint)), crc);
        }

        return crcs;
    }

    private static bool Change(byte[] data, ulong start, ulong end, ObjectMapState state, ObjectMapState? expected)
    {
        bool changed = false;
        for (ulong i = start; i < end; i++)
        {
            ref byte cell = ref data[i / PerByte];
            int shift = (int)(PerByte - 1 - (i % PerByte)) * 2;
            var current = (ObjectMapState)((cell >> shift) & 3);
            bool wanted = expected is null || current == expected
                || (expected == ObjectMapState.Exists && current == ObjectMapState.ExistsClean);
            if (wanted && current != state)
            {
                cell = (byte)((cell & ~(3 << shift)) | ((int)state << shift));
                changed = true;
            }
        }

        return changed;
    }
}
