using Nacre.Mirroring;
using Nacre.Mirroring.Bootstrap;
using Nacre.ObjectClasses.Rbd;
using Nacre.Rados;
using Nacre.Rados.Clusters;
using Nacre.Rados.Configuration;
using Nacre.Rados.Remote;
using Nacre.Rbd;

namespace Nacre.Site.Tests;

/// <summary>Two embedded sites made peers by a token, as operators do it.</summary>
public sealed class BootstrapTests : IAsyncLifetime
{
    private readonly Connector _connector = new();
    private TestSite _siteA = null!;
    private TestSite _siteB = null!;
    private IPool _poolA = null!;
    private IPool _poolB = null!;

    public async ValueTask InitializeAsync()
    {
        _siteA = await TestSite.StartAsync("site-a");
        _siteB = await TestSite.StartAsync("site-b");
        _poolA = await OpenAsync(_siteA);
        _poolB = await OpenAsync(_siteB);
        await MirrorSite.SetNameAsync(_poolA.Cluster, "alpha");
    }

    public async ValueTask DisposeAsync()
    {
        await _poolA.Cluster.DisposeAsync();
        await _poolB.Cluster.DisposeAsync();
        await _siteA.DisposeAsync();
        await _siteB.DisposeAsync();
    }

    [Fact]
    public async Task A_token_makes_its_site_a_peer_and_with_both_directions_the_other_one_too()
    {
        await new MirrorPool(_poolA).SetModeAsync(MirrorMode.Image);
        BootstrapToken token = await PeerBootstrap.CreateAsync(_poolA);
        for (int time = 0; time < 2; time++)
        {
            await ImportAsync(_poolB, BootstrapToken.Decode(token.Encode()), MirrorPeerDirection.Both);
        }

        Assert.Equal(MirrorMode.Image, await new MirrorPool(_poolB).GetModeAsync());
        MirrorPeer here = Assert.Single(await new MirrorPool(_poolB).ListPeersAsync());
        MirrorPeer there = Assert.Single(await new MirrorPool(_poolA).ListPeersAsync());
        Assert.Equal(("alpha", "client.rbd-mirror-peer", MirrorPeerDirection.Both), (here.SiteName, here.ClientName, here.Direction));
        Assert.Equal((_poolB.Cluster.Fsid, MirrorPeerDirection.Both), (there.SiteName, there.Direction));

        // What is stored with the peer is enough to reach it, certificate and all.
        MirrorPeerAttributes attributes = (await new MirrorPool(_poolA).GetPeerAttributesAsync(there.Uuid))!;
        Assert.Contains('#', attributes.MonHost!);
        await using ICluster reached = await _connector.ConnectAsync(
            new ClusterConfiguration { ClusterName = "b", Name = EntityName.Client("rbd-mirror-peer"), MonitorHost = attributes.MonHost!, Key = attributes.Key },
            new ClusterOptions(), TestContext.Current.CancellationToken);
        Assert.Equal(_poolB.Cluster.Fsid, reached.Fsid);
    }

    [Fact]
    public async Task A_token_that_does_not_fit_changes_nothing()
    {
        await FailsAsync(Errno.EINVAL, () => PeerBootstrap.CreateAsync(_poolA));
        await new MirrorPool(_poolA).SetModeAsync(MirrorMode.Image);
        BootstrapToken token = await PeerBootstrap.CreateAsync(_poolA);
        await FailsAsync(Errno.EINVAL, () => ImportAsync(_poolA, token, MirrorPeerDirection.Both));
        await FailsAsync(Errno.EINVAL, () => ImportAsync(_poolB, token with { Fsid = Guid.NewGuid().ToString() }, MirrorPeerDirection.Both));
        await FailsAsync(Errno.EACCES, () => ImportAsync(_poolB, token with { Key = "AQDn8wVr7Y55ARAApICS2n/xjDgqkjVqRi0UwA==" }, MirrorPeerDirection.Both));
        string wrongCertificate = token.MonHost[..^64] + new string('0', 64);
        await Assert.ThrowsAsync<RadosException>(() => ImportAsync(_poolB, token with { MonHost = wrongCertificate }, MirrorPeerDirection.Both));
        await MirrorSite.SetNameAsync(_poolB.Cluster, "alpha");
        await FailsAsync(Errno.EINVAL, () => ImportAsync(_poolB, token, MirrorPeerDirection.Both));
        await MirrorSite.SetNameAsync(_poolB.Cluster, "beta");
        await new MirrorPool(_poolA).SetModeAsync(MirrorMode.Disabled);
        await FailsAsync(Errno.ENOSYS, () => ImportAsync(_poolB, token, MirrorPeerDirection.Both));
        Assert.Empty(await new MirrorPool(_poolA).ListPeersAsync());
        Assert.Empty(await new MirrorPool(_poolB).ListPeersAsync());
    }

    private static async Task FailsAsync(int errno, Func<Task> action) => Assert.Equal(errno, (await Assert.ThrowsAsync<RadosException>(action)).Code);

    private Task ImportAsync(IPool pool, BootstrapToken token, MirrorPeerDirection direction) =>
        PeerBootstrap.ImportAsync(pool, token, direction, _connector, new ClusterOptions(), TestContext.Current.CancellationToken);

    private static async Task<IPool> OpenAsync(TestSite site)
    {
        ICluster cluster = await site.ConnectAsync();
        await cluster.CreatePoolAsync("rbd", TestContext.Current.CancellationToken);
        IPool pool = await cluster.OpenPoolAsync("rbd", TestContext.Current.CancellationToken);
        await new RbdImages(pool).InitializePoolAsync();
        return pool;
    }

    private sealed class Connector : IClusterConnector
    {
        public Task<ICluster> ConnectAsync(ClusterConfiguration configuration, ClusterOptions options, CancellationToken cancellationToken = default) =>
            RemoteCluster.ConnectAsync(configuration, options, cancellationToken);
    }
}
