using Microsoft.Extensions.Logging;
using Nacre.Mirroring.Daemon.Hosting;
using Nacre.Mirroring.Daemon.Images;
using Nacre.ObjectClasses.Calls;
using Nacre.ObjectClasses.Rbd;
using Nacre.Rados;
using Nacre.Rados.Clusters;

namespace Nacre.Mirroring.Daemon.Status;

/// <summary>
/// Publishes the states of a namespace's images, at both sites: here as this site's own, at the source as this site's
/// (src/tools/rbd_mirror/MirrorStatusUpdater.cc). Changes go out at once; what comes faster than it can be told is told by its last word.
/// </summary>
internal sealed class StatusPublisher : IImageStatusSink
{
    private const int Parallel = 8;

    private readonly IPool _local;
    private readonly DaemonOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger _log;
    private readonly Signal _changed = new();
    private readonly Lock _lock = new();
    private readonly Dictionary<string, Entry> _images = new(StringComparer.Ordinal);
    private (IPool Pool, string MirrorUuid)? _remote;

    public StatusPublisher(IPool local, DaemonOptions options, TimeProvider time, ILogger log)
    {
        _local = local;
        _options = options;
        _time = time;
        _log = log;
    }

    /// <summary>Before all is told again: have states with numbers brought up to date.</summary>
    public Action? Refreshing { get; set; }

    /// <summary>The source, and this site's mirror uuid, under which it knows the statuses; null while it is away.</summary>
    public void SetRemote((IPool Pool, string MirrorUuid)? remote)
    {
        lock (_lock)
        {
            _remote = remote;
            foreach (Entry entry in _images.Values)
            {
                entry.IsDirty = true;
            }
        }

        _changed.Set();
    }

    /// <inheritdoc/>
    public void Report(string globalImageId, MirrorImageStatusState state, string description)
    {
        lock (_lock)
        {
            if (!_images.TryGetValue(globalImageId, out Entry? entry))
            {
                _images[globalImageId] = entry = new Entry();
            }

            entry.IsDirty |= entry.State != state || entry.Description != description;
            entry.State = state;
            entry.Description = description;
        }

        _changed.Set();
    }

    /// <inheritdoc/>
    public void Forget(string globalImageId)
    {
        lock (_lock)
        {
            _images.Remove(globalImageId);
        }
    }

    /// <summary>States by count.</summary>
    public (int Total, int Errors, int Warnings) Count()
    {
        lock (_lock)
        {
            return (
                _images.Count,
                _images.Values.Count(e => e.State == MirrorImageStatusState.Error),
                _images.Values.Count(e => e.State is not (MirrorImageStatusState.Replaying or MirrorImageStatusState.Stopped or MirrorImageStatusState.Error)));
        }
    }

    /// <summary>Publishes until cancelled.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            if (!await _changed.WaitAsync(_options.StatusInterval, _time, cancellationToken))
            {
                Refreshing?.Invoke();
                MarkAll();
            }

            await PublishAsync(cancellationToken);
        }
    }

    private void MarkAll()
    {
        lock (_lock)
        {
            foreach (Entry entry in _images.Values)
            {
                entry.IsDirty = true;
            }
        }
    }

    private async Task PublishAsync(CancellationToken cancellationToken)
    {
        List<(string Id, MirrorImageStatusState State, string Description)> due = [];
        (IPool Pool, string MirrorUuid)? remote;
        lock (_lock)
        {
            remote = _remote;
            foreach ((string id, Entry entry) in _images)
            {
                if (entry.IsDirty)
                {
                    entry.IsDirty = false;
                    due.Add((id, entry.State, entry.Description));
                }
            }
        }

        await ForEachAsync(due, async image =>
        {
            Task here = SetAsync(_local, image.Id, new MirrorImageSiteStatus("", image.State, image.Description), cancellationToken);
            if (remote is { } source)
            {
                await SetAsync(source.Pool, image.Id, new MirrorImageSiteStatus(source.MirrorUuid, image.State, image.Description), cancellationToken);
            }

            await here;
        });
    }

    private async Task SetAsync(IPool pool, string globalImageId, MirrorImageSiteStatus status, CancellationToken cancellationToken)
    {
        int code = await pool.CallForCodeAsync(RbdObjects.Mirroring, RbdCalls.SetMirrorImageStatus(globalImageId, status), cancellationToken);
        if (code < 0)
        {
            // Not there yet, or no more, is ordinary. Otherwise whoever watches over the connection tells what is wrong; the next round says it again.
            lock (_lock)
            {
                if (_images.TryGetValue(globalImageId, out Entry? entry))
                {
                    entry.IsDirty = true;
                }
            }

            if (code != -Errno.ENOENT)
            {
                _log.LogDebug("status of {GlobalImageId} in pool {Pool}: {Error}", globalImageId, pool.Name, Errno.Describe(code));
            }
        }
    }

    private static async Task ForEachAsync<T>(IReadOnlyList<T> items, Func<T, Task> action)
    {
        for (int i = 0; i < items.Count; i += Parallel)
        {
            await Task.WhenAll(items.Skip(i).Take(Parallel).Select(action));
        }
    }

    private sealed class Entry
    {
        public MirrorImageStatusState State { get; set; }

        public string Description { get; set; } = "";

        public bool IsDirty { get; set; } = true;
    }
}
