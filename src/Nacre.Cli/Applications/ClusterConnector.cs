using Nacre.Rados.Ceph;
using Nacre.Rados.Clusters;
using Nacre.Rados.Configuration;
using Nacre.Rados.Remote;

namespace Nacre.Cli.Applications;

/// <summary>Chooses the engine by configuration: an <c>https://</c> monitor host is an embedded site, anything else Ceph.</summary>
internal sealed class ClusterConnector : IClusterConnector
{
    /// <inheritdoc/>
    public Task<ICluster> ConnectAsync(ClusterConfiguration configuration, ClusterOptions options, CancellationToken cancellationToken = default) =>
        configuration.IsEmbeddedSite
            ? RemoteCluster.ConnectAsync(configuration, options, cancellationToken)
            : new CephClusterConnector().ConnectAsync(configuration, options, cancellationToken);
}
