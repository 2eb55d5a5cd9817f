using Microsoft.Extensions.Logging;
using Nacre.Mirroring.Daemon.Status;
using Nacre.ObjectClasses.Rbd;
using Nacre.Rados;
using Nacre.Rados.Clusters;

namespace Nacre.Mirroring.Daemon.Pools;

/// <summary>What is wrong with a pool's source, as long as something is: told in the log, in the pool's service status and in the status of every copy.</summary>
internal sealed class SourceOutage(IPool pool, MirrorPeer peer, ILogger log, Action statusChanged)
{
    /// <summary>Ceph's words for a source that cannot be reached.</summary>
    public const string NotConnected = "unable to connect to remote cluster";

    private readonly Lock _lock = new();
    private string? _lastError;

    /// <summary>What the operator is to know of the pool; null where all is well.</summary>
    public Callout? Callout { get; private set; }

    /// <summary>The namespaces that are mirrored from there.</summary>
    public IReadOnlyList<LocalNamespace> Namespaces { get; set; } = [];

    /// <summary>Something is wrong, or is now wrong in another way.</summary>
    /// <param name="callout">Ceph's words for it.</param>
    /// <param name="error">What happened, and what the operator can do.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task BeginAsync(string callout, string error, CancellationToken cancellationToken)
    {
        bool isNew;
        lock (_lock)
        {
            isNew = _lastError != error;
            _lastError = error;
            Callout = new Callout(CalloutLevel.Error, callout);
        }

        if (isNew)
        {
            log.LogError("pool {Pool}, site '{Site}': {Callout}: {Error}", pool.Name, peer.SiteName, callout, error);
        }

        statusChanged();
        foreach (LocalNamespace local in Namespaces)
        {
            try
            {
                await local.SuspendAsync($"{callout}: {error}", cancellationToken);
            }
            catch (RadosException failed)
            {
                // Those who watch over the local site tell what is wrong with it.
                log.LogDebug("statuses of {Pool}/{Namespace}: {Error}", pool.Name, local.Pool.Namespace, failed.Message);
            }
        }
    }

    /// <summary>All is well again.</summary>
    public void End()
    {
        lock (_lock)
        {
            _lastError = null;
            Callout = null;
        }

        foreach (LocalNamespace local in Namespaces)
        {
            local.Status.Resume();
        }

        statusChanged();
    }
}
