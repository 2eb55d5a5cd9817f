using Nacre.ObjectClasses.Encoding;
using Nacre.Rados.Encoding;

namespace Nacre.ObjectClasses.Rbd;

/// <summary>
/// librbd::mirror::snapshot::ImageStateHeader: first of the objects that hold an image's state at a mirror snapshot
/// (src/librbd/mirror/snapshot/Types.cc).
/// </summary>
/// <param name="ObjectCount">How many objects hold the state.</param>
public sealed record ImageStateHeader(uint ObjectCount) : ICephEncodable<ImageStateHeader>
{
    /// <inheritdoc/>
    public void Encode(CephWriter writer)
    {
        using (writer.Versioned(1, 1))
        {
            writer.Write(ObjectCount);
        }
    }

    /// <inheritdoc/>
    public static ImageStateHeader Decode(ref CephReader reader)
    {
        CephReader body = reader.ReadVersioned(1, out _, nameof(ImageStateHeader));
        return new ImageStateHeader(body.ReadUInt32());
    }
}

/// <summary>librbd::mirror::snapshot::SnapState: a snapshot of the image.</summary>
/// <param name="Namespace">What it is for.</param>
/// <param name="Name">Its name.</param>
/// <param name="Protection">Whether it is protected.</param>
public sealed record SnapState(SnapshotNamespace Namespace, string Name, ProtectionStatus Protection) : ICephEncodable<SnapState>
{
    /// <inheritdoc/>
    public void Encode(CephWriter writer)
    {
        using (writer.Versioned(1, 1))
        {
            Namespace.Encode(writer);
            writer.Write(Name);
            writer.Write((byte)Protection);
        }
    }

    /// <inheritdoc/>
    public static SnapState Decode(ref CephReader reader)
    {
        CephReader body = reader.ReadVersioned(1, out _, nameof(SnapState));
        return new SnapState(body.Read<SnapshotNamespace>(), body.ReadString(), (ProtectionStatus)body.ReadByte());
    }
}

/// <summary>librbd::mirror::snapshot::ImageState: all of an image but its data and size, at a mirror snapshot.</summary>
public sealed record ImageState : ICephEncodable<ImageState>
{
    /// <summary>The image's name.</summary>
    public required string Name { get; init; }

    /// <summary>Its features.</summary>
    public RbdFeatures Features { get; init; }

    /// <summary>Most snapshots it may have.</summary>
    public ulong SnapshotLimit { get; init; } = ulong.MaxValue;

    /// <summary>Its user snapshots, by id.</summary>
    public IReadOnlyDictionary<ulong, SnapState> Snapshots { get; init; } = new SortedDictionary<ulong, SnapState>();

    /// <summary>Its metadata.</summary>
    public IReadOnlyDictionary<string, byte[]> Metadata { get; init; } = new SortedDictionary<string, byte[]>();

    /// <inheritdoc/>
    public void Encode(CephWriter writer)
    {
        using (writer.Versioned(1, 1))
        {
            writer.Write(Name);
            writer.Write((ulong)Features);
            writer.Write(SnapshotLimit);
            writer.WriteMap([.. Snapshots.OrderBy(s => s.Key)], static (w, id) => w.Write(id), static (w, s) => s.Encode(w));
            writer.WriteMap(
                [.. Metadata.OrderBy(m => m.Key, CephStringComparer.Instance)], static (w, k) => w.Write(k), static (w, v) => w.WriteBytes(v));
        }
    }

    /// <inheritdoc/>
    public static ImageState Decode(ref CephReader reader)
    {
        CephReader body = reader.ReadVersioned(1, out _, nameof(ImageState));
        string name = body.ReadString();
        var features = (RbdFeatures)body.ReadUInt64();
        ulong limit = body.ReadUInt64();
        var snapshots = new SortedDictionary<ulong, SnapState>();
        for (int i = body.ReadCount(8); i > 0; i--)
        {
            ulong id = body.ReadUInt64();
            snapshots[id] = SnapState.Decode(ref body);
        }

        return new ImageState
        {
            Name = name,
            Features = features,
            SnapshotLimit = limit,
            Snapshots = snapshots,
            Metadata = body.ReadMap(static (ref CephReader v) => v.ReadBytes().ToArray()),
        };
    }
}
