using System.Globalization;
using System.Text;
using Nacre.ObjectClasses.Calls;
using Nacre.ObjectClasses.Encoding;
using Nacre.ObjectClasses.Rbd;
using Nacre.Rados;
using Nacre.Rados.Clusters;
using Nacre.Rados.Encoding;
using Nacre.Rados.Objects;

namespace Nacre.Rbd;

/// <summary>
/// The image's state (name, features, snapshots, metadata) kept with a primary mirror snapshot, in <c>rbd_mirror_snapshot.ID.SNAP.INDEX</c>
/// (librbd/mirror/snapshot/SetImageStateRequest.cc): whoever owns the lock writes it as part of making the snapshot.
/// </summary>
internal static class MirrorImageStateStore
{
    // rbd_default_order: WriteImageStateRequest splits by it, whatever the image's own is.
    private const int DefaultOrder = 22;

    /// <summary>Name of one of the objects.</summary>
    public static string ObjectName(string imageId, ulong snapshotId, ulong index) =>
        string.Create(CultureInfo.InvariantCulture, $"rbd_mirror_snapshot.{imageId}.{snapshotId}.{index}");

    /// <summary>Writes the state, last object first, and marks the snapshot complete.</summary>
    public static async Task WriteAsync(ImageCore core, ulong snapshotId, CancellationToken cancellationToken)
    {
        var writer = new CephWriter(4096);
        ImageState state = await DescribeAsync(core, cancellationToken);
        byte[] encoded = state.ToBytes();
        int size = 1 << (int)Math.Clamp(core.GetUInt64Option("rbd_default_order", DefaultOrder), 12, 25);
        int header = new ImageStateHeader(0).ToBytes().Length;
        int count = 1 + ((header + encoded.Length) / size);
        new ImageStateHeader((uint)count).Encode(writer);
        writer.WriteRaw(encoded);
        for (int index = count - 1; index >= 0; index--)
        {
            int offset = index * size;
            ReadOnlyMemory<byte> part = writer.WrittenMemory[offset..Math.Min(offset + size, writer.Length)];
            await core.Pool.ExecuteAsync(
                ObjectName(core.Id, snapshotId, (ulong)index), new WriteOperation().WriteFull(part), "writing the image's state", null, cancellationToken);
        }

        await core.Pool.CallAsync(core.HeaderName, RbdCalls.SetMirrorSnapshotProgress(snapshotId, true, 0), cancellationToken);
    }

    /// <summary>Removes the state; none is no error.</summary>
    public static async Task RemoveAsync(ImageCore core, ulong snapshotId, CancellationToken cancellationToken)
    {
        byte[]? first = await core.Pool.ReadAsync(ObjectName(core.Id, snapshotId, 0), 0, 64, SnapshotId.Head, cancellationToken);
        if (first is null)
        {
            return;
        }

        uint count;
        try
        {
            count = CephEncodingExtensions.Decode<ImageStateHeader>(first).ObjectCount;
        }
        catch (CephDecodeException)
        {
            count = 1;
        }

        // The first, which knows how many there are, goes last.
        for (ulong index = Math.Min(count, 1024); index-- > 0;)
        {
            await core.Pool.RemoveAsync(ObjectName(core.Id, snapshotId, index), null, cancellationToken);
        }
    }

    private static async Task<ImageState> DescribeAsync(ImageCore core, CancellationToken cancellationToken)
    {
        string name = await core.Pool.CallAsync(RbdObjects.Directory, RbdCalls.GetDirectoryName(core.Id), cancellationToken);
        ulong limit = await core.Pool.CallAsync(core.HeaderName, RbdCalls.GetSnapshotLimit(), cancellationToken);
        var snapshots = new SortedDictionary<ulong, SnapState>();
        foreach (ImageSnapshot snapshot in core.State.Snapshots.Where(s => s.IsUser))
        {
            snapshots[snapshot.Id] = new SnapState(snapshot.Namespace, snapshot.Name, snapshot.Protection);
        }

        var metadata = new SortedDictionary<string, byte[]>(CephStringComparer.Instance);
        foreach ((string key, string value) in core.State.Metadata)
        {
            metadata[key] = Encoding.UTF8.GetBytes(value);
        }

        return new ImageState
        {
            Name = name,
            Features = core.State.Features & ~RbdFeatures.ImplicitEnable,
            SnapshotLimit = limit,
            Snapshots = snapshots,
            Metadata = metadata,
        };
    }
}
