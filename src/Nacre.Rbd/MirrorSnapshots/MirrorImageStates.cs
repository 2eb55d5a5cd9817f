using System.Globalization;
using Nacre.ObjectClasses.Calls;
using Nacre.ObjectClasses.Encoding;
using Nacre.ObjectClasses.Rbd;
using Nacre.Rados;
using Nacre.Rados.Clusters;
using Nacre.Rados.Encoding;
using Nacre.Rados.Objects;
using MirrorState = Nacre.ObjectClasses.Rbd.ImageState;

namespace Nacre.Rbd;

/// <summary>
/// Where image states of mirror snapshots are kept: objects <c>rbd_mirror_snapshot.IMAGE.SNAPSHOT.INDEX</c>, the first of which begins with how many there
/// are (src/librbd/mirror/snapshot/{Write,Get,Remove,Set}ImageStateRequest.cc).
/// </summary>
public static class MirrorImageStates
{
    private const string Prefix = "rbd_mirror_snapshot.";
    private const int HeaderLength = 10;

    // More objects than this are no image state but damage: names, snapshots and metadata of one image.
    private const uint MaximumObjects = 1024;

    /// <summary>Name of a state's object.</summary>
    public static string ObjectName(string imageId, ulong snapshotId, uint index) =>
        string.Create(CultureInfo.InvariantCulture, $"{Prefix}{imageId}.{snapshotId}.{index}");

    /// <summary>
    /// Gathers an image's state now and writes it for a primary's snapshot, then marks that snapshot complete: the last step of making it, done by
    /// whoever makes the snapshot. Killed in between, the snapshot stays incomplete, which daemons skip and the next mirror snapshot cleans up.
    /// </summary>
    /// <param name="pool">The image's pool.</param>
    /// <param name="imageId">The image.</param>
    /// <param name="features">Its features.</param>
    /// <param name="snapshots">Its snapshots; only users' are kept.</param>
    /// <param name="snapshotId">The mirror snapshot.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    public static async Task CompletePrimaryAsync(
        IPool pool, string imageId, RbdFeatures features, IEnumerable<ImageSnapshot> snapshots, ulong snapshotId,
        CancellationToken cancellationToken = default)
    {
        string header = RbdObjects.Header(imageId);
        var state = new MirrorState
        {
            Name = await pool.CallAsync(RbdObjects.Directory, RbdCalls.GetDirectoryName(imageId), cancellationToken),
            Features = features & ~RbdFeatures.ImplicitEnable,
            SnapshotLimit = await pool.CallAsync(header, RbdCalls.GetSnapshotLimit(), cancellationToken),
            Snapshots = new SortedDictionary<ulong, SnapState>(snapshots
                .Where(s => s.IsUser && s.Id != snapshotId)
                .ToDictionary(s => s.Id, s => new SnapState(s.Namespace, s.Name, s.Protection))),
            Metadata = await ReadMetadataAsync(pool, header, cancellationToken),
        };
        await WriteAsync(pool, imageId, snapshotId, state, cancellationToken);
        await pool.CallAsync(header, RbdCalls.SetMirrorSnapshotProgress(snapshotId, complete: true, copiedObjects: 0), cancellationToken);
    }

    /// <summary>Writes a state; the object that says how many there are comes last, so that a torn one is never read.</summary>
    public static async Task WriteAsync(
        IPool pool, string imageId, ulong snapshotId, MirrorState state, CancellationToken cancellationToken = default)
    {
        var body = new CephWriter();
        state.Encode(body);
        int objectSize = 1 << ObjectOrder(pool.Cluster);
        uint count = (uint)(1 + ((HeaderLength + body.Length) / objectSize));
        var whole = new CephWriter(HeaderLength + body.Length);
        new ImageStateHeader(count).Encode(whole);
        whole.WriteRaw(body.WrittenSpan);
        ReadOnlyMemory<byte> bytes = whole.WrittenMemory;
        for (uint index = count; index-- > 0;)
        {
            int offset = (int)index * objectSize;
            await pool.ExecuteAsync(
                ObjectName(imageId, snapshotId, index),
                new WriteOperation().WriteFull(bytes.Slice(offset, Math.Min(objectSize, bytes.Length - offset))),
                "write of an image state", cancellationToken: cancellationToken);
        }
    }

    /// <summary>Reads a state. ENOENT where there is none, EIO where it is damaged.</summary>
    public static async Task<MirrorState> ReadAsync(
        IPool pool, string imageId, ulong snapshotId, CancellationToken cancellationToken = default)
    {
        byte[] first = await ReadObjectAsync(pool, imageId, snapshotId, 0, cancellationToken);
        uint count = ReadObjectCount(first, out int headerLength);
        if (count is 0 or > MaximumObjects)
        {
            throw new CephDecodeException($"image state {ObjectName(imageId, snapshotId, 0)} claims to have {count} objects");
        }

        var body = new List<byte>(first[headerLength..]);
        for (uint index = 1; index < count; index++)
        {
            body.AddRange(await ReadObjectAsync(pool, imageId, snapshotId, index, cancellationToken));
        }

        return CephEncodingExtensions.Decode<MirrorState>(body.ToArray());
    }

    /// <summary>Removes a state; an absent one is no error. Killed in between, the rest is removed by doing it again.</summary>
    public static async Task RemoveAsync(IPool pool, string imageId, ulong snapshotId, CancellationToken cancellationToken = default)
    {
        byte[]? first = await pool.ReadAsync(ObjectName(imageId, snapshotId, 0), cancellationToken: cancellationToken);
        if (first is null)
        {
            return;
        }

        uint count = 1;
        try
        {
            count = Math.Clamp(ReadObjectCount(first, out _), 1, MaximumObjects);
        }
        catch (CephDecodeException)
        {
            // As librbd: a damaged one is removed too.
        }

        for (uint index = count; index-- > 0;)
        {
            await pool.RemoveAsync(ObjectName(imageId, snapshotId, index), cancellationToken: cancellationToken);
        }
    }

    private static uint ReadObjectCount(ReadOnlySpan<byte> first, out int headerLength)
    {
        var reader = new CephReader(first);
        ImageStateHeader header = ImageStateHeader.Decode(ref reader);
        headerLength = reader.Position;
        return header.ObjectCount;
    }

    private static async Task<byte[]> ReadObjectAsync(
        IPool pool, string imageId, ulong snapshotId, uint index, CancellationToken cancellationToken)
    {
        string name = ObjectName(imageId, snapshotId, index);
        return await pool.ReadAsync(name, cancellationToken: cancellationToken)
            ?? throw new RadosException(Errno.ENOENT, $"read of image state object {pool.Name}/{name}");
    }

    private static async Task<IReadOnlyDictionary<string, byte[]>> ReadMetadataAsync(IPool pool, string header, CancellationToken cancellationToken)
    {
        const ulong Page = 64;
        var metadata = new SortedDictionary<string, byte[]>(CephStringComparer.Instance);
        for (string after = ""; ;)
        {
            IReadOnlyDictionary<string, byte[]> page = await pool.CallAsync(header, RbdCalls.ListMetadata(after, Page), cancellationToken);
            foreach ((string key, byte[] value) in page)
            {
                // Internal entries describe this site's image and mean nothing elsewhere (GetMetadataRequest's filter_internal).
                if (!key.StartsWith(".rbd", StringComparison.Ordinal))
                {
                    metadata[key] = value;
                }

                after = key;
            }

            if ((ulong)page.Count < Page)
            {
                return metadata;
            }
        }
    }

    private static int ObjectOrder(ICluster cluster) =>
        int.TryParse(cluster.GetOption("rbd_default_order"), CultureInfo.InvariantCulture, out int order) && order is >= 12 and <= 25 ? order : 22;
}
