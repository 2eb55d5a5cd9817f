using Nacre.Conformance;
using Nacre.Rados.Ceph.Tests;
using Nacre.Rados.Clusters;
using Nacre.Testing.Ceph;

[assembly: AssemblyFixture(typeof(CephFixture))]

namespace Nacre.Rados.Ceph.Tests;

/// <summary>One real cluster for all tests of this assembly.</summary>
public sealed class CephFixture : EngineFixture
{
    private CephMicroCluster? _cluster;

    public CephMicroCluster MicroCluster => _cluster ?? throw new InvalidOperationException("not started");

    public override Task<ICluster> ConnectAsync(ClusterOptions? options = null) =>
        new CephClusterConnector().ConnectAsync(MicroCluster.Configuration, options ?? new ClusterOptions());

    protected override async Task StartAsync() => _cluster = await CephMicroCluster.StartAsync("conform");

    protected override async Task StopAsync() => await MicroCluster.DisposeAsync();
}
