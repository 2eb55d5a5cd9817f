using System.Collections.Concurrent;
using Nacre.Rados;
using Nacre.Rados.Clusters;
using Nacre.Rados.Configuration;
using Nacre.Rados.Embedded;
using Nacre.Rados.Remote.Protocol;
using Nacre.Site.Commands;

namespace Nacre.Site.Sessions;

/// <summary>
/// A client of the site, over as many connections as it takes. Between two connections it is kept for the watch timeout; then its
/// watches are dropped and it is gone.
/// </summary>
internal sealed partial class ClientSession : IAsyncDisposable
{
    private const int MaximumOperations = 1024;
    private const long MaximumBytes = 256L << 20;

    private readonly SiteMonitor _site;
    private readonly AccessCheck _access;
    private readonly ILogger _logger;
    private readonly ReplyCache _replies = new();
    private readonly InFlightLimit _limit = new(MaximumOperations, MaximumBytes);
    private readonly ConcurrentDictionary<(long Pool, string Namespace), IPool> _pools = new();
    private readonly ConcurrentDictionary<ulong, ServerWatch> _watches = new();
    private readonly ConcurrentDictionary<ulong, int> _lostWatches = new();
    private readonly ConcurrentDictionary<ulong, IAsyncEnumerator<string>> _listings = new();
    private readonly CancellationTokenSource _closing = new();
    private readonly TaskCompletionSource _idle = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private SessionConnection? _connection;
    private ulong _nextListing;
    private int _active = 1;
    private int _disposed;

    public ClientSession(SiteMonitor site, AccessCheck access, EmbeddedSession client, ILogger logger)
    {
        _site = site;
        _access = access;
        _logger = logger;
        Client = client;
        Notifications = new NotificationTable(frame => Send(frame));
    }

    public EmbeddedSession Client { get; }

    public EntityName Name => Client.Name;

    public NotificationTable Notifications { get; }

    /// <summary>True while a connection has it or is about to: it must not expire. Belongs to the manager's lock.</summary>
    public bool IsClaimed { get; set; }

    /// <summary>Fires when the client says goodbye.</summary>
    public event Action<ClientSession>? SaidGoodbye;

    /// <summary>The connection that is in use; null between two.</summary>
    public SessionConnection? Connection => Volatile.Read(ref _connection);

    /// <summary>Goes on on a new connection. The old one has finished.</summary>
    public void Attach(SessionConnection connection, bool resumed)
    {
        Volatile.Write(ref _connection, connection);
        if (resumed)
        {
            foreach ((ulong cookie, int errno) in _lostWatches)
            {
                Send(new ServerFrame { WatchLost = new WatchLost { Cookie = cookie, Errno = errno } });
            }

            Notifications.SendAgain();
        }
    }

    /// <summary>The connection is gone; true where it was the one in use.</summary>
    public bool Detach(SessionConnection connection) => Interlocked.CompareExchange(ref _connection, null, connection) == connection;

    /// <summary>Tells the client why, and ends its connection.</summary>
    public void Refuse(int errno, string reason)
    {
        if (Connection is { } connection)
        {
            connection.Send(new ServerFrame { ReturnCode = -errno, Error = reason });
            connection.Complete();
        }
    }

    public void WatchLost(ServerWatch watch, int errno)
    {
        if (watch.Watch is { } lost && _watches.TryRemove(lost.Cookie, out _))
        {
            _lostWatches[lost.Cookie] = errno;
            Send(new ServerFrame { WatchLost = new WatchLost { Cookie = lost.Cookie, Errno = errno } });
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
        {
            return;
        }

        await _closing.CancelAsync();
        Connection?.End();
        Leave();
        await _idle.Task;
        foreach (IAsyncEnumerator<string> listing in _listings.Values)
        {
            await listing.DisposeAsync();
        }

        // With it go its watches and services.
        await Client.DisposeAsync();
        _closing.Dispose();
    }

    private bool Enter()
    {
        Interlocked.Increment(ref _active);
        if (Volatile.Read(ref _disposed) == 0)
        {
            return true;
        }

        Leave();
        return false;
    }

    private void Leave()
    {
        if (Interlocked.Decrement(ref _active) == 0)
        {
            _idle.TrySetResult();
        }
    }

    private void Send(ServerFrame frame, Action? sent = null)
    {
        if (Connection is { } connection)
        {
            connection.Send(frame, sent);
        }
        else
        {
            sent?.Invoke();
        }
    }

    private async ValueTask<IPool> PoolAsync(long id, string space)
    {
        if (_pools.TryGetValue((id, space), out IPool? pool))
        {
            return pool;
        }

        pool = await Client.OpenPoolAsync(id, _closing.Token);
        pool = space.Length == 0 ? pool : pool.WithNamespace(space);

        // A hostile client could name namespaces without end.
        if (_pools.Count < 10_000)
        {
            _pools[(id, space)] = pool;
        }

        return pool;
    }

    private static RadosException Refused(int errno, string what) => new(errno, $"{what}: the user's caps do not allow it");
}
