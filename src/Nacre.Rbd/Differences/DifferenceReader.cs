using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Nacre.ObjectClasses.Rbd;
using Nacre.Rados;
using Nacre.Rados.Objects;

namespace Nacre.Rbd;

/// <summary>What changed between two snapshots: by object maps (object_map::DiffRequest), then object by object.</summary>
internal sealed class DifferenceReader(ImageCore core, ObjectIo objects)
{
    public async Task<byte[]?> LoadObjectMapAsync(ulong snapshotId, CancellationToken cancellationToken)
    {
        ObjectMap? map = await ObjectMapStore.LoadAsync(core, snapshotId, cancellationToken);
        if (map is null)
        {
            return null;
        }

        byte[] states = new byte[map.Count];
        for (ulong number = 0; number < map.Count; number++)
        {
            states[number] = (byte)map[number];
        }

        return states;
    }

    public async Task<ObjectChangeSet> GetObjectChangesAsync(ulong? from, ulong to, CancellationToken cancellationToken)
    {
        await core.RefreshIfStaleAsync(cancellationToken);
        await core.ApplyJournaledAsync(cancellationToken);
        Check(from, to);
        // From the beginning only the end counts: what exists there.
        List<ulong> snapshots = [.. core.State.Snapshots.Select(s => s.Id).Where(id => id >= from && id < to), to];
        ulong largest = snapshots.Max(id => core.Layout.ObjectCount(core.SizeAt(id)));
        if (from == to)
        {
            return new ObjectChangeSet(largest, new byte[largest]);
        }

        if (!core.State.Has(RbdFeatures.FastDiff))
        {
            return new ObjectChangeSet(largest, null);
        }

        byte[] changes = [];
        foreach (ulong id in snapshots)
        {
            if (core.FlagsAt(id).HasFlag(RbdFlags.FastDiffInvalid))
            {
                return new ObjectChangeSet(largest, null);
            }

            ObjectMap? map = await ObjectMapStore.LoadAsync(core, id, cancellationToken);
            ulong count = core.Layout.ObjectCount(core.SizeAt(id));
            if (map is null || map.Count < count)
            {
                return new ObjectChangeSet(largest, null);
            }

            changes = Advance(changes, map, count, isStart: id == from);
        }

        Array.Resize(ref changes, checked((int)largest));
        return new ObjectChangeSet(largest, changes);
    }

    public async Task<ObjectDifference> GetObjectDifferenceAsync(ulong number, ulong? from, ulong to, CancellationToken cancellationToken)
    {
        Check(from, to);
        await core.ApplyJournaledAsync(cancellationToken);
        try
        {
            ObjectSnapshots set = await core.DataPool.ListSnapshotsAsync(core.ObjectName(number), cancellationToken);
            return SnapshotSetDifference.Calculate(set, from ?? 0, to);
        }
        catch (RadosException exception) when (exception.Code == Errno.ENOENT)
        {
            return ObjectDifference.None;
        }
    }

    public async IAsyncEnumerable<DiffExtent> DiffAsync(
        ulong? from, ulong to, bool wholeObject, bool includeParent, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        ObjectChangeSet changes = await GetObjectChangesAsync(from, to, cancellationToken);
        ulong size = core.SizeAt(to);
        bool withParent = includeParent && from is null;

        // Looked up ahead, told in order.
        var ahead = Channel.CreateBounded<Task<List<DiffExtent>>>(Math.Max(1, core.Concurrency));
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Task producing = ProduceAsync(ahead.Writer, changes, from, to, wholeObject, withParent, size, stop.Token);
        try
        {
            await foreach (Task<List<DiffExtent>> pending in ahead.Reader.ReadAllAsync(cancellationToken))
            {
                foreach (DiffExtent extent in await pending)
                {
                    yield return extent;
                }
            }

            await producing;
        }
        finally
        {
            await stop.CancelAsync();
            await producing.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    // librbd's DIFF_STATE transitions for a deep copy: the states only ever grow in number.
    private static byte[] Advance(byte[] changes, ObjectMap map, ulong count, bool isStart)
    {
        int before = changes.Length;
        if ((ulong)before < count)
        {
            Array.Resize(ref changes, checked((int)count));
        }

        for (int i = 0; i < changes.Length; i++)
        {
            ObjectMapState state = (ulong)i < count ? map[(ulong)i] : ObjectMapState.Nonexistent;
            bool exists = state != ObjectMapState.Nonexistent;
            if (i >= before)
            {
                changes[i] = (byte)(!exists ? ObjectChange.Absent
                    : !isStart || state == ObjectMapState.Pending ? ObjectChange.Changed
                    : ObjectChange.Unchanged);
                continue;
            }

            changes[i] = (byte)((ObjectChange)changes[i] switch
            {
                ObjectChange.Absent => exists ? ObjectChange.Changed : ObjectChange.Absent,
                ObjectChange.Unchanged => !exists ? ObjectChange.Removed
                    : state != ObjectMapState.ExistsClean ? ObjectChange.Changed
                    : ObjectChange.Unchanged,
                _ => exists ? ObjectChange.Changed : ObjectChange.Removed,
            });
        }

        return changes;
    }

    private async Task ProduceAsync(
        ChannelWriter<Task<List<DiffExtent>>> writer, ObjectChangeSet changes, ulong? from, ulong to, bool wholeObject, bool withParent, ulong size,
        CancellationToken cancellationToken)
    {
        try
        {
            ulong count = core.Layout.ObjectCount(size);
            for (ulong number = 0; number < Math.Max(changes.ObjectCount, count); number++)
            {
                ObjectChange change = number < changes.ObjectCount ? changes[number] : ObjectChange.Absent;
                bool look = change >= ObjectChange.Removed || (withParent && objects.ParentBytes(number, to) > 0);
                if (look)
                {
                    await writer.WriteAsync(
                        wholeObject && changes.IsExact
                            ? Task.FromResult(Whole(number, change, withParent, to, size))
                            : ObjectAsync(number, from, to, wholeObject, withParent, size, cancellationToken),
                        cancellationToken);
                }
            }

            writer.Complete();
        }
        catch (Exception exception)
        {
            writer.Complete(exception);
        }
    }

    private List<DiffExtent> Whole(ulong number, ObjectChange change, bool withParent, ulong to, ulong size)
    {
        ulong length = core.Layout.ObjectLength(number, size);
        bool exists = change == ObjectChange.Changed || (withParent && objects.ParentBytes(number, to) > 0);
        return InImage(number, new Extent(0, length), exists);
    }

    private async Task<List<DiffExtent>> ObjectAsync(
        ulong number, ulong? from, ulong to, bool wholeObject, bool withParent, ulong size, CancellationToken cancellationToken)
    {
        ObjectDifference difference = await GetObjectDifferenceAsync(number, from, to, cancellationToken);
        ulong length = core.Layout.ObjectLength(number, size);
        if (withParent && !difference.ExistsAfter)
        {
            return InImage(number, new Extent(0, objects.ParentBytes(number, to)), true);
        }

        if (wholeObject)
        {
            return difference.ExistedBefore == difference.ExistsAfter && !difference.Deltas.Any()
                ? []
                : InImage(number, new Extent(0, length), difference.ExistsAfter);
        }

        var extents = new List<DiffExtent>();
        foreach (ObjectDelta delta in difference.Deltas)
        {
            if (delta.Range.Offset < length)
            {
                Extent range = delta.Range with { Length = Math.Min(delta.Range.Length, length - delta.Range.Offset) };
                extents.AddRange(InImage(number, range, delta.Exists));
            }
        }

        return extents;
    }

    private List<DiffExtent> InImage(ulong number, Extent range, bool exists) =>
        range.Length == 0
            ? []
            : [.. core.Layout.ImageExtents(number, range.Offset, range.Length).Select(e => new DiffExtent(e.Offset, e.Length, exists))];

    private void Check(ulong? from, ulong to)
    {
        _ = core.SizeAt(to);
        if (from is { } older && (older > to || core.SizeAt(older) == ulong.MaxValue))
        {
            throw core.Error(Errno.EINVAL, $"comparing snapshot {older} with the older {to}");
        }
    }
}
