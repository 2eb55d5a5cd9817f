using Nacre.Testing.Ceph;

namespace Nacre.Testing.Tests;

public class CephMicroClusterTests
{
    [Fact]
    public async Task A_cluster_serves_images_and_survives_its_death()
    {
        await using CephMicroCluster cluster = await CephMicroCluster.StartAsync("site-a");
        await cluster.RbdAsync("create", "rbd/one", "--size", "8M");
        await cluster.KillAllAsync();
        await cluster.StartAgainAsync(TestContext.Current.CancellationToken);
        Assert.Equal("one\n", await cluster.RbdAsync("ls"));
    }
}
