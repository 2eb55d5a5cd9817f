using Nacre.Mirroring.Daemon.Planning;
using Nacre.ObjectClasses.Calls;
using Nacre.ObjectClasses.Rbd;
using Nacre.Rados;
using Nacre.Rados.Clusters;
using Nacre.Rados.Objects;
using Nacre.Rbd;

namespace Nacre.Mirroring.Daemon.Images;

/// <summary>Reads a header with as few round trips as can be: one for the image, one for each batch of snapshots.</summary>
internal static class HeaderLoader
{
    private const int SnapshotsPerOperation = 64;
    private const int Attempts = 5;

    /// <summary>Reads it; null where the image does not exist.</summary>
    public static async Task<HeaderView?> LoadAsync(IPool pool, string imageId, CancellationToken cancellationToken)
    {
        for (int attempt = 1; ; attempt++)
        {
            HeaderView? image = await LoadImageAsync(pool, imageId, cancellationToken);
            if (image is null || image.Context.Snapshots.Count == 0)
            {
                return image;
            }

            List<SnapshotView>? snapshots = await LoadSnapshotsAsync(pool, image, cancellationToken);
            if (snapshots is not null)
            {
                return image with { Snapshots = snapshots };
            }

            // A snapshot went away between both reads.
            if (attempt == Attempts)
            {
                throw new RadosException(Errno.EAGAIN, $"reading the snapshots of image {pool.Name}/{imageId}, which change all the time");
            }
        }
    }

    private static async Task<HeaderView?> LoadImageAsync(IPool pool, string imageId, CancellationToken cancellationToken)
    {
        ClassRead<ImageSize> size = RbdCalls.GetSize();
        ClassRead<ImageFeatures> features = RbdCalls.GetFeatures(readOnly: true);
        ClassRead<RbdFlags> flags = RbdCalls.GetFlags();
        ClassRead<SnapshotContext> context = RbdCalls.GetSnapshotContext();
        ClassRead<string> prefix = RbdCalls.GetObjectPrefix();
        ClassRead<long> dataPool = RbdCalls.GetDataPool();
        ClassRead<ParentImageSpec> parent = RbdCalls.GetParentSpec();
        string header = RbdObjects.Header(imageId);
        using OperationResult result = await pool.OperateAsync(
            header,
            new ReadOperation().Call(size).Call(features).Call(flags).Call(context).Call(prefix).Call(dataPool).Call(parent),
            SnapshotId.Head,
            cancellationToken);
        if (result.ReturnCode == -Errno.ENOENT)
        {
            return null;
        }

        RadosException.ThrowIfFailed(result.ReturnCode, "reading the header", pool.Name, header);
        ImageSize imageSize = size.Decode(result, 0);
        RbdFeatures set = features.Decode(result, 1).Features;
        return new HeaderView
        {
            Id = imageId,
            Size = imageSize.Size,
            Features = set,
            Flags = flags.Decode(result, 2),
            Context = context.Decode(result, 3),
            ObjectPrefix = prefix.Decode(result, 4),
            DataPoolId = dataPool.Decode(result, 5),
            HasParent = parent.Decode(result, 6).Exists,
            Layout = await LayoutAsync(pool, header, imageSize.Order, set, cancellationToken),
        };
    }

    private static async Task<ImageLayout> LayoutAsync(IPool pool, string header, byte order, RbdFeatures features, CancellationToken cancellationToken)
    {
        if (!features.HasFlag(RbdFeatures.StripingV2))
        {
            return new ImageLayout(order);
        }

        Striping striping = await pool.CallAsync(header, RbdCalls.GetStripeUnitCount(), cancellationToken);
        return new ImageLayout(order, striping.StripeUnit, striping.StripeCount);
    }

    private static async Task<List<SnapshotView>?> LoadSnapshotsAsync(IPool pool, HeaderView image, CancellationToken cancellationToken)
    {
        var snapshots = new List<SnapshotView>(image.Context.Snapshots.Count);
        string header = RbdObjects.Header(image.Id);
        foreach (ulong[] ids in image.Context.Snapshots.Reverse().Chunk(SnapshotsPerOperation))
        {
            var operation = new ReadOperation();
            foreach (ulong id in ids)
            {
                operation.Call(RbdCalls.GetSnapshot(id)).Call(RbdCalls.GetProtectionStatus(id)).Call(RbdCalls.GetFlags(id));
            }

            using OperationResult result = await pool.OperateAsync(header, operation, SnapshotId.Head, cancellationToken);
            if (result.ReturnCode == -Errno.ENOENT)
            {
                return null;
            }

            RadosException.ThrowIfFailed(result.ReturnCode, "reading the snapshots", pool.Name, header);
            for (int i = 0; i < ids.Length; i++)
            {
                SnapshotInfo info = RbdCalls.GetSnapshot(ids[i]).Decode(result, 3 * i);
                snapshots.Add(new SnapshotView(
                    info.Id, info.Namespace, info.Name, info.ImageSize, info.Timestamp,
                    RbdCalls.GetProtectionStatus(ids[i]).Decode(result, (3 * i) + 1), RbdCalls.GetFlags(ids[i]).Decode(result, (3 * i) + 2)));
            }
        }

        return snapshots;
    }
}
