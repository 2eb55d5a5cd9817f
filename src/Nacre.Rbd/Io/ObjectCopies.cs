using Nacre.ObjectClasses.Rbd;
using Nacre.Rados;
using Nacre.Rados.Objects;
using Nacre.Rbd.Journaling;

namespace Nacre.Rbd;

/// <summary>Writes of objects copied from another image into a snapshot that exists already (deep_copy::ObjectCopyRequest).</summary>
internal sealed class ObjectCopies(ImageCore core, ObjectIo objects)
{
    public async ValueTask ApplyAsync(
        ulong number, ulong snapshotId, IReadOnlyList<ObjectWrite> writes, bool removed, ulong? sizeAfter, CancellationToken cancellationToken)
    {
        JournalWriter? journal = await core.BeginWriteAsync(cancellationToken);
        try
        {
            if (journal is not null)
            {
                throw core.Error(Errno.EOPNOTSUPP, "copying into an image that records its changes in a journal, which this would miss,");
            }

            if (!removed && writes.Count == 0 && sizeAfter is null)
            {
                return;
            }

            // Snapshots from that one on get the change: the store must not preserve the object for them first.
            List<ulong> into = [.. core.State.Snapshots.Where(s => s.Id >= snapshotId).Select(s => s.Id)];
            if (snapshotId != SnapshotId.Head && (into.Count == 0 || into[0] != snapshotId))
            {
                throw core.Error(Errno.ENOENT, $"copying into snapshot {snapshotId}");
            }

            HeadObjectMap? map = core.ObjectMap;
            ulong count = core.Layout.ObjectCount(core.State.Size);
            if (map is not null && number < count)
            {
                await map.UpdateAsync(
                    number, number + 1, removed ? ObjectMapState.Pending : HeadState(into.Count), null, cancellationToken);
            }

            await MarkSnapshotsAsync(number, into, removed, cancellationToken);
            await WriteAsync(number, ContextBefore(snapshotId), writes, removed, sizeAfter);
            if (map is not null && removed && number < count)
            {
                await map.UpdateAsync(number, number + 1, ObjectMapState.Nonexistent, ObjectMapState.Pending, cancellationToken);
            }
        }
        finally
        {
            core.Writes.Exit();
        }
    }

    // Under this context the store takes the write as one from before the snapshot.
    private SnapshotContext ContextBefore(ulong snapshotId)
    {
        SnapshotContext now = core.State.SnapshotContext;
        if (snapshotId == SnapshotId.Head)
        {
            return now;
        }

        ulong[] older = [.. now.Snapshots.Where(id => id < snapshotId)];
        return new SnapshotContext(older.Length > 0 ? older[0] : 0, older);
    }

    // The head has not changed since the newest snapshot that the bytes go into.
    private ObjectMapState HeadState(int snapshots) =>
        snapshots > 0 && core.State.Has(RbdFeatures.FastDiff) ? ObjectMapState.ExistsClean : ObjectMapState.Exists;

    private async Task MarkSnapshotsAsync(ulong number, List<ulong> into, bool removed, CancellationToken cancellationToken)
    {
        if (core.ObjectMap is null)
        {
            return;
        }

        for (int i = 0; i < into.Count; i++)
        {
            if (number >= core.Layout.ObjectCount(core.SizeAt(into[i])))
            {
                continue;
            }

            ObjectMapState state = removed ? ObjectMapState.Nonexistent
                : i > 0 && core.State.Has(RbdFeatures.FastDiff) ? ObjectMapState.ExistsClean
                : ObjectMapState.Exists;
            await ObjectMapStore.UpdateSnapshotAsync(core, into[i], number, state, cancellationToken);
        }
    }

    private async Task WriteAsync(
        ulong number, SnapshotContext context, IReadOnlyList<ObjectWrite> writes, bool removed, ulong? sizeAfter)
    {
        var operation = new WriteOperation();
        if (removed)
        {
            operation.Remove();
        }
        else
        {
            operation.Create(false).AllocationHint(core.Layout.ObjectSize, core.Layout.ObjectSize);
            Append(operation, writes);
            if (sizeAfter is { } size)
            {
                operation.Truncate(size);
            }
        }

        int code = await objects.SendAsync(number, operation, context);
        if (code < 0 && !(removed && code == -Errno.ENOENT))
        {
            throw objects.Failed(code, "copying", number);
        }
    }

    private void Append(WriteOperation operation, IReadOnlyList<ObjectWrite> writes)
    {
        foreach (ObjectWrite write in writes)
        {
            if (write.Data.IsEmpty)
            {
                operation.Zero(write.Offset, write.Length);
            }
            else if (write.Offset == 0 && write.Length == core.Layout.ObjectSize)
            {
                operation.WriteFull(write.Data);
            }
            else
            {
                operation.Write(write.Offset, write.Data);
            }
        }
    }
}
