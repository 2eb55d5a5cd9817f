using Nacre.Conformance;
using Nacre.ObjectClasses;
using Nacre.Rados.Clusters;
using Nacre.Rados.Configuration;
using Nacre.Rados.Embedded.Tests.Conformance;

[assembly: AssemblyFixture(typeof(EmbeddedFixture))]

namespace Nacre.Rados.Embedded.Tests.Conformance;

/// <summary>An embedded store in this process, for the conformance suites.</summary>
public sealed class EmbeddedFixture : EngineFixture
{
    private readonly TemporaryDirectory _directory = new();
    private EmbeddedStore? _store;

    public override Task<ICluster> ConnectAsync(ClusterOptions? options = null) =>
        Task.FromResult<ICluster>(_store!.Connect(EntityName.Admin, options));

    protected override async Task StartAsync()
    {
        var commands = new SmallMonitor();
        _store = await EmbeddedStore.OpenAsync(
            _directory.Path, new EmbeddedStoreOptions { Classes = RbdObjectClasses.All, Commands = commands });
    }

    protected override async Task StopAsync()
    {
        if (_store is not null)
        {
            await _store.DisposeAsync();
        }

        _directory.Dispose();
    }
}
