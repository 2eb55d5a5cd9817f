using System.Buffers.Binary;
using Nacre.Rados.Encoding;

namespace Nacre.Journal.Formats;

/// <summary>
/// journal::Entry (src/journal/Entry.cc): one entry in a <c>journal_data.</c> object. Decoding does not copy: <see cref="Data"/> points into what
/// was decoded.
/// </summary>
/// <param name="TagTid">The tag it belongs to.</param>
/// <param name="EntryTid">Its number within the tag.</param>
/// <param name="Data">Its payload: an encoded <see cref="JournalEvent"/>.</param>
public readonly record struct JournalEntry(ulong TagTid, ulong EntryTid, ReadOnlyMemory<byte> Data)
{
    /// <summary>Bytes besides the payload.</summary>
    public const int FixedSize = HeaderSize + sizeof(uint);

    /// <summary>No entry is longer: no object store takes a longer append (osd_max_write_size is 90 MiB).</summary>
    public const int MaximumSize = 128 << 20;

    private const ulong Preamble = 0x3141592653589793;
    private const int HeaderSize = 8 + 1 + 8 + 8 + 4;

    /// <summary>Writes it, checksum included.</summary>
    public void Encode(CephWriter writer) => Encode(writer, TagTid, EntryTid, Data, static (w, data) => w.WriteRaw(data.Span));

    /// <summary>Writes an entry whose payload is encoded in its place.</summary>
    public static void Encode<T>(CephWriter writer, ulong tagTid, ulong entryTid, T data, Action<CephWriter, T> encode)
    {
        int start = writer.Length;
        writer.Write(Preamble);
        writer.Write((byte)1);
        writer.Write(entryTid);
        writer.Write(tagTid);
        using (writer.Sized())
        {
            encode(writer, data);
        }

        writer.Write(CephCrc32C.Append(0, writer.WrittenSpan[start..]));
    }

    /// <summary>The entry's bytes.</summary>
    public byte[] ToBytes()
    {
        var writer = new CephWriter(FixedSize + Data.Length);
        Encode(writer);
        return writer.ToArray();
    }

    /// <summary>Looks at the first bytes of <paramref name="bytes"/>; never throws.</summary>
    /// <param name="bytes">From where an entry should begin.</param>
    /// <param name="entry">The entry, where it is complete.</param>
    /// <param name="size">Bytes of the entry where it is complete; bytes that are needed at least to tell, where it is not.</param>
    public static JournalEntryState TryDecode(ReadOnlyMemory<byte> bytes, out JournalEntry entry, out int size)
    {
        entry = default;
        size = FixedSize;
        ReadOnlySpan<byte> span = bytes.Span;
        if (span.Length < sizeof(ulong))
        {
            Span<byte> preamble = stackalloc byte[sizeof(ulong)];
            BinaryPrimitives.WriteUInt64LittleEndian(preamble, Preamble);
            return preamble.StartsWith(span) ? JournalEntryState.Incomplete : JournalEntryState.NoPreamble;
        }

        if (BinaryPrimitives.ReadUInt64LittleEndian(span) != Preamble)
        {
            return JournalEntryState.NoPreamble;
        }

        if (span.Length > 8 && span[8] != 1)
        {
            return JournalEntryState.UnknownVersion;
        }

        if (span.Length < HeaderSize)
        {
            return JournalEntryState.Incomplete;
        }

        uint length = BinaryPrimitives.ReadUInt32LittleEndian(span[25..]);
        if (length > MaximumSize - FixedSize)
        {
            return JournalEntryState.TooLong;
        }

        size = FixedSize + (int)length;
        if (span.Length < size)
        {
            return JournalEntryState.Incomplete;
        }

        int end = HeaderSize + (int)length;
        if (BinaryPrimitives.ReadUInt32LittleEndian(span[end..]) != CephCrc32C.Append(0, span[..end]))
        {
            return JournalEntryState.ChecksumMismatch;
        }

        entry = new JournalEntry(
            BinaryPrimitives.ReadUInt64LittleEndian(span[17..]), BinaryPrimitives.ReadUInt64LittleEndian(span[9..]), bytes.Slice(HeaderSize, (int)length));
        return JournalEntryState.Complete;
    }

    /// <summary>
    /// How many zero bytes stand at an object's <paramref name="offset"/> up to the next multiple of 8, as pools that only take aligned appends
    /// have them between entries; 0 where they are not all zero, or where fewer bytes are given.
    /// </summary>
    public static int PaddingAt(ulong offset, ReadOnlySpan<byte> bytes)
    {
        int padding = 8 - (int)(offset % 8);
        return bytes.Length >= padding && !bytes[..padding].ContainsAnyExcept((byte)0) ? padding : 0;
    }

    /// <summary>Where the next entry may begin at or after the first byte: at the next preamble; -1 where there is none.</summary>
    public static int FindNext(ReadOnlySpan<byte> bytes)
    {
        Span<byte> preamble = stackalloc byte[sizeof(ulong)];
        BinaryPrimitives.WriteUInt64LittleEndian(preamble, Preamble);
        return bytes.IndexOf(preamble);
    }

    /// <summary>Equal in what they hold.</summary>
    public bool Equals(JournalEntry other) =>
        TagTid == other.TagTid && EntryTid == other.EntryTid && Data.Span.SequenceEqual(other.Data.Span);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(TagTid, EntryTid);
}

/// <summary>What stands where an entry should begin.</summary>
public enum JournalEntryState
{
    /// <summary>A whole entry.</summary>
    Complete,
    /// <summary>The beginning of one.</summary>
    Incomplete,
    /// <summary>Something else.</summary>
    NoPreamble,
    /// <summary>An entry of a version that this does not know.</summary>
    UnknownVersion,
    /// <summary>A length that no entry has.</summary>
    TooLong,
    /// <summary>An entry whose bytes are not those that were written.</summary>
    ChecksumMismatch,
}
