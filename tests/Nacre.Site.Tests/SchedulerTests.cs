using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Nacre.Mirroring;
using Nacre.Mirroring.Schedules;
using Nacre.ObjectClasses;
using Nacre.ObjectClasses.Rbd;
using Nacre.Rados;
using Nacre.Rados.Clusters;
using Nacre.Rados.Configuration;
using Nacre.Rados.Embedded;
using Nacre.Rbd;
using Nacre.Site.Commands;
using Nacre.Site.Scheduling;
using Nacre.Site.Users;
using Nacre.Testing;

namespace Nacre.Site.Tests;

/// <summary>Schedules of mirror snapshots on an embedded site, under a clock that the test moves.</summary>
public sealed class SchedulerTests : IAsyncLifetime
{
    private readonly string _directory = Directory.CreateTempSubdirectory("nacre-schedule-").FullName;
    private readonly FakeTimeProvider _clock = new(new DateTimeOffset(2026, 11, 24, 10, 7, 30, TimeSpan.Zero));
    private EmbeddedStore _store = null!;
    private SiteMonitor _site = null!;
    private SnapshotScheduler _scheduler = null!;
    private IPool _pool = null!;

    public async ValueTask InitializeAsync()
    {
        await StartAsync();
        ICluster cluster = _store.Connect(EntityName.Admin);
        await cluster.CreatePoolAsync("rbd", TestContext.Current.CancellationToken);
        CommandResult enabled = await cluster.MonitorCommandAsync(
            """{"prefix":"osd pool application enable","pool":"rbd","app":"rbd"}""", default, TestContext.Current.CancellationToken);
        Assert.Equal(0, enabled.ReturnCode);
        await OpenAsync();
        await new RbdImages(_pool).InitializePoolAsync();
        await new MirrorPool(_pool).SetModeAsync(MirrorMode.Image);
        await new MirrorPool(_pool).AddPeerAsync(MirrorPeerDirection.Both, "site-b", "client.peer");
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        Directory.Delete(_directory, recursive: true);
    }

    [Fact]
    public async Task Snapshots_are_made_when_they_are_due_and_of_primary_images_only()
    {
        string mirrored = await CreateAsync("mirrored", MirrorImageMode.Snapshot);
        string demoted = await CreateAsync("demoted", MirrorImageMode.Snapshot);
        await using (Image image = await new RbdImages(_pool).OpenByIdAsync(demoted, new ImageOpenOptions { IgnoreNonPrimary = true }))
        {
            await new MirrorImageControl(image).DemoteAsync();
        }

        await AddAsync("rbd/", "15m");
        Assert.Equal([("2026-11-24 10:15:00", "rbd/mirrored")], await StatusAsync());
        int before = await CountAsync(mirrored);
        int demotedBefore = await CountAsync(demoted);
        To(10, 15, 1);
        await CountBecomesAsync(mirrored, before + 1);
        To(10, 30, 1);
        await CountBecomesAsync(mirrored, before + 2);
        Assert.Equal([("2026-11-24 10:45:00", "rbd/mirrored")], await StatusAsync());
        Assert.Equal(demotedBefore, await CountAsync(demoted));
    }

    [Fact]
    public async Task The_nearest_schedule_holds()
    {
        await CreateAsync("one", MirrorImageMode.Snapshot);
        await CreateAsync("two", MirrorImageMode.Snapshot);
        await AddAsync("", "1d");
        await AddAsync("rbd/two", "1h", "09:20");
        Assert.Equal([("2026-11-24 10:20:00", "rbd/two"), ("2026-11-25 00:00:00", "rbd/one")], await StatusAsync());
        await AddAsync("rbd/", "2h");
        Assert.Equal([("2026-11-24 10:20:00", "rbd/two"), ("2026-11-24 12:00:00", "rbd/one")], await StatusAsync());
        JsonElement all = await CommandAsync("""{"prefix":"rbd mirror snapshot schedule list","level_spec":"rbd/"}""");
        Assert.Equal(["rbd/", "rbd/two"], all.EnumerateObject().Select(e => e.Value.GetProperty("name").GetString()!));
        await CommandAsync("""{"prefix":"rbd mirror snapshot schedule remove","level_spec":"rbd/"}""");
        await CommandAsync("""{"prefix":"rbd mirror snapshot schedule remove","level_spec":"rbd/two","interval":"1h","start_time":"09:20"}""");
        Assert.Equal([("2026-11-25 00:00:00", "rbd/one"), ("2026-11-25 00:00:00", "rbd/two")], await StatusAsync());
    }

    [Fact]
    public async Task A_run_that_is_missed_while_the_site_is_down_is_made_up_for_and_told()
    {
        string id = await CreateAsync("image", MirrorImageMode.Snapshot);
        await AddAsync("rbd/", "1h");
        To(10, 50, 0);
        await TickUntilAsync(
            () => Task.FromResult(_store.Metadata.Get("schedule/alive")),
            alive => alive is not null && Encoding.UTF8.GetString(alive).Contains("T10:5", StringComparison.Ordinal),
            "the scheduler has looked after 10:50");
        int before = await CountAsync(id);
        await StopAsync();
        To(12, 40, 0);
        await StartAsync();
        await OpenAsync();
        await CountBecomesAsync(id, before + 1);
        Assert.Contains("the run of 2026-11-24 12:00:00 was missed", await TroubleAsync(), StringComparison.Ordinal);
        To(13, 0, 1);
        await CountBecomesAsync(id, before + 2);
        await TickUntilAsync(TroubleAsync, trouble => trouble.Length == 0, "all is well again");
    }

    [Fact]
    public async Task A_run_that_fails_is_told()
    {
        await CreateAsync("image", MirrorImageMode.Snapshot);
        await AddAsync("rbd/", "1h");
        var mirror = new MirrorPool(_pool);
        await mirror.RemovePeerAsync((await mirror.ListPeersAsync()).Single().Uuid);
        Assert.Equal([("2026-11-24 11:00:00", "rbd/image")], await StatusAsync());
        To(11, 0, 1);
        await TickUntilAsync(
            TroubleAsync, trouble => trouble.Contains("the run of 2026-11-24 11:00:00 failed", StringComparison.Ordinal), "the failure is told");
    }

    [Fact]
    public async Task Names_that_mean_nothing_get_Cephs_errors()
    {
        await CreateAsync("plain", null);
        foreach ((string level, string error) in ((string, string)[])
        [
            ("none/", "Invalid level spec none/: pool none does not exist"), ("rbd/none", "Invalid level spec rbd/none: image none does not exist"),
            ("rbd/ns/", "Invalid level spec rbd/ns/: namespace ns does not exist"), ("rbd/plain", "Invalid level spec rbd/plain: image plain is not in snapshot mirror mode"),
            ("rbd", "Invalid level spec rbd: failed to parse rbd"),
        ])
        {
            CommandResult result = await _pool.Cluster.ManagerCommandAsync(
                $$"""{"prefix":"rbd mirror snapshot schedule add","level_spec":"{{level}}","interval":"1h"}""", default, TestContext.Current.CancellationToken);
            Assert.Equal((-Errno.EINVAL, error), (result.ReturnCode, result.Status));
        }
    }

    private async Task StartAsync()
    {
        _site = new SiteMonitor(_clock);
        _store = await EmbeddedStore.OpenAsync(_directory, new EmbeddedStoreOptions { Classes = RbdObjectClasses.All, Commands = _site, CacheSize = 16 << 20 });
        _site.Use(_store);
        var all = new Dictionary<string, string> { ["mon"] = "allow *", ["mgr"] = "allow *", ["osd"] = "allow *" };
        await _site.Users.ChangeAsync(EntityName.Admin, _ => new SiteUser(EntityName.Admin, CephSecret.Generate(_clock), all), CancellationToken.None);
        _scheduler = new SnapshotScheduler(_site, NullLogger.Instance);
        ScheduleCommands.AddTo(_site, _scheduler);
        _scheduler.Start();
    }

    private async Task StopAsync()
    {
        await _scheduler.DisposeAsync();
        await _store.DisposeAsync();
    }

    private async Task OpenAsync() => _pool = await _store.Connect(EntityName.Admin).OpenPoolAsync("rbd", TestContext.Current.CancellationToken);

    private async Task<string> CreateAsync(string name, MirrorImageMode? mode)
    {
        await new RbdImages(_pool).CreateAsync(name, 1 << 20);
        await using Image image = await new RbdImages(_pool).OpenAsync(name);
        if (mode is { } mirrored)
        {
            await new MirrorImageControl(image).EnableAsync(mirrored);
        }

        return image.Id;
    }

    private Task AddAsync(string level, string interval, string start = "") => CommandAsync(
        $$"""{"prefix":"rbd mirror snapshot schedule add","level_spec":"{{level}}","interval":"{{interval}}","start_time":"{{start}}"}""");

    private async Task<JsonElement> CommandAsync(string command)
    {
        CommandResult result = await _pool.Cluster.ManagerCommandAsync(command, default, TestContext.Current.CancellationToken);
        Assert.True(result.ReturnCode == 0, result.Status);
        return result.Output.IsEmpty ? default : JsonDocument.Parse(result.Output).RootElement;
    }

    private async Task<JsonElement[]> ImagesAsync() =>
        [.. (await CommandAsync("""{"prefix":"rbd mirror snapshot schedule status"}""")).GetProperty("scheduled_images").EnumerateArray()];

    private async Task<(string, string)[]> StatusAsync() =>
        [.. (await ImagesAsync()).Select(image => (image.GetProperty("schedule_time").GetString()!, image.GetProperty("image").GetString()!))];

    private async Task<string> TroubleAsync() => string.Concat(
        (await ImagesAsync()).Select(image => image.TryGetProperty("trouble", out JsonElement trouble) ? trouble.GetString() : ""));

    private async Task<int> CountAsync(string imageId)
    {
        await using Image image = await new RbdImages(_pool).OpenByIdAsync(imageId, ImageOpenOptions.ForReading);
        return image.Snapshots.Count;
    }

    private Task CountBecomesAsync(string imageId, int count) =>
        TickUntilAsync(() => CountAsync(imageId), found => found == count, $"image {imageId} has {count} snapshots");

    /// <summary>Lets the clock go on, since the scheduler may have looked at it just before it was moved, and sleeps for up to a minute.</summary>
    private Task TickUntilAsync<T>(Func<Task<T>> probe, Func<T, bool> predicate, string what) => Eventually.BecomesAsync(
        () =>
        {
            _clock.Advance(TimeSpan.FromSeconds(1));
            return probe();
        },
        predicate, what);

    /// <summary>Moves the clock to a time of that day.</summary>
    private void To(int hour, int minute, int second) => _clock.SetUtcNow(new DateTimeOffset(2026, 11, 24, hour, minute, second, TimeSpan.Zero));
}
