using Nacre.Mirroring.Daemon.Planning;
using Nacre.ObjectClasses.Rbd;
using Nacre.Rados;
using Nacre.Rados.Clusters;
using Nacre.Rados.Objects;

namespace Nacre.Mirroring.Daemon.Images;

/// <summary>
/// Takes back what a copy wrote that was cut off and cannot go on, since its snapshot is not at the source any more. A later copy brings only what differs
/// from the last complete snapshot, so anything else must be as it was then. To be done before the local snapshot of the copy is removed: until then
/// a killed daemon's successor does it again.
/// </summary>
internal sealed class AbandonedCopy(ReplayContext context, LocalCopy copy, HeaderView local)
{
    /// <summary>Sets the head back.</summary>
    /// <param name="snapshotId">The local snapshot of the copy.</param>
    /// <param name="start">The complete mirror snapshot that it started from; 0 for none.</param>
    /// <param name="cancellationToken">Gives up; it can be done again.</param>
    public async Task TakeBackAsync(ulong snapshotId, ulong start, CancellationToken cancellationToken)
    {
        IPool data = copy.Fence(await ReplayContext.DataPoolAsync(context.Local, local.DataPoolId, cancellationToken));
        ulong size = local.Find(start)?.Size ?? 0;
        await CountAsExistingAsync(local.Layout.ObjectCount(size), cancellationToken);
        Func<ulong, bool> mayBeWritten = await MayBeWrittenAsync(snapshotId, start, cancellationToken);
        ulong[] older = [.. local.Snapshots.Select(s => s.Id).Where(id => id < snapshotId).OrderDescending()];
        var snapshots = new SnapshotContext(older.FirstOrDefault(), older);
        await Parallel.ForEachAsync(
            Numbers(Math.Max(local.Size, local.Snapshots.Max(s => s.Size))).Where(mayBeWritten),
            new ParallelOptions { MaxDegreeOfParallelism = context.Options.ConcurrentObjects, CancellationToken = cancellationToken },
            async (number, token) =>
            {
                string name = RbdObjects.Data(local.ObjectPrefix, number);
                WriteOperation operation = start == 0 ? new WriteOperation().Remove() : new WriteOperation().Rollback(start);
                using OperationResult result = await data.OperateAsync(name, operation, snapshots, token);
                if (result.ReturnCode != -Errno.ENOENT)
                {
                    RadosException.ThrowIfFailed(result.ReturnCode, "taking back what a given-up copy wrote", data.Name, name);
                }
            });
        if (start != 0 && local.Size != size)
        {
            await copy.ResizeAsync(local, size, cancellationToken);
        }
    }

    /// <summary>Objects beyond the head's end that are to come back: the map must not be shorter than the image.</summary>
    private async Task CountAsExistingAsync(ulong count, CancellationToken cancellationToken)
    {
        if (local.HasObjectMap && await copy.LoadMapAsync(SnapshotId.Head, cancellationToken) is { } map && map.Count < count)
        {
            ulong known = map.Count;
            map.Resize(count);
            for (ulong number = known; number < count; number++)
            {
                map[number] = ObjectMapState.Exists;
            }

            await copy.SaveMapAsync(SnapshotId.Head, map, cancellationToken);
        }
    }

    /// <summary>What the maps, which were written before any data, do not tell to be unchanged.</summary>
    private async Task<Func<ulong, bool>> MayBeWrittenAsync(ulong snapshotId, ulong start, CancellationToken cancellationToken)
    {
        if (!local.HasObjectMap || start == 0)
        {
            return _ => true;
        }

        ulong[] states = [.. local.Snapshots.Select(s => s.Id).Where(id => id > start && id <= snapshotId)];
        Dictionary<ulong, ObjectMap> maps = await ObjectMaps.LoadAsync(copy.Pool, local.Id, states, cancellationToken);
        return maps.Count < states.Length
            ? _ => true
            : number => maps.Values.Any(map => number >= map.Count || map[number] != ObjectMapState.ExistsClean);
    }

    private IEnumerable<ulong> Numbers(ulong size)
    {
        ulong count = local.Layout.ObjectCount(size);
        for (ulong number = 0; number < count; number++)
        {
            yield return number;
        }
    }
}
