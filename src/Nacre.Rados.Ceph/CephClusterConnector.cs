using Nacre.Rados.Clusters;
using Nacre.Rados.Configuration;

namespace Nacre.Rados.Ceph;

/// <summary>
/// Connects to real Ceph clusters through librados. Where librados or this engine's shim is missing, connecting fails with ENOSYS and says
/// what to install.
/// </summary>
public sealed class CephClusterConnector : IClusterConnector
{
    /// <inheritdoc/>
    public async Task<ICluster> ConnectAsync(
        ClusterConfiguration configuration, ClusterOptions options, CancellationToken cancellationToken = default) =>
        await CephCluster.ConnectAsync(configuration, options, cancellationToken);
}
