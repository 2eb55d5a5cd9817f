using Nacre.ObjectClasses.Encoding;
using Nacre.ObjectClasses.Rbd;
using Nacre.ObjectClasses.Rbd.Notifications;
using Nacre.Rados;
using Nacre.Rados.Clusters;

namespace Nacre.Rbd;

/// <summary>Tells watchers of <c>rbd_mirroring</c> what changed (src/librbd/MirroringWatcher.cc).</summary>
public static class MirroringNotifier
{
    private static readonly TimeSpan _timeout = TimeSpan.FromSeconds(5);

    /// <summary>Notifies. A watcher that does not answer, or a failure, is no error: the change is made, and daemons look again by themselves.</summary>
    public static async Task NotifyAsync(IPool pool, MirroringNotification notification, CancellationToken cancellationToken)
    {
        try
        {
            await pool.NotifyAsync(RbdObjects.Mirroring, notification.ToBytes<MirroringNotification>(), _timeout, cancellationToken);
        }
        catch (RadosException)
        {
            // As Ceph, which only logs it.
        }
    }
}
