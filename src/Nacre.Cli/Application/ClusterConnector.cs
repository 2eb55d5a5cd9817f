using Nacre.Rados;
using Nacre.Rados.Clusters;
using Nacre.Rados.Configuration;

namespace Nacre.Cli.Application;

/// <summary>The one place that chooses an engine: an <c>https://</c> monitor address is an embedded site, anything else is Ceph.</summary>
public sealed class ClusterConnector : IClusterConnector
{
    /// <inheritdoc/>
    public Task<ICluster> ConnectAsync(
        ClusterConfiguration configuration, ClusterOptions options, CancellationToken cancellationToken = default) =>
        throw new RadosException(Errno.ENOSYS, $"connecting to {configuration.ClusterName}: no engine is built in yet");
}
