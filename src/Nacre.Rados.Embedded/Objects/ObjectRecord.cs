using System.Buffers;
using System.Collections.Immutable;
using Nacre.Rados.Embedded.Storage;

namespace Nacre.Rados.Embedded.Objects;

/// <summary>A clone as the head's record lists it (Ceph's SnapSet); its state lies under its own key.</summary>
/// <param name="Id">Clone id: the snap context's sequence when it was made.</param>
/// <param name="Size">Bytes.</param>
/// <param name="Snapshots">Snapshots that it serves, newest first.</param>
/// <param name="Overlap">What it has in common with the next newer state.</param>
internal sealed record CloneRecord(ulong Id, ulong Size, ImmutableArray<ulong> Snapshots, IntervalSet Overlap);

/// <summary>An object: its head, or that it has none but clones (a whiteout), and its clones. Immutable.</summary>
internal sealed record ObjectRecord
{
    private const byte Format = 1;

    /// <summary>Number that blocks and clones lie under; never used again.</summary>
    public required ulong Number { get; init; }

    /// <summary>Epoch that blocks are written under; each clone begins another.</summary>
    public uint Epoch { get; init; } = 1;

    /// <summary>False for a whiteout: removed, but with clones.</summary>
    public bool Exists { get; init; } = true;

    /// <summary>Newest snapshot sequence that it was written under.</summary>
    public ulong SnapshotSequence { get; init; }

    /// <summary>Clones, oldest first.</summary>
    public ImmutableArray<CloneRecord> Clones { get; init; } = [];

    /// <summary>The head.</summary>
    public required ObjectState Head { get; init; }

    public void Encode(ArrayBufferWriter<byte> writer)
    {
        Varint.Write(writer, Format);
        Varint.Write(writer, Number);
        Varint.Write(writer, Epoch);
        Varint.Write(writer, Exists ? 1u : 0u);
        Varint.Write(writer, SnapshotSequence);
        Varint.Write(writer, (ulong)Clones.Length);
        foreach (CloneRecord clone in Clones)
        {
            Varint.Write(writer, clone.Id);
            Varint.Write(writer, clone.Size);
            Varint.Write(writer, (ulong)clone.Snapshots.Length);
            foreach (ulong snapshot in clone.Snapshots)
            {
                Varint.Write(writer, snapshot);
            }

            clone.Overlap.Encode(writer);
        }

        Head.Encode(writer);
        Seal(writer);
    }

    public static ObjectRecord Decode(ReadOnlySpan<byte> sealedData)
    {
        ReadOnlySpan<byte> data = Unseal(sealedData);
        if (Varint.Read(ref data) != Format)
        {
            throw new RadosException(Errno.EIO, "an object's record is damaged: unknown format");
        }

        ulong number = Varint.Read(ref data);
        uint epoch = (uint)Varint.Read(ref data);
        bool exists = Varint.Read(ref data) != 0;
        ulong sequence = Varint.Read(ref data);
        var clones = new CloneRecord[Varint.ReadCount(ref data)];
        foreach (ref CloneRecord clone in clones.AsSpan())
        {
            ulong id = Varint.Read(ref data);
            ulong size = Varint.Read(ref data);
            var snapshots = new ulong[Varint.ReadCount(ref data)];
            foreach (ref ulong snapshot in snapshots.AsSpan())
            {
                snapshot = Varint.Read(ref data);
            }

            clone = new CloneRecord(id, size, [.. snapshots], IntervalSet.Decode(ref data));
        }

        return new ObjectRecord
        {
            Number = number,
            Epoch = epoch,
            Exists = exists,
            SnapshotSequence = sequence,
            Clones = [.. clones],
            Head = ObjectState.Decode(ref data),
        };
    }

    /// <summary>Appends the record's checksum.</summary>
    public static void Seal(ArrayBufferWriter<byte> writer)
    {
        uint checksum = Crc32C.Append(uint.MaxValue, writer.WrittenSpan);
        System.Buffers.Binary.BinaryPrimitives.WriteUInt32LittleEndian(writer.GetSpan(4), checksum);
        writer.Advance(4);
    }

    /// <summary>The record without its checksum. EIO where that does not hold.</summary>
    public static ReadOnlySpan<byte> Unseal(ReadOnlySpan<byte> data)
    {
        if (data.Length < 4
            || Crc32C.Append(uint.MaxValue, data[..^4]) != System.Buffers.Binary.BinaryPrimitives.ReadUInt32LittleEndian(data[^4..]))
        {
            throw new RadosException(Errno.EIO, "a record of the store is damaged: its checksum does not hold");
        }

        return data[..^4];
    }
}
