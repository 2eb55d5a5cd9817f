using System.Text;
using Nacre.Rados;

namespace Nacre.Mirroring.Tests.Rules;

/// <summary>Against answers that monitors of Ceph 16.2.15 gave.</summary>
public class MirrorDaemonTests
{
    private const string Dump =
        """
        {"epoch":6,"modified":"2026-11-24T13:35:51.913277+0000","services":{"rbd-mirror":{"daemons":{"summary":"","4128":{"start_epoch":4,
        "start_stamp":"2026-11-24T13:21:04.794571+0000","gid":4128,"addr":"127.0.0.1:0/1244844726","metadata":{"arch":"x86_64",
        "ceph_release":"pacific","ceph_version_short":"16.2.15","hostname":"vm","id":"b","instance_id":"4128"},"task_status":{}}}}}}
        """;

    [Fact]
    public async Task A_daemon_that_does_well()
    {
        MirrorDaemons daemons = await QueryAsync(Dump, Status("""{\"2\":{\"callouts\":{},\"instance_id\":\"4130\",\"leader\":true}}"""));
        MirrorDaemon daemon = Assert.Single(daemons.Daemons);
        Assert.Equal(("4128", "4130", "b", "vm", "16.2.15"), (daemon.ServiceId, daemon.InstanceId, daemon.ClientId, daemon.HostName, daemon.Version));
        Assert.Equal((MirrorHealth.Ok, MirrorHealth.Ok, true), (daemons.Health, daemon.Health, daemon.IsLeader));
        Assert.Same(daemon, daemons.FindInstance("4130"));
        Assert.Equal("b on vm", daemon.Description);
    }

    [Fact]
    public async Task A_daemon_that_cannot_reach_its_peer()
    {
        MirrorDaemons daemons = await QueryAsync(Dump, Status(
            """{\"2\":{\"callouts\":{\"1\":{\"level\":\"error\",\"text\":\"unable to connect to remote cluster\"}},\"instance_id\":\"4130\",\"leader\":true}}"""));
        Assert.Equal(MirrorHealth.Error, daemons.Health);
        Assert.Equal(["unable to connect to remote cluster"], daemons.Daemons[0].Callouts);
    }

    [Theory]
    [InlineData("""{"rbd-mirror":{"4128":{"status":{}}}}""", "not reporting status", MirrorHealth.Error)]
    [InlineData("""{"rbd-mirror":{"4128":{"status":{"json":"{\"7\":{}}"}}}}""", "not reporting status for pool", MirrorHealth.Error)]
    public async Task A_daemon_that_says_nothing_of_the_pool(string status, string callout, MirrorHealth health)
    {
        MirrorDaemons daemons = await QueryAsync(Dump, status);
        Assert.Equal(health, daemons.Health);
        Assert.Equal([callout], daemons.Daemons[0].Callouts);
    }

    [Fact]
    public async Task No_leader_is_a_warning() => Assert.Equal(
        MirrorHealth.Warning,
        (await QueryAsync(Dump, Status("""{\"2\":{\"callouts\":{},\"instance_id\":\"4130\"}}"""))).Health);

    [Theory]
    [InlineData("""{"services":{}}""")]
    [InlineData("""{"services":{"rbd-mirror":{"daemons":{"summary":""}}}}""")]
    public async Task Without_daemons_nothing_is_known(string dump) => Assert.Equal(MirrorHealth.Unknown, (await QueryAsync(dump, "{}")).Health);

    [Theory]
    [InlineData("{", "{}")]
    [InlineData("""{"services":5}""", "{}")]
    [InlineData(Dump, """{"rbd-mirror":5}""")]
    [InlineData(Dump, """{"rbd-mirror":{"4128":{"status":{"json":"{"}}}}""")]
    [InlineData(Dump, """{"rbd-mirror":{"4128":{"status":{"json":"{\"2\":{\"leader\":5}}"}}}}""")]
    public async Task Nonsense_is_an_error(string dump, string status) =>
        Assert.Equal(Errno.EIO, (await Assert.ThrowsAsync<RadosException>(() => QueryAsync(dump, status))).Code);

    private static string Status(string json) => "{\"rbd-mirror\":{\"4128\":{\"status\":{\"json\":\"" + json + "\"}}}}";

    private static Task<MirrorDaemons> QueryAsync(string dump, string status) => Task.FromResult(
        MirrorDaemons.Read(Encoding.UTF8.GetBytes(dump), Encoding.UTF8.GetBytes(status), 2));
}
