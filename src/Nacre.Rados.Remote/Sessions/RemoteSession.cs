using System.Threading.Channels;
using Google.Protobuf;
using Grpc.Core;
using Nacre.Rados.Clusters;
using Nacre.Rados.Configuration;
using Nacre.Rados.Remote.Protocol;

namespace Nacre.Rados.Remote.Sessions;

/// <summary>
/// A client's session with a site: it outlives connections.
/// <code>
///   connecting -> connected -> (breaks) -> reconnecting -> connected      resumed: requests are sent again, the site applies each once
///                                              |              \--------> not resumed (site restarted): watches lost, sent writes ENOTCONN
///                                              +-> down after the grace: requests and watches fail at once, reconnecting goes on
///   any state -> failed: key or certificate refused, or blocklisted by the site; for good
/// </code>
/// </summary>
internal sealed class RemoteSession : IAsyncDisposable
{
    // A dead site is told within this time of its last sign of life.
    private static readonly TimeSpan _grace = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan _attemptTimeout = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan _pingInterval = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan _goodbyeTimeout = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan _longestBackoff = TimeSpan.FromSeconds(1);

    private readonly SiteEndpoint _endpoint;
    private readonly EntityName _name;
    private readonly byte[] _key;
    private readonly TimeProvider _time;
    private readonly Lock _gate = new();
    private readonly Dictionary<ulong, PendingRequest> _pending = [];
    private readonly CancellationTokenSource _stopping = new();
    private Channel<PendingRequest>? _queue;
    private ulong _nextId = 1;
    private ulong _receivedBelow = 1;
    private RadosException? _unavailable;
    private bool _failed;
    private long _lastHeard;
    private Task _running = Task.CompletedTask;

    public RemoteSession(SiteEndpoint endpoint, EntityName name, byte[] key, TimeProvider time)
    {
        _endpoint = endpoint;
        _name = name;
        _key = key;
        _time = time;
        Watches = new WatchTable(this, time);
    }

    public WatchTable Watches { get; }

    /// <summary>What the site told at the newest connection.</summary>
    public Welcome Welcome { get; private set; } = new();

    public CancellationToken Stopping => _stopping.Token;

    public async Task StartAsync(TimeSpan timeout, CancellationToken cancellationToken)
    {
        SiteConnection connection = await SiteConnection.OpenAsync(
            _endpoint, _name, _key, ByteString.Empty, timeout, _time, cancellationToken).ConfigureAwait(false);
        Attach(connection);
        _running = Task.Run(() => RunAsync(connection), CancellationToken.None);
    }

    /// <summary>
    /// Sends a request and waits for its reply. Failures are in the reply's code; only cancellation throws. Payloads must stay unchanged
    /// until this completes.
    /// </summary>
    public async ValueTask<ServerFrame> RequestAsync(
        ClientFrame frame, TimeSpan timeout, Action<ServerFrame>? onReply = null, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        PendingRequest request;
        lock (_gate)
        {
            if (_unavailable is { } reason)
            {
                return new ServerFrame { ReturnCode = -reason.Code, Error = reason.Attempt };
            }

            frame.Id = _nextId++;
            request = new PendingRequest(frame.Id, frame, onReply);
            _pending.Add(frame.Id, request);
            _queue?.Writer.TryWrite(request);
        }

        try
        {
            return await request.Reply.WaitAsync(timeout, _time, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (e is TimeoutException or OperationCanceledException)
        {
            Forget(request);
            if (e is OperationCanceledException)
            {
                throw;
            }

            return new ServerFrame { ReturnCode = -Errno.ETIMEDOUT, Error = $"no answer of {_endpoint} within {timeout.TotalSeconds:0.#} s" };
        }
    }

    public async ValueTask DisposeAsync()
    {
        await LeaveAsync(new RadosException(Errno.ENOTCONN, $"the connection to {_endpoint} was closed")).ConfigureAwait(false);
        await _stopping.CancelAsync().ConfigureAwait(false);
        await _running.ConfigureAwait(false);
        await Watches.DisposeAsync().ConfigureAwait(false);
    }

    // What is under way ends here and now; then the site is told, so that it drops watches at once instead of waiting whether this client
    // comes back.
    private async Task LeaveAsync(RadosException reason)
    {
        PendingRequest? goodbye = null;
        PendingRequest[] pending;
        lock (_gate)
        {
            pending = [.. _pending.Values];
            _pending.Clear();
            if (_queue is not null && _unavailable is null)
            {
                var frame = new ClientFrame { Id = _nextId++, Goodbye = new Goodbye() };
                goodbye = new PendingRequest(frame.Id, frame, null);
                _pending.Add(frame.Id, goodbye);
                _queue.Writer.TryWrite(goodbye);
            }

            _unavailable ??= reason;
            _failed = true;
        }

        Fail(pending, reason);
        Watches.LoseAll(Errno.ENOTCONN);
        if (goodbye is not null)
        {
            await ((Task)goodbye.Reply).WaitAsync(_goodbyeTimeout, _time).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            goodbye.Abandon();
        }
    }

    private void Forget(PendingRequest request)
    {
        lock (_gate)
        {
            _pending.Remove(request.Id);
        }

        request.Abandon();
    }

    private async Task RunAsync(SiteConnection? connection)
    {
        TimeSpan backoff = TimeSpan.Zero;
        while (!_stopping.IsCancellationRequested)
        {
            if (connection is not null)
            {
                RadosException? end = await PumpAsync(connection).ConfigureAwait(false);
                Detach();
                await connection.DisposeAsync().ConfigureAwait(false);
                connection = null;
                backoff = TimeSpan.Zero;
                if (end is not null)
                {
                    BecomeUnavailable(end, forGood: true);
                }

                if (Volatile.Read(ref _failed))
                {
                    FailLeft();
                    return;
                }
            }

            try
            {
                await Task.Delay(backoff, _time, _stopping.Token).ConfigureAwait(false);
                connection = await SiteConnection.OpenAsync(
                    _endpoint, _name, _key, Welcome.ResumeToken, AttemptTimeout(), _time, _stopping.Token).ConfigureAwait(false);
                Attach(connection);
            }
            catch (OperationCanceledException) when (_stopping.IsCancellationRequested)
            {
                return;
            }
            catch (RadosException e)
            {
                if (e.Code is Errno.EACCES)
                {
                    BecomeUnavailable(e, forGood: true);
                    return;
                }

                if (_time.GetElapsedTime(_lastHeard) >= _grace)
                {
                    BecomeUnavailable(new RadosException(Errno.ENOTCONN, $"the site at {_endpoint} does not answer ({e.Attempt})", e), forGood: false);
                }

                backoff = TimeSpan.FromMilliseconds(Math.Clamp(backoff.TotalMilliseconds * 2, 50, _longestBackoff.TotalMilliseconds));
            }
        }

        if (connection is not null)
        {
            await connection.DisposeAsync().ConfigureAwait(false);
        }
    }

    private TimeSpan AttemptTimeout()
    {
        TimeSpan left = _grace - _time.GetElapsedTime(_lastHeard);
        return left > _attemptTimeout || left <= TimeSpan.Zero ? _attemptTimeout : TimeSpan.FromSeconds(Math.Max(1, left.TotalSeconds));
    }

    private void Attach(SiteConnection connection)
    {
        bool resumed = connection.Welcome.Resumed;
        lock (_gate)
        {
            Welcome = connection.Welcome;
            Volatile.Write(ref _lastHeard, _time.GetTimestamp());
            if (!_failed)
            {
                _unavailable = null;
            }

            _queue = Channel.CreateUnbounded<PendingRequest>(new UnboundedChannelOptions { SingleReader = true });
            foreach (PendingRequest request in _pending.Values.OrderBy(r => r.Id))
            {
                request.Requeue(forgotten: !resumed);
                _queue.Writer.TryWrite(request);
            }
        }

        if (resumed)
        {
            Watches.DropLost();
        }
        else
        {
            Watches.LoseAll(Errno.ENOTCONN);
        }
    }

    private void Detach()
    {
        lock (_gate)
        {
            _queue = null;
        }
    }

    private void BecomeUnavailable(RadosException reason, bool forGood)
    {
        PendingRequest[] pending;
        lock (_gate)
        {
            if (_failed)
            {
                return;
            }

            _unavailable = reason;
            _failed = forGood;
            pending = [.. _pending.Values];
            _pending.Clear();
        }

        Fail(pending, reason);
        Watches.LoseAll(reason.Code is Errno.ESHUTDOWN ? Errno.ESHUTDOWN : Errno.ENOTCONN);
    }

    // A goodbye whose answer was lost with the connection.
    private void FailLeft()
    {
        PendingRequest[] left;
        lock (_gate)
        {
            left = [.. _pending.Values];
            _pending.Clear();
        }

        Fail(left, new RadosException(Errno.ENOTCONN, $"the connection to {_endpoint} was closed"));
    }

    private static void Fail(PendingRequest[] requests, RadosException reason)
    {
        foreach (PendingRequest request in requests)
        {
            request.Abandon();
            request.Fail(reason.Code, reason.Attempt);
        }
    }

    /// <summary>Sends and receives until the connection breaks. Returns why the site ended the session, null where it may be taken up again.</summary>
    private async Task<RadosException?> PumpAsync(SiteConnection connection)
    {
        using var broken = CancellationTokenSource.CreateLinkedTokenSource(_stopping.Token);
        Task<RadosException?> receiving = ReceiveAsync(connection, broken.Token);
        Task sending = SendAsync(connection, broken.Token);
        await Task.WhenAny(receiving, sending).ConfigureAwait(false);
        await broken.CancelAsync().ConfigureAwait(false);
        await sending.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return await receiving.ConfigureAwait(false);
    }

    private async Task<RadosException?> ReceiveAsync(SiteConnection connection, CancellationToken cancellationToken)
    {
        try
        {
            while (await connection.Frames.MoveNext(cancellationToken).ConfigureAwait(false))
            {
                Volatile.Write(ref _lastHeard, _time.GetTimestamp());
                ServerFrame frame = connection.Frames.Current;
                if (frame.Id != 0)
                {
                    Answered(frame);
                }
                else if (frame.ReturnCode < 0)
                {
                    return new RadosException(frame.ReturnCode, $"{_endpoint} ended the session: {frame.Error}");
                }
                else
                {
                    Watches.Received(frame);
                }
            }
        }
        catch (Exception e) when (e is RpcException or OperationCanceledException or IOException or InvalidOperationException or ObjectDisposedException)
        {
            // The connection broke: the caller makes another.
        }

        return null;
    }

    private async Task SendAsync(SiteConnection connection, CancellationToken cancellationToken)
    {
        ChannelReader<PendingRequest> queue = _queue!.Reader;
        Task<bool>? waiting = null;
        while (true)
        {
            while (queue.TryRead(out PendingRequest? request))
            {
                if (request.BeginSending())
                {
                    Task sent;
                    try
                    {
                        request.Frame.ReceivedBelow = ReceivedBelow();
                        sent = connection.SendAsync(request.Frame, cancellationToken);
                    }
                    finally
                    {
                        request.EndSending();
                    }

                    await sent.ConfigureAwait(false);
                }
            }

            waiting ??= queue.WaitToReadAsync(cancellationToken).AsTask();
            try
            {
                await waiting.WaitAsync(_pingInterval, _time, cancellationToken).ConfigureAwait(false);
                waiting = null;
            }
            catch (TimeoutException)
            {
                await connection.SendAsync(
                    new ClientFrame { ReceivedBelow = ReceivedBelow(), Ping = new Ping() }, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    private void Answered(ServerFrame frame)
    {
        PendingRequest? request;
        lock (_gate)
        {
            _pending.Remove(frame.Id, out request);
        }

        request?.Complete(frame);
    }

    private ulong ReceivedBelow()
    {
        lock (_gate)
        {
            while (_receivedBelow < _nextId && !_pending.ContainsKey(_receivedBelow))
            {
                _receivedBelow++;
            }

            return _receivedBelow;
        }
    }
}
