using Nacre.Mirroring.Daemon.Hosting;
using Nacre.ObjectClasses.Rbd;
using Nacre.Rados;
using Nacre.Rados.Clusters;
using Nacre.Rados.Watching;

namespace Nacre.Mirroring.Daemon.Images;

/// <summary>
/// Watches an image's header, or another object of it, and wakes its replayer when others change it. Lost watches are taken anew when asked.
/// </summary>
internal sealed class HeaderWatch(IPool pool, string imageId, Signal changed, string? objectName = null) : IWatchHandler, IAsyncDisposable
{
    private readonly ulong _self = pool.Cluster.InstanceId;
    private IWatch? _watch;
    private volatile bool _lost;

    /// <summary>Makes sure that the watch stands. True where it was taken just now, so that something may have been missed.</summary>
    public async Task<bool> EnsureAsync(CancellationToken cancellationToken)
    {
        if (_watch is not null && !_lost && _watch.Check() == 0)
        {
            return false;
        }

        await DisposeAsync();
        _lost = false;
        _watch = await pool.WatchAsync(objectName ?? RbdObjects.Header(imageId), this, cancellationToken);
        return true;
    }

    /// <inheritdoc/>
    public ValueTask<ReadOnlyMemory<byte>> OnNotifyAsync(Notification notification, CancellationToken cancellationToken)
    {
        if (notification.NotifierId != _self)
        {
            changed.Set();
        }

        return ValueTask.FromResult(ReadOnlyMemory<byte>.Empty);
    }

    /// <inheritdoc/>
    public void OnLost(int errno)
    {
        _lost = true;
        changed.Set();
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_watch is { } watch)
        {
            _watch = null;
            try
            {
                await watch.DisposeAsync();
            }
            catch (RadosException)
            {
                // The store forgets it by itself.
            }
        }
    }
}
