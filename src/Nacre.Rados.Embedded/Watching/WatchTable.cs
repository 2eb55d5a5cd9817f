using Microsoft.Extensions.Logging;
using Nacre.Rados.Embedded.Storage;
using Nacre.Rados.Watching;

namespace Nacre.Rados.Embedded.Watching;

/// <summary>Who watches what. Watches live as long as their sessions; nothing of them is on disk.</summary>
internal sealed class WatchTable(TimeProvider time, ILogger logger)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<ObjectKey, List<Watch>> _watches = [];
    private ulong _cookie;
    private ulong _notifyId;

    public Watch Add(ObjectKey key, EmbeddedSession session, IWatchHandler handler)
    {
        var watch = new Watch(this, key, session, handler, Interlocked.Increment(ref _cookie), logger);
        lock (_gate)
        {
            if (!_watches.TryGetValue(key, out List<Watch>? watches))
            {
                _watches.Add(key, watches = []);
            }

            watches.Add(watch);
        }

        return watch;
    }

    public bool IsWatched(ObjectKey key)
    {
        lock (_gate)
        {
            return _watches.ContainsKey(key);
        }
    }

    public IReadOnlyList<Watcher> List(ObjectKey key) =>
        [.. Of(key).Select(watch => new Watcher(watch.Session.Address, watch.Session.InstanceId, watch.Cookie, Limits.WatchTimeout))];

    /// <summary>Notifies all watchers that there are now and waits for them, at most the timeout.</summary>
    public async Task<NotifyResult> NotifyAsync(
        IReadOnlyList<Watch> watches, ulong notifierId, ReadOnlyMemory<byte> payload, TimeSpan timeout, CancellationToken cancellationToken)
    {
        ulong id = Interlocked.Increment(ref _notifyId);
        byte[] copy = payload.ToArray();
        using var deadline = new CancellationTokenSource(timeout <= TimeSpan.Zero ? Limits.DefaultNotifyTimeout : timeout, time);
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, cancellationToken);
        Task<ReadOnlyMemory<byte>?>[] answers =
            [.. watches.Select(watch => watch.DeliverAsync(new Notification(id, watch.Cookie, notifierId, copy), ended.Token))];
        try
        {
            await Task.WhenAll(answers).WaitAsync(ended.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            // Whoever did not answer by now is late.
        }

        var acknowledged = new List<NotifyAcknowledgement>();
        var late = new List<NotifyTimeout>();
        for (int i = 0; i < watches.Count; i++)
        {
            if (!answers[i].IsCompletedSuccessfully)
            {
                late.Add(new NotifyTimeout(watches[i].Session.InstanceId, watches[i].Cookie));
            }
            else if (await answers[i] is { } answer)
            {
                acknowledged.Add(new NotifyAcknowledgement(watches[i].Session.InstanceId, watches[i].Cookie, answer));
            }
        }

        return new NotifyResult(acknowledged, late);
    }

    /// <summary>The watches of an object.</summary>
    public IReadOnlyList<Watch> Of(ObjectKey key)
    {
        lock (_gate)
        {
            return _watches.TryGetValue(key, out List<Watch>? watches) ? [.. watches] : [];
        }
    }

    /// <summary>Breaks an object's watches: it was removed.</summary>
    public void BreakObject(ObjectKey key, int errno)
    {
        foreach (Watch watch in Of(key))
        {
            watch.Break(errno);
        }
    }

    /// <summary>Breaks a session's watches.</summary>
    public void BreakSession(EmbeddedSession session, int errno) => Break(watch => ReferenceEquals(watch.Session, session), errno);

    /// <summary>Breaks a pool's watches: it was deleted.</summary>
    public void BreakPool(uint pool, int errno) => Break(watch => watch.Key.Pool == pool, errno);

    public void Remove(Watch watch)
    {
        lock (_gate)
        {
            if (_watches.TryGetValue(watch.Key, out List<Watch>? watches) && watches.Remove(watch) && watches.Count == 0)
            {
                _watches.Remove(watch.Key);
            }
        }
    }

    private void Break(Func<Watch, bool> which, int errno)
    {
        Watch[] broken;
        lock (_gate)
        {
            broken = [.. _watches.Values.SelectMany(watches => watches).Where(which)];
        }

        foreach (Watch watch in broken)
        {
            watch.Break(errno);
        }
    }
}
