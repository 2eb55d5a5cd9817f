using Nacre.ObjectClasses.Encoding;
using Nacre.ObjectClasses.Rbd;
using Nacre.ObjectClasses.Rbd.Notifications;
using Nacre.Rados.Clusters;
using Nacre.Rados.Encoding;
using Nacre.Rados.Watching;

namespace Nacre.Mirroring;

/// <summary>
/// A standing watch on a pool's <c>rbd_mirroring</c>: tells of changed modes and images, and, while it stands, makes the statuses that this client
/// reports in this namespace count as "up". Disposing it ends it.
/// </summary>
public sealed class MirroringWatch : IAsyncDisposable
{
    private readonly IWatch _watch;

    private MirroringWatch(IWatch watch) => _watch = watch;

    /// <summary>0 while the watch stands, else a negated errno.</summary>
    public int Check() => _watch.Check();

    /// <summary>
    /// Watches. ENOENT where mirroring was never set up in the namespace.
    /// </summary>
    /// <param name="pool">The pool and namespace.</param>
    /// <param name="onChanged">Told of each change; must be quick and not throw. What a newer Ceph tells arrives too.</param>
    /// <param name="onLost">Told once, with a positive errno, when the watch is gone.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    public static async Task<MirroringWatch> OpenAsync(
        IPool pool, Action<MirroringNotification> onChanged, Action<int> onLost, CancellationToken cancellationToken = default) =>
        new(await pool.WatchAsync(RbdObjects.Mirroring, new Handler(onChanged, onLost), cancellationToken));

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _watch.DisposeAsync();

    private sealed class Handler(Action<MirroringNotification> onChanged, Action<int> onLost) : IWatchHandler
    {
        public ValueTask<ReadOnlyMemory<byte>> OnNotifyAsync(Notification notification, CancellationToken cancellationToken)
        {
            try
            {
                onChanged(CephEncodingExtensions.Decode<MirroringNotification>(notification.Payload.Span));
            }
            catch (CephDecodeException)
            {
                // Bytes that are no notification are acknowledged and otherwise ignored, as Ceph does.
            }

            return ValueTask.FromResult(ReadOnlyMemory<byte>.Empty);
        }

        public void OnLost(int errno) => onLost(Math.Abs(errno));
    }
}
