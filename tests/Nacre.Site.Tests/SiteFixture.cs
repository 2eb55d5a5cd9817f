using Nacre.Conformance;
using Nacre.Rados.Clusters;

[assembly: AssemblyFixture(typeof(Nacre.Site.Tests.SiteFixture))]

namespace Nacre.Site.Tests;

/// <summary>One site for all tests of this assembly that need no site of their own: the third engine of the conformance suite.</summary>
public sealed class SiteFixture : EngineFixture
{
    private TestSite? _site;

    internal TestSite Site => _site!;

    /// <inheritdoc/>
    public override Task<ICluster> ConnectAsync(ClusterOptions? options = null) => Site.ConnectAsync(options);

    /// <inheritdoc/>
    protected override async Task StartAsync() => _site = await TestSite.StartAsync();

    /// <inheritdoc/>
    protected override async Task StopAsync()
    {
        if (_site is not null)
        {
            await _site.DisposeAsync();
        }
    }
}
