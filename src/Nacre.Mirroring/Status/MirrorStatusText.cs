using System.Globalization;
using Nacre.ObjectClasses.Rbd;
using Nacre.Rados.Encoding;

namespace Nacre.Mirroring;

/// <summary>Ceph's words for states (src/tools/rbd/Utils.cc).</summary>
public static class MirrorStatusText
{
    /// <summary>What stands for the description where no status was reported.</summary>
    public const string NotFound = "status not found";

    /// <summary>replaying, starting_replay, …</summary>
    public static string Of(MirrorImageStatusState state) => state switch
    {
        MirrorImageStatusState.Unknown => "unknown",
        MirrorImageStatusState.Error => "error",
        MirrorImageStatusState.Syncing => "syncing",
        MirrorImageStatusState.StartingReplay => "starting_replay",
        MirrorImageStatusState.Replaying => "replaying",
        MirrorImageStatusState.StoppingReplay => "stopping_replay",
        MirrorImageStatusState.Stopped => "stopped",
        _ => string.Create(CultureInfo.InvariantCulture, $"unknown ({(uint)state})"),
    };

    /// <summary>up+replaying, down+unknown, …</summary>
    public static string Of(MirrorImageSiteStatus status) => (status.Up ? "up+" : "down+") + Of(status.State);

    /// <summary>enabled, disabling, disabled; Ceph 16.2 has no word for creating.</summary>
    public static string Of(MirrorImageState state) => state switch
    {
        MirrorImageState.Disabling => "disabling",
        MirrorImageState.Enabled => "enabled",
        MirrorImageState.Disabled => "disabled",
        _ => "unknown",
    };

    /// <summary>journal, snapshot.</summary>
    public static string Of(MirrorImageMode mode) => mode switch
    {
        MirrorImageMode.Journal => "journal",
        MirrorImageMode.Snapshot => "snapshot",
        _ => "unknown",
    };

    /// <summary>disabled, image, pool.</summary>
    public static string Of(MirrorMode mode) => mode switch
    {
        MirrorMode.Disabled => "disabled",
        MirrorMode.Image => "image",
        MirrorMode.Pool => "pool",
        _ => "unknown",
    };

    /// <summary>rx-only, tx-only, rx-tx.</summary>
    public static string Of(MirrorPeerDirection direction) => direction switch
    {
        MirrorPeerDirection.Receive => "rx-only",
        MirrorPeerDirection.Transmit => "tx-only",
        MirrorPeerDirection.Both => "rx-tx",
        _ => "unknown",
    };

    /// <summary>primary, non-primary, demoted.</summary>
    public static string Of(MirrorSnapshotState state) => state switch
    {
        MirrorSnapshotState.Primary => "primary",
        MirrorSnapshotState.NonPrimary => "non-primary",
        MirrorSnapshotState.PrimaryDemoted or MirrorSnapshotState.NonPrimaryDemoted => "demoted",
        _ => "unknown",
    };

    /// <summary>A time as the tools print it, local: 2026-11-24 13:33:34; empty for never.</summary>
    public static string Time(CephTimestamp time, TimeZoneInfo zone) =>
        time.Seconds == 0 ? "" : TimeZoneInfo.ConvertTime(time.ToDateTime(), zone).ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture);
}
