using Nacre.Mirroring;
using Nacre.ObjectClasses.Rbd;
using Nacre.Rados;
using Nacre.Rados.Clusters;
using Nacre.Rbd;

namespace Nacre.Cli.Rbd.Images;

/// <summary>Removes an image together with its mirroring, as librbd does: the mirror snapshots of a primary go with it.</summary>
internal static class ImageRemoval
{
    /// <summary>Removes it. ENOTEMPTY where a user's snapshots are left, EBUSY where it is open elsewhere.</summary>
    public static async Task RemoveAsync(
        RbdCommandContext context, IPool pool, string name, IProgress<OperationProgress> progress, CancellationToken cancellationToken)
    {
        RbdImages images = context.Images(pool);
        string? id = await images.FindIdAsync(name, cancellationToken);
        MirrorImage? record = id is null ? null : await new MirrorPool(pool).FindImageAsync(id, cancellationToken);
        if (record is not null)
        {
            await DisableMirroringAsync(images, name, context.Application.Time, cancellationToken);
        }

        await images.RemoveAsync(name, progress, cancellationToken);
    }

    private static async Task DisableMirroringAsync(RbdImages images, string name, TimeProvider time, CancellationToken cancellationToken)
    {
        await using Image image = await images.OpenAsync(name, new ImageOpenOptions { Time = time, IgnoreNonPrimary = true }, cancellationToken);
        if (image.Snapshots.Any(snapshot => snapshot.IsUser))
        {
            throw new RadosException(Errno.ENOTEMPTY, $"image {name} has snapshots");
        }

        // A copy is removed by its daemon once the primary is gone; by hand it would only come back.
        await new MirrorImageControl(image, time).DisableForRemovalAsync(cancellationToken);
    }
}
