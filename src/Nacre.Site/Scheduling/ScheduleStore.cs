using System.Text;
using Nacre.Mirroring.Schedules;
using Nacre.Rados;
using Nacre.Rados.Clusters;
using Nacre.Rados.Objects;
using Nacre.Rbd;
using Nacre.Site.Commands;

namespace Nacre.Site.Scheduling;

/// <summary>
/// Where schedules are kept, as Ceph's manager keeps them: the site's as an option of the module, all others in an object of their pool. Names are
/// looked up each time, so that what was renamed or removed meanwhile is told apart.
/// </summary>
internal sealed class ScheduleStore(ICluster cluster, ConfigStore config)
{
    private const string Section = "mgr";
    private const string GlobalOption = "mgr/rbd_support/mirror_snapshot_schedule";

    /// <summary>All that are set. Those of namespaces and images that are gone are removed.</summary>
    /// <param name="pools">The pools to look in.</param>
    /// <param name="damaged">Told of what cannot be read; the rest holds all the same.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task<ScheduleBook> LoadAsync(IReadOnlyList<PoolDescription> pools, Action<string> damaged, CancellationToken cancellationToken)
    {
        var entries = new List<(ScheduleLevel, SnapshotSchedule)>();
        if (config.All.FirstOrDefault(e => e is { Section: Section, Name: GlobalOption }).Value is { Length: > 0 } global)
        {
            Read(entries, ScheduleLevel.Global, Encoding.UTF8.GetBytes(global), damaged);
        }

        foreach (PoolDescription description in pools)
        {
            IPool pool = await cluster.OpenPoolAsync(description.Id, cancellationToken);
            foreach (KeyValuePair<string, byte[]> stored in await ReadAsync(pool, cancellationToken))
            {
                if (ScheduleLevel.FromId(stored.Key) is { PoolId: { } id } level && id == description.Id
                    && await NameAsync(pool, level, cancellationToken) is { } name)
                {
                    Read(entries, level with { Name = name }, stored.Value, damaged);
                }
                else
                {
                    using OperationResult removed = await pool.OperateAsync(
                        ScheduleLevel.ObjectName, new WriteOperation().OmapRemoveKeys(stored.Key), null, cancellationToken);
                }
            }
        }

        return new ScheduleBook(entries);
    }

    /// <summary>Sets a schedule, or with null removes it.</summary>
    public async Task SaveAsync(ScheduleLevel level, SnapshotSchedule? schedule, CancellationToken cancellationToken)
    {
        if (level.PoolId is not { } poolId)
        {
            await config.SetAsync(Section, GlobalOption, schedule?.ToJson(), cancellationToken);
            return;
        }

        IPool pool = await cluster.OpenPoolAsync(poolId, cancellationToken);
        WriteOperation operation = schedule is null
            ? new WriteOperation().OmapRemoveKeys(level.Id)
            : new WriteOperation().OmapSet(new KeyValuePair<string, ReadOnlyMemory<byte>>(level.Id, Encoding.UTF8.GetBytes(schedule.ToJson())));
        using OperationResult result = await pool.OperateAsync(ScheduleLevel.ObjectName, operation, null, cancellationToken);
        if (result.ReturnCode != -Errno.ENOENT)
        {
            RadosException.ThrowIfFailed(result.ReturnCode, "saving the schedule", pool.Name, ScheduleLevel.ObjectName);
        }
    }

    private static async Task<List<KeyValuePair<string, byte[]>>> ReadAsync(IPool pool, CancellationToken cancellationToken)
    {
        var stored = new List<KeyValuePair<string, byte[]>>();
        try
        {
            await foreach (KeyValuePair<string, byte[]> entry in pool.OmapAsync(ScheduleLevel.ObjectName, "", cancellationToken))
            {
                stored.Add(entry);
            }
        }
        catch (RadosException absent) when (absent.Code == Errno.ENOENT)
        {
            // None was ever set, or the pool is just being deleted.
        }

        return stored;
    }

    private static void Read(List<(ScheduleLevel, SnapshotSchedule)> entries, ScheduleLevel level, byte[] json, Action<string> damaged)
    {
        try
        {
            var schedule = SnapshotSchedule.FromJson(json);
            if (schedule.Items.Count > 0)
            {
                entries.Add((level, schedule));
            }
        }
        catch (RadosException exception)
        {
            damaged($"the schedule of '{level.Name}' cannot be read: {exception.Message}");
        }
    }

    private static async Task<string?> NameAsync(IPool pool, ScheduleLevel level, CancellationToken cancellationToken)
    {
        if (level.Namespace is { Length: > 0 } inNamespace && !(await new RbdImages(pool).ListNamespacesAsync(cancellationToken)).Contains(inNamespace))
        {
            return null;
        }

        string? image = level.ImageId is null
            ? null
            : await new RbdImages(pool.WithNamespace(level.Namespace!)).FindNameAsync(level.ImageId, cancellationToken);
        return level.ImageId is not null && image is null ? null : ScheduleLevel.NameOf(pool.Name, level.Namespace, image);
    }
}
