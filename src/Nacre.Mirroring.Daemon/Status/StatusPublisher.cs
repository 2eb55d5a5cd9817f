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
/// (src/tools/rbd_mirror/MirrorStatusUpdater.cc). Changes go out at once; what comes faster than it can be told is told by its last word. The sites do not
/// wait for each other: what a silent source does not take is told here all the same.
/// </summary>
internal sealed class StatusPublisher : IImageStatusSink
{
    private const int Parallel = 8;

    private readonly IPool _local;
    private readonly DaemonOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger _log;
    private readonly Lock _lock = new();
    private readonly Dictionary<string, Entry> _images = new(StringComparer.Ordinal);
    private readonly List<Outlet> _outlets = [];

    public StatusPublisher(IPool local, DaemonOptions options, TimeProvider time, ILogger log)
    {
        _local = local;
        _options = options;
        _time = time;
        _log = log;
        _outlets.Add(new Outlet(local, ""));
    }

    /// <summary>Before all is told again: have states with numbers brought up to date.</summary>
    public Action? Refreshing { get; set; }

    /// <inheritdoc/>
    public void Report(string globalImageId, MirrorImageStatusState state, string description) =>
        Change(globalImageId, entry => entry.Replay = new ImageState(state, description));

    /// <inheritdoc/>
    public void Forget(string globalImageId)
    {
        lock (_lock)
        {
            _images.Remove(globalImageId);
        }
    }

    /// <summary>From now on an image is told as failed with this description, whatever its replayer says, until <see cref="Resume"/>.</summary>
    public void Suspend(string globalImageId, string description) =>
        Change(globalImageId, entry => entry.Outage = new ImageState(MirrorImageStatusState.Error, description));

    /// <summary>Suspends all images that are being replayed, or that are suspended already.</summary>
    public void SuspendReplayed(string description)
    {
        foreach (string id in Ids(entry => entry.Outage is not null || entry.Replay is { State: not MirrorImageStatusState.Stopped }))
        {
            Suspend(id, description);
        }
    }

    /// <summary>Whether an image is suspended.</summary>
    public bool IsSuspended(string globalImageId)
    {
        lock (_lock)
        {
            return _images.TryGetValue(globalImageId, out Entry? entry) && entry.Outage is not null;
        }
    }

    /// <summary>Images are told as their replayers see them again. What has no replayer yet keeps what was told last.</summary>
    public void Resume()
    {
        foreach (string id in Ids(entry => entry.Outage is not null))
        {
            Change(id, entry => entry.Outage = null);
        }
    }

    /// <summary>There are no replayers any more: what they said does not hold.</summary>
    public void EndSession()
    {
        lock (_lock)
        {
            foreach (Entry entry in _images.Values)
            {
                entry.Replay = null;
            }
        }
    }

    /// <summary>States by count.</summary>
    public (int Total, int Errors, int Warnings) Count()
    {
        lock (_lock)
        {
            MirrorImageStatusState[] states = [.. _images.Values.Select(entry => entry.Current?.State ?? MirrorImageStatusState.Unknown)];
            return (
                states.Length,
                states.Count(s => s == MirrorImageStatusState.Error),
                states.Count(s => s is not (MirrorImageStatusState.Replaying or MirrorImageStatusState.Stopped or MirrorImageStatusState.Error)));
        }
    }

    /// <summary>Publishes here until cancelled.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        Outlet here = _outlets[0];
        while (true)
        {
            if (!await here.Changed.WaitAsync(_options.StatusInterval, _time, cancellationToken))
            {
                Refreshing?.Invoke();
                MarkAll();
            }

            await PublishAsync(here, cancellationToken);
        }
    }

    /// <summary>Publishes at the source until cancelled.</summary>
    /// <param name="source">The source's pool and namespace.</param>
    /// <param name="mirrorUuid">This site's mirror uuid, under which the source knows the statuses.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public async Task PublishToAsync(IPool source, string mirrorUuid, CancellationToken cancellationToken)
    {
        var there = new Outlet(source, mirrorUuid);
        lock (_lock)
        {
            _outlets.Add(there);
        }

        try
        {
            while (true)
            {
                await there.Changed.WaitAsync(Timeout.InfiniteTimeSpan, _time, cancellationToken);
                await PublishAsync(there, cancellationToken);
            }
        }
        finally
        {
            lock (_lock)
            {
                _outlets.Remove(there);
            }
        }
    }

    private string[] Ids(Func<Entry, bool> predicate)
    {
        lock (_lock)
        {
            return [.. _images.Where(image => predicate(image.Value)).Select(image => image.Key)];
        }
    }

    private void Change(string id, Action<Entry> change)
    {
        lock (_lock)
        {
            if (!_images.TryGetValue(id, out Entry? entry))
            {
                _images[id] = entry = new Entry();
            }

            ImageState? before = entry.Current;
            change(entry);
            if (entry.Current != before)
            {
                Mark([id]);
            }
        }
    }

    private void MarkAll()
    {
        lock (_lock)
        {
            Mark(_images.Keys);
        }
    }

    private void Mark(IReadOnlyCollection<string> ids)
    {
        foreach (Outlet outlet in _outlets)
        {
            outlet.Due.UnionWith(ids);
            outlet.Changed.Set();
        }
    }

    private async Task PublishAsync(Outlet outlet, CancellationToken cancellationToken)
    {
        List<(string Id, ImageState State)> due = [];
        lock (_lock)
        {
            foreach (string id in outlet.Due)
            {
                if (_images.TryGetValue(id, out Entry? entry) && entry.Current is { } state)
                {
                    due.Add((id, state));
                }
            }

            outlet.Due.Clear();
        }

        foreach ((string Id, ImageState State)[] chunk in due.Chunk(Parallel))
        {
            await Task.WhenAll(chunk.Select(image => SetAsync(outlet, image.Id, image.State, cancellationToken)));
        }
    }

    private async Task SetAsync(Outlet outlet, string globalImageId, ImageState state, CancellationToken cancellationToken)
    {
        var status = new MirrorImageSiteStatus(outlet.MirrorUuid, state.State, state.Description);
        int code = await outlet.Pool.CallForCodeAsync(RbdObjects.Mirroring, RbdCalls.SetMirrorImageStatus(globalImageId, status), cancellationToken);
        if (code < 0)
        {
            // Not there yet, or no more, is ordinary. Otherwise whoever watches over the connection tells what is wrong; the next round says it again.
            lock (_lock)
            {
                outlet.Due.Add(globalImageId);
            }

            if (code != -Errno.ENOENT)
            {
                _log.LogDebug("status of {GlobalImageId} in pool {Pool}: {Error}", globalImageId, outlet.Pool.Name, Errno.Describe(code));
            }
        }
    }

    private sealed record ImageState(MirrorImageStatusState State, string Description);

    /// <summary>A site that is told, and what it is still to be told of.</summary>
    private sealed class Outlet(IPool pool, string mirrorUuid)
    {
        public IPool Pool { get; } = pool;

        public string MirrorUuid { get; } = mirrorUuid;

        public HashSet<string> Due { get; } = new(StringComparer.Ordinal);

        public Signal Changed { get; } = new();
    }

    private sealed class Entry
    {
        /// <summary>What the replayer says; null while there is none.</summary>
        public ImageState? Replay { get; set; }

        /// <summary>What is told instead while the source is away.</summary>
        public ImageState? Outage { get; set; }

        public ImageState? Current => Outage ?? Replay;
    }
}
