using System.Text.Json;
using Nacre.ObjectClasses.Calls;
using Nacre.ObjectClasses.Rbd;
using Nacre.Rados;
using Nacre.Rados.Clusters;
using Nacre.Rbd;

namespace Nacre.Mirroring;

/// <summary>
/// A copy's own mirroring metadata, <c>.rbd_mirror.MIRROR-UUID</c> in its header: that a resync is wanted (src/librbd/mirror/snapshot/ImageMeta.cc).
/// </summary>
public static class MirrorImageMeta
{
    /// <summary>The metadata key.</summary>
    public static string Key(string mirrorUuid) => $".rbd_mirror.{mirrorUuid}";

    /// <summary>Whether a resync is wanted. EIO where the entry is damaged.</summary>
    public static async Task<bool> IsResyncRequestedAsync(Image image, string mirrorUuid, CancellationToken cancellationToken = default)
    {
        string? json = await image.Pool.TryCallAsync(image.HeaderName, RbdCalls.GetMetadata(Key(mirrorUuid)), cancellationToken);
        if (json is null)
        {
            return false;
        }

        try
        {
            using JsonDocument document = JsonDocument.Parse(json);
            return document.RootElement.GetProperty("resync_requested").GetBoolean();
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException or KeyNotFoundException)
        {
            throw new RadosException(Errno.EIO, $"metadata {Key(mirrorUuid)} of image {image.Name} is damaged", exception);
        }
    }

    /// <summary>Asks for a resync, or takes it back, and tells who has the image open. Written past the image, which is read-only to others than the daemon.</summary>
    public static async Task SetResyncRequestedAsync(Image image, string mirrorUuid, bool requested, CancellationToken cancellationToken = default)
    {
        string json = requested ? "{\"resync_requested\": true}" : "{\"resync_requested\": false}";
        await image.Pool.CallAsync(image.HeaderName, RbdCalls.SetMetadata(Key(mirrorUuid), json), cancellationToken);
        await image.NotifyUpdateAsync(cancellationToken);
    }

    internal static async Task RemoveAsync(IPool pool, string header, string mirrorUuid, CancellationToken cancellationToken)
    {
        int code = await pool.CallForCodeAsync(header, RbdCalls.RemoveMetadata(Key(mirrorUuid)), cancellationToken);
        if (code != -Errno.ENOENT)
        {
            RadosException.ThrowIfFailed(code, "removing mirroring metadata", pool.Name, header);
        }
    }
}
