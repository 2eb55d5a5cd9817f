using Nacre.ObjectClasses.Rbd;
using Nacre.Rados;
using Nacre.Rados.Clusters;
using Nacre.Rados.Configuration;

namespace Nacre.Mirroring.Daemon.Hosting;

/// <summary>Connects to a peer's cluster; tests give one of their own.</summary>
public interface IPeerConnector
{
    /// <summary>Connects. Failures are <see cref="RadosException"/> that say what the operator can do.</summary>
    /// <param name="peer">The peer.</param>
    /// <param name="attributes">How it is reached, where that is stored with it; null otherwise.</param>
    /// <param name="options">Deadlines.</param>
    /// <param name="cancellationToken">Gives up.</param>
    Task<ICluster> ConnectAsync(MirrorPeer peer, MirrorPeerAttributes? attributes, ClusterOptions options, CancellationToken cancellationToken);
}

/// <summary>
/// Connects by the peer's name: with <c>SITE.conf</c> and its keyring on the search path, or with the monitors and key that are stored with the peer
/// (src/tools/rbd_mirror/PoolReplayer.cc). This cluster's own environment does not lead there.
/// </summary>
/// <param name="connector">Chooses the engine.</param>
/// <param name="loader">Finds conf files and keys.</param>
public sealed class PeerConnector(IClusterConnector connector, ClusterConfigurationLoader loader) : IPeerConnector
{
    /// <inheritdoc/>
    public async Task<ICluster> ConnectAsync(
        MirrorPeer peer, MirrorPeerAttributes? attributes, ClusterOptions options, CancellationToken cancellationToken)
    {
        EntityName name = EntityName.TryParse(peer.ClientName) ?? EntityName.Client(peer.ClientName);
        var overrides = new ConfigurationOverrides { IgnoreEnvironment = true, MonitorHost = attributes?.MonHost, Key = attributes?.Key };
        ClusterConfiguration configuration = await loader.LoadAsync(peer.SiteName, name, overrides, cancellationToken);
        if (configuration.Key is null)
        {
            throw new RadosException(
                Errno.EACCES, $"no key of {name} for site '{peer.SiteName}': copy its keyring to {peer.SiteName}.{name}.keyring on the search path");
        }

        return await connector.ConnectAsync(configuration, options, cancellationToken);
    }
}
