using System.Text.RegularExpressions;
using Nacre.Rados;
using Nacre.Rados.Ceph;
using Nacre.Rados.Clusters;
using Nacre.Rados.Configuration;
using Nacre.Rados.Objects;
using Nacre.Rados.Watching;
using Nacre.Testing.Ceph;

namespace Nacre.Site.Tests;

/// <summary>A real cluster beside the site.</summary>
public sealed class CephParityFixture : IAsyncLifetime
{
    private CephMicroCluster? _cluster;

    internal CephMicroCluster Ceph => _cluster!;

    internal ICluster Admin { get; private set; } = null!;

    /// <inheritdoc/>
    public async ValueTask InitializeAsync()
    {
        _cluster = await CephMicroCluster.StartAsync("parity");
        Admin = await new CephClusterConnector().ConnectAsync(_cluster.Configuration, new ClusterOptions());
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await Admin.DisposeAsync();
        await Ceph.DisposeAsync();
    }
}

/// <summary>The same caps and the same commands on a real cluster and on a site: where they differ Ceph is right.</summary>
public partial class CephParityTests(SiteFixture site, CephParityFixture ceph) : IClassFixture<CephParityFixture>
{
    private const string Pool = "parity";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("allow r", "allow r", "")]
    [InlineData("allow r", "allow w", "")]
    [InlineData("allow r", "allow rw", "")]
    [InlineData("allow r", "allow x", "")]
    [InlineData("allow r", "allow class-read", "")]
    [InlineData("allow r", "allow r class-write", "")]
    [InlineData("allow r", "allow rwx namespace=n", "")]
    [InlineData("allow r", "allow rwx object_prefix other", "")]
    [InlineData("allow r", "allow class lock get_info", "")]
    [InlineData("allow r", "allow r, allow w", "")]
    [InlineData("allow r", "allow rw tag rbd *=*", "")]
    [InlineData("allow rw", "allow *", "allow r")]
    [InlineData("allow *", "allow r", "allow *")]
    [InlineData("profile rbd", "profile rbd", "profile rbd")]
    [InlineData("profile rbd", "profile rbd pool=elsewhere", "")]
    [InlineData("profile rbd", "profile rbd pool=parity namespace=n", "")]
    [InlineData("allow r", "profile rbd pool=parity namespace=n", "")]
    [InlineData("profile rbd", "allow r", "")]
    [InlineData("profile rbd-read-only", "profile rbd-read-only", "profile rbd-read-only")]
    [InlineData("profile rbd-mirror", "profile rbd", "")]
    [InlineData("profile rbd-mirror-peer", "profile rbd", "")]
    [InlineData("allow r, allow command \"config-key get\" with key prefix rbd/mirror/p", "allow r", "")]
    public async Task Caps_allow_what_they_allow_on_Ceph(string mon, string osd, string mgr)
    {
        string id = CephMicroCluster.UniqueName("user");
        string[] caps = ["mon", mon, "osd", osd, .. mgr.Length > 0 ? (string[])["mgr", mgr] : []];
        string[] expected = await ProbeAsync(ceph.Admin, id, caps, key => new CephClusterConnector().ConnectAsync(
            ceph.Ceph.Configuration with { Name = EntityName.Client(id), Key = key }, new ClusterOptions()));
        string[] actual = await ProbeAsync(site.Cluster, id, caps, key => site.Site.ConnectAsync("client." + id, key));
        Assert.Equal(expected, actual);
        Assert.Contains(expected, line => line.EndsWith(" 0", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Commands_answer_as_Ceph_answers()
    {
        string user = "client." + CephMicroCluster.UniqueName("talker");
        string pool = CephMicroCluster.UniqueName("talked");
        string key = CephMicroCluster.UniqueName("a/b");
        string[] commands =
        [
            $$"""{"prefix":"auth get-or-create","entity":"{{user}}","caps":["mon","profile rbd","osd","profile rbd pool=rbd"]}""",
            $$"""{"prefix":"auth get-or-create","entity":"{{user}}","caps":["mon","allow r"]}""",
            $$"""{"prefix":"auth get-or-create","entity":"{{user}}","caps":["mon","profile rbd","mgr","allow r"]}""",
            $$"""{"prefix":"auth get-or-create","entity":"{{user}}","format":"json"}""",
            $$"""{"prefix":"auth get","entity":"{{user}}"}""",
            $$"""{"prefix":"auth get","entity":"{{user}}","format":"json"}""",
            $$"""{"prefix":"auth get","entity":"client.nobody"}""",
            $$"""{"prefix":"auth get-key","entity":"{{user}}"}""",
            $$"""{"prefix":"auth get-key","entity":"{{user}}","format":"json"}""",
            $$"""{"prefix":"auth print-key","entity":"{{user}}"}""",
            """{"prefix":"auth get-key","entity":"client.nobody"}""",
            $$"""{"prefix":"auth caps","entity":"{{user}}","caps":["mon","allow r","osd","allow rw"]}""",
            $$"""{"prefix":"auth caps","entity":"{{user}}","caps":["osd","bogus"]}""",
            $$"""{"prefix":"auth caps","entity":"{{user}}","caps":["mon","allow r, bogus"]}""",
            $$"""{"prefix":"auth caps","entity":"{{user}}","caps":["mgr","profile bogus"]}""",
            """{"prefix":"auth caps","entity":"client.nobody","caps":["mon","allow r"]}""",
            $$"""{"prefix":"auth add","entity":"{{user}}","caps":["mon","allow rw","osd","allow rw"]}""",
            $$"""{"prefix":"auth add","entity":"{{user}}"}""",
            """{"prefix":"auth get-or-create","entity":"nobody","caps":["mon","allow r"]}""",
            """{"prefix":"auth get-or-create","entity":"client.x","caps":["mon"]}""",
            """{"prefix":"auth get-or-create","entity":"client.x","caps":["foo","allow r"]}""",
            $$"""{"prefix":"auth rm","entity":"{{user}}"}""",
            $$"""{"prefix":"auth rm","entity":"{{user}}"}""",
            $$"""{"prefix":"osd pool create","pool":"{{pool}}"}""",
            $$"""{"prefix":"osd pool create","pool":"{{pool}}"}""",
            $$"""{"prefix":"osd pool application enable","pool":"{{pool}}","app":"rbd"}""",
            $$"""{"prefix":"osd pool application enable","pool":"{{pool}}","app":"other"}""",
            $$"""{"prefix":"osd pool application set","pool":"{{pool}}","app":"rbd","key":"k","value":"v"}""",
            $$"""{"prefix":"osd pool application set","pool":"{{pool}}","app":"nope","key":"k","value":"v"}""",
            $$"""{"prefix":"osd pool application get","pool":"{{pool}}"}""",
            $$"""{"prefix":"osd pool application get","pool":"{{pool}}","format":"json"}""",
            $$"""{"prefix":"osd pool application rm","pool":"{{pool}}","app":"rbd","key":"k"}""",
            $$"""{"prefix":"osd pool application disable","pool":"{{pool}}","app":"rbd"}""",
            """{"prefix":"osd pool application get","pool":"nope"}""",
            $$"""{"prefix":"osd pool delete","pool":"{{pool}}"}""",
            $$"""{"prefix":"osd pool delete","pool":"{{pool}}","pool2":"{{pool}}","yes_i_really_really_mean_it":true}""",
            $$"""{"prefix":"osd pool delete","pool":"{{pool}}","pool2":"{{pool}}","yes_i_really_really_mean_it":true}""",
            $$"""{"prefix":"config-key set","key":"{{key}}","val":"hello"}""",
            $$"""{"prefix":"config-key get","key":"{{key}}"}""",
            $$"""{"prefix":"config-key exists","key":"{{key}}"}""",
            $$"""{"prefix":"config-key dump","key":"{{key}}"}""",
            $$"""{"prefix":"config-key rm","key":"{{key}}"}""",
            $$"""{"prefix":"config-key rm","key":"{{key}}"}""",
            $$"""{"prefix":"config-key get","key":"{{key}}"}""",
            $$"""{"prefix":"config-key exists","key":"{{key}}"}""",
            """{"prefix":"config set","who":"client.talker","name":"rbd_default_features","value":"3"}""",
            """{"prefix":"config get","who":"client.talker","key":"rbd_default_features"}""",
            """{"prefix":"config get","who":"client.talker"}""",
            """{"prefix":"config rm","who":"client.talker","name":"rbd_default_features"}""",
            """{"prefix":"config get","who":"client.talker","key":"rbd_cache"}""",
            """{"prefix":"config get","who":"client.talker","key":"rbd_mirroring_max_mirroring_snapshots"}""",
            """{"prefix":"config set","who":"foo.bar","name":"rbd_cache","value":"true"}""",
            """{"prefix":"osd blocklist","blocklistop":"add","addr":"10.9.8.7:0/123","expire":60.0}""",
            """{"prefix":"osd blocklist","blocklistop":"rm","addr":"10.9.8.7:0/123"}""",
            """{"prefix":"osd blocklist","blocklistop":"rm","addr":"10.9.8.7:0/123"}""",
            """{"prefix":"fsid"}""",
            """{"prefix":"fsid","format":"json"}""",
        ];
        foreach (string command in commands)
        {
            Assert.Equal((command, await AnswerAsync(ceph.Admin, command)), (command, await AnswerAsync(site.Cluster, command)));
        }
    }

    private static async Task<string> AnswerAsync(ICluster cluster, string command)
    {
        CommandResult result = await cluster.MonitorCommandAsync(command, default, Cancellation);
        string text = $"{result.ReturnCode}|{System.Text.Encoding.UTF8.GetString(result.Output.Span)}|{result.Status}";
        return Times().Replace(Keys().Replace(text.Replace(cluster.Fsid, "FSID", StringComparison.Ordinal), "KEY"), "TIME");
    }

    /// <summary>What a user with these caps gets for a call of every kind: the call and its code.</summary>
    private static async Task<string[]> ProbeAsync(ICluster admin, string id, string[] caps, Func<string, Task<ICluster>> connect)
    {
        await PrepareAsync(admin);
        string key = await TestSite.CreateUserAsync(admin, "client." + id, caps);
        await using ICluster user = await connect(key);
        IPool pool = await user.OpenPoolAsync(Pool, Cancellation);
        var seen = new List<string>();
        foreach (string space in new[] { "", "n" })
        {
            IPool place = pool.WithNamespace(space);
            seen.Add($"{space} read {await ReadAsync(place, new ReadOperation().Read(0, 0))}");
            seen.Add($"{space} stat and lock.get_info {await ReadAsync(place, new ReadOperation().Stat().Exec("lock", "get_info", GetInfo))}");
            seen.Add($"{space} lock.get_info {await ReadAsync(place, new ReadOperation().Exec("lock", "get_info", GetInfo))}");
            seen.Add($"{space} write {await WriteAsync(place, new WriteOperation().WriteFull(new byte[] { 1 }))}");
            seen.Add($"{space} xattr {await WriteAsync(place, new WriteOperation().SetXattr("x", new byte[] { 1 }))}");
            seen.Add($"{space} assert and write {await WriteAsync(place, new WriteOperation().AssertExists().WriteFull(new byte[] { 1 }))}");
            seen.Add($"{space} lock.unlock {await WriteAsync(place, new WriteOperation().Exec("lock", "unlock", default))}");
            seen.Add($"{space} list {await CodeAsync(async () => await place.ListObjectsAsync(Cancellation).ToListAsync(Cancellation))}");
            seen.Add($"{space} list_snaps {await CodeAsync(() => place.ListSnapshotsAsync("o", Cancellation))}");
            seen.Add($"{space} list_watchers {await CodeAsync(() => place.ListWatchersAsync("o", Cancellation))}");
            seen.Add($"{space} notify {await CodeAsync(() => place.NotifyAsync("o", default, TimeSpan.FromSeconds(5), Cancellation))}");
            seen.Add($"{space} watch {await CodeAsync(async () => await (await place.WatchAsync("o", new Deaf(), Cancellation)).DisposeAsync())}");
            seen.Add($"{space} snapshot id {await CodeAsync(() => place.CreateSnapshotIdAsync(Cancellation))}");
        }

        foreach (string command in _commands)
        {
            seen.Add($"{command} {(await user.MonitorCommandAsync(command, default, Cancellation)).ReturnCode}");
        }

        seen.Add($"blocklist {await CodeAsync(() => user.BlocklistAsync("10.9.8.7:0/77", TimeSpan.FromSeconds(60), Cancellation))}");
        return [.. seen];
    }

    private static readonly string[] _commands =
    [
        """{"prefix":"status"}""",
        """{"prefix":"osd dump"}""",
        """{"prefix":"mon dump"}""",
        """{"prefix":"versions"}""",
        """{"prefix":"df"}""",
        """{"prefix":"auth ls"}""",
        """{"prefix":"auth get-key","entity":"client.admin"}""",
        """{"prefix":"config dump"}""",
        """{"prefix":"config get","who":"client","key":"rbd_cache"}""",
        """{"prefix":"config-key ls"}""",
        """{"prefix":"config-key get","key":"rbd/mirror/peer/1/u"}""",
        """{"prefix":"config-key get","key":"rbd/mirror/site_name"}""",
        """{"prefix":"config-key set","key":"rbd/mirror/peer/1/w","val":"x"}""",
        """{"prefix":"config-key set","key":"other","val":"x"}""",
        """{"prefix":"config-key exists","key":"rbd/mirror/peer/1/u"}""",
        """{"prefix":"osd pool application enable","pool":"parity","app":"rbd"}""",
        """{"prefix":"osd blocklist ls"}""",
        """{"prefix":"osd blocklist","blocklistop":"add","addr":"10.9.8.7:0/77"}""",
        """{"prefix":"osd blocklist","blocklistop":"rm","addr":"10.9.8.7:0/77"}""",
        """{"prefix":"mgr module ls"}""",
    ];

    // The lock class's get_info takes a versioned string: the lock's name.
    private static byte[] GetInfo { get; } = [1, 1, 5, 0, 0, 0, 1, 0, 0, 0, (byte)'l'];

    private static async Task PrepareAsync(ICluster admin)
    {
        await admin.MonitorCommandAsync($$"""{"prefix":"osd pool create","pool":"{{Pool}}","pg_num":4}""", default, Cancellation);
        await admin.MonitorCommandAsync($$"""{"prefix":"osd pool application enable","pool":"{{Pool}}","app":"rbd"}""", default, Cancellation);
        await admin.MonitorCommandAsync("""{"prefix":"config-key set","key":"rbd/mirror/peer/1/u","val":"secret"}""", default, Cancellation);
        await admin.MonitorCommandAsync("""{"prefix":"config-key set","key":"rbd/mirror/site_name","val":"name"}""", default, Cancellation);
        IPool pool = await admin.OpenPoolAsync(Pool, Cancellation);
        foreach (string space in new[] { "", "n" })
        {
            await pool.WithNamespace(space).ExecuteAsync("o", new WriteOperation().WriteFull(new byte[] { 1, 2, 3 }), cancellationToken: Cancellation);
        }
    }

    private static async Task<int> WriteAsync(IPool pool, WriteOperation operation)
    {
        using OperationResult result = await pool.OperateAsync("o", operation, null, Cancellation);
        return result.ReturnCode;
    }

    private static async Task<int> ReadAsync(IPool pool, ReadOperation operation)
    {
        using OperationResult result = await pool.OperateAsync("o", operation, SnapshotId.Head, Cancellation);
        return result.ReturnCode;
    }

    private static async Task<int> CodeAsync(Func<Task> call)
    {
        try
        {
            await call();
            return 0;
        }
        catch (RadosException e)
        {
            return -e.Code;
        }
    }

    [GeneratedRegex("AQ[A-Za-z0-9+/]{36}==")]
    private static partial Regex Keys();

    [GeneratedRegex(@"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}\+0000")]
    private static partial Regex Times();

    private sealed class Deaf : IWatchHandler
    {
        public ValueTask<ReadOnlyMemory<byte>> OnNotifyAsync(Notification notification, CancellationToken cancellationToken) => default;

        public void OnLost(int errno)
        {
        }
    }
}
