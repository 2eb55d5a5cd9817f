using Nacre.ObjectClasses.Rbd;
using Nacre.Rados;
using Nacre.Rados.Clusters;
using Nacre.Rbd;

namespace Nacre.Cli.Rbd.Images;

/// <summary>The name of what an image is a clone of.</summary>
internal static class ParentNames
{
    /// <summary><c>pool/[namespace/]image@snapshot</c>; ids where names cannot be had.</summary>
    public static async Task<string> ResolveAsync(ICluster cluster, ParentImageSpec parent, CancellationToken cancellationToken)
    {
        try
        {
            IPool pool = (await cluster.OpenPoolAsync(parent.PoolId, cancellationToken)).WithNamespace(parent.PoolNamespace);
            await using Image image = await new RbdImages(pool).OpenByIdAsync(parent.ImageId, ImageOpenOptions.ForReading, cancellationToken);
            string snapshot = image.FindSnapshot(parent.SnapshotId)?.Name ?? $"{parent.SnapshotId}";
            return new RbdImageSpec(pool.Name, pool.Namespace, image.Name, snapshot).ToString();
        }
        catch (RadosException exception) when (exception.Code is Errno.ENOENT or Errno.EPERM or Errno.EACCES)
        {
            return new RbdImageSpec($"{parent.PoolId}", parent.PoolNamespace, parent.ImageId, $"{parent.SnapshotId}").ToString();
        }
    }
}
