using Nacre.ObjectClasses.Encoding;
using Nacre.Rados.Encoding;

namespace Nacre.ObjectClasses.Rbd;

/// <summary>cls::rbd::SnapshotNamespaceType.</summary>
public enum SnapshotNamespaceType : uint
{
    /// <summary>Made by a user.</summary>
    User = 0,
    /// <summary>Part of a group's snapshot.</summary>
    Group = 1,
    /// <summary>Removed, but still a clone's parent.</summary>
    Trash = 2,
    /// <summary>Made by mirroring.</summary>
    Mirror = 3,
}

/// <summary>
/// cls::rbd::SnapshotNamespace: what a snapshot is for. A kind that is not known is kept as its bytes, so that a snapshot of a newer Ceph survives
/// being rewritten.
/// </summary>
public abstract record SnapshotNamespace : ICephEncodable<SnapshotNamespace>
{
    private protected SnapshotNamespace()
    {
    }

    /// <summary>The kind; not one of the enum's for <see cref="UnknownSnapshotNamespace"/>.</summary>
    public abstract SnapshotNamespaceType Type { get; }

    /// <summary>A user's snapshot.</summary>
    public static SnapshotNamespace User { get; } = new UserSnapshotNamespace();

    /// <inheritdoc/>
    public void Encode(CephWriter writer)
    {
        using (writer.Versioned(1, 1))
        {
            writer.Write((uint)Type);
            EncodeBody(writer);
        }
    }

    /// <inheritdoc/>
    public static SnapshotNamespace Decode(ref CephReader reader)
    {
        CephReader body = reader.ReadVersioned(1, out _, nameof(SnapshotNamespace));
        var type = (SnapshotNamespaceType)body.ReadUInt32();
        return type switch
        {
            SnapshotNamespaceType.User => User,
            SnapshotNamespaceType.Group => GroupSnapshotNamespace.DecodeBody(ref body),
            SnapshotNamespaceType.Trash => TrashSnapshotNamespace.DecodeBody(ref body),
            SnapshotNamespaceType.Mirror => MirrorSnapshotNamespace.DecodeBody(ref body),
            _ => new UnknownSnapshotNamespace(type, body.Rest.ToArray()),
        };
    }

    private protected abstract void EncodeBody(CephWriter writer);
}

/// <summary>A user's snapshot.</summary>
public sealed record UserSnapshotNamespace : SnapshotNamespace
{
    /// <inheritdoc/>
    public override SnapshotNamespaceType Type => SnapshotNamespaceType.User;

    private protected override void EncodeBody(CephWriter writer)
    {
    }
}

/// <summary>Part of a group's snapshot.</summary>
/// <param name="GroupPoolId">The group's pool.</param>
/// <param name="GroupId">The group.</param>
/// <param name="GroupSnapshotId">The group's snapshot.</param>
public sealed record GroupSnapshotNamespace(long GroupPoolId, string GroupId, string GroupSnapshotId) : SnapshotNamespace
{
    /// <inheritdoc/>
    public override SnapshotNamespaceType Type => SnapshotNamespaceType.Group;

    private protected override void EncodeBody(CephWriter writer)
    {
        writer.Write(GroupPoolId);
        writer.Write(GroupId);
        writer.Write(GroupSnapshotId);
    }

    internal static GroupSnapshotNamespace DecodeBody(ref CephReader body) => new(body.ReadInt64(), body.ReadString(), body.ReadString());
}

/// <summary>A removed snapshot that still has children.</summary>
/// <param name="OriginalName">Its name before it was removed.</param>
/// <param name="OriginalType">Its kind before.</param>
public sealed record TrashSnapshotNamespace(string OriginalName, SnapshotNamespaceType OriginalType) : SnapshotNamespace
{
    /// <inheritdoc/>
    public override SnapshotNamespaceType Type => SnapshotNamespaceType.Trash;

    private protected override void EncodeBody(CephWriter writer)
    {
        writer.Write(OriginalName);
        writer.Write((uint)OriginalType);
    }

    internal static TrashSnapshotNamespace DecodeBody(ref CephReader body) => new(body.ReadString(), (SnapshotNamespaceType)body.ReadUInt32());
}

/// <summary>A kind that a newer Ceph made; kept as it is.</summary>
/// <param name="RawType">Its number.</param>
/// <param name="Body">What follows the number.</param>
public sealed record UnknownSnapshotNamespace(SnapshotNamespaceType RawType, ReadOnlyMemory<byte> Body) : SnapshotNamespace
{
    /// <inheritdoc/>
    public override SnapshotNamespaceType Type => RawType;

    private protected override void EncodeBody(CephWriter writer) => writer.WriteRaw(Body.Span);

    /// <inheritdoc/>
    public bool Equals(UnknownSnapshotNamespace? other) => other is not null && RawType == other.RawType && Body.Span.SequenceEqual(other.Body.Span);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(RawType, Body.Length);
}
