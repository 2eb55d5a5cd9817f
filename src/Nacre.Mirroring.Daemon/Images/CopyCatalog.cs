using Nacre.Mirroring.Daemon.Planning;
using Nacre.ObjectClasses.Calls;
using Nacre.ObjectClasses.Rbd;
using Nacre.Rados;
using Nacre.Rados.Clusters;
using Nacre.Rbd;

namespace Nacre.Mirroring.Daemon.Images;

/// <summary>Creates and removes local copies.</summary>
internal sealed class CopyCatalog(ReplayContext context)
{
    private readonly MirrorPool _local = new(context.Local);

    /// <summary>
    /// Creates the image that becomes a copy: as its source, under its name. Its record says "creating" until a first mirror snapshot links both.
    /// </summary>
    /// <returns>Its id.</returns>
    /// <exception cref="RadosException">EEXIST: another image has the name.</exception>
    public async Task<string> CreateAsync(string globalImageId, HeaderView remote, CancellationToken cancellationToken)
    {
        string name = await context.Remote.CallAsync(RbdObjects.Directory, RbdCalls.GetDirectoryName(remote.Id), cancellationToken);
        var images = new RbdImages(context.Local);
        if (await images.FindIdAsync(name, cancellationToken) is { } taken)
        {
            throw new RadosException(
                Errno.EEXIST, $"cannot create the copy: pool {context.Local.Name} has another image '{name}' (id {taken}); rename or remove it");
        }

        string id = NewId();
        await _local.BeginCopyAsync(id, globalImageId, cancellationToken);
        ulong size = remote.MirrorSnapshots.FirstOrDefault()?.Size ?? remote.Size;
        var options = new ImageCreateOptions
        {
            Id = id,
            Features = remote.Features & ~(RbdFeatures.ImplicitEnable | RbdFeatures.Journaling),
            Order = remote.Layout.Order,
            StripeUnit = remote.Layout.StripeUnit == remote.Layout.ObjectSize ? null : remote.Layout.StripeUnit,
            StripeCount = remote.Layout.IsSimple ? null : remote.Layout.StripeCount,
            DataPool = await DataPoolAsync(remote, cancellationToken),
        };
        await images.CreateAsync(name, size, options, cancellationToken);
        await context.Local.CallAsync(
            RbdObjects.Header(id), RbdCalls.SetFeatures(RbdFeatures.NonPrimary, RbdFeatures.NonPrimary), cancellationToken);
        return id;
    }

    /// <summary>Removes a copy with all its snapshots, at last its record; after a death in between it goes on with what is left.</summary>
    public async Task RemoveAsync(string imageId, string globalImageId, CancellationToken cancellationToken)
    {
        // The class removes only what is being disabled.
        await _local.SetImageAsync(imageId, new MirrorImage(MirrorImageMode.Snapshot, globalImageId, MirrorImageState.Disabling), cancellationToken);
        var copy = new LocalCopy(context.Local, imageId);
        if (await copy.LoadAsync(cancellationToken) is { } header)
        {
            foreach (SnapshotView snapshot in header.Snapshots)
            {
                await copy.RemoveSnapshotAsync(
                    await copy.LoadAsync(cancellationToken) ?? header, snapshot, cancellationToken);
            }

            await context.Local.CallAsync(RbdObjects.Header(imageId), RbdCalls.SetFeatures(RbdFeatures.None, RbdFeatures.NonPrimary), cancellationToken);
        }

        await _local.RemoveImageAsync(imageId, globalImageId, cancellationToken);
        try
        {
            await new RbdImages(context.Local).RemoveByIdAsync(imageId, null, cancellationToken);
        }
        catch (RadosException gone) when (gone.Code == Errno.ENOENT)
        {
            // Nothing was left of it.
        }
    }

    /// <summary>The local cluster's default data pool, else the pool that is called like the source's, else none.</summary>
    private async Task<string?> DataPoolAsync(HeaderView remote, CancellationToken cancellationToken)
    {
        if (!string.IsNullOrEmpty(context.Local.Cluster.GetOption("rbd_default_data_pool")) || remote.DataPoolId < 0)
        {
            return null;
        }

        string name = (await context.Remote.Cluster.OpenPoolAsync(remote.DataPoolId, cancellationToken)).Name;
        return (await context.Local.Cluster.ListPoolsAsync(cancellationToken)).Any(pool => pool.Name == name) ? name : null;
    }

    private string NewId() => string.Create(
        System.Globalization.CultureInfo.InvariantCulture, $"{context.Local.Cluster.InstanceId:x}{Random.Shared.NextInt64(1L << 32):x}");
}
