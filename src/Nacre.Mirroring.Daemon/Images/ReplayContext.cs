using Microsoft.Extensions.Logging;
using Nacre.Mirroring.Daemon.Copying;
using Nacre.Mirroring.Daemon.Hosting;
using Nacre.Mirroring.Daemon.Journals;
using Nacre.ObjectClasses.Rbd;
using Nacre.Rados.Clusters;

namespace Nacre.Mirroring.Daemon.Images;

/// <summary>Takes the states of images, to be published at both sites.</summary>
internal interface IImageStatusSink
{
    /// <summary>An image's state from now on.</summary>
    void Report(string globalImageId, MirrorImageStatusState state, string description);

    /// <summary>An image is not replayed any more: its status goes.</summary>
    void Forget(string globalImageId);
}

/// <summary>What the replayers of one namespace share while both sites are connected.</summary>
internal sealed class ReplayContext : IAsyncDisposable
{
    private readonly Dictionary<long, SnapshotIdReserve> _ids = [];

    /// <summary>The local pool and namespace.</summary>
    public required IPool Local { get; init; }

    /// <summary>The source's.</summary>
    public required IPool Remote { get; init; }

    /// <summary>Mirror uuid of the local namespace.</summary>
    public required string LocalMirrorUuid { get; init; }

    /// <summary>Mirror uuid of the source's namespace.</summary>
    public required string RemoteMirrorUuid { get; init; }

    /// <summary>The uuid that the source's pool gave this site as a peer.</summary>
    public required string RemotePeerUuid { get; init; }

    /// <summary>Takes states.</summary>
    public required IImageStatusSink Status { get; init; }

    /// <summary>How the daemon behaves.</summary>
    public required DaemonOptions Options { get; init; }

    /// <summary>Bounds the bytes in memory, over all images.</summary>
    public required ByteBudget Budget { get; init; }

    /// <summary>Divides what is gathered of journals, over all images.</summary>
    public required JournalMemory JournalMemory { get; init; }

    /// <summary>Bounds how many images are copied at once.</summary>
    public required SemaphoreSlim SyncThrottle { get; init; }

    /// <summary>The log.</summary>
    public required ILogger Log { get; init; }

    /// <summary>The clock.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>Snapshot ids of a data pool.</summary>
    public SnapshotIdReserve SnapshotIds(IPool dataPool)
    {
        lock (_ids)
        {
            if (!_ids.TryGetValue(dataPool.Id, out SnapshotIdReserve? ids))
            {
                _ids[dataPool.Id] = ids = new SnapshotIdReserve(dataPool);
            }

            return ids;
        }
    }

    /// <summary>The pool of an image's data: its own, or another one, in the same namespace.</summary>
    public static async Task<IPool> DataPoolAsync(IPool pool, long dataPoolId, CancellationToken cancellationToken) =>
        dataPoolId < 0 || dataPoolId == pool.Id
            ? pool
            : (await pool.Cluster.OpenPoolAsync(dataPoolId, cancellationToken)).WithNamespace(pool.Namespace);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        foreach (SnapshotIdReserve ids in _ids.Values)
        {
            await ids.DisposeAsync();
        }
    }
}
