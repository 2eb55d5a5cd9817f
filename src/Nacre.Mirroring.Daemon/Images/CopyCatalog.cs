using Nacre.Mirroring.Daemon.Planning;
using Nacre.ObjectClasses.Calls;
using Nacre.ObjectClasses.Rbd;
using Nacre.Rados;
using Nacre.Rados.Clusters;
using Nacre.Rbd;
using Nacre.Rbd.Journaling;

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
        var images = new RbdImages(context.Local);
        string name = await FreeNameAsync(images, remote, cancellationToken);
        string id = images.GenerateId();
        await _local.BeginCopyAsync(id, globalImageId, cancellationToken);
        ulong size = remote.MirrorSnapshots.FirstOrDefault()?.Size ?? remote.Size;
        await images.CreateAsync(name, size, await OptionsAsync(id, remote, cancellationToken), cancellationToken);
        await context.Local.CallAsync(
            RbdObjects.Header(id), RbdCalls.SetFeatures(RbdFeatures.NonPrimary, RbdFeatures.NonPrimary), cancellationToken);
        return id;
    }

    /// <summary>
    /// Removes a copy with all its snapshots, at last its record; after a death in between it goes on with what is left. EBUSY while somebody has it open.
    /// </summary>
    public Task RemoveAsync(string imageId, string globalImageId, CancellationToken cancellationToken) =>
        RemoveAsync(imageId, globalImageId, MirrorImageMode.Snapshot, cancellationToken);

    /// <summary>Removes a copy of either mode.</summary>
    public async Task RemoveAsync(string imageId, string globalImageId, MirrorImageMode mode, CancellationToken cancellationToken)
    {
        // The class removes only what is being disabled.
        await _local.SetImageAsync(imageId, new MirrorImage(mode, globalImageId, MirrorImageState.Disabling), cancellationToken);
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

        try
        {
            await new RbdImages(context.Local).RemoveByIdAsync(imageId, null, cancellationToken);
        }
        catch (RadosException gone) when (gone.Code == Errno.ENOENT)
        {
            // Nothing was left of it.
        }

        // As long as anything is left of the image, the record tells whose it is; without it nobody would remove it, and it would hold the name.
        await _local.RemoveImageAsync(imageId, globalImageId, cancellationToken);
    }

    /// <summary>
    /// Creates the image that becomes a copy in journal mode: as its source, with a journal whose owner is the source. The source's journal has that id in
    /// this site's registration already.
    /// </summary>
    /// <exception cref="RadosException">EEXIST: another image has the name.</exception>
    public async Task CreateJournaledAsync(string id, string globalImageId, HeaderView remote, CancellationToken cancellationToken)
    {
        var images = new RbdImages(context.Local);
        string name = await FreeNameAsync(images, remote, cancellationToken);
        await _local.SetImageAsync(id, new MirrorImage(MirrorImageMode.Journal, globalImageId, MirrorImageState.Creating), cancellationToken);
        ImageCreateOptions options = await OptionsAsync(id, remote, cancellationToken);
        options = options with
        {
            Features = options.Features | RbdFeatures.Journaling | RbdFeatures.ExclusiveLock,
            Journal = new JournalLayout { Owner = context.RemoteMirrorUuid },
        };
        await images.CreateAsync(name, remote.Size, options, cancellationToken);
        await _local.SetImageAsync(id, new MirrorImage(MirrorImageMode.Journal, globalImageId, MirrorImageState.Enabled), cancellationToken);
    }

    private async Task<string> FreeNameAsync(RbdImages images, HeaderView remote, CancellationToken cancellationToken)
    {
        string name = await context.Remote.CallAsync(RbdObjects.Directory, RbdCalls.GetDirectoryName(remote.Id), cancellationToken);
        return await images.FindIdAsync(name, cancellationToken) is { } taken
            ? throw new RadosException(
                Errno.EEXIST, $"cannot create the copy: pool {context.Local.Name} has another image '{name}' (id {taken}); rename or remove it")
            : name;
    }

    private async Task<ImageCreateOptions> OptionsAsync(string id, HeaderView remote, CancellationToken cancellationToken) => new()
    {
        Id = id,
        Features = remote.Features & ~(RbdFeatures.ImplicitEnable | RbdFeatures.Journaling),
        Order = remote.Layout.Order,
        StripeUnit = remote.Layout.StripeUnit == remote.Layout.ObjectSize ? null : remote.Layout.StripeUnit,
        StripeCount = remote.Layout.IsSimple ? null : remote.Layout.StripeCount,
        DataPool = await DataPoolAsync(remote, cancellationToken),
    };

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
}
