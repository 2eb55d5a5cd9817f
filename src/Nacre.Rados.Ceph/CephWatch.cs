using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Nacre.Rados.Ceph.Native;
using Nacre.Rados.Watching;

namespace Nacre.Rados.Ceph;

/// <summary>A standing watch. librados calls back with an id; the handler runs on the thread pool.</summary>
internal sealed class CephWatch : IWatch
{
    private static readonly ConcurrentDictionary<nint, CephWatch> _standing = new();
    private static long _lastId;

    private readonly CephConnection _connection;
    private readonly nint _context;
    private readonly string _poolName;
    private readonly string _objectName;
    private readonly IWatchHandler _handler;
    private readonly nint _id;
    private readonly CancellationTokenSource _ended = new();
    private int _lostCode;
    private bool _disposed;

    private CephWatch(CephConnection connection, nint context, string poolName, string objectName, IWatchHandler handler)
    {
        _connection = connection;
        _context = context;
        _poolName = poolName;
        _objectName = objectName;
        _handler = handler;
        _id = (nint)Interlocked.Increment(ref _lastId);
    }

    public ulong Cookie { get; private set; }

    /// <summary>Begins to watch.</summary>
    public static Task<CephWatch> BeginAsync(
        CephConnection connection, nint context, string poolName, string objectName, IWatchHandler handler, CancellationToken cancellationToken)
    {
        var watch = new CephWatch(connection, context, poolName, objectName, handler);
        _standing[watch._id] = watch;
        return watch.BeginAsync(cancellationToken);
    }

    /// <summary>After a client's shutdown nothing calls back any more.</summary>
    public static void ForgetAll(CephConnection connection)
    {
        foreach ((nint id, CephWatch watch) in _standing)
        {
            if (watch._connection == connection)
            {
                _standing.TryRemove(id, out _);
                watch.Lose(Errno.ENOTCONN);
            }
        }
    }

    public int Check()
    {
        int lost = Volatile.Read(ref _lostCode);
        if (lost != 0)
        {
            return -lost;
        }

        return _connection.Run(_ => Math.Min(0, Librados.WatchCheck(_context, Cookie)), -Errno.ENOTCONN);
    }

    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, true))
        {
            return;
        }

        Interlocked.CompareExchange(ref _lostCode, Errno.ENOTCONN, 0);
        _standing.TryRemove(_id, out _);
        await _ended.CancelAsync();
        try
        {
            await UnwatchAsync();
        }
        catch (RadosException)
        {
            // The site is gone or has dropped the watch already: there is nothing left to end, and it times out there by itself.
        }
    }

    private async Task<CephWatch> BeginAsync(CancellationToken cancellationToken)
    {
        string what = $"watching object {_poolName}/{_objectName}";
        try
        {
            return await SimpleCall<CephWatch>.RunAsync(
                _connection,
                _context,
                what,
                Submit,
                (code, scratch) =>
                {
                    Cookie = (ulong)Marshal.ReadInt64(scratch);
                    return code < 0 ? throw new RadosException(code, what) : this;
                },
                cancellationToken,
                unwanted: static watch => ThreadPool.UnsafeQueueUserWorkItem(static w => _ = w.DisposeAsync().AsTask(), watch, preferLocal: false));
        }
        catch
        {
            _standing.TryRemove(_id, out _);
            throw;
        }
    }

    private unsafe int Submit(nint completion, nint scratch) =>
        Librados.Watch(_context, _objectName, completion, (ulong*)scratch, &OnNotified, &OnFailed, 0, _id);

    private unsafe int Acknowledge(Notification notification, ReadOnlyMemory<byte> answer)
    {
        fixed (byte* payload = answer.Span)
        {
            return Librados.NotifyAcknowledge(_context, _objectName, notification.NotifyId, notification.Cookie, payload, answer.Length);
        }
    }

    private Task UnwatchAsync() => SimpleCall<int>.RunAsync(
        _connection,
        _context,
        $"ending the watch of object {_poolName}/{_objectName}",
        (completion, _) => Librados.Unwatch(_context, Cookie, completion),
        (code, _) => code,
        CancellationToken.None);

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static unsafe void OnNotified(nint id, ulong notifyId, ulong cookie, ulong notifierId, byte* data, nuint length)
    {
        if (_standing.TryGetValue(id, out CephWatch? watch))
        {
            var notification = new Notification(notifyId, cookie, notifierId, new ReadOnlySpan<byte>(data, (int)length).ToArray());
            ThreadPool.UnsafeQueueUserWorkItem(
                static state => _ = state.watch.HandleAsync(state.notification), (watch, notification), preferLocal: false);
        }
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void OnFailed(nint id, ulong cookie, int error)
    {
        if (_standing.TryGetValue(id, out CephWatch? watch))
        {
            ThreadPool.UnsafeQueueUserWorkItem(static state => state.watch.Lose(state.errno), (watch, errno: Math.Abs(error)), preferLocal: false);
        }
    }

    private void Lose(int errno)
    {
        if (Interlocked.CompareExchange(ref _lostCode, errno, 0) != 0)
        {
            return;
        }

        try
        {
            _ended.Cancel();
            _handler.OnLost(errno);
        }
        catch (Exception)
        {
            // On a pool thread it would end the process; the handler's own errors are its to log.
        }
    }

    private async Task HandleAsync(Notification notification)
    {
        ReadOnlyMemory<byte> answer = default;
        try
        {
            answer = await _handler.OnNotifyAsync(notification, _ended.Token);
        }
        catch (Exception)
        {
            // By the contract the notifier is answered with nothing; what went wrong is the handler's to log.
        }

        _connection.Run(_ => Acknowledge(notification, answer), -Errno.ENOTCONN);
    }
}
