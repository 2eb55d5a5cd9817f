using System.Buffers.Binary;

namespace Nacre.Rados.Embedded.Storage;

/// <summary>The keys of the store (docs/formats/embedded-store.md). Integers in keys are big-endian, so that they sort.</summary>
internal static class Keys
{
    /// <summary>Bytes of a block's key.</summary>
    public const int BlockKeyLength = 20;

    private const byte HeadKind = (byte)'h';
    private const byte CloneKind = (byte)'c';
    private const byte SnapshotKind = (byte)'s';

    /// <summary>A record of the store itself.</summary>
    public static byte[] Store(string name) => System.Text.Encoding.UTF8.GetBytes(name);

    /// <summary>All keys of a pool, in every family but the store's, begin so.</summary>
    public static byte[] Pool(uint pool)
    {
        byte[] key = new byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(key, pool);
        return key;
    }

    /// <summary>pool u32, 'h', namespace length u16, namespace, name.</summary>
    public static byte[] Head(ObjectKey key)
    {
        byte[] bytes = new byte[7 + System.Text.Encoding.UTF8.GetByteCount(key.Namespace) + System.Text.Encoding.UTF8.GetByteCount(key.Name)];
        WriteName(bytes, 4, key);
        BinaryPrimitives.WriteUInt32BigEndian(bytes, key.Pool);
        bytes[4] = HeadKind;
        return bytes;
    }

    /// <summary>What the head keys of a namespace begin with.</summary>
    public static byte[] HeadPrefix(uint pool, string @namespace) => Head(new ObjectKey(pool, @namespace, ""));

    /// <summary>pool u32, 'c', object number u64, clone id u64.</summary>
    public static byte[] Clone(uint pool, ulong number, ulong clone)
    {
        byte[] bytes = new byte[21];
        BinaryPrimitives.WriteUInt32BigEndian(bytes, pool);
        bytes[4] = CloneKind;
        BinaryPrimitives.WriteUInt64BigEndian(bytes.AsSpan(5), number);
        BinaryPrimitives.WriteUInt64BigEndian(bytes.AsSpan(13), clone);
        return bytes;
    }

    /// <summary>pool u32, 's', snapshot id u64, namespace length u16, namespace, name: which objects have a clone that serves a snapshot.</summary>
    public static byte[] SnapshotIndex(ulong snapshot, ObjectKey key)
    {
        byte[] bytes = new byte[15 + System.Text.Encoding.UTF8.GetByteCount(key.Namespace) + System.Text.Encoding.UTF8.GetByteCount(key.Name)];
        WriteName(bytes, 12, key);
        BinaryPrimitives.WriteUInt32BigEndian(bytes, key.Pool);
        bytes[4] = SnapshotKind;
        BinaryPrimitives.WriteUInt64BigEndian(bytes.AsSpan(5), snapshot);
        return bytes;
    }

    /// <summary>What the index keys of a snapshot begin with.</summary>
    public static byte[] SnapshotIndexPrefix(uint pool, ulong snapshot) => SnapshotIndex(snapshot, new ObjectKey(pool, "", ""))[..13];

    /// <summary>The object that an index key names.</summary>
    public static ObjectKey ParseSnapshotIndex(ReadOnlySpan<byte> key)
    {
        uint pool = BinaryPrimitives.ReadUInt32BigEndian(key);
        int length = BinaryPrimitives.ReadUInt16BigEndian(key[13..]);
        return new ObjectKey(pool, System.Text.Encoding.UTF8.GetString(key.Slice(15, length)), System.Text.Encoding.UTF8.GetString(key[(15 + length)..]));
    }

    /// <summary>pool u32, object number u64, epoch u32, block u32.</summary>
    public static void Block(Span<byte> bytes, uint pool, ulong number, uint epoch, uint block)
    {
        BinaryPrimitives.WriteUInt32BigEndian(bytes, pool);
        BinaryPrimitives.WriteUInt64BigEndian(bytes[4..], number);
        BinaryPrimitives.WriteUInt32BigEndian(bytes[12..], epoch);
        BinaryPrimitives.WriteUInt32BigEndian(bytes[16..], block);
    }

    /// <summary>pool u32, omap number u64, key.</summary>
    public static byte[] Omap(uint pool, ulong number, ReadOnlySpan<byte> key)
    {
        byte[] bytes = new byte[12 + key.Length];
        BinaryPrimitives.WriteUInt32BigEndian(bytes, pool);
        BinaryPrimitives.WriteUInt64BigEndian(bytes.AsSpan(4), number);
        key.CopyTo(bytes.AsSpan(12));
        return bytes;
    }

    private static void WriteName(byte[] bytes, int kindAt, ObjectKey key)
    {
        // The kind byte (or the snapshot id's end) stands before the namespace's length.
        int at = kindAt + 1;
        int length = System.Text.Encoding.UTF8.GetBytes(key.Namespace, bytes.AsSpan(at + 2));
        BinaryPrimitives.WriteUInt16BigEndian(bytes.AsSpan(at), checked((ushort)length));
        System.Text.Encoding.UTF8.GetBytes(key.Name, bytes.AsSpan(at + 2 + length));
    }
}
