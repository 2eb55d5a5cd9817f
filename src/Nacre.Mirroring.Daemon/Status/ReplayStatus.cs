using System.Globalization;
using System.Text;

namespace Nacre.Mirroring.Daemon.Status;

/// <summary>
/// What "replaying, {…}" tells of an image in snapshot mode (src/tools/rbd_mirror/image_replayer/snapshot/Replayer.cc, get_replay_status). Keys are
/// sorted and the text is compact, as consumers that search for the braces expect.
/// </summary>
internal sealed record ReplayStatus
{
    /// <summary>True while a snapshot is copied.</summary>
    public bool IsSyncing { get; init; }

    /// <summary>When the source's newest mirror snapshot was made, seconds since the epoch.</summary>
    public uint RemoteSnapshotTimestamp { get; init; }

    /// <summary>When the source's snapshot was made that is complete here; null where none is.</summary>
    public uint? LocalSnapshotTimestamp { get; init; }

    /// <summary>When the source's snapshot was made that is being copied.</summary>
    public uint? SyncingSnapshotTimestamp { get; init; }

    /// <summary>How far that is, 0 to 100.</summary>
    public ulong? SyncingPercent { get; init; }

    /// <summary>Bytes read from the source per second, lately.</summary>
    public double BytesPerSecond { get; init; }

    /// <summary>Bytes read per snapshot, lately.</summary>
    public double BytesPerSnapshot { get; init; }

    /// <summary>Seconds that the last copy took.</summary>
    public ulong LastSnapshotSyncSeconds { get; init; }

    /// <summary>Bytes that the last copy read.</summary>
    public ulong LastSnapshotBytes { get; init; }

    /// <summary>Snapshots still to be copied.</summary>
    public int PendingSnapshots { get; init; }

    /// <summary>The description to publish.</summary>
    public string ToDescription() => "replaying, " + ToJson();

    /// <summary>The JSON.</summary>
    public string ToJson()
    {
        var json = new StringBuilder(256).Append('{');
        Add(json, "bytes_per_second", Real(BytesPerSecond));
        Add(json, "bytes_per_snapshot", Real(BytesPerSnapshot));
        Add(json, "last_snapshot_bytes", Whole(LastSnapshotBytes));
        Add(json, "last_snapshot_sync_seconds", Whole(LastSnapshotSyncSeconds));
        if (LocalSnapshotTimestamp is { } local)
        {
            Add(json, "local_snapshot_timestamp", Whole(local));
        }

        Add(json, "remote_snapshot_timestamp", Whole(RemoteSnapshotTimestamp));
        Add(json, "replay_state", IsSyncing ? "\"syncing\"" : "\"idle\"");
        if (BytesPerSecond > 0 && PendingSnapshots > 0)
        {
            Add(json, "seconds_until_synced", Whole((ulong)Math.Round(BytesPerSnapshot * PendingSnapshots / BytesPerSecond)));
        }

        if (SyncingPercent is { } percent)
        {
            Add(json, "syncing_percent", Whole(percent));
        }

        if (SyncingSnapshotTimestamp is { } syncing)
        {
            Add(json, "syncing_snapshot_timestamp", Whole(syncing));
        }

        return json.Append('}').ToString();
    }

    private static void Add(StringBuilder json, string key, string value)
    {
        if (json.Length > 1)
        {
            json.Append(',');
        }

        json.Append('"').Append(key).Append("\":").Append(value);
    }

    private static string Whole(ulong value) => value.ToString(CultureInfo.InvariantCulture);

    // Two places, and at least one is shown.
    private static string Real(double value) => Math.Round(value, 2).ToString("0.0#", CultureInfo.InvariantCulture);
}
