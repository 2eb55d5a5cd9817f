namespace Nacre.Mirroring.Daemon.Hosting;

/// <summary>How the daemon behaves; each is Ceph's <c>rbd_mirror_*</c> option of that name where there is one.</summary>
public sealed record DaemonOptions
{
    /// <summary>concurrent_image_syncs: images copied at once, per pool.</summary>
    public int ConcurrentImageSyncs { get; init; } = 5;

    /// <summary>concurrent_image_deletions: copies removed at once, per pool.</summary>
    public int ConcurrentImageDeletions { get; init; } = 1;

    /// <summary>pool_replayers_refresh_interval: how often pools and peers are read again.</summary>
    public TimeSpan RefreshInterval { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>image_state_check_interval: how often an image is looked at that nothing was heard of.</summary>
    public TimeSpan ImageCheckInterval { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>leader_heartbeat_interval.</summary>
    public TimeSpan LeaderHeartbeatInterval { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>How often the status of an image is published again though it did not change.</summary>
    public TimeSpan StatusInterval { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How often the daemon announces itself to the source.</summary>
    public TimeSpan PingInterval { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How often the source is asked for a sign of life.</summary>
    public TimeSpan ProbeInterval { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>
    /// After how much silence, of a connection or of an attempt to connect, the operator is told. Together with <see cref="ProbeInterval"/>, and with the
    /// 5 s that Ceph's manager may take to hear of it, this stays within 10 s.
    /// </summary>
    public TimeSpan SilenceTimeout { get; init; } = TimeSpan.FromSeconds(4);

    /// <summary>
    /// After how much silence a site counts as gone, so that it is connected anew. Far above <see cref="SilenceTimeout"/>: a site that is only slow is told as
    /// such, but keeps its connection and what is under way there.
    /// </summary>
    public TimeSpan ProbeTimeout { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>Deadline of one attempt to connect to the source.</summary>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Longest wait before the next attempt after a failure.</summary>
    public TimeSpan MaximumBackoff { get; init; } = TimeSpan.FromSeconds(8);

    /// <summary>How often progress within a snapshot is marked.</summary>
    public TimeSpan ProgressInterval { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>Objects of one image under way at once.</summary>
    public int ConcurrentObjects { get; init; } = 24;

    /// <summary>Bytes in memory at once, over all images.</summary>
    public long MemoryBudget { get; init; } = 16 << 20;

    /// <summary>How often the end of a journal is looked at again; the journal's writer does not tell of what it appends.</summary>
    public TimeSpan JournalPollInterval { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>How often positions in the source's journals are written.</summary>
    public TimeSpan JournalCommitInterval { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Bytes of journals' entries that are gathered at once, over all images.</summary>
    public long JournalWindow { get; init; } = 20 << 20;

    /// <summary>With the values of the cluster's configuration where it has them.</summary>
    /// <param name="option">Reads an option; null where it is unknown.</param>
    public DaemonOptions With(Func<string, string?> option) => this with
    {
        ConcurrentImageSyncs = Positive(option("rbd_mirror_concurrent_image_syncs"), ConcurrentImageSyncs),
        ConcurrentImageDeletions = Positive(option("rbd_mirror_concurrent_image_deletions"), ConcurrentImageDeletions),
        RefreshInterval = Seconds(option("rbd_mirror_pool_replayers_refresh_interval"), RefreshInterval),
        ImageCheckInterval = Seconds(option("rbd_mirror_image_state_check_interval"), ImageCheckInterval),
        LeaderHeartbeatInterval = Seconds(option("rbd_mirror_leader_heartbeat_interval"), LeaderHeartbeatInterval),
    };

    private static int Positive(string? text, int otherwise) =>
        int.TryParse(text, System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out int value) && value > 0
            ? value
            : otherwise;

    private static TimeSpan Seconds(string? text, TimeSpan otherwise) =>
        Positive(text, 0) is > 0 and int seconds ? TimeSpan.FromSeconds(seconds) : otherwise;
}
