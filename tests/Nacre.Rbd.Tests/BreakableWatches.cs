using Nacre.Rados;
using Nacre.Rados.Clusters;
using Nacre.Rados.Objects;
using Nacre.Rados.Watching;

namespace Nacre.Rbd.Tests;

/// <summary>A pool whose watches can be made to break, as when the network was away for long.</summary>
internal sealed class BreakableWatches(IPool inner) : PoolDecorator(inner)
{
    private readonly List<(IWatch Watch, IWatchHandler Handler)> _watches = [];

    /// <summary>Ends all watches and tells their owners.</summary>
    public async Task BreakAsync()
    {
        (IWatch, IWatchHandler)[] broken = [.. _watches];
        _watches.Clear();
        foreach ((IWatch watch, IWatchHandler handler) in broken)
        {
            await watch.DisposeAsync();
            handler.OnLost(Errno.ENOTCONN);
        }
    }

    public override IPool WithNamespace(string name) => Inner.WithNamespace(name);

    public override async Task<IWatch> WatchAsync(string objectName, IWatchHandler handler, CancellationToken cancellationToken = default)
    {
        IWatch watch = await Inner.WatchAsync(objectName, handler, cancellationToken);
        _watches.Add((watch, handler));
        return watch;
    }
}
