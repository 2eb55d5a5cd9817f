using Nacre.Rados;
using Nacre.Rados.Clusters;
using Nacre.Rados.Objects;
using Nacre.Rados.Watching;

namespace Nacre.Site.Tests;

/// <summary>Caps, on the server, for every kind of call.</summary>
public class EnforcementTests(SiteFixture site)
{
    private static readonly byte[] _data = [1, 2, 3];

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Who_may_only_read_reads_and_does_nothing_else()
    {
        IPool place = await PlaceAsync();
        await using ICluster reader = await site.Site.ConnectWithCapsAsync(site.Cluster, site.UniqueName("reader"), "mon", "allow r", "osd", "allow r");
        IPool pool = await Conformance.EngineFixture.SameAsync(place, reader);
        Assert.Equal(_data, await pool.ReadAsync("o", 0, 0, SnapshotId.Head, Cancellation));
        Assert.Contains("o", await pool.ListObjectsAsync(Cancellation).ToListAsync(Cancellation));
        Assert.Empty(await pool.ListWatchersAsync("o", Cancellation));
        Assert.NotEmpty((await pool.ListSnapshotsAsync("o", Cancellation)).Clones);
        await pool.NotifyAsync("o", _data, TimeSpan.FromSeconds(5), Cancellation);

        Assert.Equal(-Errno.EPERM, await WriteAsync(pool, new WriteOperation().WriteFull(_data)));
        Assert.Equal(-Errno.EPERM, await WriteAsync(pool, new WriteOperation().Remove()));
        Assert.Equal(-Errno.EPERM, await WriteAsync(pool, new WriteOperation().SetXattr("a", _data)));
        Assert.Equal(-Errno.EPERM, await WriteAsync(pool, new WriteOperation().OmapClear()));
        Assert.Equal(-Errno.EPERM, await WriteAsync(pool, new WriteOperation().AllocationHint(1, 1)));
        Assert.Equal(-Errno.EPERM, await WriteAsync(pool, new WriteOperation().AssertExists().Create(exclusive: false)));
        Assert.Equal(-Errno.EPERM, await ReadAsync(pool, new ReadOperation().Exec("lock", "get_info", default)));
        Assert.Equal(Errno.EPERM, await CodeAsync(() => pool.WatchAsync("o", new Silent(), Cancellation)));
        Assert.Equal(Errno.EPERM, await CodeAsync(() => pool.CreateSnapshotIdAsync(Cancellation)));
        Assert.Equal(Errno.EPERM, await CodeAsync(() => pool.RemoveSnapshotIdAsync(1, Cancellation)));
        Assert.Equal(Errno.EPERM, await CodeAsync(() => reader.CreatePoolAsync("x", Cancellation)));
        Assert.Equal(Errno.EPERM, await CodeAsync(() => reader.DeletePoolAsync(place.Name, Cancellation)));
        Assert.Equal(Errno.EACCES, await CodeAsync(() => reader.BlocklistAsync("1.2.3.4:0/5", null, Cancellation)));
        foreach (string command in new[] { "auth ls", "config-key ls", "osd pool create", "config set", "osd blocklist" })
        {
            CommandResult refused = await reader.MonitorCommandAsync(
                $$"""{"prefix":"{{command}}","pool":"x","who":"client","name":"a","value":"b","blocklistop":"add","addr":"1.2.3.4:0/5"}""", default, Cancellation);
            Assert.Equal((-Errno.EACCES, "access denied"), (refused.ReturnCode, refused.Status));
        }

        CommandResult manager = await reader.ManagerCommandAsync("""{"prefix":"service dump"}""", default, Cancellation);
        Assert.Equal(-Errno.EACCES, manager.ReturnCode);
        Assert.StartsWith("access denied: does your client key have mgr caps?", manager.Status, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Who_may_only_write_does_not_read()
    {
        IPool place = await PlaceAsync();
        await using ICluster writer = await site.Site.ConnectWithCapsAsync(site.Cluster, site.UniqueName("writer"), "mon", "allow r", "osd", "allow w");
        IPool pool = await Conformance.EngineFixture.SameAsync(place, writer);
        Assert.Equal(0, await WriteAsync(pool, new WriteOperation().WriteFull(_data)));
        Assert.Equal(-Errno.EPERM, await WriteAsync(pool, new WriteOperation().AssertExists().WriteFull(_data)));
        Assert.Equal(-Errno.EPERM, await WriteAsync(pool, new WriteOperation().CompareXattr("a", Comparison.Equal, _data).WriteFull(_data)));
        Assert.Equal(-Errno.EPERM, await ReadAsync(pool, new ReadOperation().Stat()));
        Assert.Equal(Errno.EPERM, await CodeAsync(() => pool.ListWatchersAsync("o", Cancellation)));
        Assert.Equal(Errno.EPERM, await CodeAsync(() => pool.ListSnapshotsAsync("o", Cancellation)));
        Assert.Equal(Errno.EPERM, await CodeAsync(() => pool.NotifyAsync("o", _data, TimeSpan.FromSeconds(1), Cancellation)));
        Assert.Equal(Errno.EPERM, await CodeAsync(async () => await pool.ListObjectsAsync(Cancellation).ToListAsync(Cancellation)));
        Assert.True(await pool.CreateSnapshotIdAsync(Cancellation) > 0);
    }

    [Fact]
    public async Task Grants_end_at_the_pool_and_namespace_they_name()
    {
        IPool place = await PlaceAsync();
        IPool other = site.NewNamespace();
        await using ICluster tenant = await site.Site.ConnectWithCapsAsync(
            site.Cluster, site.UniqueName("tenant"), "mon", "profile rbd", "osd", $"profile rbd pool={place.Name} namespace={place.Namespace}");
        Assert.Equal(0, await WriteAsync(await Conformance.EngineFixture.SameAsync(place, tenant), new WriteOperation().WriteFull(_data)));
        Assert.Equal(-Errno.EPERM, await WriteAsync(await Conformance.EngineFixture.SameAsync(other, tenant), new WriteOperation().WriteFull(_data)));
        Assert.Equal(
            -Errno.EPERM, await WriteAsync((await Conformance.EngineFixture.SameAsync(place, tenant)).WithNamespace(""), new WriteOperation().WriteFull(_data)));
    }

    [Fact]
    public async Task Class_methods_need_what_they_do_to_the_object()
    {
        IPool place = await PlaceAsync();
        await using ICluster caller = await site.Site.ConnectWithCapsAsync(site.Cluster, site.UniqueName("caller"), "mon", "allow r", "osd", "allow class-read");
        IPool pool = await Conformance.EngineFixture.SameAsync(place, caller);

        // Allowed, and then refused by the method itself for want of arguments.
        Assert.Equal(-Errno.EINVAL, await ReadAsync(pool, new ReadOperation().Exec("lock", "get_info", default)));
        Assert.Equal(-Errno.EPERM, await WriteAsync(pool, new WriteOperation().Exec("lock", "lock", default)));

        // A method that writes does so also where it is called as a read.
        Assert.Equal(-Errno.EPERM, await ReadAsync(pool, new ReadOperation().Exec("lock", "lock", default)));
        Assert.Equal(-Errno.EPERM, await ReadAsync(pool, new ReadOperation().Stat()));
    }

    [Fact]
    public async Task A_mirror_peer_gets_what_mirroring_needs_and_no_keys()
    {
        await using ICluster peer = await site.Site.ConnectWithCapsAsync(
            site.Cluster, site.UniqueName("peer"), "mon", "profile rbd-mirror-peer", "osd", "profile rbd");
        await site.Cluster.MonitorCommandAsync("""{"prefix":"config-key set","key":"rbd/mirror/peer/1/u","val":"secret"}""", default, Cancellation);
        Assert.Equal(-Errno.EACCES, (await peer.MonitorCommandAsync("""{"prefix":"config-key get","key":"rbd/mirror/peer/1/u"}""", default, Cancellation)).ReturnCode);
        Assert.Equal(0, (await peer.MonitorCommandAsync("""{"prefix":"config-key set","key":"rbd/mirror/peer/1/v","val":"x"}""", default, Cancellation)).ReturnCode);
        Assert.Equal(0, (await peer.MonitorCommandAsync("""{"prefix":"status"}""", default, Cancellation)).ReturnCode);
        await peer.BlocklistAsync("1.2.3.4:0/5", TimeSpan.FromSeconds(1), Cancellation);
        Assert.Equal(Errno.EACCES, await CodeAsync(() => peer.BlocklistAsync("1.2.3.4", null, Cancellation)));
    }

    [Fact]
    public async Task Changed_caps_hold_for_open_sessions()
    {
        IPool place = await PlaceAsync();
        string id = site.UniqueName("changing");
        await using ICluster client = await site.Site.ConnectWithCapsAsync(site.Cluster, id, "mon", "allow r", "osd", "allow rw");
        IPool pool = await Conformance.EngineFixture.SameAsync(place, client);
        Assert.Equal(0, await WriteAsync(pool, new WriteOperation().WriteFull(_data)));
        await site.Cluster.MonitorCommandAsync($$"""{"prefix":"auth caps","entity":"client.{{id}}","caps":["mon","allow r","osd","allow r"]}""", default, Cancellation);
        Assert.Equal(-Errno.EPERM, await WriteAsync(pool, new WriteOperation().WriteFull(_data)));
    }

    private async Task<IPool> PlaceAsync()
    {
        IPool place = site.NewNamespace();
        await place.ExecuteAsync("o", new WriteOperation().WriteFull(_data), cancellationToken: Cancellation);
        return place;
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

    private static async Task<int> CodeAsync(Func<Task> call) => (await Assert.ThrowsAsync<RadosException>(call)).Code;

    private sealed class Silent : IWatchHandler
    {
        public ValueTask<ReadOnlyMemory<byte>> OnNotifyAsync(Notification notification, CancellationToken cancellationToken) => default;

        public void OnLost(int errno)
        {
        }
    }
}
