using Microsoft.Extensions.Time.Testing;
using Nacre.Mirroring.Daemon.Hosting;
using Nacre.Mirroring.Daemon.Pools;
using Nacre.Mirroring.Daemon.Status;

namespace Nacre.Mirroring.Daemon.Tests.Status;

public class StatusTests
{
    [Fact]
    public void Idle_image_is_described_byte_for_byte_as_by_Ceph() => Assert.Equal(
        """replaying, {"bytes_per_second":0.0,"bytes_per_snapshot":0.0,"last_snapshot_bytes":0,"last_snapshot_sync_seconds":0,"remote_snapshot_timestamp":1795526611,"replay_state":"idle"}""",
        new ReplayStatus { RemoteSnapshotTimestamp = 1795526611 }.ToDescription());

    [Fact]
    public void Syncing_image_tells_progress_and_forecast() => Assert.Equal(
        """{"bytes_per_second":1024.5,"bytes_per_snapshot":4096.0,"last_snapshot_bytes":7,"last_snapshot_sync_seconds":2,"local_snapshot_timestamp":1,"remote_snapshot_timestamp":3,"replay_state":"syncing","seconds_until_synced":8,"syncing_percent":42,"syncing_snapshot_timestamp":2}""",
        new ReplayStatus
        {
            IsSyncing = true,
            RemoteSnapshotTimestamp = 3,
            LocalSnapshotTimestamp = 1,
            SyncingSnapshotTimestamp = 2,
            SyncingPercent = 42,
            BytesPerSecond = 1024.5,
            BytesPerSnapshot = 4096,
            LastSnapshotBytes = 7,
            LastSnapshotSyncSeconds = 2,
            PendingSnapshots = 2,
        }.ToJson());

    [Fact]
    public void Service_status_has_the_keys_that_Ceph_reads() => Assert.Equal(
        """{"2":{"name":"rbd","callouts":{"1":{"level":"error","text":"unable to connect to remote cluster"}},"image_local_count":1,"instance_id":"4130","leader":true}}""",
        ServiceStatus.ToJson(new Dictionary<long, PoolServiceStatus>
        {
            [2] = new()
            {
                Name = "rbd",
                Callouts = [new Callout(CalloutLevel.Error, "unable to connect to remote cluster")],
                ImagesLocal = 1,
                InstanceId = "4130",
                Leader = true,
            },
        }));

    [Fact]
    public void Rates_forget_what_is_long_ago()
    {
        var time = new FakeTimeProvider();
        var rates = new ReplayRates(time);
        rates.Begin();
        rates.Read(3000);
        time.Advance(TimeSpan.FromSeconds(9));
        Assert.Equal(300, rates.BytesPerSecond);
        rates.Complete(TimeSpan.FromSeconds(9));
        time.Advance(TimeSpan.FromSeconds(60));
        Assert.Equal(0, rates.BytesPerSecond);
        Assert.Equal(3000, rates.BytesPerSnapshot);
        Assert.Equal((3000UL, 9UL), rates.Last);
    }

    [Fact]
    public void Backoff_grows_to_its_bound_and_starts_anew()
    {
        var backoff = new Backoff(TimeProvider.System, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(8), new Random(1));
        TimeSpan[] waits = [.. Enumerable.Range(0, 12).Select(_ => backoff.Next())];
        Assert.All(waits, wait => Assert.InRange(wait, TimeSpan.FromSeconds(0.8), TimeSpan.FromSeconds(8)));
        Assert.True(waits[^1] > TimeSpan.FromSeconds(6));
        backoff.Reset();
        Assert.True(backoff.Next() <= TimeSpan.FromSeconds(1));
    }

    [Fact]
    public void Leader_notifications_survive_the_wire_and_nonsense_is_ignored()
    {
        foreach (LeaderNotification notification in Enum.GetValues<LeaderNotification>())
        {
            Assert.Equal(notification, LeaderNotificationEncoding.Decode(notification.Encode()));
        }

        Assert.Null(LeaderNotificationEncoding.Decode([1, 2, 3]));
    }

    [Fact]
    public void Own_process_is_alive_and_nonsense_proves_nothing()
    {
        Assert.False(ProcessMark.IsProvenDead(ProcessMark.Current()));
        Assert.False(ProcessMark.IsProvenDead(""));
        Assert.False(ProcessMark.IsProvenDead("nacre other-boot 1 1"));
        string[] parts = ProcessMark.Current().Split(' ');
        Assert.True(parts.Length != 4 || ProcessMark.IsProvenDead($"{parts[0]} {parts[1]} {parts[2]} 1"));
    }
}
