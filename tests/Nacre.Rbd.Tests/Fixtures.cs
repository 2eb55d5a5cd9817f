using Nacre.Conformance;
using Nacre.ObjectClasses;
using Nacre.Rados.Ceph;
using Nacre.Rados.Clusters;
using Nacre.Rados.Configuration;
using Nacre.Rados.Embedded;
using Nacre.Rbd.Tests;
using Nacre.Testing.Ceph;

[assembly: AssemblyFixture(typeof(CephFixture))]
[assembly: AssemblyFixture(typeof(EmbeddedFixture))]

namespace Nacre.Rbd.Tests;

/// <summary>One real cluster for all tests of this assembly.</summary>
public sealed class CephFixture : EngineFixture
{
    private CephMicroCluster? _cluster;

    public CephMicroCluster MicroCluster => _cluster ?? throw new InvalidOperationException("not started");

    public override Task<ICluster> ConnectAsync(ClusterOptions? options = null) =>
        new CephClusterConnector().ConnectAsync(MicroCluster.Configuration, options ?? new ClusterOptions());

    protected override async Task StartAsync() => _cluster = await CephMicroCluster.StartAsync("images");

    protected override async Task StopAsync() => await MicroCluster.DisposeAsync();
}

/// <summary>One embedded store, in this process.</summary>
public sealed class EmbeddedFixture : EngineFixture
{
    private readonly string _directory = Directory.CreateTempSubdirectory("nacre-images-").FullName;
    private EmbeddedStore? _store;

    public override Task<ICluster> ConnectAsync(ClusterOptions? options = null) =>
        Task.FromResult<ICluster>(_store!.Connect(EntityName.Admin, options));

    protected override async Task StartAsync() => _store = await EmbeddedStore.OpenAsync(
        _directory, new EmbeddedStoreOptions { Classes = RbdObjectClasses.All });

    protected override async Task StopAsync()
    {
        await _store!.DisposeAsync();
        Directory.Delete(_directory, recursive: true);
    }
}
