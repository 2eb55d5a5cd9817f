using System.Reflection;
using Nacre.Journal.Formats;
using Nacre.ObjectClasses.Rbd;
using Nacre.Rados.Encoding;

namespace Nacre.Journal.Tests;

/// <summary>Entries and events that Ceph 16.2.15 wrote, one per line of Corpus/TYPE.txt, are decoded and written back as they were.</summary>
public class FormatTests
{
    private static readonly CephTimestamp _time = new(1, 2);

    public static TheoryData<JournalEventType> EventTypes => new(Enum.GetValues<JournalEventType>());

    [Fact]
    public void What_Ceph_wrote_is_written_back_byte_for_byte()
    {
        foreach (byte[] bytes in Read("JournalEntry"))
        {
            Assert.Equal(JournalEntryState.Complete, JournalEntry.TryDecode(bytes, out JournalEntry entry, out int size));
            Assert.Equal(bytes.Length, size);
            Assert.Equal(bytes, entry.ToBytes());
            Assert.Equal(entry.Data.ToArray(), JournalEvent.Decode(entry.Data).ToBytes());
        }

        foreach (byte[] bytes in Read("JournalEvent"))
        {
            Assert.Equal(bytes, JournalEvent.Decode(bytes).ToBytes());
        }
    }

    [Fact]
    public void Data_of_entries_and_writes_are_not_copied()
    {
        byte[] bytes = new JournalEntry(1, 2, new JournalEvent(new JournalWrite(JournalEventType.Write, 3, 4, new byte[4]), _time).ToBytes()).ToBytes();
        JournalEntry.TryDecode(bytes, out JournalEntry entry, out _);
        var write = (JournalWrite)JournalEvent.Decode(entry.Data).Payload;
        bytes.AsSpan().Fill(7);
        Assert.Equal([7, 7, 7, 7], write.Data.ToArray());
    }

    [Theory]
    [MemberData(nameof(EventTypes))]
    public void Every_kind_of_event_comes_back_as_it_was(JournalEventType type)
    {
        var written = new JournalEvent(Sample(type), _time);
        byte[] bytes = written.ToBytes();
        JournalEvent read = JournalEvent.Decode(bytes);
        Assert.IsType(written.Payload.GetType(), read.Payload);
        Assert.Equal(type, read.Payload.Type);
        Assert.Equal(_time, read.Timestamp);
        Assert.Equal(bytes, read.ToBytes());
        for (int length = 0; length < bytes.Length; length++)
        {
            Assert.Throws<CephDecodeException>(() => JournalEvent.Decode(bytes.AsMemory(0, length)));
        }
    }

    [Fact]
    public void A_kind_of_event_that_a_newer_Ceph_has_is_kept()
    {
        var unknown = new JournalEvent(new JournalUnknownEvent((JournalEventType)99, new byte[] { 1, 2, 3 }), _time);
        JournalEvent read = JournalEvent.Decode(unknown.ToBytes());
        Assert.Equal([1, 2, 3], Assert.IsType<JournalUnknownEvent>(read.Payload).Body.ToArray());
        Assert.Equal(_time, read.Timestamp);
    }

    [Fact]
    public void Events_of_older_releases_are_understood()
    {
        // Version 4 of a discard ends with "skip partial objects"; version 3 has no timestamp.
        var writer = new CephWriter();
        using (writer.Versioned(4, 1))
        {
            writer.Write(0u);
            writer.Write(10ul);
            writer.Write(20ul);
            writer.Write(true);
        }

        using (writer.Versioned(1, 1))
        {
            _time.Encode(writer);
        }

        Assert.Equal(new JournalDiscard(10, 20, uint.MaxValue), JournalEvent.Decode(writer.ToArray()).Payload);
        writer.Clear();
        using (writer.Versioned(3, 1))
        {
            writer.Write(5u);
            writer.Write(7ul);
            writer.Write("s");
        }

        Assert.Equal(
            new JournalSnapOperation(JournalEventType.SnapRemove, 7, "s", SnapshotNamespace.User), JournalEvent.Decode(writer.ToArray()).Payload);
    }

    [Fact]
    public void A_damaged_entry_is_never_taken_for_a_whole_one()
    {
        byte[] bytes = new JournalEntry(5, 6, new byte[20]).ToBytes();
        for (int at = 0; at < bytes.Length; at++)
        {
            for (int bit = 0; bit < 8; bit++)
            {
                bytes[at] ^= (byte)(1 << bit);
                Assert.NotEqual(JournalEntryState.Complete, JournalEntry.TryDecode(bytes, out _, out _));
                bytes[at] ^= (byte)(1 << bit);
            }

            Assert.Equal(JournalEntryState.Incomplete, JournalEntry.TryDecode(bytes.AsMemory(0, at), out _, out _));
        }

        bytes.AsSpan(25, 4).Fill(0xFF);
        Assert.Equal(JournalEntryState.TooLong, JournalEntry.TryDecode(bytes, out _, out _));
    }

    [Fact]
    public void Random_bytes_are_decoded_or_refused()
    {
        var random = new Random(4);
        byte[][] corpus = [.. Read("JournalEvent")];
        for (int round = 0; round < 20_000; round++)
        {
            byte[] bytes = (byte[])corpus[random.Next(corpus.Length)].Clone();
            for (int change = random.Next(1, 6); change > 0; change--)
            {
                bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
            }

            try
            {
                _ = JournalEvent.Decode(bytes.AsMemory(0, random.Next(bytes.Length + 1)));
            }
            catch (CephDecodeException)
            {
                // Refused.
            }
        }
    }

    internal static JournalEventPayload Sample(JournalEventType type) => type switch
    {
        JournalEventType.Discard => new JournalDiscard(1, 2, 3),
        JournalEventType.Write or JournalEventType.WriteSame => new JournalWrite(type, 1, 3, new byte[] { 1, 2, 3 }),
        JournalEventType.CompareAndWrite => new JournalCompareAndWrite(1, 2, new byte[] { 1, 2 }, new byte[] { 3, 4 }),
        JournalEventType.Flush or JournalEventType.DemotePromote => new JournalPlainEvent(type),
        JournalEventType.OperationFinish => new JournalOperationFinish(7, -2),
        JournalEventType.Flatten => new JournalOperation(type, 7),
        JournalEventType.SnapRename => new JournalSnapRename(7, "new", 3, "old"),
        JournalEventType.SnapLimit or JournalEventType.Resize => new JournalNumberOperation(type, 7, 8),
        JournalEventType.Rename or JournalEventType.MetadataRemove => new JournalTextOperation(type, 7, "text"),
        JournalEventType.UpdateFeatures => new JournalUpdateFeatures(7, RbdFeatures.ObjectMap, true),
        JournalEventType.MetadataSet => new JournalMetadataSet(7, "key", "value"),
        _ => new JournalSnapOperation(type, 7, "snap", SnapshotNamespace.User),
    };

    private static IEnumerable<byte[]> Read(string type)
    {
        using Stream stream = Assembly.GetExecutingAssembly().GetManifestResourceStream(type)!;
        using var reader = new StreamReader(stream);
        while (reader.ReadLine() is { Length: > 0 } line)
        {
            yield return Convert.FromHexString(line[(line.IndexOf(' ', StringComparison.Ordinal) + 1)..]);
        }
    }
}
