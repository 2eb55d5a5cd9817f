using Microsoft.Extensions.Logging;
using Nacre.Mirroring.Daemon.Hosting;
using Nacre.Mirroring.Daemon.Images;
using Nacre.Mirroring.Daemon.Status;
using Nacre.ObjectClasses.Rbd;
using Nacre.ObjectClasses.Rbd.Notifications;
using Nacre.Rados;

namespace Nacre.Mirroring.Daemon.Pools;

/// <summary>Replays the images of one namespace while both sites are connected: as many replayers as there are images at either.</summary>
internal sealed class NamespaceReplayer : IAsyncDisposable
{
    private readonly ReplayContext _context;
    private readonly StatusPublisher _status;
    private readonly Signal _changed = new();
    private readonly Dictionary<string, (ImageReplayer Replayer, Task Running)> _images = new(StringComparer.Ordinal);
    private readonly Lock _lock = new();
    private volatile bool _watchLost;

    public NamespaceReplayer(ReplayContext context, StatusPublisher status)
    {
        _context = context;
        _status = status;
    }

    /// <summary>Mirrored images here and at the source.</summary>
    public (int Local, int Remote) Counts { get; private set; }

    /// <summary>Replays until cancelled or until something fails that concerns all images.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        using var stopping = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        MirroringWatch? remote = null;

        // A monitor may take a second to make an id: no first copy should wait for it.
        _context.SnapshotIds(_context.Local).Refill();
        try
        {
            _status.Refreshing = RefreshStatuses;
            while (true)
            {
                if (remote is null || _watchLost || remote.Check() != 0)
                {
                    _watchLost = false;
                    if (remote is not null)
                    {
                        await remote.DisposeAsync();
                    }

                    remote = await MirroringWatch.OpenAsync(_context.Remote, OnChanged, OnLost, cancellationToken);
                }

                await ReconcileAsync(stopping.Token);
                await _changed.WaitAsync(_context.Options.RefreshInterval, _context.Time, cancellationToken);
            }
        }
        finally
        {
            _status.Refreshing = null;
            await stopping.CancelAsync();
            await Task.WhenAll(_images.Values.Select(image => image.Running));
            if (remote is not null)
            {
                await remote.DisposeAsync();
            }
        }
    }

    /// <summary>Something changed at either site.</summary>
    public void OnChanged(MirroringNotification notification)
    {
        if (notification is MirrorImageUpdated image)
        {
            lock (_lock)
            {
                if (_images.TryGetValue(image.GlobalImageId, out (ImageReplayer Replayer, Task Running) known))
                {
                    known.Replayer.Wake();
                }
            }
        }

        _changed.Set();
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _context.DisposeAsync();

    private void OnLost(int errno)
    {
        _watchLost = true;
        _changed.Set();
    }

    private async Task ReconcileAsync(CancellationToken cancellationToken)
    {
        Task<HashSet<string>> listingLocal = ListAsync(new MirrorPool(_context.Local), cancellationToken);
        HashSet<string> remote = await ListAsync(new MirrorPool(_context.Remote), cancellationToken);
        HashSet<string> local = await listingLocal;
        Counts = (local.Count, remote.Count);
        lock (_lock)
        {
            foreach (string ended in _images.Where(image => image.Value.Running.IsCompleted).Select(image => image.Key).ToArray())
            {
                _images.Remove(ended);
            }

            foreach (string id in remote.Union(local))
            {
                if (!_images.ContainsKey(id))
                {
                    var replayer = new ImageReplayer(_context, id);
                    _images[id] = (replayer, RunImageAsync(replayer, cancellationToken));
                }
            }
        }
    }

    /// <summary>Runs a replayer; a defect in it stops that image, loudly, and not the daemon.</summary>
    private async Task RunImageAsync(ImageReplayer replayer, CancellationToken cancellationToken)
    {
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        try
        {
            await replayer.RunAsync(cancellationToken);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // Stopped.
        }
        catch (Exception defect)
        {
            _context.Log.LogError(defect, "image {GlobalImageId}: replay failed", replayer.GlobalImageId);
            _status.Report(replayer.GlobalImageId, MirrorImageStatusState.Error, $"internal error: {defect.Message}");
        }
    }

    private void RefreshStatuses()
    {
        lock (_lock)
        {
            foreach ((ImageReplayer replayer, Task running) in _images.Values)
            {
                if (!running.IsCompleted)
                {
                    replayer.ReportProgress();
                }
            }
        }
    }

    private static async Task<HashSet<string>> ListAsync(MirrorPool pool, CancellationToken cancellationToken)
    {
        var ids = new HashSet<string>(StringComparer.Ordinal);
        try
        {
            await foreach (MirrorImageEntry entry in pool.ListImagesAsync(cancellationToken))
            {
                ids.Add(entry.GlobalImageId);
            }
        }
        catch (RadosException absent) when (absent.Code == Errno.ENOENT)
        {
            // Mirroring was never set up there.
        }

        return ids;
    }
}
