using System.Globalization;
using System.Runtime.CompilerServices;
using Nacre.ObjectClasses.Calls;
using Nacre.ObjectClasses.Encoding;
using Nacre.ObjectClasses.Rbd;
using Nacre.Rados;
using Nacre.Rados.Clusters;

namespace Nacre.Mirroring;

/// <summary>A mirrored image with what sites report of it.</summary>
/// <param name="ImageId">Its id here.</param>
/// <param name="Image">Its record.</param>
/// <param name="Status">Its statuses; null where no site ever reported.</param>
public sealed record MirrorImageReport(string ImageId, MirrorImage Image, MirrorImageStatus? Status);

/// <content>Statuses.</content>
public sealed partial class MirrorPool
{
    /// <summary>
    /// Reports an image's state for a site. The class stores who reports, and the report counts as "down" once that client no longer watches
    /// <c>rbd_mirroring</c> (see <see cref="MirroringWatch"/>) of the same namespace.
    /// </summary>
    /// <param name="globalImageId">The image.</param>
    /// <param name="status">The state; for this pool's own site with an empty mirror uuid, for a peer with that site's.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <remarks>A report of an image that is not mirrored is dropped silently, as in Ceph.</remarks>
    public ValueTask SetStatusAsync(string globalImageId, MirrorImageSiteStatus status, CancellationToken cancellationToken = default) =>
        _pool.CallAsync(RbdObjects.Mirroring, RbdCalls.SetMirrorImageStatus(globalImageId, status), cancellationToken);

    /// <summary>Removes this site's status of an image; an absent one is no error.</summary>
    public async Task RemoveStatusAsync(string globalImageId, CancellationToken cancellationToken = default)
    {
        int code = await _pool.CallForCodeAsync(RbdObjects.Mirroring, RbdCalls.RemoveMirrorImageStatus(globalImageId), cancellationToken);
        if (code != -Errno.ENOENT)
        {
            RadosException.ThrowIfFailed(code, "removing a mirror status", _pool.Name, RbdObjects.Mirroring);
        }
    }

    /// <summary>Removes statuses whose reporter is gone; a daemon does so when it becomes leader.</summary>
    public ValueTask RemoveDownStatusesAsync(CancellationToken cancellationToken = default) =>
        _pool.CallAsync(RbdObjects.Mirroring, RbdCalls.RemoveDownMirrorStatuses(), cancellationToken);

    /// <summary>An image's statuses of all sites; null where no site ever reported.</summary>
    public async Task<MirrorImageStatus?> FindStatusAsync(string globalImageId, CancellationToken cancellationToken = default) =>
        await _pool.TryCallAsync(RbdObjects.Mirroring, RbdCalls.GetMirrorImageStatus(globalImageId), cancellationToken);

    /// <summary>All mirrored images with their statuses, by ascending id.</summary>
    public async IAsyncEnumerable<MirrorImageReport> ListReportsAsync([EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        for (string after = ""; ;)
        {
            MirrorImageStatusPage? page = await _pool.TryCallAsync(
                RbdObjects.Mirroring, RbdCalls.ListMirrorImageStatuses(after, PageSize), cancellationToken);
            if (page is null)
            {
                yield break;
            }

            foreach ((string imageId, MirrorImage image) in page.Images)
            {
                yield return new MirrorImageReport(imageId, image, page.Statuses.GetValueOrDefault(imageId));
                after = imageId;
            }

            if (page.Images.Count < PageSize)
            {
                yield break;
            }
        }
    }

    /// <summary>How many images are in which state, the worst of what this site and receiving peers report of each.</summary>
    public async Task<IReadOnlyDictionary<MirrorImageStatusState, int>> GetStatusSummaryAsync(CancellationToken cancellationToken = default)
    {
        IReadOnlyList<MirrorPeer> peers = await ListPeersAsync(cancellationToken);
        return await _pool.TryCallAsync(RbdObjects.Mirroring, RbdCalls.GetMirrorStatusSummary(peers), cancellationToken)
            ?? new SortedDictionary<MirrorImageStatusState, int>();
    }

    /// <summary>The instance (client id) that reports an image's local status; null where none does or it is gone.</summary>
    public async Task<string?> FindInstanceAsync(string globalImageId, CancellationToken cancellationToken = default)
    {
        try
        {
            EntityInstance? instance = await _pool.TryCallAsync(RbdObjects.Mirroring, RbdCalls.GetMirrorImageInstance(globalImageId), cancellationToken);
            return instance?.Name.Number.ToString(CultureInfo.InvariantCulture);
        }
        catch (RadosException exception) when (exception.Code == Errno.ESTALE)
        {
            return null;
        }
    }

    /// <summary>The instance that reports each image's local status, by image id.</summary>
    public async Task<IReadOnlyDictionary<string, string>> ListInstancesAsync(CancellationToken cancellationToken = default)
    {
        var instances = new SortedDictionary<string, string>(StringComparer.Ordinal);
        for (string after = ""; ;)
        {
            IReadOnlyDictionary<string, EntityInstance>? page = await _pool.TryCallAsync(
                RbdObjects.Mirroring, RbdCalls.ListMirrorImageInstances(after, PageSize), cancellationToken);
            if (page is null || page.Count == 0)
            {
                return instances;
            }

            foreach ((string imageId, EntityInstance instance) in page)
            {
                instances[imageId] = instance.Name.Number.ToString(CultureInfo.InvariantCulture);
                after = imageId;
            }
        }
    }
}
