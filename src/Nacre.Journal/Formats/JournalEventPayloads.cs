using Nacre.ObjectClasses.Rbd;
using Nacre.Rados.Encoding;

namespace Nacre.Journal.Formats;

/// <summary>What happened to the image.</summary>
/// <param name="Type">Which.</param>
public abstract record JournalEventPayload(JournalEventType Type)
{
    internal abstract void Encode(CephWriter writer);
}

/// <summary>A range was discarded.</summary>
/// <param name="Offset">Bytes.</param>
/// <param name="Length">Bytes.</param>
/// <param name="Granularity">Parts smaller than this were not; 0 for none.</param>
public sealed record JournalDiscard(ulong Offset, ulong Length, uint Granularity) : JournalEventPayload(JournalEventType.Discard)
{
    // Releases that only knew "skip partial objects" meant anything smaller than an object, whatever its size.
    private const uint WholeObjects = uint.MaxValue;

    internal override void Encode(CephWriter writer)
    {
        writer.Write(Offset);
        writer.Write(Length);
        writer.Write(Granularity > 0);
        writer.Write(Granularity);
    }

    internal static JournalDiscard Decode(byte version, ref CephReader body)
    {
        ulong offset = body.ReadUInt64();
        ulong length = body.ReadUInt64();
        bool skipPartial = version >= 4 && body.ReadBool();
        return new JournalDiscard(offset, length, version >= 5 ? body.ReadUInt32() : skipPartial ? WholeObjects : 0);
    }
}

/// <summary>A range was written, or filled with a pattern.</summary>
/// <param name="Type"><see cref="JournalEventType.Write"/> or <see cref="JournalEventType.WriteSame"/>.</param>
/// <param name="Offset">Bytes.</param>
/// <param name="Length">Bytes.</param>
/// <param name="Data">The data, or the pattern.</param>
public sealed record JournalWrite(JournalEventType Type, ulong Offset, ulong Length, ReadOnlyMemory<byte> Data) : JournalEventPayload(Type)
{
    internal override void Encode(CephWriter writer)
    {
        writer.Write(Offset);
        writer.Write(Length);
        writer.WriteBytes(Data.Span);
    }
}

/// <summary>A range was written where it held something.</summary>
/// <param name="Offset">Bytes.</param>
/// <param name="Length">Bytes.</param>
/// <param name="Expected">What it must have held.</param>
/// <param name="Data">The data.</param>
public sealed record JournalCompareAndWrite(ulong Offset, ulong Length, ReadOnlyMemory<byte> Expected, ReadOnlyMemory<byte> Data)
    : JournalEventPayload(JournalEventType.CompareAndWrite)
{
    internal override void Encode(CephWriter writer)
    {
        writer.Write(Offset);
        writer.Write(Length);
        writer.WriteBytes(Expected.Span);
        writer.WriteBytes(Data.Span);
    }
}

/// <summary>An event that says nothing more: flush, demotion or promotion.</summary>
/// <param name="Type">Which.</param>
public sealed record JournalPlainEvent(JournalEventType Type) : JournalEventPayload(Type)
{
    internal override void Encode(CephWriter writer)
    {
    }
}

/// <summary>An operation came to its end.</summary>
/// <param name="OperationTid">Which.</param>
/// <param name="Result">0 or a negated errno.</param>
public sealed record JournalOperationFinish(ulong OperationTid, int Result) : JournalEventPayload(JournalEventType.OperationFinish)
{
    internal override void Encode(CephWriter writer)
    {
        writer.Write(OperationTid);
        writer.Write(OperationTid);
        writer.Write(Result);
    }

    internal static JournalOperationFinish Decode(ref CephReader body)
    {
        _ = body.ReadUInt64();
        return new JournalOperationFinish(body.ReadUInt64(), body.ReadInt32());
    }
}

/// <summary>An operation that has only its number: flatten.</summary>
/// <param name="Type">Which.</param>
/// <param name="OperationTid">Its number.</param>
public sealed record JournalOperation(JournalEventType Type, ulong OperationTid) : JournalEventPayload(Type)
{
    internal override void Encode(CephWriter writer) => writer.Write(OperationTid);
}

/// <summary>An operation on a snapshot.</summary>
/// <param name="Type">Which.</param>
/// <param name="OperationTid">Its number.</param>
/// <param name="Name">The snapshot.</param>
/// <param name="Namespace">What it is for.</param>
public sealed record JournalSnapOperation(JournalEventType Type, ulong OperationTid, string Name, SnapshotNamespace Namespace) : JournalEventPayload(Type)
{
    internal override void Encode(CephWriter writer)
    {
        writer.Write(OperationTid);
        writer.Write(Name);
        Namespace.Encode(writer);
    }
}

/// <summary>A snapshot was renamed.</summary>
/// <param name="OperationTid">Its number.</param>
/// <param name="NewName">The new name.</param>
/// <param name="SnapshotId">The snapshot.</param>
/// <param name="OldName">The old name.</param>
public sealed record JournalSnapRename(ulong OperationTid, string NewName, ulong SnapshotId, string OldName)
    : JournalEventPayload(JournalEventType.SnapRename)
{
    internal override void Encode(CephWriter writer)
    {
        writer.Write(OperationTid);
        writer.Write(NewName);
        writer.Write(SnapshotId);
        writer.Write(OldName);
    }
}

/// <summary>An operation with a number: resize (bytes), or the limit of snapshots.</summary>
/// <param name="Type">Which.</param>
/// <param name="OperationTid">Its number.</param>
/// <param name="Value">The value.</param>
public sealed record JournalNumberOperation(JournalEventType Type, ulong OperationTid, ulong Value) : JournalEventPayload(Type)
{
    internal override void Encode(CephWriter writer)
    {
        writer.Write(OperationTid);
        writer.Write(Value);
    }
}

/// <summary>An operation with a text: rename (new name), or the removal of metadata (key).</summary>
/// <param name="Type">Which.</param>
/// <param name="OperationTid">Its number.</param>
/// <param name="Text">The text.</param>
public sealed record JournalTextOperation(JournalEventType Type, ulong OperationTid, string Text) : JournalEventPayload(Type)
{
    internal override void Encode(CephWriter writer)
    {
        writer.Write(OperationTid);
        writer.Write(Text);
    }
}

/// <summary>Features were switched.</summary>
/// <param name="OperationTid">Its number.</param>
/// <param name="Features">Which features.</param>
/// <param name="Enabled">On or off.</param>
public sealed record JournalUpdateFeatures(ulong OperationTid, RbdFeatures Features, bool Enabled) : JournalEventPayload(JournalEventType.UpdateFeatures)
{
    internal override void Encode(CephWriter writer)
    {
        writer.Write(OperationTid);
        writer.Write((ulong)Features);
        writer.Write(Enabled);
    }
}

/// <summary>Metadata were set.</summary>
/// <param name="OperationTid">Its number.</param>
/// <param name="Key">The key.</param>
/// <param name="Value">The value.</param>
public sealed record JournalMetadataSet(ulong OperationTid, string Key, string Value) : JournalEventPayload(JournalEventType.MetadataSet)
{
    internal override void Encode(CephWriter writer)
    {
        writer.Write(OperationTid);
        writer.Write(Key);
        writer.Write(Value);
    }
}

/// <summary>Something that a newer Ceph does; an image with it cannot be replayed here.</summary>
/// <param name="Type">Its number.</param>
/// <param name="Body">Its data.</param>
public sealed record JournalUnknownEvent(JournalEventType Type, ReadOnlyMemory<byte> Body) : JournalEventPayload(Type)
{
    internal override void Encode(CephWriter writer) => writer.WriteRaw(Body.Span);
}
