using Microsoft.Extensions.Logging;
using Nacre.Mirroring.Daemon.Hosting;
using Nacre.ObjectClasses.Rbd;
using Nacre.Rados;
using Nacre.Rbd;

namespace Nacre.Mirroring.Daemon.Images;

/// <summary>
/// A local copy that is held while it is replayed to, as Ceph's daemon holds it (src/tools/rbd_mirror/image_replayer/OpenLocalImageRequest.cc): open, so that
/// the watch on its header tells of changes, and with its exclusive lock. A forced promotion makes a snapshot through the lock's owner, waits until no daemon
/// watches the header and takes the lock: so nothing of this daemon may be under way once it is let go.
/// </summary>
internal sealed class HeldCopy(ReplayContext context, string imageId, Signal changed, bool isJournaled = false) : IAsyncDisposable
{
    private readonly CancellationTokenSource _lost = new();
    private Image? _image;

    /// <summary>The copy, which can be changed while held.</summary>
    public LocalCopy Copy { get; private set; } = new(context.Local, imageId);

    /// <summary>Cancelled when it is taken away: promoted, its lock wanted, or this client shut out. Then let go, and hold it by a new object.</summary>
    public CancellationToken Lost => _lost.Token;

    /// <summary>Whether a failure comes of that it was taken away.</summary>
    public bool IsTaken(Exception failed) => failed switch
    {
        // The fence closes a little before it is told.
        RadosException { Code: Errno.EROFS } => _image is { IsLockOwner: false },
        RadosException or OperationCanceledException => _lost.IsCancellationRequested,
        _ => false,
    };

    /// <summary>Holds it. True where it was not held before, so that what is known of it may be wrong. EBUSY where another client has it.</summary>
    public async Task<bool> EnsureAsync(CancellationToken cancellationToken)
    {
        if (_image is not null)
        {
            return false;
        }

        Image image = await OpenAsync(context, imageId, isJournaled, cancellationToken);
        try
        {
            if (image.Features.HasFlag(RbdFeatures.ExclusiveLock))
            {
                await image.AcquireLockAsync(cancellationToken);
            }
        }
        catch
        {
            await image.DisposeAsync();
            throw;
        }

        _image = image;
        Copy = new LocalCopy(image.Fence(context.Local), imageId, image);
        image.Updated += OnUpdated;
        image.LockGoing.Register(Lose);
        OnUpdated();
        return true;
    }

    /// <summary>Opens a copy as a daemon does that replays to it, and keeps its lock once it is taken.</summary>
    public static Task<Image> OpenAsync(ReplayContext context, string imageId, bool isJournaled, CancellationToken cancellationToken)
    {
        var options = new ImageOpenOptions
        {
            IgnoreNonPrimary = true,
            KeepLock = true,
            YieldLock = !isJournaled,
            Journal = isJournaled ? ImageJournalUse.Bypass : ImageJournalUse.Record,
            Time = context.Time,
            Log = message => context.Log.LogInformation("{Message}", message),
        };
        return new RbdImages(context.Local).OpenByIdAsync(imageId, options, cancellationToken);
    }

    /// <summary>Lets it go once what is under way has ended.</summary>
    public async Task LetGoAsync()
    {
        if (_image is { } image)
        {
            _image = null;
            image.Updated -= OnUpdated;
            Copy = new LocalCopy(context.Local, imageId);
            await image.DisposeAsync();

            // Who promotes the image looks again when told.
            await Copy.NotifyAsync(CancellationToken.None);
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        try
        {
            await LetGoAsync();
        }
        catch (RadosException failed)
        {
            // The store ends the watch by itself, and others break the lock then.
            context.Log.LogWarning("letting go of image {ImageId}: {Error}", imageId, failed.Message);
        }
    }

    private void OnUpdated()
    {
        if (_image?.Snapshots.LastOrDefault(s => s.Namespace is MirrorSnapshotNamespace)?.Namespace is MirrorSnapshotNamespace newest
            && (newest.State == MirrorSnapshotState.Primary || newest is { IsNonPrimary: true, PrimaryMirrorUuid: "" }))
        {
            Lose();
        }
        else
        {
            changed.Set();
        }
    }

    private void Lose()
    {
        _lost.Cancel();
        changed.Set();
    }
}
