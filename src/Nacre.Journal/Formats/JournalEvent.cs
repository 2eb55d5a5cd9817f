using Nacre.ObjectClasses.Encoding;
using Nacre.ObjectClasses.Rbd;
using Nacre.Rados.Encoding;

namespace Nacre.Journal.Formats;

/// <summary>
/// librbd::journal::EventEntry: what happened to the image, the payload of a journal entry (src/librbd/journal/Types.cc). Data of writes are not
/// copied: they point into what was decoded.
/// </summary>
/// <param name="Payload">What happened.</param>
/// <param name="Timestamp">When.</param>
public sealed record JournalEvent(JournalEventPayload Payload, CephTimestamp Timestamp)
{
    private const byte Version = 5;
    private const int VersionedHeaderSize = 6;

    /// <summary>Writes it.</summary>
    public void Encode(CephWriter writer)
    {
        using (writer.Versioned(Version, 1))
        {
            writer.Write((uint)Payload.Type);
            Payload.Encode(writer);
        }

        using (writer.Versioned(1, 1))
        {
            Timestamp.Encode(writer);
        }
    }

    /// <summary>The event's bytes: a journal entry's data.</summary>
    public byte[] ToBytes()
    {
        var writer = new CephWriter();
        Encode(writer);
        return writer.ToArray();
    }

    /// <summary>Decodes a journal entry's data. <see cref="CephDecodeException"/> where they are not an event.</summary>
    public static JournalEvent Decode(ReadOnlyMemory<byte> bytes)
    {
        var reader = new CephReader(bytes.Span);
        CephReader body = reader.ReadVersioned(Version, out byte version, nameof(JournalEvent));
        var type = (JournalEventType)body.ReadUInt32();
        JournalEventPayload payload = DecodePayload(type, version, bytes[VersionedHeaderSize..reader.Position], ref body);
        if (version < 4)
        {
            return new JournalEvent(payload, default);
        }

        CephReader metadata = reader.ReadVersioned(1, out _, "journal event metadata");
        return new JournalEvent(payload, metadata.ReadTimestamp());
    }

    private static JournalEventPayload DecodePayload(JournalEventType type, byte version, ReadOnlyMemory<byte> bytes, ref CephReader body) => type switch
    {
        JournalEventType.Discard => JournalDiscard.Decode(version, ref body),
        JournalEventType.Write or JournalEventType.WriteSame =>
            new JournalWrite(type, body.ReadUInt64(), body.ReadUInt64(), ReadMemory(bytes, ref body)),
        JournalEventType.CompareAndWrite =>
            new JournalCompareAndWrite(body.ReadUInt64(), body.ReadUInt64(), ReadMemory(bytes, ref body), ReadMemory(bytes, ref body)),
        JournalEventType.Flush or JournalEventType.DemotePromote => new JournalPlainEvent(type),
        JournalEventType.OperationFinish => JournalOperationFinish.Decode(ref body),
        JournalEventType.Flatten => new JournalOperation(type, body.ReadUInt64()),
        JournalEventType.SnapCreate or JournalEventType.SnapRemove or JournalEventType.SnapProtect or JournalEventType.SnapUnprotect
            or JournalEventType.SnapRollback => new JournalSnapOperation(
                type, body.ReadUInt64(), body.ReadString(),
                version >= 4 || (version == 3 && type == JournalEventType.SnapCreate) ? body.Read<SnapshotNamespace>() : SnapshotNamespace.User),
        JournalEventType.SnapRename =>
            new JournalSnapRename(body.ReadUInt64(), body.ReadString(), body.ReadUInt64(), version >= 2 ? body.ReadString() : ""),
        JournalEventType.SnapLimit or JournalEventType.Resize => new JournalNumberOperation(type, body.ReadUInt64(), body.ReadUInt64()),
        JournalEventType.Rename or JournalEventType.MetadataRemove => new JournalTextOperation(type, body.ReadUInt64(), body.ReadString()),
        JournalEventType.UpdateFeatures => new JournalUpdateFeatures(body.ReadUInt64(), (RbdFeatures)body.ReadUInt64(), body.ReadBool()),
        JournalEventType.MetadataSet => new JournalMetadataSet(body.ReadUInt64(), body.ReadString(), body.ReadString()),
        _ => new JournalUnknownEvent(type, bytes[body.Position..]),
    };

    private static ReadOnlyMemory<byte> ReadMemory(ReadOnlyMemory<byte> bytes, ref CephReader body)
    {
        int length = body.ReadBytes().Length;
        return bytes.Slice(body.Position - length, length);
    }
}
