using System.Runtime.CompilerServices;
using Nacre.ObjectClasses.Calls;
using Nacre.ObjectClasses.Rbd;
using Nacre.ObjectClasses.Rbd.Notifications;
using Nacre.Rados.Clusters;
using Nacre.Rbd;

namespace Nacre.Mirroring;

/// <summary>An image that has a mirroring record.</summary>
/// <param name="ImageId">Its id here.</param>
/// <param name="GlobalImageId">Its id at all sites.</param>
public readonly record struct MirrorImageEntry(string ImageId, string GlobalImageId);

/// <content>Mirrored images.</content>
public sealed partial class MirrorPool
{
    private const int PageSize = 1024;

    /// <summary>Images that have a mirroring record, by ascending id; also those being created or disabled.</summary>
    public async IAsyncEnumerable<MirrorImageEntry> ListImagesAsync([EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        for (string after = ""; ;)
        {
            IReadOnlyDictionary<string, string>? page = await _pool.TryCallAsync(
                RbdObjects.Mirroring, RbdCalls.ListMirrorImages(after, PageSize), cancellationToken);
            foreach ((string imageId, string globalImageId) in page ?? new Dictionary<string, string>())
            {
                yield return new MirrorImageEntry(imageId, globalImageId);
                after = imageId;
            }

            if (page is null || page.Count < PageSize)
            {
                yield break;
            }
        }
    }

    /// <summary>How an image is mirrored; null where it is not.</summary>
    public async Task<MirrorImage?> FindImageAsync(string imageId, CancellationToken cancellationToken = default) =>
        await _pool.TryCallAsync(RbdObjects.Mirroring, RbdCalls.GetMirrorImage(imageId), cancellationToken);

    /// <summary>Id of the image with that global id; null where there is none.</summary>
    public async Task<string?> FindImageIdAsync(string globalImageId, CancellationToken cancellationToken = default) =>
        await _pool.TryCallAsync(RbdObjects.Mirroring, RbdCalls.GetMirrorImageId(globalImageId), cancellationToken);

    /// <summary>
    /// Writes an image's mirroring record and tells daemons. What stands there already is not written again, but told.
    /// EEXIST where the global id is another image's.
    /// </summary>
    public async Task SetImageAsync(string imageId, MirrorImage image, CancellationToken cancellationToken = default)
    {
        await _pool.CallAsync(RbdObjects.Mirroring, RbdCalls.SetMirrorImage(imageId, image), cancellationToken);
        await MirroringNotifier.NotifyAsync(_pool, new MirrorImageUpdated(image.State, imageId, image.GlobalImageId), cancellationToken);
    }

    /// <summary>
    /// Removes an image's mirroring record and tells daemons; an absent one is no error. EBUSY unless its state is disabling.
    /// </summary>
    public async Task RemoveImageAsync(string imageId, string globalImageId, CancellationToken cancellationToken = default)
    {
        int code = await _pool.CallForCodeAsync(RbdObjects.Mirroring, RbdCalls.RemoveMirrorImage(imageId), cancellationToken);
        if (code != -Rados.Errno.ENOENT)
        {
            Rados.RadosException.ThrowIfFailed(code, $"removing the mirroring record of image {imageId}", _pool.Name, RbdObjects.Mirroring);
        }

        await MirroringNotifier.NotifyAsync(_pool, new MirrorImageUpdated(MirrorImageState.Disabled, imageId, globalImageId), cancellationToken);
    }
}
