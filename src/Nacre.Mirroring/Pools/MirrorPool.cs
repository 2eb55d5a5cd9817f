using Nacre.ObjectClasses.Calls;
using Nacre.ObjectClasses.Rbd;
using Nacre.ObjectClasses.Rbd.Notifications;
using Nacre.Rados;
using Nacre.Rados.Clusters;
using Nacre.Rbd;

namespace Nacre.Mirroring;

/// <summary>
/// Mirroring of a pool's namespace: mode, peers, mirrored images and their statuses (src/librbd/api/Mirror.cc), all kept in the object <c>rbd_mirroring</c>.
/// Peers and the pool's mirror uuid that they go by belong to the default namespace, wherever they are asked for. Stateless and safe to share.
/// </summary>
public sealed partial class MirrorPool
{
    private readonly IPool _pool;
    private readonly IPool _defaultNamespace;

    /// <param name="pool">The pool and namespace.</param>
    public MirrorPool(IPool pool)
    {
        _pool = pool;
        _defaultNamespace = pool.Namespace.Length == 0 ? pool : pool.WithNamespace("");
    }

    /// <summary>The pool and namespace.</summary>
    public IPool Pool => _pool;

    /// <summary>"namespace" or "pool", for messages.</summary>
    internal string Kind => _pool.Namespace.Length == 0 ? "pool" : "namespace";

    /// <summary>The mode; disabled where mirroring was never set up.</summary>
    public async Task<MirrorMode> GetModeAsync(CancellationToken cancellationToken = default) =>
        await _pool.TryCallValueAsync(RbdObjects.Mirroring, RbdCalls.GetMirrorMode(), cancellationToken) ?? MirrorMode.Disabled;

    /// <summary>This namespace's mirror uuid, which copies of its images refer to; null where mirroring is disabled.</summary>
    public async Task<string?> GetMirrorUuidAsync(CancellationToken cancellationToken = default) =>
        await _pool.TryCallAsync(RbdObjects.Mirroring, RbdCalls.GetMirrorUuid(), cancellationToken);

    /// <summary>
    /// Changes the mode and tells daemons. Setting the mode that holds does nothing.
    /// </summary>
    /// <param name="mode">The mode. Pool mode enables every image that is journaled.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <exception cref="RadosException">
    /// EBUSY: mirroring is to be disabled while peers are registered. EINVAL: it is to be disabled while images are enabled one by one.
    /// </exception>
    public async Task SetModeAsync(MirrorMode mode, CancellationToken cancellationToken = default)
    {
        if (mode is not (MirrorMode.Disabled or MirrorMode.Image or MirrorMode.Pool))
        {
            throw new RadosException(Errno.EINVAL, $"unknown mirror mode ({(uint)mode})");
        }

        // Before anything is changed: a pool with peers stays as it is.
        if (mode == MirrorMode.Disabled && (await ListOwnPeersAsync(_pool, cancellationToken)).Count > 0)
        {
            throw new RadosException(Errno.EBUSY, "mirror peers still registered");
        }

        MirrorMode current = await GetModeAsync(cancellationToken);
        if (current == mode)
        {
            return;
        }

        if (current == MirrorMode.Disabled)
        {
            await _pool.CallAsync(RbdObjects.Mirroring, RbdCalls.SetMirrorUuid(Guid.NewGuid().ToString()), cancellationToken);
        }

        // Through image mode, so that images may be enabled and disabled one by one on the way, also after a death halfway.
        if (current != MirrorMode.Image)
        {
            await WriteModeAsync(MirrorMode.Image, cancellationToken);
        }

        switch (mode)
        {
            case MirrorMode.Image:
                return;
            case MirrorMode.Pool:
                await EnableJournaledImagesAsync(cancellationToken);
                break;
            default:
                await DisableImagesAsync(current, cancellationToken);
                break;
        }

        await WriteModeAsync(mode, cancellationToken);
    }

    private async Task WriteModeAsync(MirrorMode mode, CancellationToken cancellationToken)
    {
        await _pool.CallAsync(RbdObjects.Mirroring, RbdCalls.SetMirrorMode(mode), cancellationToken);
        await MirroringNotifier.NotifyAsync(_pool, new MirrorModeUpdated(mode), cancellationToken);
    }

    private async Task EnableJournaledImagesAsync(CancellationToken cancellationToken)
    {
        var images = new RbdImages(_pool);
        foreach (ImageEntry entry in await images.ListAsync(cancellationToken))
        {
            ImageFeatures features = await _pool.CallAsync(RbdObjects.Header(entry.Id), RbdCalls.GetFeatures(readOnly: true), cancellationToken);
            if (features.Features.HasFlag(RbdFeatures.Journaling))
            {
                await using Image image = await images.OpenByIdAsync(entry.Id, cancellationToken: cancellationToken);
                await new MirrorImageControl(image).EnableAsync(MirrorImageMode.Journal, relaxParentCheck: true, cancellationToken);
            }
        }
    }

    private async Task DisableImagesAsync(MirrorMode from, CancellationToken cancellationToken)
    {
        var left = new List<string>();
        await foreach (MirrorImageEntry entry in ListImagesAsync(cancellationToken))
        {
            if (from != MirrorMode.Image)
            {
                left.Add(entry.ImageId);
            }
            else if (await FindImageAsync(entry.ImageId, cancellationToken) is { State: MirrorImageState.Enabled })
            {
                throw new RadosException(Errno.EINVAL, "failed to disable mirror mode: there are still images with mirroring enabled");
            }
        }

        // A parent waits for its clones: round after round, as long as one gets anywhere.
        while (left.Count > 0)
        {
            var busy = new List<string>();
            RadosException? obstacle = null;
            foreach (string id in left)
            {
                try
                {
                    await using Image image = await new RbdImages(_pool).OpenByIdAsync(id, cancellationToken: cancellationToken);
                    await new MirrorImageControl(image).DisableAsync(force: false, cancellationToken);
                }
                catch (RadosException exception) when (exception.Code == Errno.EBUSY)
                {
                    obstacle = exception;
                    busy.Add(id);
                }
            }

            if (busy.Count == left.Count)
            {
                throw obstacle!;
            }

            left = busy;
        }
    }
}
