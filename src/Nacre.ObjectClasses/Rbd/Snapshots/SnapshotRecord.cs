using Nacre.ObjectClasses.Encoding;
using Nacre.Rados.Encoding;
using Nacre.Rados.Objects;

namespace Nacre.ObjectClasses.Rbd;

/// <summary>cls_rbd_snap (src/cls/rbd/cls_rbd.h): omap value <c>snapshot_ID</c> of a header.</summary>
public sealed record SnapshotRecord : ICephEncodable<SnapshotRecord>
{
    private const byte Version = 8;

    /// <summary>The snapshot's id.</summary>
    public ulong Id { get; init; } = SnapshotId.Head;

    /// <summary>Its name.</summary>
    public string Name { get; init; } = "";

    /// <summary>The image's size at it.</summary>
    public ulong ImageSize { get; init; }

    /// <summary>Whether it is protected.</summary>
    public ProtectionStatus Protection { get; init; }

    /// <summary>Its own full parent, in records older than Nautilus's; rewriting moves it to the header.</summary>
    public ParentRecord LegacyParent { get; init; } = ParentRecord.None;

    /// <summary>Flags of its object map.</summary>
    public RbdFlags Flags { get; init; }

    /// <summary>What it is for.</summary>
    public SnapshotNamespace Namespace { get; init; } = SnapshotNamespace.User;

    /// <summary>When it was made.</summary>
    public CephTimestamp Timestamp { get; init; }

    /// <summary>Clones (v2) of it.</summary>
    public uint ChildCount { get; init; }

    /// <summary>Bytes of the image's parent that show through in it; null for none.</summary>
    public ulong? ParentOverlap { get; init; }

    /// <summary>True where a parent shows through, in either form.</summary>
    public bool HasParent => LegacyParent.Spec.PoolId != -1 || ParentOverlap.HasValue;

    /// <summary>As Nautilus and newer write it.</summary>
    public void Encode(CephWriter writer)
    {
        using (writer.Versioned(Version, Version))
        {
            writer.Write(Id);
            writer.Write(Name);
            writer.Write(ImageSize);
            writer.Write((byte)Protection);
            writer.Write((ulong)Flags);
            Namespace.Encode(writer);
            Timestamp.Encode(writer);
            writer.Write(ChildCount);
            writer.WriteOptional(ParentOverlap);
        }
    }

    /// <inheritdoc/>
    public static SnapshotRecord Decode(ref CephReader reader)
    {
        // Records that older readers also understand carry two more fields.
        bool old = reader.Remaining > 1 && reader.Rest[1] < Version;
        CephReader body = reader.ReadVersioned(Version, out byte version, nameof(SnapshotRecord));
        ulong id = body.ReadUInt64();
        string name = body.ReadString();
        ulong size = body.ReadUInt64();
        ParentRecord parent = ParentRecord.None;
        if (old)
        {
            _ = body.ReadUInt64();
            parent = version >= 2 ? ParentRecord.Decode(ref body) : parent;
        }

        return new SnapshotRecord
        {
            Id = id,
            Name = name,
            ImageSize = size,
            LegacyParent = parent,
            Protection = version >= 3 ? (ProtectionStatus)body.ReadByte() : default,
            Flags = version >= 4 ? (RbdFlags)body.ReadUInt64() : default,
            Namespace = version >= 5 ? SnapshotNamespace.Decode(ref body) : SnapshotNamespace.User,
            Timestamp = version >= 6 ? CephTimestamp.Decode(ref body) : default,
            ChildCount = version >= 7 ? body.ReadUInt32() : 0,
            ParentOverlap = version >= 8 ? body.ReadOptionalUInt64() : null,
        };
    }
}
