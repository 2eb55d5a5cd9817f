using Nacre.Rados;
using Nacre.Rados.Clusters;
using Nacre.Rados.Configuration;

namespace Nacre.Cli.Applications;

/// <summary>Chooses the engine by configuration: an <c>https://</c> monitor host is an embedded site, anything else Ceph.</summary>
internal sealed class ClusterConnector : IClusterConnector
{
    /// <inheritdoc/>
    public Task<ICluster> ConnectAsync(ClusterConfiguration configuration, ClusterOptions options, CancellationToken cancellationToken = default) =>
        throw new RadosException(
            Errno.EOPNOTSUPP, configuration.IsEmbeddedSite ? "embedded sites are not wired yet" : "Ceph clusters are not wired yet");
}
