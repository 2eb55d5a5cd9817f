using Nacre.Mirroring.Daemon.Hosting;
using Nacre.Mirroring.Daemon.Status;
using Nacre.ObjectClasses.Rbd;
using Nacre.ObjectClasses.Rbd.Notifications;
using Nacre.Rados;
using Nacre.Rados.Clusters;

namespace Nacre.Mirroring.Daemon.Pools;

/// <summary>
/// A mirrored namespace of the local pool while this daemon leads it: its watch, which makes the statuses count as "up", and its statuses, whether the
/// source is connected or not.
/// </summary>
internal sealed class LocalNamespace(IPool pool, string mirrorUuid, StatusPublisher status)
{
    private readonly Signal _lost = new();

    /// <summary>The pool and namespace.</summary>
    public IPool Pool => pool;

    /// <summary>Its mirror uuid.</summary>
    public string MirrorUuid => mirrorUuid;

    /// <summary>Its statuses.</summary>
    public StatusPublisher Status => status;

    /// <summary>Told of changes; null while nobody replays.</summary>
    public Action<MirroringNotification>? OnChanged { get; set; }

    /// <summary>Watches and publishes until cancelled or until the local site fails.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        await using MirroringWatch watch = await MirroringWatch.OpenAsync(
            pool, notification => OnChanged?.Invoke(notification), _ => _lost.Set(), cancellationToken);
        Task publishing = status.RunAsync(cancellationToken);
        Task lost = _lost.WaitAsync(Timeout.InfiniteTimeSpan, TimeProvider.System, cancellationToken);
        await await Task.WhenAny(publishing, lost);
        throw new RadosException(Errno.ENOTCONN, $"the watch of {RbdObjects.Mirroring} of local pool {pool.Name} was lost");
    }

    /// <summary>Tells of all copies that replay of none is possible: first of those that are known to be replayed, then of those that are found.</summary>
    public async Task SuspendAsync(string description, CancellationToken cancellationToken)
    {
        status.SuspendReplayed(description);
        await foreach (MirrorImageEntry entry in new MirrorPool(pool).ListImagesAsync(cancellationToken))
        {
            if (status.IsSuspended(entry.GlobalImageId))
            {
                continue;
            }

            MirrorImageInfo? info = await TryGetInfoAsync(entry.ImageId, cancellationToken);
            if (info?.Promotion is not PromotionState.Primary)
            {
                status.Suspend(entry.GlobalImageId, description);
            }
        }
    }

    private async Task<MirrorImageInfo?> TryGetInfoAsync(string imageId, CancellationToken cancellationToken)
    {
        try
        {
            return await new MirrorPool(pool).GetImageInfoAsync(imageId, cancellationToken);
        }
        catch (RadosException)
        {
            return null;
        }
    }
}
