using System.Diagnostics;
using Nacre.Rados.Clusters;
using Nacre.Rados.Configuration;
using Nacre.Rados.Objects;
using Nacre.Rados.Watching;
using Nacre.Testing.Ceph;

namespace Nacre.Rados.Ceph.Tests;

/// <summary>A site that hangs or is gone: every call ends at its deadline, nothing hangs at the end, and all is well when it is back.</summary>
public sealed class DeadSiteTests(DeadSiteTests.Site site) : IClassFixture<DeadSiteTests.Site>
{
    private static readonly TimeSpan _operationTimeout = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan _bound = TimeSpan.FromSeconds(60);

    private readonly CephMicroCluster _site = site.Cluster;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Every_call_to_a_hanging_site_ends_at_its_deadline_and_works_again_when_it_is_back()
    {
        await using ICluster cluster = await ConnectAsync();
        IPool pool = await cluster.OpenPoolAsync("rbd", Cancellation);
        await pool.ExecuteAsync("o", new WriteOperation().WriteFull(new byte[100_000]), cancellationToken: Cancellation);
        await CommandsRecoverAsync(cluster); // the manager becomes active some time after the OSD
        await _site.SignalAllAsync("STOP");
        try
        {
            Task<OperationResult>[] operations =
            [
                .. Enumerable.Range(0, 50).Select(i => pool.OperateAsync($"o{i}", new WriteOperation().WriteFull(new byte[1 << 20]), null, Cancellation).AsTask()),
                pool.OperateAsync("o", new ReadOperation().Read(0, 0), SnapshotId.Head, Cancellation).AsTask(),
            ];
            foreach (OperationResult result in await Task.WhenAll(operations).WaitAsync(_bound, Cancellation))
            {
                Assert.Equal(-Errno.ETIMEDOUT, result.ReturnCode);
            }

            await Task.WhenAll(
                EndsAsync("a monitor command", () => cluster.MonitorCommandAsync("""{"prefix":"osd pool ls"}""", default, Cancellation)),
                EndsAsync("a manager command", () => cluster.ManagerCommandAsync("""{"prefix":"pg stat"}""", default, Cancellation)),
                EndsAsync("pools", () => cluster.ListPoolsAsync(Cancellation)),
                EndsAsync("creating a pool", () => cluster.CreatePoolAsync("another", Cancellation)),
                EndsAsync("a snapshot id", () => pool.CreateSnapshotIdAsync(Cancellation)),
                EndsAsync("a watch", () => pool.WatchAsync("o", new Handler(), Cancellation)),
                EndsAsync("a notification", () => pool.NotifyAsync("o", default, TimeSpan.FromSeconds(1), Cancellation)),
                EndsAsync("watchers", () => pool.ListWatchersAsync("o", Cancellation)),
                EndsAsync("a listing", async () => await pool.ListObjectsAsync(Cancellation).GetAsyncEnumerator(Cancellation).MoveNextAsync()),
                EndsAsync("the newest map", () => cluster.WaitForLatestMapAsync(Cancellation)));
        }
        finally
        {
            await _site.SignalAllAsync("CONT");
        }

        await RecoversAsync(pool);
        Assert.Equal(100_000, (await pool.ReadAsync("o", cancellationToken: Cancellation))!.Length);
        await CommandsRecoverAsync(cluster);
    }

    [Fact]
    public async Task Cancelling_a_call_to_a_hanging_site_ends_it_at_once_and_disposing_does_not_hang()
    {
        ICluster cluster = await new CephClusterConnector().ConnectAsync(_site.Configuration, new ClusterOptions(), Cancellation);
        IPool pool = await cluster.OpenPoolAsync("rbd", Cancellation);
        await _site.SignalAllAsync("STOP");
        try
        {
            using var source = new CancellationTokenSource();
            Task<OperationResult> operation = pool.OperateAsync("o", new WriteOperation().WriteFull(new byte[1 << 20]), null, source.Token).AsTask();
            Task<CommandResult> command = cluster.MonitorCommandAsync("""{"prefix":"osd pool ls"}""", default, source.Token);
            Task<ICluster> connecting = new CephClusterConnector().ConnectAsync(_site.Configuration, new ClusterOptions(), source.Token);
            Task<OperationResult> pending = pool.OperateAsync("o", new ReadOperation().Stat(), SnapshotId.Head, Cancellation).AsTask();
            await source.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => operation.WaitAsync(_bound, Cancellation));
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => command.WaitAsync(_bound, Cancellation));
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => connecting.WaitAsync(_bound, Cancellation));
            await cluster.DisposeAsync().AsTask().WaitAsync(_bound, Cancellation);
            Assert.Equal(-Errno.ENOTCONN, (await pending.WaitAsync(_bound, Cancellation)).ReturnCode);
        }
        finally
        {
            await _site.SignalAllAsync("CONT");
        }
    }

    [Fact]
    public async Task A_site_that_is_gone_cannot_be_connected_to_and_serves_old_connections_when_it_is_back()
    {
        await using ICluster cluster = await ConnectAsync();
        IPool pool = await cluster.OpenPoolAsync("rbd", Cancellation);
        await pool.ExecuteAsync("o", new WriteOperation().WriteFull(new byte[10]), cancellationToken: Cancellation);
        await using IWatch watch = await pool.WatchAsync("o", new Handler(), Cancellation);
        await _site.KillAllAsync();
        RadosException refused = await Assert.ThrowsAsync<RadosException>(
            () => new CephClusterConnector().ConnectAsync(_site.Configuration, new ClusterOptions { ConnectTimeout = _operationTimeout }, Cancellation).WaitAsync(_bound, Cancellation));
        Assert.Equal(Errno.ETIMEDOUT, refused.Code);
        Assert.Contains("'dead'", refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(_site.AdminKey, refused.Message, StringComparison.Ordinal);
        Assert.Equal(-Errno.ETIMEDOUT, (await pool.OperateAsync("o", new ReadOperation().Stat(), SnapshotId.Head, Cancellation)).ReturnCode);
        await _site.StartAgainAsync(Cancellation);
        await RecoversAsync(pool);
        Assert.Equal(10, (await pool.ReadAsync("o", cancellationToken: Cancellation))!.Length);
    }

    [Fact]
    public async Task A_wrong_key_a_missing_file_and_a_missing_key_say_what_is_wrong()
    {
        ClusterConfiguration wrong = _site.Configuration with { Key = CephSecret.Generate(TimeProvider.System) };
        Assert.Equal(Errno.EACCES, (await ConnectErrorAsync(wrong)).Code);
        ClusterConfiguration nobody = _site.Configuration with { Name = EntityName.Client("nobody") };
        Assert.Equal(Errno.EACCES, (await ConnectErrorAsync(nobody)).Code);
        ClusterConfiguration missing = _site.Configuration with { FilePath = Path.Combine(_site.Directory, "none.conf") };
        Assert.Equal(Errno.ENOENT, (await ConnectErrorAsync(missing)).Code);
        ClusterConfiguration keyless = _site.Configuration with { Name = EntityName.Client("nobody"), Key = null, KeyringPath = null };
        Assert.Contains("keyring", (await ConnectErrorAsync(keyless)).Message, StringComparison.Ordinal);
        ClusterConfiguration damaged = _site.Configuration with { Key = "not base64!" };
        Assert.Equal(Errno.EINVAL, (await ConnectErrorAsync(damaged)).Code);
    }

    [Fact]
    public async Task A_monitor_address_and_a_key_are_enough()
    {
        await using ICluster cluster = await new CephClusterConnector().ConnectAsync(
            _site.Configuration with { FilePath = null, KeyringPath = null }, new ClusterOptions(), Cancellation);
        Assert.Equal(_site.Fsid, cluster.Fsid);
    }

    private static async Task EndsAsync(string what, Func<Task> call)
    {
        var watch = Stopwatch.StartNew();
        RadosException exception = await Assert.ThrowsAsync<RadosException>(() => call().WaitAsync(_bound, Cancellation));
        Assert.True(exception.Code == Errno.ETIMEDOUT, $"{what}: {exception.Message} after {watch.Elapsed}");
    }

    private static async Task RecoversAsync(IPool pool)
    {
        var watch = Stopwatch.StartNew();
        while (true)
        {
            using OperationResult result = await pool.OperateAsync("recovered", new WriteOperation().WriteFull(new byte[1]), null, Cancellation);
            if (result.Succeeded)
            {
                return;
            }

            Assert.True(watch.Elapsed < _bound, $"still {result.ReturnCode}");
        }
    }

    private static async Task CommandsRecoverAsync(ICluster cluster)
    {
        var watch = Stopwatch.StartNew();
        while (true)
        {
            try
            {
                Assert.Equal(0, (await cluster.MonitorCommandAsync("""{"prefix":"osd pool ls"}""", default, Cancellation)).ReturnCode);
                Assert.Equal(0, (await cluster.ManagerCommandAsync("""{"prefix":"pg stat"}""", default, Cancellation)).ReturnCode);
                await cluster.WaitForLatestMapAsync(Cancellation);
                return;
            }
            catch (RadosException exception) when (exception.Code == Errno.ETIMEDOUT && watch.Elapsed < _bound)
            {
                // Not yet.
            }
        }
    }

    private Task<ICluster> ConnectAsync() => new CephClusterConnector().ConnectAsync(
        _site.Configuration, new ClusterOptions { OperationTimeout = _operationTimeout }, Cancellation);

    private static Task<RadosException> ConnectErrorAsync(ClusterConfiguration configuration) => Assert.ThrowsAsync<RadosException>(
        () => new CephClusterConnector().ConnectAsync(configuration, new ClusterOptions { ConnectTimeout = TimeSpan.FromSeconds(10) }, Cancellation));

    /// <summary>A cluster of its own, since these tests stop it; each leaves it running.</summary>
    public sealed class Site : IAsyncLifetime
    {
        private CephMicroCluster? _cluster;

        public CephMicroCluster Cluster => _cluster ?? throw new InvalidOperationException("not started");

        public async ValueTask InitializeAsync() => _cluster = await CephMicroCluster.StartAsync("dead");

        public ValueTask DisposeAsync() => Cluster.DisposeAsync();
    }

    private sealed class Handler : IWatchHandler
    {
        public ValueTask<ReadOnlyMemory<byte>> OnNotifyAsync(Notification notification, CancellationToken cancellationToken) => default;

        public void OnLost(int errno)
        {
        }
    }
}
