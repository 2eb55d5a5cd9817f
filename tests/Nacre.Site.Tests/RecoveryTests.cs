using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using Nacre.Rados;
using Nacre.Rados.Clusters;
using Nacre.Rados.Configuration;
using Nacre.Rados.Objects;
using Nacre.Rados.Remote;
using Nacre.Rados.Watching;
using Nacre.Site.Hosting;
using Nacre.Testing;

namespace Nacre.Site.Tests;

/// <summary>Broken connections, killed and frozen sites.</summary>
public class RecoveryTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Writes_over_breaking_connections_are_applied_once_each()
    {
        await using TestSite site = await TestSite.StartAsync();
        ClusterConfiguration configuration = await TestSite.ConfigurationAsync(site.Layout);
        await using var proxy = new CuttingProxy(System.Net.IPEndPoint.Parse(new Uri(configuration.MonitorHost).Authority));
        await using ICluster cluster = await RemoteCluster.ConnectAsync(
            configuration with { MonitorHost = $"https://127.0.0.1:{proxy.Port}" }, new ClusterOptions());
        await cluster.CreatePoolAsync("p", Cancellation);
        IPool pool = await cluster.OpenPoolAsync("p", Cancellation);
        ulong instance = cluster.InstanceId;
        var handler = new CountingHandler();
        await pool.ExecuteAsync("watched", new WriteOperation().Create(exclusive: true), cancellationToken: Cancellation);
        await using IWatch watch = await pool.WatchAsync("watched", handler, Cancellation);

        const int writers = 4;
        const int appends = 150;
        int applied = 0;
        await Task.WhenAll(Enumerable.Range(0, writers).Select(async writer =>
        {
            string name = string.Create(CultureInfo.InvariantCulture, $"log{writer}");
            for (int i = 0; i < appends; i++)
            {
                using OperationResult result = await pool.OperateAsync(
                    name, new WriteOperation().Append(BitConverter.GetBytes(i)), null, Cancellation);
                Assert.Equal(0, result.ReturnCode);

                // The others' appends are under way just now. Cuts follow progress: a loaded machine must get between them, too.
                if (Interlocked.Increment(ref applied) % 20 == 0)
                {
                    proxy.Cut();
                }
            }
        }));

        int[] expected = [.. Enumerable.Range(0, appends)];
        for (int writer = 0; writer < writers; writer++)
        {
            byte[] log = (await pool.ReadAsync(string.Create(CultureInfo.InvariantCulture, $"log{writer}"), 0, 0, SnapshotId.Head, Cancellation))!;
            Assert.Equal(expected, MemoryMarshal.Cast<byte, int>(log).ToArray());
        }

        Assert.True(proxy.Connections > 3, $"only {proxy.Connections} connections: nothing was cut");
        Assert.Equal(instance, cluster.InstanceId);
        Assert.Equal(0, watch.Check());
        NotifyResult notified = await pool.NotifyAsync("watched", new byte[] { 7 }, TimeSpan.FromSeconds(30), Cancellation);
        Assert.Single(notified.Acknowledgements);
        Assert.Equal(0, handler.Lost);
    }

    [Fact]
    public async Task A_killed_site_comes_back_with_all_that_it_acknowledged_and_clients_go_on()
    {
        SiteLayout layout = await TestSite.CreateAsync();
        SiteProcess site = await SiteProcess.StartAsync(layout);
        ClusterConfiguration configuration = await TestSite.ConfigurationAsync(layout);
        await using ICluster cluster = await RemoteCluster.ConnectAsync(configuration, new ClusterOptions());
        await cluster.CreatePoolAsync("p", Cancellation);
        IPool pool = await cluster.OpenPoolAsync("p", Cancellation);
        (ulong instance, string address) = (cluster.InstanceId, cluster.Address);
        await pool.ExecuteAsync("watched", new WriteOperation().Create(exclusive: true), cancellationToken: Cancellation);
        var handler = new CountingHandler();
        await using IWatch watch = await pool.WatchAsync("watched", handler, Cancellation);

        using var stop = new CancellationTokenSource();
        List<int> acknowledged = [];
        int unknown = 0;
        Task writing = Task.Run(async () =>
        {
            for (int i = 0; !stop.IsCancellationRequested; i++)
            {
                using OperationResult result = await pool.OperateAsync("log", new WriteOperation().Append(BitConverter.GetBytes(i)), null, Cancellation);
                if (result.Succeeded)
                {
                    acknowledged.Add(i);
                }
                else
                {
                    Assert.Equal(-Errno.ENOTCONN, result.ReturnCode);
                    unknown++;
                }
            }
        });
        await Eventually.BecomesAsync(() => Task.FromResult(acknowledged.Count), n => n > 20, "writes before the kill");
        await site.KillAsync();
        site = await SiteProcess.StartAsync(layout);
        int before = acknowledged.Count;
        await Eventually.BecomesAsync(() => Task.FromResult(acknowledged.Count), n => n > before + 20, "writes after the restart");
        await stop.CancelAsync();
        await writing;

        // Every acknowledged append is there once, in order; one whose outcome was unknown may be.
        byte[] data = (await pool.ReadAsync("log", 0, 0, SnapshotId.Head, Cancellation))!;
        int[] log = MemoryMarshal.Cast<byte, int>(data).ToArray();
        Assert.Equal(log.Order().Distinct(), log);
        Assert.Empty(acknowledged.Except(log));
        Assert.InRange(log.Length, acknowledged.Count, acknowledged.Count + unknown);
        Assert.Equal(Errno.ENOTCONN, await handler.WhenLost.WaitAsync(TimeSpan.FromSeconds(60), Cancellation));
        Assert.Equal(-Errno.ENOTCONN, watch.Check());
        Assert.Equal((instance, address), (cluster.InstanceId, cluster.Address));
        await using IWatch again = await pool.WatchAsync("watched", handler, Cancellation);
        await site.DisposeAsync();
        Directory.Delete(layout.Parent, recursive: true);
    }

    [Fact]
    public async Task A_site_stops_though_clients_are_connected_and_want_to_come_back()
    {
        SiteLayout layout = await TestSite.CreateAsync();
        SiteProcess site = await SiteProcess.StartAsync(layout);
        await using ICluster cluster = await RemoteCluster.ConnectAsync(await TestSite.ConfigurationAsync(layout), new ClusterOptions());
        await cluster.CreatePoolAsync("p", Cancellation);

        // Where it waits for its clients it takes its shutdown timeout, 30 s.
        Assert.Equal(0, await site.StopAsync(TimeSpan.FromSeconds(25)));
        site = await SiteProcess.StartAsync(layout);
        await Eventually.BecomesAsync(
            async () =>
            {
                try
                {
                    return (await cluster.ListPoolsAsync(Cancellation)).Count;
                }
                catch (RadosException)
                {
                    return 0;
                }
            },
            pools => pools == 1,
            "the client is back");
        Assert.Equal(0, await site.StopAsync(TimeSpan.FromSeconds(25)));
        Directory.Delete(layout.Parent, recursive: true);
    }

    [Fact]
    public async Task A_frozen_site_is_noticed_and_its_return_too()
    {
        SiteLayout layout = await TestSite.CreateAsync();
        await using SiteProcess site = await SiteProcess.StartAsync(layout);
        await using ICluster cluster = await RemoteCluster.ConnectAsync(await TestSite.ConfigurationAsync(layout), new ClusterOptions());
        await cluster.CreatePoolAsync("p", Cancellation);
        IPool pool = await cluster.OpenPoolAsync("p", Cancellation);
        await site.SignalAsync("STOP");
        var watch = Stopwatch.StartNew();
        using (OperationResult result = await pool.OperateAsync("o", new WriteOperation().WriteFull(new byte[] { 1 }), null, Cancellation))
        {
            // 10 s, and room for a loaded machine; the operation's own deadline is 60 s.
            Assert.Equal(-Errno.ENOTCONN, result.ReturnCode);
            Assert.InRange(watch.Elapsed.TotalSeconds, 0, 40);
        }

        await site.SignalAsync("CONT");
        await Eventually.BecomesAsync(
            async () =>
            {
                using OperationResult result = await pool.OperateAsync("o", new WriteOperation().WriteFull(new byte[] { 2 }), null, Cancellation);
                return result.ReturnCode;
            },
            code => code == 0,
            "writes after the site goes on");
    }

    [Fact]
    public async Task A_client_that_is_gone_for_good_is_no_watcher_after_the_watch_timeout()
    {
        await using TestSite site = await TestSite.StartAsync();
        await using ICluster admin = await site.ConnectAsync();
        await admin.MonitorCommandAsync("""{"prefix":"config set","who":"osd","name":"osd_client_watch_timeout","value":"3"}""");
        await admin.CreatePoolAsync("p", Cancellation);
        IPool pool = await admin.OpenPoolAsync("p", Cancellation);
        await pool.ExecuteAsync("watched", new WriteOperation().Create(exclusive: true), cancellationToken: Cancellation);
        ClusterConfiguration configuration = await TestSite.ConfigurationAsync(site.Layout);
        var proxy = new CuttingProxy(System.Net.IPEndPoint.Parse(new Uri(configuration.MonitorHost).Authority));
        await using ICluster dying = await RemoteCluster.ConnectAsync(
            configuration with { MonitorHost = $"https://127.0.0.1:{proxy.Port}" }, new ClusterOptions());
        var handler = new CountingHandler();
        await dying.RegisterServiceAsync("rbd-mirror", "x", new Dictionary<string, string>(), Cancellation);
        await using IWatch watch = await (await dying.OpenPoolAsync("p", Cancellation)).WatchAsync("watched", handler, Cancellation);
        Assert.Single(await pool.ListWatchersAsync("watched", Cancellation));
        await proxy.DisposeAsync(); // as if the client's machine were gone: no goodbye, and no way back

        await Eventually.BecomesAsync(
            async () => (await pool.ListWatchersAsync("watched", Cancellation)).Count, count => count == 0, "the dead client's watch being dropped");
        CommandResult services = await admin.ManagerCommandAsync("""{"prefix":"service dump","format":"json"}""", default, Cancellation);
        Assert.DoesNotContain("rbd-mirror", System.Text.Encoding.UTF8.GetString(services.Output.Span), StringComparison.Ordinal);
        Assert.Equal(Errno.ENOTCONN, await handler.WhenLost.WaitAsync(TimeSpan.FromSeconds(60), Cancellation));
    }

    [Fact]
    public async Task A_second_process_on_the_same_site_is_refused()
    {
        await using TestSite site = await TestSite.StartAsync();
        using var log = new FileLoggerProvider(Path.Combine(site.Layout.Data, "second.log"), TimeProvider.System);
        RadosException refused = await Assert.ThrowsAsync<RadosException>(
            () => SiteServer.StartAsync(site.Layout, [], TimeProvider.System, log, Cancellation));
        Assert.Equal(Errno.EBUSY, refused.Code);
    }

    [Fact]
    public async Task Users_keys_and_options_survive_a_restart()
    {
        await using TestSite site = await TestSite.StartAsync();
        string key;
        await using (ICluster admin = await site.ConnectAsync())
        {
            key = await TestSite.CreateUserAsync(admin, "client.a", "mon", "allow r", "osd", "allow *");
            await admin.MonitorCommandAsync("""{"prefix":"config-key set","key":"k","val":"v"}""");
            await admin.MonitorCommandAsync("""{"prefix":"config set","who":"global","name":"rbd_x","value":"1"}""");
        }

        await site.RestartAsync();
        await using (ICluster user = await site.ConnectAsync("client.a", key))
        {
            Assert.Equal("1", user.GetOption("rbd_x"));
        }

        await using ICluster again = await site.ConnectAsync();
        Assert.Equal("v"u8.ToArray(), (await again.MonitorCommandAsync("""{"prefix":"config-key get","key":"k"}""")).Output.ToArray());
    }

    [Fact]
    public async Task What_a_site_keeps_secret_is_readable_by_its_owner_only()
    {
        SiteLayout layout = await TestSite.CreateAsync();
        const UnixFileMode others = UnixFileMode.GroupRead | UnixFileMode.OtherRead;
        foreach (string path in new[] { layout.PrivateKey, layout.AdminKeyring, layout.Settings })
        {
            Assert.Equal(UnixFileMode.None, File.GetUnixFileMode(path) & others);
        }

        RadosException exists = await Assert.ThrowsAsync<RadosException>(() => SiteCreation.CreateAsync(layout, "127.0.0.1", null, TimeProvider.System, Cancellation));
        Assert.Equal(Errno.EEXIST, exists.Code);
        Directory.Delete(layout.Parent, recursive: true);
    }

    private sealed class CountingHandler : IWatchHandler
    {
        private readonly TaskCompletionSource<int> _lost = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private int _count;

        public Task<int> WhenLost => _lost.Task;

        public int Lost => Volatile.Read(ref _count);

        public ValueTask<ReadOnlyMemory<byte>> OnNotifyAsync(Notification notification, CancellationToken cancellationToken) => new(notification.Payload);

        public void OnLost(int errno)
        {
            Interlocked.Increment(ref _count);
            _lost.TrySetResult(errno);
        }
    }
}
