using System.Buffers;
using Nacre.Journal;
using Nacre.ObjectClasses.Rbd;
using Nacre.Rados;
using Nacre.Rados.Objects;

namespace Nacre.Rbd.Journaling;

/// <summary>Applies batches to an open image's objects, past its own journal: object map kept, a clone's objects made from the parent.</summary>
internal sealed class ImageReplayTarget(ImageCore core, ObjectIo objects, ImageJournal source, bool requiresLock) : IReplayTarget
{
    private const StepFlags Once = StepFlags.DontNeed;

    // One of its own: the shared pool keeps an array of each size for each thread, which for whole objects is much.
    private static readonly ArrayPool<byte> _pool = ArrayPool<byte>.Create(32 << 20, 8);

    public ulong ObjectSize => core.Layout.ObjectSize;

    public bool IsPrepared(ulong objectNumber) =>
        core.ObjectMap is not { } map || objectNumber >= map.Count || map.StateOf(objectNumber) == ObjectMapState.Exists;

    public async Task PrepareAsync(IReadOnlyList<ulong> objectNumbers)
    {
        if (core.ObjectMap is not { } map)
        {
            return;
        }

        var updates = new List<Task>();
        for (int first = 0; first < objectNumbers.Count;)
        {
            int next = first + 1;
            while (next < objectNumbers.Count && objectNumbers[next] == objectNumbers[next - 1] + 1)
            {
                next++;
            }

            updates.Add(map.UpdateAsync(
                objectNumbers[first], objectNumbers[next - 1] + 1, ObjectMapState.Exists, null, CancellationToken.None).AsTask());
            first = next;
        }

        await Task.WhenAll(updates);
    }

    public async Task WriteAsync(ObjectBatch batch)
    {
        // Snapshots and the release of the lock wait for what is in the gate.
        await core.Writes.EnterAsync(CancellationToken.None);
        try
        {
            if (requiresLock && core.Lock is { IsOwner: false })
            {
                throw core.Error(Errno.EROFS, "replaying without the exclusive lock to a copy");
            }

            await (batch.Kind switch
            {
                ObjectBatchKind.Clear => objects.ClearAsync(batch.ObjectNumber, CancellationToken.None).AsTask(),
                ObjectBatchKind.CompareAndWrite => CompareAndWriteAsync(batch),
                _ => WriteRangesAsync(batch),
            });
        }
        finally
        {
            core.Writes.Exit();
        }
    }

    public Exception Failed(ReplayedEntry entry, Exception cause) => Failed(source, entry.Entry, cause);

    /// <summary>An error with the journal's entry in it.</summary>
    public static RadosException Failed(ImageJournal source, Nacre.Journal.Reading.PlayedEntry entry, Exception cause) => new(
        (cause as RadosException)?.Code ?? Errno.EIO,
        $"applying entry {entry.Entry.TagTid}/{entry.Entry.EntryTid} at byte {entry.Offset} of journal object "
        + $"{source.DataPool.Name}/{source.ObjectName(entry.ObjectNumber)} ({(cause as RadosException)?.Attempt ?? cause.Message})",
        cause);

    private async Task CompareAndWriteAsync(ObjectBatch batch)
    {
        // Where the source's bytes differed nothing was written there either.
        OverlayExtent extent = batch.Overlay.Extents[0];
        await objects.CompareAndWriteAsync(batch.ObjectNumber, extent.Offset, batch.Expected, extent.Data, CancellationToken.None);
    }

    private async Task WriteRangesAsync(ObjectBatch batch)
    {
        var rented = new List<byte[]>();
        try
        {
            await objects.ChangeAsync(
                batch.ObjectNumber, batch.Overlay.HasData ? Effect.Exists : Effect.ExistsIfBefore,
                operation => AddSteps(operation, batch.Overlay.Extents, rented), CancellationToken.None);
        }
        finally
        {
            rented.ForEach(buffer => _pool.Return(buffer));
        }
    }

    // What becomes zero first: it may cut the object off. A clone's object can be written twice, so that this may be called again.
    private void AddSteps(WriteOperation operation, IReadOnlyList<OverlayExtent> extents, List<byte[]> rented)
    {
        foreach (OverlayExtent extent in extents)
        {
            if (extent.IsZero)
            {
                operation.Zero(extent.Offset, extent.Length);
            }
        }

        for (int first = 0; first < extents.Count;)
        {
            if (extents[first].IsZero)
            {
                first++;
                continue;
            }

            int next = first + 1;
            while (next < extents.Count && !extents[next].IsZero && extents[next].Offset == extents[next - 1].End)
            {
                next++;
            }

            ulong offset = extents[first].Offset;
            ReadOnlyMemory<byte> data = next == first + 1 ? extents[first].Data : Join(extents, first, next, rented);
            objects.AddWrite(operation, offset, data, Once);
            first = next;
        }
    }

    // Neighbours go as one step: the store's work is by the step.
    private static ReadOnlyMemory<byte> Join(IReadOnlyList<OverlayExtent> extents, int first, int next, List<byte[]> rented)
    {
        int length = (int)(extents[next - 1].End - extents[first].Offset);
        byte[] buffer = _pool.Rent(length);
        rented.Add(buffer);
        for (int at = 0; first < next; first++)
        {
            extents[first].Data.CopyTo(buffer.AsMemory(at));
            at += extents[first].Data.Length;
        }

        return buffer.AsMemory(0, length);
    }
}
