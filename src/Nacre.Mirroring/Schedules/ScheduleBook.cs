namespace Nacre.Mirroring.Schedules;

/// <summary>All schedules of a site by what they are set for (Schedules of src/pybind/mgr/rbd_support/schedule.py). Immutable.</summary>
public sealed class ScheduleBook(IEnumerable<(ScheduleLevel Level, SnapshotSchedule Schedule)> entries)
{
    private readonly SortedDictionary<string, (ScheduleLevel Level, SnapshotSchedule Schedule)> _entries =
        new(entries.ToDictionary(entry => entry.Level.Id), StringComparer.Ordinal);

    /// <summary>What each is set for.</summary>
    public IEnumerable<ScheduleLevel> Levels => _entries.Values.Select(entry => entry.Level);

    /// <summary>True where there is none.</summary>
    public bool IsEmpty => _entries.Count == 0;

    /// <summary>What is set for exactly this; null for nothing.</summary>
    public SnapshotSchedule? At(ScheduleLevel level) => _entries.TryGetValue(level.Id, out (ScheduleLevel, SnapshotSchedule Schedule) entry) ? entry.Schedule : null;

    /// <summary>What holds for an image: its own schedule, else its namespace's, its pool's, or the site's. Null for none.</summary>
    public SnapshotSchedule? Find(long poolId, string ofNamespace, string imageId) =>
        At(new ScheduleLevel(poolId, ofNamespace, imageId, ""))
        ?? At(new ScheduleLevel(poolId, ofNamespace, null, ""))
        ?? At(new ScheduleLevel(poolId, null, null, ""))
        ?? At(ScheduleLevel.Global);

    /// <summary>What is set within a level, and what holds for the level itself: its own schedule or that of the nearest around it.</summary>
    public IReadOnlyList<(ScheduleLevel Level, SnapshotSchedule Schedule)> List(ScheduleLevel level)
    {
        (ScheduleLevel Level, SnapshotSchedule Schedule)[] around =
            [.. _entries.Values.Where(e => e.Level.Id == level.Id || level.IsWithin(e.Level)).OrderByDescending(e => Depth(e.Level)).Take(1)];
        return [.. around.Where(e => e.Level.Id != level.Id), .. _entries.Values.Where(e => e.Level.Id == level.Id || e.Level.IsWithin(level))];
    }

    private static int Depth(ScheduleLevel level) => level switch { { PoolId: null } => 0, { Namespace: null } => 1, { ImageId: null } => 2, _ => 3 };
}
