using Nacre.ObjectClasses.Calls;
using Nacre.ObjectClasses.Rbd;
using Nacre.Rados;
using Nacre.Rados.Objects;

namespace Nacre.Rbd;

/// <summary>What a change does to an object's existence.</summary>
internal enum Effect
{
    /// <summary>It exists afterwards.</summary>
    Exists,
    /// <summary>It exists afterwards only if it did before.</summary>
    ExistsIfBefore,
    /// <summary>It does not exist afterwards.</summary>
    Removes,
}

/// <summary>
/// Requests to single data objects (librbd::io::ObjectRequest): object map before and after, the parent behind a clone. Callers are in the write gate.
/// </summary>
internal sealed class ObjectIo(ImageCore core)
{
    /// <summary>Reads a range; what is not there is zeroed. Where the object is absent a clone's parent is read.</summary>
    public async ValueTask ReadAsync(ulong number, ulong offset, Memory<byte> buffer, ulong snapshotId, CancellationToken cancellationToken)
    {
        if (snapshotId != SnapshotId.Head || core.ObjectMap is not { } map || map.MayExist(number))
        {
            using OperationResult result = await core.DataPool.OperateAsync(
                core.ObjectName(number), new ReadOperation().Read(offset, (ulong)buffer.Length), snapshotId, cancellationToken);
            if (result.ReturnCode >= 0)
            {
                ReadOnlyMemory<byte> data = result.Outputs[0].Data;
                data.CopyTo(buffer);
                buffer.Span[data.Length..].Clear();
                return;
            }

            ThrowUnlessAbsent(result.ReturnCode, "reading", number);
        }

        await ReadParentAsync(number, offset, buffer, snapshotId, cancellationToken);
    }

    /// <summary>Reads only what holds data into the buffer, zeroes the rest, and tells where data are, as offsets in the object.</summary>
    public async ValueTask<IReadOnlyList<Extent>> ReadSparseAsync(
        ulong number, ulong offset, Memory<byte> buffer, ulong snapshotId, CancellationToken cancellationToken)
    {
        buffer.Span.Clear();
        if (snapshotId != SnapshotId.Head || core.ObjectMap is not { } map || map.MayExist(number))
        {
            using OperationResult result = await core.DataPool.OperateAsync(
                core.ObjectName(number), new ReadOperation().SparseRead(offset, (ulong)buffer.Length), snapshotId, cancellationToken);
            if (result.ReturnCode >= 0)
            {
                StepOutput output = result.Outputs[0];
                ReadOnlyMemory<byte> data = output.Data;
                foreach (Extent extent in output.Extents)
                {
                    data[..(int)extent.Length].CopyTo(buffer[(int)(extent.Offset - offset)..]);
                    data = data[(int)extent.Length..];
                }

                // The result's lists may be pooled.
                return [.. output.Extents];
            }

            ThrowUnlessAbsent(result.ReturnCode, "reading", number);
        }

        ulong behind = ParentBytes(number, snapshotId);
        if (offset >= behind)
        {
            return [];
        }

        await ReadParentAsync(number, offset, buffer, snapshotId, cancellationToken);
        return [new Extent(offset, Math.Min((ulong)buffer.Length, behind - offset))];
    }

    /// <summary>
    /// Changes an object atomically, with the object map kept and a clone's object made first where it needs to be.
    /// </summary>
    /// <param name="number">The object.</param>
    /// <param name="effect">What becomes of its existence.</param>
    /// <param name="steps">Appends the change's steps.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <returns>0, or the code of a compare that failed (-(4095 + offset)).</returns>
    public async ValueTask<int> ChangeAsync(ulong number, Effect effect, Action<WriteOperation> steps, CancellationToken cancellationToken)
    {
        HeadObjectMap? map = core.ObjectMap;
        bool mayExist = map?.MayExist(number) ?? true;
        ulong behind = ParentBytes(number, SnapshotId.Head);
        if (!mayExist && behind == 0 && effect != Effect.Exists)
        {
            return 0;
        }

        if (map is not null)
        {
            await map.UpdateAsync(
                number, number + 1, effect == Effect.Removes ? ObjectMapState.Pending : ObjectMapState.Exists, null, cancellationToken);
        }

        int code = -Errno.ENOENT;
        if (behind == 0 || mayExist)
        {
            code = await WriteAsync(number, effect, steps, guarded: behind > 0, isNew: map is null || !mayExist);
        }

        if (code == -Errno.ENOENT && behind > 0)
        {
            code = await CopyUpAsync(number, behind, effect, steps, cancellationToken);
        }

        if (code is < 0 and > -Errno.MaxErrno && !(code == -Errno.ENOENT && effect != Effect.Exists))
        {
            throw Failed(code, "writing", number);
        }

        if (effect == Effect.Removes && map is not null)
        {
            await map.UpdateAsync(number, number + 1, ObjectMapState.Nonexistent, ObjectMapState.Pending, cancellationToken);
        }

        return code <= -Errno.MaxErrno ? code : 0;
    }

    /// <summary>Appends the step that writes a range of an object, or all of it.</summary>
    public WriteOperation AddWrite(WriteOperation operation, ulong offset, ReadOnlyMemory<byte> data, StepFlags flags = StepFlags.None) =>
        offset == 0 && (ulong)data.Length == core.Layout.ObjectSize ? operation.WriteFull(data, flags) : operation.Write(offset, data, flags);

    /// <summary>Makes a whole object zero.</summary>
    public async ValueTask ClearAsync(ulong number, CancellationToken cancellationToken)
    {
        // Removing a clone's object would let the parent's bytes show again.
        bool hasParent = ParentBytes(number, SnapshotId.Head) > 0;
        await ChangeAsync(
            number, hasParent ? Effect.Exists : Effect.Removes,
            operation => _ = hasParent ? operation.Create(false).Truncate(0) : operation.Remove(), cancellationToken);
    }

    /// <summary>Writes a range of an object where it holds what is expected.</summary>
    /// <returns>0, or the code of a compare that failed (-(4095 + offset)).</returns>
    public async ValueTask<int> CompareAndWriteAsync(
        ulong number, ulong offset, ReadOnlyMemory<byte> expected, ReadOnlyMemory<byte> data, CancellationToken cancellationToken)
    {
        if (ParentBytes(number, SnapshotId.Head) > 0)
        {
            // The compare must see the parent's bytes in the object.
            await ChangeAsync(number, Effect.Exists, static operation => operation.Create(false), cancellationToken);
        }

        return await ChangeAsync(number, Effect.Exists, operation => operation.CompareExtent(offset, expected).Write(offset, data), cancellationToken);
    }

    /// <summary>How many of an object's first bytes the parent backs at a snapshot or the head.</summary>
    public ulong ParentBytes(ulong number, ulong snapshotId)
    {
        if (core.Parent is null || core.ParentAt(snapshotId) is not { Overlap: > 0 } parent)
        {
            return 0;
        }

        return core.Layout.ObjectLength(number, Math.Min(parent.Overlap, core.SizeAt(snapshotId)));
    }

    /// <summary>Reads what the parent holds of an object's range; zeroes where it holds nothing.</summary>
    public async ValueTask ReadParentAsync(ulong number, ulong offset, Memory<byte> buffer, ulong snapshotId, CancellationToken cancellationToken)
    {
        ulong behind = ParentBytes(number, snapshotId);
        if (offset >= behind)
        {
            buffer.Span.Clear();
            return;
        }

        int length = (int)Math.Min((ulong)buffer.Length, behind - offset);
        buffer.Span[length..].Clear();
        int at = 0;
        foreach (Extent extent in core.Layout.ImageExtents(number, offset, (ulong)length))
        {
            await core.Parent!.ReadAsync(extent.Offset, buffer.Slice(at, (int)extent.Length), cancellationToken);
            at += (int)extent.Length;
        }
    }

    /// <summary>An error of a data object.</summary>
    public RadosException Failed(int code, string what, ulong number) =>
        core.Error(code, $"{what} object {core.DataPool.Name}/{core.ObjectName(number)}");

    private void ThrowUnlessAbsent(int code, string what, ulong number)
    {
        if (code != -Errno.ENOENT)
        {
            throw Failed(code, what, number);
        }
    }

    private async ValueTask<int> WriteAsync(ulong number, Effect effect, Action<WriteOperation> steps, bool guarded, bool isNew)
    {
        var operation = new WriteOperation();
        if (guarded)
        {
            operation.AssertExists();
        }

        if (isNew && effect == Effect.Exists)
        {
            operation.AllocationHint(core.Layout.ObjectSize, core.Layout.ObjectSize);
        }

        steps(operation);
        return await SendAsync(number, operation, core.State.SnapshotContext);
    }

    /// <summary>
    /// Sends a write and waits for its outcome whatever the caller wants meanwhile: a write that was given up could take effect after a snapshot that was
    /// made without it.
    /// </summary>
    public async ValueTask<int> SendAsync(ulong number, WriteOperation operation, SnapshotContext context)
    {
        using OperationResult result = await core.DataPool.OperateAsync(core.ObjectName(number), operation, context, CancellationToken.None);
        core.Unsettled.Note(number, result.ReturnCode);
        return result.ReturnCode;
    }

    // librbd::io::CopyupRequest: a clone's object gets the parent's bytes before its first change. With snapshots the bytes are written as if before all of
    // them, so that those too find them in the clone.
    private async ValueTask<int> CopyUpAsync(ulong number, ulong behind, Effect effect, Action<WriteOperation> steps, CancellationToken cancellationToken)
    {
        byte[] data = System.Buffers.ArrayPool<byte>.Shared.Rent((int)behind);
        try
        {
            Memory<byte> parent = data.AsMemory(0, (int)behind);
            await ReadParentAsync(number, 0, parent, SnapshotId.Head, cancellationToken);
            bool isZero = parent.Span.IndexOfAnyExcept((byte)0) < 0;
            if (isZero && effect != Effect.Exists)
            {
                return 0;
            }

            SnapshotContext context = core.State.SnapshotContext;
            bool ofAll = !isZero && context.Snapshots.Count > 0;
            if (ofAll)
            {
                await MarkSnapshotMapsAsync(number, cancellationToken);
                int first = await SendAsync(number, new WriteOperation().Call(RbdCalls.CopyUp(parent)), SnapshotContext.Empty);
                if (first < 0)
                {
                    return first;
                }
            }

            var operation = new WriteOperation();
            if (!ofAll)
            {
                operation.Call(RbdCalls.CopyUp(isZero ? default : parent));
            }

            steps(operation);
            return await SendAsync(number, operation, context);
        }
        finally
        {
            System.Buffers.ArrayPool<byte>.Shared.Return(data);
        }
    }

    private async ValueTask MarkSnapshotMapsAsync(ulong number, CancellationToken cancellationToken)
    {
        if (core.ObjectMap is null)
        {
            return;
        }

        bool first = true;
        foreach (ImageSnapshot snapshot in core.State.Snapshots)
        {
            if (number < core.Layout.ObjectCount(snapshot.Size))
            {
                ObjectMapState state = first || !core.State.Has(RbdFeatures.FastDiff) ? ObjectMapState.Exists : ObjectMapState.ExistsClean;
                await ObjectMapStore.UpdateSnapshotAsync(core, snapshot.Id, number, state, cancellationToken);
            }

            first = false;
        }
    }
}
