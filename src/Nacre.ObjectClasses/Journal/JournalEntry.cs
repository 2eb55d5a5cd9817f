using System.Buffers.Binary;
using Nacre.ObjectClasses.Encoding;
using Nacre.Rados.Encoding;

namespace Nacre.ObjectClasses.Journal;

/// <summary>
/// journal::Entry (src/journal/Entry.cc): one entry in a <c>journal_data.</c> object. Between entries of padded pools may be zeroes; what does not
/// begin with the preamble or does not match its CRC is torn.
/// </summary>
/// <param name="TagTid">The tag it belongs to.</param>
/// <param name="EntryTid">Its number within the tag.</param>
/// <param name="Data">Its payload: an encoded <see cref="JournalEvent"/>.</param>
public sealed record JournalEntry(ulong TagTid, ulong EntryTid, ReadOnlyMemory<byte> Data) : ICephEncodable<JournalEntry>
{
    /// <summary>Bytes besides the payload.</summary>
    public const int FixedSize = 33;

    private const ulong Preamble = 0x3141592653589793;

    /// <inheritdoc/>
    public void Encode(CephWriter writer)
    {
        int start = writer.Length;
        writer.Write(Preamble);
        writer.Write((byte)1);
        writer.Write(EntryTid);
        writer.Write(TagTid);
        writer.WriteBytes(Data.Span);
        writer.Write(CephCrc32C.Append(0, writer.WrittenSpan[start..]));
    }

    /// <inheritdoc/>
    public static JournalEntry Decode(ref CephReader reader)
    {
        ReadOnlySpan<byte> whole = reader.Rest;
        int start = reader.Position;
        if (reader.ReadUInt64() != Preamble)
        {
            throw new CephDecodeException("no journal entry begins here");
        }

        byte version = reader.ReadByte();
        if (version != 1)
        {
            throw new CephDecodeException($"a journal entry of version {version}");
        }

        ulong entryTid = reader.ReadUInt64();
        ulong tagTid = reader.ReadUInt64();
        ReadOnlyMemory<byte> data = reader.ReadBytes().ToArray();
        uint actual = CephCrc32C.Append(0, whole[..(reader.Position - start)]);
        return reader.ReadUInt32() == actual
            ? new JournalEntry(tagTid, entryTid, data)
            : throw new CephDecodeException($"journal entry {tagTid}/{entryTid} does not match its CRC");
    }

    /// <summary>Where the next entry may begin at or after the first byte: at the next preamble; -1 where there is none.</summary>
    public static int FindNext(ReadOnlySpan<byte> bytes)
    {
        Span<byte> preamble = stackalloc byte[sizeof(ulong)];
        BinaryPrimitives.WriteUInt64LittleEndian(preamble, Preamble);
        return bytes.IndexOf(preamble);
    }

    /// <inheritdoc/>
    public bool Equals(JournalEntry? other) =>
        other is not null && TagTid == other.TagTid && EntryTid == other.EntryTid && Data.Span.SequenceEqual(other.Data.Span);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(TagTid, EntryTid);
}
