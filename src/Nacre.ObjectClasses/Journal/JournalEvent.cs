using Nacre.ObjectClasses.Encoding;
using Nacre.ObjectClasses.Rbd;
using Nacre.Rados.Encoding;

namespace Nacre.ObjectClasses.Journal;

/// <summary>librbd::journal::EventEntry: what happened to the image, the payload of a journal entry (src/librbd/journal/Types.cc).</summary>
/// <param name="Payload">What happened.</param>
/// <param name="Timestamp">When.</param>
public sealed record JournalEvent(JournalEventPayload Payload, CephTimestamp Timestamp) : ICephEncodable<JournalEvent>
{
    private const byte Version = 5;

    /// <inheritdoc/>
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

    /// <inheritdoc/>
    public static JournalEvent Decode(ref CephReader reader)
    {
        CephReader body = reader.ReadVersioned(Version, out byte version, nameof(JournalEvent));
        var type = (JournalEventType)body.ReadUInt32();
        JournalEventPayload payload = DecodePayload(type, version, ref body);
        if (version < 4)
        {
            return new JournalEvent(payload, default);
        }

        CephReader metadata = reader.ReadVersioned(1, out _, "journal event metadata");
        return new JournalEvent(payload, metadata.ReadTimestamp());
    }

    private static JournalEventPayload DecodePayload(JournalEventType type, byte version, ref CephReader body) => type switch
    {
        JournalEventType.Discard => JournalDiscard.Decode(version, ref body),
        JournalEventType.Write or JournalEventType.WriteSame => new JournalWrite(type, body.ReadUInt64(), body.ReadUInt64(), body.ReadBytes().ToArray()),
        JournalEventType.CompareAndWrite =>
            new JournalCompareAndWrite(body.ReadUInt64(), body.ReadUInt64(), body.ReadBytes().ToArray(), body.ReadBytes().ToArray()),
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
        _ => new JournalUnknownEvent(type, body.Rest.ToArray()),
    };
}

/// <summary>librbd::journal::EventType.</summary>
public enum JournalEventType : uint
{
    /// <summary>A range was discarded.</summary>
    Discard = 0,
    /// <summary>A range was written.</summary>
    Write = 1,
    /// <summary>A flush.</summary>
    Flush = 2,
    /// <summary>An operation came to its end.</summary>
    OperationFinish = 3,
    /// <summary>A snapshot was made.</summary>
    SnapCreate = 4,
    /// <summary>A snapshot was removed.</summary>
    SnapRemove = 5,
    /// <summary>A snapshot was renamed.</summary>
    SnapRename = 6,
    /// <summary>A snapshot was protected.</summary>
    SnapProtect = 7,
    /// <summary>A snapshot was unprotected.</summary>
    SnapUnprotect = 8,
    /// <summary>The image was rolled back.</summary>
    SnapRollback = 9,
    /// <summary>The image was renamed.</summary>
    Rename = 10,
    /// <summary>The image was resized.</summary>
    Resize = 11,
    /// <summary>The image was flattened.</summary>
    Flatten = 12,
    /// <summary>The image was demoted or promoted: nothing after it in this tag.</summary>
    DemotePromote = 13,
    /// <summary>Snapshots were limited.</summary>
    SnapLimit = 14,
    /// <summary>Features were switched.</summary>
    UpdateFeatures = 15,
    /// <summary>Metadata were set.</summary>
    MetadataSet = 16,
    /// <summary>Metadata were removed.</summary>
    MetadataRemove = 17,
    /// <summary>A range was filled with a pattern.</summary>
    WriteSame = 18,
    /// <summary>A range was written where it held something.</summary>
    CompareAndWrite = 19,
}
