using Nacre.Mirroring.Schedules;

namespace Nacre.Site.Scheduling;

/// <summary>A primary image that is mirrored by snapshots and has a schedule. Changed by the scheduler alone, under its lock.</summary>
internal sealed class ScheduledImage(long poolId, string inNamespace, string imageId)
{
    public long PoolId => poolId;

    public string Namespace => inNamespace;

    public string ImageId => imageId;

    /// <summary>As people name it.</summary>
    public string Name { get; set; } = "";

    public SnapshotSchedule Schedule { get; set; } = SnapshotSchedule.Empty;

    /// <summary>When its next snapshot is due.</summary>
    public DateTimeOffset NextRun { get; set; }

    /// <summary>The run under way; null for none.</summary>
    public Task? Running { get; set; }

    /// <summary>When that one was due.</summary>
    public DateTimeOffset RunningSince { get; set; }

    /// <summary>True where the next run makes up for one that was missed.</summary>
    public bool MakesUp { get; set; }

    /// <summary>What went wrong with the newest run: failed, missed or overtaken. Null where all is well.</summary>
    public string? Trouble { get; set; }
}
