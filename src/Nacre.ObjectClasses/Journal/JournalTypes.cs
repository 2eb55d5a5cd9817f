using Nacre.ObjectClasses.Encoding;
using Nacre.Rados.Encoding;

namespace Nacre.ObjectClasses.Journal;

/// <summary>cls::journal::ClientState.</summary>
public enum JournalClientState : byte
{
    /// <summary>The journal is kept for it.</summary>
    Connected = 0,
    /// <summary>It fell too far behind; the journal is no longer kept for it.</summary>
    Disconnected = 1,
}

/// <summary>cls::journal::ObjectPosition: how far one of the journal's objects is committed.</summary>
/// <param name="ObjectNumber">The object.</param>
/// <param name="TagTid">Tag of the newest committed entry in it.</param>
/// <param name="EntryTid">That entry.</param>
public readonly record struct JournalObjectPosition(ulong ObjectNumber, ulong TagTid, ulong EntryTid)
{
    internal void Encode(CephWriter writer)
    {
        using (writer.Versioned(1, 1))
        {
            writer.Write(ObjectNumber);
            writer.Write(TagTid);
            writer.Write(EntryTid);
        }
    }

    internal static JournalObjectPosition Decode(ref CephReader reader)
    {
        CephReader body = reader.ReadVersioned(1, out _, nameof(JournalObjectPosition));
        return new JournalObjectPosition(body.ReadUInt64(), body.ReadUInt64(), body.ReadUInt64());
    }
}

/// <summary>cls::journal::ObjectSetPosition: how far a client has committed, newest object first.</summary>
/// <param name="Positions">At most one per object of a set.</param>
public sealed record JournalPosition(IReadOnlyList<JournalObjectPosition> Positions) : ICephEncodable<JournalPosition>
{
    /// <summary>Nothing committed.</summary>
    public static JournalPosition None { get; } = new([]);

    /// <inheritdoc/>
    public void Encode(CephWriter writer)
    {
        using (writer.Versioned(1, 1))
        {
            writer.WriteList(Positions, static (w, position) => position.Encode(w));
        }
    }

    /// <inheritdoc/>
    public static JournalPosition Decode(ref CephReader reader)
    {
        CephReader body = reader.ReadVersioned(1, out _, nameof(JournalPosition));
        return new JournalPosition(body.ReadList(JournalObjectPosition.Decode, 30));
    }

    /// <inheritdoc/>
    public bool Equals(JournalPosition? other) => other is not null && Positions.SequenceEqual(other.Positions);

    /// <inheritdoc/>
    public override int GetHashCode() => Positions.Count;
}

/// <summary>cls::journal::Client: whom the journal is kept for: the image itself, and each peer that replays it.</summary>
/// <param name="Id">Empty for the image itself, else the peer's mirror uuid.</param>
/// <param name="Data">Its own data: an encoded <see cref="JournalClientData"/>.</param>
/// <param name="CommitPosition">How far it is.</param>
/// <param name="State">Whether it still counts.</param>
public sealed record JournalClient(string Id, ReadOnlyMemory<byte> Data, JournalPosition CommitPosition, JournalClientState State)
    : ICephEncodable<JournalClient>
{
    /// <inheritdoc/>
    public void Encode(CephWriter writer)
    {
        using (writer.Versioned(1, 1))
        {
            writer.Write(Id);
            writer.WriteBytes(Data.Span);
            CommitPosition.Encode(writer);
            writer.Write((byte)State);
        }
    }

    /// <inheritdoc/>
    public static JournalClient Decode(ref CephReader reader)
    {
        CephReader body = reader.ReadVersioned(1, out _, nameof(JournalClient));
        return new JournalClient(
            body.ReadString(), body.ReadBytes().ToArray(), JournalPosition.Decode(ref body), (JournalClientState)body.ReadByte());
    }
}

/// <summary>cls::journal::Tag: an epoch of the journal; a new one at each change of the writer.</summary>
/// <param name="Tid">Its number.</param>
/// <param name="Class">Which line of epochs it belongs to.</param>
/// <param name="Data">Its data: an encoded <see cref="JournalTagData"/>.</param>
public sealed record JournalTag(ulong Tid, ulong Class, ReadOnlyMemory<byte> Data) : ICephEncodable<JournalTag>
{
    /// <summary>TAG_CLASS_NEW: ask for a new class.</summary>
    public const ulong NewClass = ulong.MaxValue;

    /// <inheritdoc/>
    public void Encode(CephWriter writer)
    {
        using (writer.Versioned(1, 1))
        {
            writer.Write(Tid);
            writer.Write(Class);
            writer.WriteBytes(Data.Span);
        }
    }

    /// <inheritdoc/>
    public static JournalTag Decode(ref CephReader reader)
    {
        CephReader body = reader.ReadVersioned(1, out _, nameof(JournalTag));
        return new JournalTag(body.ReadUInt64(), body.ReadUInt64(), body.ReadBytes().ToArray());
    }
}
