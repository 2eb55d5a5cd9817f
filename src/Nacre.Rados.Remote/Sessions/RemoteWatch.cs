using Nacre.Rados.Remote.Protocol;
using Nacre.Rados.Watching;

namespace Nacre.Rados.Remote.Sessions;

/// <summary>A watch at a site.</summary>
internal sealed class RemoteWatch(RemoteSession session, ulong cookie, IWatchHandler handler, TimeSpan timeout) : IWatch
{
    private int _errno;
    private int _disposed;

    public ulong Cookie => cookie;

    public IWatchHandler Handler => handler;

    public int Check() => -Volatile.Read(ref _errno);

    public void Lose(int errno)
    {
        if (Interlocked.CompareExchange(ref _errno, errno, 0) == 0 && Volatile.Read(ref _disposed) == 0)
        {
            // Not on the receiving loop: the owner may do what it likes here.
            ThreadPool.UnsafeQueueUserWorkItem(static state => state.handler.OnLost(state.errno), (handler, errno), preferLocal: false);
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) == 0 && session.Watches.Remove(cookie))
        {
            await session.RequestAsync(new ClientFrame { Unwatch = new Unwatch { Cookie = cookie } }, timeout).ConfigureAwait(false);
        }
    }
}
