using System.Text.Json;
using Nacre.Rados;
using Nacre.Rados.Clusters;
using Nacre.Rados.Configuration;

namespace Nacre.Site.Tests;

/// <summary>Monitor and manager commands: texts and shapes as a cluster of Ceph 16.2.15 gives them.</summary>
public class CommandTests(SiteFixture site)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_user_is_created_shown_changed_and_removed()
    {
        string name = "client." + site.UniqueName("user");
        (int code, string created, _) = await RunAsync($$"""{"prefix":"auth get-or-create","entity":"{{name}}","caps":["mon","profile rbd","osd","profile rbd pool=rbd"]}""");
        Assert.Equal(0, code);
        string key = created.Split(" = ")[1].Trim();
        Assert.Equal($"[{name}]\n\tkey = {key}\n", created);
        Assert.True(CephSecret.IsValid(key));
        Assert.Equal(
            (0, $"[{name}]\n\tkey = {key}\n\tcaps mon = \"profile rbd\"\n\tcaps osd = \"profile rbd pool=rbd\"\n", $"exported keyring for {name}"),
            await RunAsync($$"""{"prefix":"auth get","entity":"{{name}}"}"""));
        Assert.Equal((0, key, ""), await RunAsync($$"""{"prefix":"auth get-key","entity":"{{name}}"}"""));
        Assert.Equal((0, key, ""), await RunAsync($$"""{"prefix":"auth print-key","entity":"{{name}}"}"""));
        Assert.Equal(
            (0, $$$"""[{"entity":"{{{name}}}","key":"{{{key}}}","caps":{"mon":"profile rbd","osd":"profile rbd pool=rbd"}}]""", $"exported keyring for {name}"),
            await RunAsync($$"""{"prefix":"auth get","entity":"{{name}}","format":"json"}"""));
        Assert.Equal((0, created, ""), await RunAsync($$"""{"prefix":"auth get-or-create","entity":"{{name}}","caps":["mon","profile rbd"]}"""));
        Assert.Equal(
            (-Errno.EINVAL, "", $"key for {name} exists but cap mon does not match"),
            await RunAsync($$"""{"prefix":"auth get-or-create","entity":"{{name}}","caps":["mon","allow r"]}"""));
        Assert.Equal((0, "", $"updated caps for {name}"), await RunAsync($$"""{"prefix":"auth caps","entity":"{{name}}","caps":["mon","allow r"]}"""));
        (_, string list, string status) = await RunAsync("""{"prefix":"auth ls"}""");
        Assert.Contains($"{name}\n\tkey: {key}\n\tcaps: [mon] allow r\n", list, StringComparison.Ordinal);
        Assert.Equal("installed auth entries:\n", status);
        Assert.Equal((0, "", "updated"), await RunAsync($$"""{"prefix":"auth rm","entity":"{{name}}"}"""));
        Assert.Equal((0, "", $"entity {name} does not exist"), await RunAsync($$"""{"prefix":"auth del","entity":"{{name}}"}"""));
        Assert.Equal((-Errno.ENOENT, "", $"failed to find {name} in keyring"), await RunAsync($$"""{"prefix":"auth get","entity":"{{name}}"}"""));
        Assert.Equal((-Errno.ENOENT, "", $"don't have {name}"), await RunAsync($$"""{"prefix":"auth get-key","entity":"{{name}}"}"""));
        Assert.Equal((-Errno.ENOENT, "", $"couldn't find entry {name}"), await RunAsync($$"""{"prefix":"auth caps","entity":"{{name}}","caps":["mon","allow r"]}"""));
    }

    [Theory]
    [InlineData("client.x", """["mon"]""", "bad capabilities request; odd number of arguments")]
    [InlineData("foo", """["mon","allow r"]""", "bad entity name")]
    [InlineData("client.x", """["osd","bogus"]""", "osd capability parse failed, stopped at 'bogus' of 'bogus'")]
    [InlineData("client.x", """["mon","foo"]""", "mon capability parse failed, stopped at 'foo' of 'foo'")]
    [InlineData("client.x", """["mgr","foo"]""", "mgr capability parse failed, stopped at 'foo' of 'foo'")]
    [InlineData("client.x", """["foo","bar"]""", "unknown cap type 'foo'")]
    public async Task A_user_that_cannot_be(string entity, string caps, string status) => Assert.Equal(
        (-Errno.EINVAL, "", status), await RunAsync($$"""{"prefix":"auth get-or-create","entity":"{{entity}}","caps":{{caps}}}"""));

    [Fact]
    public async Task Users_can_be_added_and_imported_with_their_keys()
    {
        string name = "client." + site.UniqueName("import");
        string key = CephSecret.Generate(TimeProvider.System);
        byte[] keyring = System.Text.Encoding.UTF8.GetBytes($"[{name}]\n\tkey = {key}\n\tcaps mon = \"allow r\"\n");
        Assert.Equal((0, "", $"added key for {name}"), await RunAsync($$"""{"prefix":"auth add","entity":"{{name}}"}""", keyring));
        Assert.Equal((0, key, ""), await RunAsync($$"""{"prefix":"auth get-key","entity":"{{name}}"}"""));
        Assert.Equal(
            (-Errno.EINVAL, "", "key for client.other not found in provided keyring"), await RunAsync("""{"prefix":"auth add","entity":"client.other"}""", keyring));
        Assert.Equal((0, "", "imported keyring"), await RunAsync("""{"prefix":"auth import"}""", keyring));
    }

    [Fact]
    public async Task Pools_are_deleted_only_by_who_is_sure()
    {
        string pool = site.UniqueName("guarded");
        string warning = $"WARNING: this will *PERMANENTLY DESTROY* all data stored in pool {pool}.  If you are *ABSOLUTELY CERTAIN* that is what you want, "
            + "pass the pool name *twice*, followed by --yes-i-really-really-mean-it.";
        Assert.Equal((0, "", $"pool '{pool}' created"), await RunAsync($$"""{"prefix":"osd pool create","pool":"{{pool}}"}"""));
        Assert.Equal((0, "", $"pool '{pool}' already exists"), await RunAsync($$"""{"prefix":"osd pool create","pool":"{{pool}}"}"""));
        Assert.Equal((-Errno.EPERM, "", warning), await RunAsync($$"""{"prefix":"osd pool delete","pool":"{{pool}}"}"""));
        Assert.Equal(
            (-Errno.EPERM, "", warning),
            await RunAsync($$"""{"prefix":"osd pool delete","pool":"{{pool}}","pool2":"x","yes_i_really_really_mean_it":true}"""));
        Assert.Contains(pool + "\n", (await RunAsync("""{"prefix":"osd pool ls"}""")).Output, StringComparison.Ordinal);
        Assert.Equal(
            (0, "", $"pool '{pool}' removed"),
            await RunAsync($$"""{"prefix":"osd pool delete","pool":"{{pool}}","pool2":"{{pool}}","yes_i_really_really_mean_it":true}"""));
        Assert.Equal((0, "", $"pool '{pool}' does not exist"), await RunAsync($$"""{"prefix":"osd pool delete","pool":"{{pool}}"}"""));
    }

    [Fact]
    public async Task Applications_are_kept_with_their_pool()
    {
        string pool = site.UniqueName("apps");
        await RunAsync($$"""{"prefix":"osd pool create","pool":"{{pool}}"}""");
        Assert.Equal((0, "", $"enabled application 'rbd' on pool '{pool}'"), await RunAsync($$"""{"prefix":"osd pool application enable","pool":"{{pool}}","app":"rbd"}"""));
        Assert.Equal(
            (-Errno.EPERM, "", $"Are you SURE? Pool '{pool}' already has an enabled application; pass --yes-i-really-mean-it to proceed anyway"),
            await RunAsync($$"""{"prefix":"osd pool application enable","pool":"{{pool}}","app":"other"}"""));
        Assert.Equal(
            (0, "", $"set application 'rbd' key 'k' to 'v' on pool '{pool}'"),
            await RunAsync($$"""{"prefix":"osd pool application set","pool":"{{pool}}","app":"rbd","key":"k","value":"v"}"""));
        Assert.Equal(
            (0, "{\n    \"rbd\": {\n        \"k\": \"v\"\n    }\n}\n", ""), await RunAsync($$"""{"prefix":"osd pool application get","pool":"{{pool}}"}"""));
        Assert.Equal((-Errno.ENOENT, "", "unrecognized pool 'nope'"), await RunAsync("""{"prefix":"osd pool application get","pool":"nope"}"""));
    }

    [Fact]
    public async Task Config_keys_are_kept()
    {
        string key = site.UniqueName("a/b");
        Assert.Equal((0, "", $"set {key}"), await RunAsync($$"""{"prefix":"config-key set","key":"{{key}}","val":"hello"}"""));
        Assert.Equal((0, "hello", ""), await RunAsync($$"""{"prefix":"config-key get","key":"{{key}}"}"""));
        Assert.Equal((0, "", $"key '{key}' exists"), await RunAsync($$"""{"prefix":"config-key exists","key":"{{key}}"}"""));
        Assert.Contains($"\"{key}\"", (await RunAsync("""{"prefix":"config-key ls"}""")).Output, StringComparison.Ordinal);
        Assert.Equal((0, $"{{\n    \"{key}\": \"hello\"\n}}\n", ""), await RunAsync($$"""{"prefix":"config-key dump","key":"{{key}}"}"""));
        Assert.Equal((0, "", "key deleted"), await RunAsync($$"""{"prefix":"config-key rm","key":"{{key}}"}"""));
        Assert.Equal((0, "", "key deleted"), await RunAsync($$"""{"prefix":"config-key rm","key":"{{key}}"}"""));
        Assert.Equal((-Errno.ENOENT, "", ""), await RunAsync($$"""{"prefix":"config-key get","key":"{{key}}"}"""));
        Assert.Equal((-Errno.ENOENT, "", $"key '{key}' doesn't exist"), await RunAsync($$"""{"prefix":"config-key exists","key":"{{key}}"}"""));
    }

    [Fact]
    public async Task Options_hold_for_who_they_are_set_for()
    {
        string option = site.UniqueName("rbd_option_");
        Assert.Equal((0, "", ""), await RunAsync($$"""{"prefix":"config set","who":"client","name":"{{option}}","value":"61"}"""));
        Assert.Equal((0, "61\n", ""), await RunAsync($$"""{"prefix":"config get","who":"client.foo","key":"{{option}}"}"""));
        Assert.Equal((-Errno.ENOENT, "", $"unrecognized key '{option}'"), await RunAsync($$"""{"prefix":"config get","who":"osd","key":"{{option}}"}"""));
        await using (ICluster fresh = await site.ConnectAsync())
        {
            Assert.Equal("61", fresh.GetOption(option));
        }

        Assert.Contains($$""""section":"client","name":"{{option}}","value":"61"""", (await RunAsync("""{"prefix":"config dump","format":"json"}""")).Output, StringComparison.Ordinal);
        Assert.Equal((0, "", ""), await RunAsync($$"""{"prefix":"config rm","who":"client","name":"{{option}}"}"""));
        Assert.Equal((-Errno.EINVAL, "", "unrecognized config target 'foo.bar'"), await RunAsync("""{"prefix":"config set","who":"foo.bar","name":"x","value":"y"}"""));
    }

    [Fact]
    public async Task Addresses_are_blocklisted_and_let_in_again()
    {
        (int code, _, string status) = await RunAsync("""{"prefix":"osd blocklist","blocklistop":"add","addr":"10.9.8.7:0/123","expire":60}""");
        Assert.Equal(0, code);
        Assert.Matches(@"^blocklisting 10\.9\.8\.7:0/123 until \d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}\+0000 \(60 sec\)$", status);
        (_, string list, status) = await RunAsync("""{"prefix":"osd blocklist ls"}""");
        Assert.Matches(@"(?m)^10\.9\.8\.7:0/123 \d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}\+0000$", list);
        Assert.Matches(@"^listed \d+ entries$", status);
        Assert.Equal((0, "", "un-blocklisting 10.9.8.7:0/123"), await RunAsync("""{"prefix":"osd blocklist","blocklistop":"rm","addr":"10.9.8.7:0/123"}"""));
        Assert.Equal((0, "", "10.9.8.7:0/123 isn't blocklisted"), await RunAsync("""{"prefix":"osd blocklist","blocklistop":"rm","addr":"10.9.8.7:0/123"}"""));
        Assert.Equal(-Errno.EINVAL, (await RunAsync("""{"prefix":"osd blocklist","blocklistop":"add","addr":"foo"}""")).Code);
    }

    [Fact]
    public async Task Status_and_health_have_cephs_shape()
    {
        string fsid = site.Cluster.Fsid;
        Assert.Equal((0, fsid + "\n", ""), await RunAsync("""{"prefix":"fsid"}"""));
        Assert.Equal((0, $$"""{"fsid":"{{fsid}}"}""", ""), await RunAsync("""{"prefix":"fsid","format":"json"}"""));
        Assert.Equal((0, "HEALTH_OK\n", ""), await RunAsync("""{"prefix":"health"}"""));
        Assert.Equal((0, """{"status":"HEALTH_OK","checks":{},"mutes":[]}""", ""), await RunAsync("""{"prefix":"health","format":"json"}"""));
        Assert.StartsWith($"  cluster:\n    id:     {fsid}\n    health: HEALTH_OK\n \n  services:\n", (await RunAsync("""{"prefix":"status"}""")).Output, StringComparison.Ordinal);
        using JsonDocument status = JsonDocument.Parse((await RunAsync("""{"prefix":"status","format":"json"}""")).Output);
        Assert.Equal(fsid, status.RootElement.GetProperty("fsid").GetString());
        using JsonDocument dump = JsonDocument.Parse((await RunAsync("""{"prefix":"osd dump","format":"json"}""")).Output);
        Assert.Contains(dump.RootElement.GetProperty("pools").EnumerateArray(), p => p.GetProperty("pool_name").GetString()!.StartsWith("conformance", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_service_is_shown_as_long_as_its_session_lives()
    {
        await using (ICluster daemon = await site.ConnectAsync())
        {
            string gid = daemon.InstanceId.ToString(System.Globalization.CultureInfo.InvariantCulture);
            await daemon.RegisterServiceAsync("rbd-mirror", gid, new Dictionary<string, string> { ["id"] = "a", ["hostname"] = "h" }, Cancellation);
            await daemon.UpdateServiceStatusAsync(new Dictionary<string, string> { ["json"] = "{}" }, Cancellation);
            using JsonDocument dump = JsonDocument.Parse((await RunManagerAsync("""{"prefix":"service dump","format":"json"}""")).Output);
            JsonElement shown = dump.RootElement.GetProperty("services").GetProperty("rbd-mirror").GetProperty("daemons").GetProperty(gid);
            Assert.Equal(daemon.Address, shown.GetProperty("addr").GetString());
            Assert.Equal("a", shown.GetProperty("metadata").GetProperty("id").GetString());
            using JsonDocument status = JsonDocument.Parse((await RunManagerAsync("""{"prefix":"service status","format":"json"}""")).Output);
            Assert.Equal("{}", status.RootElement.GetProperty("rbd-mirror").GetProperty(gid).GetProperty("status").GetProperty("json").GetString());
            Assert.Contains("    rbd-mirror: 1 daemon active (1 hosts)\n", (await RunAsync("""{"prefix":"status"}""")).Output, StringComparison.Ordinal);
        }

        await Testing.Eventually.BecomesAsync(
            async () => (await RunManagerAsync("""{"prefix":"service dump","format":"json"}""")).Output,
            output => !output.Contains("\"hostname\":\"h\"", StringComparison.Ordinal),
            "the service map without the daemon");
    }

    [Theory]
    [InlineData("""{"prefix":"no such thing"}""", Errno.EINVAL)]
    [InlineData("""{"prefix":"auth get"}""", Errno.EINVAL)]
    [InlineData("""{"no":"prefix"}""", Errno.EINVAL)]
    [InlineData("[1]", Errno.EINVAL)]
    [InlineData("nonsense", Errno.EINVAL)]
    [InlineData("""{"prefix":7}""", Errno.EINVAL)]
    public async Task What_is_no_command_is_a_result(string json, int errno) => Assert.Equal(-errno, (await RunAsync(json)).Code);

    private async Task<(int Code, string Output, string Status)> RunAsync(string json, byte[]? input = null)
    {
        CommandResult result = await site.Cluster.MonitorCommandAsync(json, input, Cancellation);
        return (result.ReturnCode, System.Text.Encoding.UTF8.GetString(result.Output.Span), result.Status);
    }

    private async Task<(int Code, string Output, string Status)> RunManagerAsync(string json)
    {
        CommandResult result = await site.Cluster.ManagerCommandAsync(json, default, Cancellation);
        return (result.ReturnCode, System.Text.Encoding.UTF8.GetString(result.Output.Span), result.Status);
    }
}
