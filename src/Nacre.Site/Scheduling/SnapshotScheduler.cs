using System.Globalization;
using System.Text;
using Nacre.Mirroring;
using Nacre.Mirroring.Schedules;
using Nacre.ObjectClasses.Rbd;
using Nacre.Rados;
using Nacre.Rados.Clusters;
using Nacre.Rados.Configuration;
using Nacre.Rados.Embedded;
using Nacre.Rbd;
using Nacre.Site.Commands;

namespace Nacre.Site.Scheduling;

/// <summary>
/// Makes mirror snapshots by schedule, as Ceph's manager does for a cluster (src/pybind/mgr/rbd_support/mirror_snapshot_schedule.py). Only of images that
/// are primary here when their time comes, so after a failover the other site's schedules take over. A run that failed, was overtaken by the next, or was
/// missed because the site did not run is told in the status; a missed one is made up for at once.
/// </summary>
internal sealed class SnapshotScheduler : IAsyncDisposable
{
    /// <summary>Snapshots made at once.</summary>
    private const int Concurrency = 10;

    private const string AliveKey = "schedule/alive";
    private const string TimeFormat = "yyyy-MM-dd HH:mm:00";
    private static readonly TimeSpan _refreshInterval = TimeSpan.FromSeconds(60);

    private readonly SiteMonitor _site;
    private readonly ICluster _cluster;
    private readonly ScheduleStore _schedules;
    private readonly TimeProvider _time;
    private readonly ILogger _log;
    private readonly CancellationTokenSource _stopping = new();
    private readonly SemaphoreSlim _turn = new(1, 1);
    private readonly SemaphoreSlim _slots = new(Concurrency, Concurrency);
    private readonly Signal _woken = new();
    private readonly Dictionary<(long Pool, string Namespace, string Image), ScheduledImage> _images = [];
    private DateTimeOffset? _aliveBefore;
    private Task _loop = Task.CompletedTask;

    public SnapshotScheduler(SiteMonitor site, ILogger log)
    {
        _site = site;
        _time = site.Time;
        _log = log;
        _cluster = site.Store.Connect(new EntityName("mgr", "scheduler"));
        _schedules = new ScheduleStore(_cluster, site.Config);
    }

    private DateTimeOffset Now => _time.GetLocalNow();

    /// <summary>Begins to make snapshots.</summary>
    public void Start()
    {
        _aliveBefore = _site.Store.Metadata.Get(AliveKey) is { } stored
            && DateTimeOffset.TryParseExact(Encoding.UTF8.GetString(stored), "O", CultureInfo.InvariantCulture, DateTimeStyles.None, out DateTimeOffset alive)
                ? alive
                : null;
        _loop = RunAsync(_stopping.Token);
    }

    /// <summary>Finds what a name means.</summary>
    public Task<ScheduleLevel> FindLevelAsync(string name, CancellationToken cancellationToken) =>
        ScheduleLevels.FindAsync(_cluster, IsRbdPool, name, cancellationToken);

    /// <summary>Sets one more entry.</summary>
    public Task AddAsync(ScheduleLevel level, ScheduleItem item, CancellationToken cancellationToken) =>
        ChangeAsync(level, schedule => (schedule ?? SnapshotSchedule.Empty).With(item), cancellationToken);

    /// <summary>Removes an entry, or with null all of the level's own.</summary>
    public Task RemoveAsync(ScheduleLevel level, ScheduleItem? item, CancellationToken cancellationToken) =>
        ChangeAsync(level, schedule => item is { } one ? schedule?.Without(one) : null, cancellationToken);

    /// <summary>What is set for a level and within it.</summary>
    public async Task<IReadOnlyList<(ScheduleLevel Level, SnapshotSchedule Schedule)>> ListAsync(ScheduleLevel level, CancellationToken cancellationToken) =>
        (await LoadAsync(await RbdPoolsAsync(cancellationToken), cancellationToken)).List(level);

    /// <summary>Which images have their next snapshot when, the soonest first, and what is wrong with the last.</summary>
    public async Task<IReadOnlyList<(string Time, string Image, string? Trouble)>> StatusAsync(ScheduleLevel level, CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken);
        try
        {
            await RefreshAsync(cancellationToken);
            return
            [
                .. _images.Values.Where(image => level.Contains(image.PoolId, image.Namespace, image.ImageId))
                    .OrderBy(image => image.NextRun).ThenBy(image => image.Name, StringComparer.Ordinal)
                    .Select(image => (Format(image.NextRun), image.Name, image.Trouble)),
            ];
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await _loop;
        await Task.WhenAll(_images.Values.Select(image => image.Running ?? Task.CompletedTask));
        await _cluster.DisposeAsync();
    }

    private static string Format(DateTimeOffset time) => time.ToString(TimeFormat, CultureInfo.InvariantCulture);

    private bool IsRbdPool(long poolId) => _site.Applications.Of(poolId).ContainsKey("rbd");

    private async Task<IReadOnlyList<PoolDescription>> RbdPoolsAsync(CancellationToken cancellationToken) =>
        [.. (await _cluster.ListPoolsAsync(cancellationToken)).Where(pool => IsRbdPool(pool.Id))];

    private Task<ScheduleBook> LoadAsync(IReadOnlyList<PoolDescription> pools, CancellationToken cancellationToken) =>
        _schedules.LoadAsync(pools, damage => _log.LogError("{Damage}", damage), cancellationToken);

    private async Task ChangeAsync(ScheduleLevel level, Func<SnapshotSchedule?, SnapshotSchedule?> change, CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken);
        try
        {
            ScheduleBook book = await LoadAsync(await RbdPoolsAsync(cancellationToken), cancellationToken);
            SnapshotSchedule? changed = change(book.At(level));
            await _schedules.SaveAsync(level, changed is { Items.Count: > 0 } ? changed : null, cancellationToken);
        }
        finally
        {
            _turn.Release();
        }

        _woken.Set();
    }

    private async Task RunAsync(CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            try
            {
                await _woken.WaitAsync(await TickAsync(cancellationToken), _time, cancellationToken);
            }
            catch (OperationCanceledException)
            {
                // The site stops.
            }
            catch (RadosException failed)
            {
                _log.LogError("schedules of mirror snapshots: {Error}", failed.Message);
                await Task.Delay(TimeSpan.FromSeconds(1), _time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    /// <summary>Does what is due; gives how long there is nothing to do then.</summary>
    private async Task<TimeSpan> TickAsync(CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken);
        try
        {
            await RefreshAsync(cancellationToken);
            DateTimeOffset now = Now;
            foreach (ScheduledImage image in _images.Values.Where(image => image.NextRun <= now))
            {
                Begin(image);
                image.NextRun = image.Schedule.NextRun(now);
            }

            if (_images.Count == 0)
            {
                return _refreshInterval;
            }

            // What is under way when the site dies has to be made up for as well.
            DateTimeOffset alive = _images.Values.Where(image => image.Running is { IsCompleted: false }).Select(image => image.RunningSince.AddTicks(-1))
                .Append(now).Min();
            await _site.Store.Metadata.ApplyAsync(
                [new(AliveKey, Encoding.UTF8.GetBytes(alive.ToString("O", CultureInfo.InvariantCulture)))], cancellationToken);
            TimeSpan untilNext = _images.Values.Min(image => image.NextRun) - now;
            return untilNext < _refreshInterval ? untilNext : _refreshInterval;
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>Looks again which images there are and which schedules hold for them.</summary>
    private async Task RefreshAsync(CancellationToken cancellationToken)
    {
        IReadOnlyList<PoolDescription> pools = await RbdPoolsAsync(cancellationToken);
        ScheduleBook book = await LoadAsync(pools, cancellationToken);
        var seen = new HashSet<(long, string, string)>();
        if (!book.IsEmpty)
        {
            foreach (PoolDescription description in pools)
            {
                IPool pool = await _cluster.OpenPoolAsync(description.Id, cancellationToken);
                IReadOnlyList<string> namespaces = await new RbdImages(pool).ListNamespacesAsync(cancellationToken);
                foreach (string inNamespace in namespaces.Prepend(""))
                {
                    await RefreshAsync(pool.WithNamespace(inNamespace), book, seen, cancellationToken);
                }
            }
        }

        foreach ((long, string, string) gone in _images.Keys.Where(key => !seen.Contains(key)).ToArray())
        {
            if (_images[gone].Running is not { IsCompleted: false })
            {
                _images.Remove(gone);
            }
        }

        _aliveBefore = null;
    }

    private async Task RefreshAsync(IPool pool, ScheduleBook book, HashSet<(long, string, string)> seen, CancellationToken cancellationToken)
    {
        var mirror = new MirrorPool(pool);
        await foreach (MirrorImageEntry entry in mirror.ListImagesAsync(cancellationToken))
        {
            if (book.Find(pool.Id, pool.Namespace, entry.ImageId) is not { } schedule || !await IsPrimaryAsync(mirror, entry.ImageId, cancellationToken)
                || await new RbdImages(pool).FindNameAsync(entry.ImageId, cancellationToken) is not { } name)
            {
                continue;
            }

            (long, string, string) key = (pool.Id, pool.Namespace, entry.ImageId);
            seen.Add(key);
            if (!_images.TryGetValue(key, out ScheduledImage? image))
            {
                _images[key] = image = new ScheduledImage(pool.Id, pool.Namespace, entry.ImageId);
            }

            image.Name = ScheduleLevel.NameOf(pool.Name, pool.Namespace, name);
            if (!image.Schedule.Items.SequenceEqual(schedule.Items))
            {
                image.Schedule = schedule;
                image.NextRun = schedule.NextRun(Now);
                CatchUp(image);
            }
        }
    }

    private void CatchUp(ScheduledImage image)
    {
        DateTimeOffset last = image.Schedule.LastRun(Now);
        if (_aliveBefore is { } alive && last > alive)
        {
            image.NextRun = last;
            image.MakesUp = true;
            image.Trouble = $"the run of {Format(last)} was missed, since the site was not running; it was made up for later";
            _log.LogWarning("mirror snapshot of {Image}: {Trouble}", image.Name, image.Trouble);
        }
    }

    private static async Task<bool> IsPrimaryAsync(MirrorPool mirror, string imageId, CancellationToken cancellationToken)
    {
        try
        {
            MirrorImage? record = await mirror.FindImageAsync(imageId, cancellationToken);
            return record is { Mode: MirrorImageMode.Snapshot, State: MirrorImageState.Enabled }
                && (await mirror.GetImageInfoAsync(imageId, cancellationToken)).Promotion == PromotionState.Primary;
        }
        catch (RadosException gone) when (gone.Code == Errno.ENOENT)
        {
            return false;
        }
    }

    private void Begin(ScheduledImage image)
    {
        if (image.Running is { IsCompleted: false })
        {
            image.Trouble = $"the run of {Format(image.NextRun)} was left out, since the one before it was still under way";
            _log.LogWarning("mirror snapshot of {Image}: {Trouble}", image.Name, image.Trouble);
            return;
        }

        image.RunningSince = image.NextRun;
        image.Running = MakeAsync(image, image.NextRun, image.MakesUp, _stopping.Token);
        image.MakesUp = false;
    }

    private async Task MakeAsync(ScheduledImage image, DateTimeOffset due, bool makesUp, CancellationToken cancellationToken)
    {
        try
        {
            await _slots.WaitAsync(cancellationToken);
            try
            {
                IPool pool = (await _cluster.OpenPoolAsync(image.PoolId, cancellationToken)).WithNamespace(image.Namespace);
                await using Image opened = await new RbdImages(pool).OpenByIdAsync(image.ImageId, null, cancellationToken);
                await new MirrorImageControl(opened, _time).CreateSnapshotAsync(cancellationToken: cancellationToken);
                if (!makesUp)
                {
                    image.Trouble = null;
                }
            }
            finally
            {
                _slots.Release();
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The site stops: it is missed, and made up for.
        }
        catch (RadosException failed)
        {
            image.Trouble = $"the run of {Format(due)} failed: {failed.Message}";
            _log.LogError("mirror snapshot of {Image}: {Trouble}", image.Name, image.Trouble);
        }
    }
}
