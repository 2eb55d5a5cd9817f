using Nacre.ObjectClasses.Encoding;
using Nacre.Rados.Encoding;
using Nacre.Rados.Objects;

namespace Nacre.ObjectClasses.Rbd;

/// <summary>cls::rbd::MirrorSnapshotState.</summary>
public enum MirrorSnapshotState : byte
{
    /// <summary>Made on the primary.</summary>
    Primary = 0,
    /// <summary>Made by a demotion.</summary>
    PrimaryDemoted = 1,
    /// <summary>The copy of a primary's snapshot.</summary>
    NonPrimary = 2,
    /// <summary>The copy of a demotion.</summary>
    NonPrimaryDemoted = 3,
}

/// <summary>cls::rbd::MirrorSnapshotNamespace: a mirror snapshot.</summary>
public sealed record MirrorSnapshotNamespace : SnapshotNamespace
{
    /// <summary>What it is.</summary>
    public required MirrorSnapshotState State { get; init; }

    /// <summary>Whether the image's data at it are complete: set at once on the primary, by the daemon at the end of a copy.</summary>
    public bool Complete { get; init; }

    /// <summary>Peers that have not copied it yet.</summary>
    public IReadOnlyList<string> PeerUuids { get; init; } = [];

    /// <summary>On a copy: mirror uuid of the pool that it came from.</summary>
    public string PrimaryMirrorUuid { get; init; } = "";

    /// <summary>
    /// On a copy: the snapshot there. On the primary the same field is Ceph's clean_since_snap_id: <see cref="SnapshotId.Head"/> where unused.
    /// </summary>
    public ulong PrimarySnapshotId { get; init; } = SnapshotId.Head;

    /// <summary>On a copy: objects below it are copied.</summary>
    public ulong LastCopiedObjectNumber { get; init; }

    /// <summary>On a copy: ids of the source's snapshots to ids here.</summary>
    public IReadOnlyDictionary<ulong, ulong> SnapshotSequences { get; init; } = new SortedDictionary<ulong, ulong>();

    /// <summary>Bytes that a newer Ceph appended (its group); kept as they are.</summary>
    public ReadOnlyMemory<byte> Extra { get; init; }

    /// <inheritdoc/>
    public override SnapshotNamespaceType Type => SnapshotNamespaceType.Mirror;

    /// <summary>Made here, as the primary.</summary>
    public bool IsPrimary => State is MirrorSnapshotState.Primary or MirrorSnapshotState.PrimaryDemoted;

    /// <summary>Copied from elsewhere.</summary>
    public bool IsNonPrimary => State is MirrorSnapshotState.NonPrimary or MirrorSnapshotState.NonPrimaryDemoted;

    /// <summary>Made by, or the copy of, a demotion.</summary>
    public bool IsDemoted => State is MirrorSnapshotState.PrimaryDemoted or MirrorSnapshotState.NonPrimaryDemoted;

    private protected override void EncodeBody(CephWriter writer)
    {
        writer.Write((byte)State);
        writer.Write(Complete);
        writer.WriteList([.. PeerUuids.Order(CephStringComparer.Instance).Distinct()], static (w, uuid) => w.Write(uuid));
        writer.Write(PrimaryMirrorUuid);
        writer.Write(PrimarySnapshotId);
        writer.Write(LastCopiedObjectNumber);
        writer.WriteUInt64Map(SnapshotSequences);
        writer.WriteRaw(Extra.Span);
    }

    internal static MirrorSnapshotNamespace DecodeBody(ref CephReader body) => new()
    {
        State = (MirrorSnapshotState)body.ReadByte(),
        Complete = body.ReadBool(),
        PeerUuids = body.ReadStrings(),
        PrimaryMirrorUuid = body.ReadString(),
        PrimarySnapshotId = body.ReadUInt64(),
        LastCopiedObjectNumber = body.ReadUInt64(),
        SnapshotSequences = body.ReadUInt64Map(),
        Extra = body.Rest.ToArray(),
    };

    /// <inheritdoc/>
    public bool Equals(MirrorSnapshotNamespace? other) => other is not null && this.ToBytesOf().AsSpan().SequenceEqual(other.ToBytesOf());

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(State, Complete, PrimaryMirrorUuid, PrimarySnapshotId, LastCopiedObjectNumber);

    private byte[] ToBytesOf()
    {
        var writer = new CephWriter();
        EncodeBody(writer);
        return writer.ToArray();
    }
}
