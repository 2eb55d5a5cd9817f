using System.Text;
using Nacre.ObjectClasses.Calls;
using Nacre.ObjectClasses.Encoding;
using Nacre.ObjectClasses.Rbd;
using Nacre.Rados;
using Nacre.Rados.Clusters;
using Nacre.Rados.Objects;

namespace Nacre.Rbd;

/// <summary>What of a header never changes.</summary>
internal sealed record ImageIdentity(string ObjectPrefix, ImageLayout Layout, long DataPoolId);

/// <summary>Reads an image's header in as few requests as possible (librbd::image::RefreshRequest).</summary>
internal static class ImageHeader
{
    private const ulong MetadataPage = 64;

    public static async Task<ImageIdentity> ReadIdentityAsync(IPool pool, string header, CancellationToken cancellationToken)
    {
        ClassRead<ImageSize> size = RbdCalls.GetSize();
        ClassRead<string> prefix = RbdCalls.GetObjectPrefix();
        ClassRead<ImageFeatures> features = RbdCalls.GetFeatures(readOnly: true);
        ClassRead<long> dataPool = RbdCalls.GetDataPool();
        using OperationResult result = await pool.OperateAsync(
            header, new ReadOperation().Call(size).Call(prefix).Call(features).Call(dataPool), SnapshotId.Head, cancellationToken);
        RadosException.ThrowIfFailed(result.ReturnCode, "reading the header", pool.Name, header);
        int order = size.Decode(result, 0).Order;
        if (order is < 1 or > 40)
        {
            throw new RadosException(Errno.EINVAL, $"header {pool.Name}/{header} has an object order of {order}");
        }

        ImageFeatures found = features.Decode(result, 2);
        var striping = default(Striping);
        if (found.Features.HasFlag(RbdFeatures.StripingV2))
        {
            striping = await pool.CallAsync(header, RbdCalls.GetStripeUnitCount(), cancellationToken);
        }

        return new ImageIdentity(prefix.Decode(result, 1), new ImageLayout(order, striping.StripeUnit, striping.StripeCount), dataPool.Decode(result, 3));
    }

    public static async Task<HeaderState> ReadStateAsync(IPool pool, string header, bool readOnly, CancellationToken cancellationToken)
    {
        // A snapshot that goes away between the two reads makes the second one fail: begin again then.
        for (int attempt = 0; ; attempt++)
        {
            HeaderState head = await ReadHeadAsync(pool, header, readOnly, cancellationToken);
            if (head.SnapshotContext.Snapshots.Count == 0)
            {
                return head;
            }

            IReadOnlyList<ImageSnapshot>? snapshots = await ReadSnapshotsAsync(pool, header, head, cancellationToken);
            if (snapshots is not null)
            {
                return head with { Snapshots = snapshots };
            }

            if (attempt == 20)
            {
                throw new RadosException(Errno.EAGAIN, $"snapshots of {pool.Name}/{header} change faster than they can be read");
            }
        }
    }

    private static async Task<HeaderState> ReadHeadAsync(IPool pool, string header, bool readOnly, CancellationToken cancellationToken)
    {
        ClassRead<ImageSize> size = RbdCalls.GetSize();
        ClassRead<ImageFeatures> features = RbdCalls.GetFeatures(readOnly);
        ClassRead<RbdFlags> flags = RbdCalls.GetFlags();
        ClassRead<SnapshotContext> snapshots = RbdCalls.GetSnapshotContext();
        ClassRead<ParentImageSpec> parent = RbdCalls.GetParentSpec();
        ClassRead<ulong?> overlap = RbdCalls.GetParentOverlap();
        ClassRead<GroupSpec> group = RbdCalls.GetImageGroup();
        ClassRead<Nacre.Rados.Encoding.CephTimestamp> created = RbdCalls.GetCreateTimestamp();
        ClassRead<Nacre.Rados.Encoding.CephTimestamp> accessed = RbdCalls.GetAccessTimestamp();
        ClassRead<Nacre.Rados.Encoding.CephTimestamp> modified = RbdCalls.GetModifyTimestamp();
        ClassRead<IReadOnlyDictionary<string, byte[]>> metadata = RbdCalls.ListMetadata("", MetadataPage);
        using OperationResult result = await pool.OperateAsync(
            header,
            new ReadOperation().Call(size).Call(features).Call(flags).Call(snapshots).Call(parent).Call(overlap).Call(group)
                .Call(created).Call(accessed).Call(modified).Call(metadata),
            SnapshotId.Head,
            cancellationToken);
        RadosException.ThrowIfFailed(result.ReturnCode, "reading the header", pool.Name, header);
        ImageFeatures found = features.Decode(result, 1);

        // What neither we nor the store's class know may mean anything: fit to be looked at only.
        RbdFeatures unknown = (readOnly ? found.Incompatible : found.Features) & ~RbdFeatures.All;
        if (unknown != 0)
        {
            throw new RadosException(Errno.ENOSYS, $"image {pool.Name}/{header} uses features that are not supported (0x{(ulong)unknown:x})");
        }

        var operations = RbdOperationFeatures.None;
        if (found.Features.HasFlag(RbdFeatures.Operations))
        {
            operations = await pool.CallAsync(header, RbdCalls.GetOperationFeatures(), cancellationToken);
        }

        ParentImageSpec spec = parent.Decode(result, 4);
        ulong? parentOverlap = overlap.Decode(result, 5);
        GroupSpec inGroup = group.Decode(result, 6);
        return new HeaderState
        {
            Size = size.Decode(result, 0).Size,
            Features = found.Features,
            OperationFeatures = operations,
            Flags = flags.Decode(result, 2),
            SnapshotContext = snapshots.Decode(result, 3),
            Parent = spec.Exists ? new ParentLink(spec, parentOverlap ?? 0) : null,
            Group = inGroup.IsValid ? inGroup : null,
            CreatedAt = created.Decode(result, 7).ToDateTime(),
            AccessedAt = accessed.Decode(result, 8).ToDateTime(),
            ModifiedAt = modified.Decode(result, 9).ToDateTime(),
            Metadata = await ReadMetadataAsync(pool, header, metadata.Decode(result, 10), cancellationToken),
        };
    }

    /// <summary>All metadata: the given first page and those after it.</summary>
    public static async Task<IReadOnlyDictionary<string, string>> ReadMetadataAsync(
        IPool pool, string objectName, IReadOnlyDictionary<string, byte[]>? page, CancellationToken cancellationToken)
    {
        var all = new SortedDictionary<string, string>(CephStringComparer.Instance);
        page ??= await pool.CallAsync(objectName, RbdCalls.ListMetadata("", MetadataPage), cancellationToken);
        while (true)
        {
            string last = "";
            foreach ((string key, byte[] value) in page)
            {
                all[key] = Encoding.UTF8.GetString(value);
                last = key;
            }

            if ((ulong)page.Count < MetadataPage)
            {
                return all;
            }

            page = await pool.CallAsync(objectName, RbdCalls.ListMetadata(last, MetadataPage), cancellationToken);
        }
    }

    // Null where one of the snapshots is gone by now.
    private static async Task<IReadOnlyList<ImageSnapshot>?> ReadSnapshotsAsync(
        IPool pool, string header, HeaderState head, CancellationToken cancellationToken)
    {
        const int PerSnapshot = 4;
        const int PerRequest = 64;
        ulong[] ids = [.. head.SnapshotContext.Snapshots.Order()];
        var snapshots = new List<ImageSnapshot>(ids.Length);
        foreach (ulong[] chunk in ids.Chunk(PerRequest))
        {
            var operation = new ReadOperation();
            foreach (ulong id in chunk)
            {
                operation.Call(RbdCalls.GetSnapshot(id)).Call(RbdCalls.GetFlags(id)).Call(RbdCalls.GetProtectionStatus(id))
                    .Call(RbdCalls.GetParentOverlap(id));
            }

            using OperationResult result = await pool.OperateAsync(header, operation, SnapshotId.Head, cancellationToken);
            if (result.ReturnCode == -Errno.ENOENT)
            {
                return null;
            }

            RadosException.ThrowIfFailed(result.ReturnCode, "reading the snapshots", pool.Name, header);
            for (int i = 0; i < chunk.Length; i++)
            {
                snapshots.Add(Decode(chunk[i], result, i * PerSnapshot, head));
            }
        }

        return snapshots;
    }

    private static ImageSnapshot Decode(ulong id, OperationResult result, int step, HeaderState head)
    {
        SnapshotInfo info = RbdCalls.GetSnapshot(id).Decode(result, step);
        ulong? overlap = RbdCalls.GetParentOverlap(id).Decode(result, step + 3);
        return new ImageSnapshot
        {
            Id = id,
            Name = info.Name,
            Namespace = info.Namespace,
            Size = info.ImageSize,
            Timestamp = info.Timestamp.ToDateTime(),
            ChildCount = info.ChildCount,
            Flags = RbdCalls.GetFlags(id).Decode(result, step + 1),
            Protection = RbdCalls.GetProtectionStatus(id).Decode(result, step + 2),
            Parent = overlap is null ? null : head.Parent?.Spec,
            ParentOverlap = overlap ?? 0,
        };
    }
}
