using System.Buffers;
using Nacre.Rados.Embedded.Objects;
using Nacre.Rados.Embedded.Storage;

namespace Nacre.Rados.Embedded.Pools;

/// <summary>A pool. Immutable.</summary>
/// <param name="Id">Its id, never used again.</param>
/// <param name="Name">Its name.</param>
/// <param name="SnapshotSequence">Newest self-managed snapshot id; 0 before the first.</param>
/// <param name="RemovedSnapshots">Ids that were given back.</param>
internal sealed record PoolRecord(uint Id, string Name, ulong SnapshotSequence, IntervalSet RemovedSnapshots)
{
    private const byte Format = 1;

    public bool IsSnapshotRemoved(ulong snapshot) => RemovedSnapshots.Contains(snapshot);

    public byte[] Encode()
    {
        var writer = new ArrayBufferWriter<byte>(64);
        Varint.Write(writer, Format);
        Varint.Write(writer, Id);
        Varint.WriteBytes(writer, System.Text.Encoding.UTF8.GetBytes(Name));
        Varint.Write(writer, SnapshotSequence);
        RemovedSnapshots.Encode(writer);
        ObjectRecord.Seal(writer);
        return writer.WrittenSpan.ToArray();
    }

    public static PoolRecord Decode(ReadOnlySpan<byte> sealedData)
    {
        ReadOnlySpan<byte> data = ObjectRecord.Unseal(sealedData);
        if (Varint.Read(ref data) != Format)
        {
            throw new RadosException(Errno.EIO, "a pool's record is damaged: unknown format");
        }

        return new PoolRecord(
            (uint)Varint.Read(ref data),
            System.Text.Encoding.UTF8.GetString(Varint.ReadBytes(ref data)),
            Varint.Read(ref data),
            IntervalSet.Decode(ref data));
    }
}
