using System.Buffers;
using Nacre.ObjectClasses.Calls;
using Nacre.Rados;
using Nacre.Rados.Objects;

namespace Nacre.Rbd;

/// <summary>Reads and writes of the whole image, spread over its objects (librbd::io::ImageRequest).</summary>
internal sealed class ImageIo(ImageCore core, ObjectIo objects)
{
    public async ValueTask ReadAsync(ulong offset, Memory<byte> buffer, CancellationToken cancellationToken)
    {
        await core.Reads.EnterAsync(cancellationToken);
        try
        {
            await core.RefreshIfStaleAsync(cancellationToken);
            core.TouchAccessed();
            CheckRange(offset, (ulong)buffer.Length, "reading");
            if (buffer.IsEmpty)
            {
                return;
            }

            ulong snapshotId = core.OpenedSnapshot;
            ObjectPiece piece = core.Layout.PieceAt(offset);
            if (piece.Length >= (ulong)buffer.Length)
            {
                await objects.ReadAsync(piece.ObjectNumber, piece.Offset, buffer, snapshotId, cancellationToken);
                return;
            }

            await BoundedWork.ForEachAsync(
                core.Layout.Map(offset, (ulong)buffer.Length), core.Concurrency,
                (extent, token) => ReadExtentAsync(extent, buffer, snapshotId, token), cancellationToken);
        }
        finally
        {
            core.Reads.Exit();
        }
    }

    public async ValueTask<IReadOnlyList<Extent>> ReadSparseAsync(ulong offset, Memory<byte> buffer, CancellationToken cancellationToken)
    {
        await core.Reads.EnterAsync(cancellationToken);
        try
        {
            await core.RefreshIfStaleAsync(cancellationToken);
            core.TouchAccessed();
            CheckRange(offset, (ulong)buffer.Length, "reading");
            var found = new List<Extent>();
            await BoundedWork.ForEachAsync(
                Pieces(offset, (ulong)buffer.Length), core.Concurrency,
                async (piece, token) =>
                {
                    IReadOnlyList<Extent> extents = await objects.ReadSparseAsync(
                        piece.Piece.ObjectNumber, piece.Piece.Offset, buffer.Slice((int)piece.At, (int)piece.Piece.Length), core.OpenedSnapshot, token);
                    lock (found)
                    {
                        found.AddRange(extents.Select(e => new Extent(offset + piece.At + (e.Offset - piece.Piece.Offset), e.Length)));
                    }
                },
                cancellationToken);
            return Merge(found);
        }
        finally
        {
            core.Reads.Exit();
        }
    }

    public async ValueTask WriteAsync(ulong offset, ReadOnlyMemory<byte> data, CancellationToken cancellationToken)
    {
        await core.BeginWriteAsync(cancellationToken);
        try
        {
            core.TouchModified();
            CheckRange(offset, (ulong)data.Length, "writing");
            if (data.IsEmpty)
            {
                return;
            }

            ObjectPiece piece = core.Layout.PieceAt(offset);
            if (piece.Length >= (ulong)data.Length)
            {
                await WriteObjectAsync(piece.ObjectNumber, piece.Offset, data, cancellationToken);
                return;
            }

            await BoundedWork.ForEachAsync(
                core.Layout.Map(offset, (ulong)data.Length), core.Concurrency, (extent, token) => WriteExtentAsync(extent, data, token), cancellationToken);
        }
        finally
        {
            core.Writes.Exit();
        }
    }

    public async ValueTask DiscardAsync(ulong offset, ulong length, uint granularity, CancellationToken cancellationToken)
    {
        await core.BeginWriteAsync(cancellationToken);
        try
        {
            core.TouchModified();
            CheckRange(offset, length, "discarding");
            await BoundedWork.ForEachAsync(
                core.Layout.Map(offset, length), core.Concurrency,
                (extent, token) => DiscardExtentAsync(extent.ObjectNumber, extent.Offset, extent.Length, granularity, token), cancellationToken);
        }
        finally
        {
            core.Writes.Exit();
        }
    }

    // Whole objects go, parts are zeroed: with no granularity a discard always reads as zeroes.
    public ValueTask WriteZeroesAsync(ulong offset, ulong length, CancellationToken cancellationToken) =>
        DiscardAsync(offset, length, 0, cancellationToken);

    public async ValueTask WriteSameAsync(ulong offset, ulong length, ReadOnlyMemory<byte> pattern, CancellationToken cancellationToken)
    {
        if (pattern.IsEmpty || length % (ulong)pattern.Length != 0)
        {
            throw core.Error(Errno.EINVAL, $"writing {length} bytes of a pattern of {pattern.Length}");
        }

        await core.BeginWriteAsync(cancellationToken);
        try
        {
            core.TouchModified();
            CheckRange(offset, length, "writing");
            await BoundedWork.ForEachAsync(
                Pieces(offset, length), core.Concurrency, (piece, token) => WriteSameAsync(piece.Piece, piece.At, pattern, token), cancellationToken);
        }
        finally
        {
            core.Writes.Exit();
        }
    }

    public async ValueTask<ulong?> CompareAndWriteAsync(
        ulong offset, ReadOnlyMemory<byte> expected, ReadOnlyMemory<byte> data, CancellationToken cancellationToken)
    {
        ObjectPiece piece = core.Layout.PieceAt(offset);
        if (expected.Length != data.Length || data.IsEmpty || piece.Length < (ulong)data.Length)
        {
            throw core.Error(Errno.EINVAL, $"comparing {expected.Length} bytes at {offset} and writing {data.Length}");
        }

        await core.BeginWriteAsync(cancellationToken);
        try
        {
            core.TouchModified();
            CheckRange(offset, (ulong)data.Length, "writing");
            if (objects.ParentBytes(piece.ObjectNumber, SnapshotId.Head) > 0)
            {
                // The compare must see the parent's bytes in the object.
                await objects.ChangeAsync(piece.ObjectNumber, Effect.Exists, static operation => operation.Create(false), cancellationToken);
            }

            int code = await objects.ChangeAsync(
                piece.ObjectNumber, Effect.Exists, operation => operation.CompareExtent(piece.Offset, expected).Write(piece.Offset, data), cancellationToken);
            return code < 0 ? offset + (ulong)(-code - Errno.MaxErrno) : null;
        }
        finally
        {
            core.Writes.Exit();
        }
    }

    // Every write is durable before it completes, and nothing is held back here.
    public ValueTask FlushAsync(CancellationToken cancellationToken) =>
        cancellationToken.IsCancellationRequested ? ValueTask.FromCanceled(cancellationToken) : ValueTask.CompletedTask;

    private async ValueTask ReadExtentAsync(ObjectExtent extent, Memory<byte> buffer, ulong snapshotId, CancellationToken cancellationToken)
    {
        if (extent.IsContiguous)
        {
            Memory<byte> target = buffer.Slice((int)extent.FirstInBuffer.Offset, (int)extent.Length);
            await objects.ReadAsync(extent.ObjectNumber, extent.Offset, target, snapshotId, cancellationToken);
            return;
        }

        byte[] rented = ArrayPool<byte>.Shared.Rent((int)extent.Length);
        try
        {
            await objects.ReadAsync(extent.ObjectNumber, extent.Offset, rented.AsMemory(0, (int)extent.Length), snapshotId, cancellationToken);
            int at = 0;
            foreach (Extent piece in extent.InBuffer)
            {
                rented.AsMemory(at, (int)piece.Length).CopyTo(buffer[(int)piece.Offset..]);
                at += (int)piece.Length;
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(rented);
        }
    }

    private async ValueTask WriteExtentAsync(ObjectExtent extent, ReadOnlyMemory<byte> data, CancellationToken cancellationToken)
    {
        if (extent.IsContiguous)
        {
            await WriteObjectAsync(
                extent.ObjectNumber, extent.Offset, data.Slice((int)extent.FirstInBuffer.Offset, (int)extent.Length), cancellationToken);
            return;
        }

        byte[] rented = ArrayPool<byte>.Shared.Rent((int)extent.Length);
        try
        {
            int at = 0;
            foreach (Extent piece in extent.InBuffer)
            {
                data.Slice((int)piece.Offset, (int)piece.Length).CopyTo(rented.AsMemory(at));
                at += (int)piece.Length;
            }

            await WriteObjectAsync(extent.ObjectNumber, extent.Offset, rented.AsMemory(0, at), cancellationToken);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(rented);
        }
    }

    private async ValueTask WriteObjectAsync(ulong number, ulong offset, ReadOnlyMemory<byte> data, CancellationToken cancellationToken) =>
        await objects.ChangeAsync(
            number, Effect.Exists,
            operation => _ = offset == 0 && (ulong)data.Length == core.Layout.ObjectSize ? operation.WriteFull(data) : operation.Write(offset, data),
            cancellationToken);

    private async ValueTask DiscardExtentAsync(ulong number, ulong offset, ulong length, uint granularity, CancellationToken cancellationToken)
    {
        ulong end = offset + length;
        ulong whole = core.Layout.ObjectSize;
        if (granularity > 0)
        {
            // The object's end counts as a boundary.
            ulong step = Math.Min(granularity, whole);
            offset = (offset + step - 1) / step * step;
            end = end == whole ? end : end / step * step;
            if (offset >= end)
            {
                return;
            }

            length = end - offset;
        }

        if (offset == 0 && end == whole)
        {
            // Removing a clone's object would let the parent's bytes show again.
            bool hasParent = objects.ParentBytes(number, SnapshotId.Head) > 0;
            await objects.ChangeAsync(
                number, hasParent ? Effect.Exists : Effect.Removes,
                operation => _ = hasParent ? operation.Create(false).Truncate(0) : operation.Remove(), cancellationToken);
        }
        else
        {
            await objects.ChangeAsync(
                number, Effect.ExistsIfBefore,
                operation => _ = end == whole ? operation.Truncate(offset) : operation.Zero(offset, length), cancellationToken);
        }
    }

    private async ValueTask WriteSameAsync(ObjectPiece piece, ulong at, ReadOnlyMemory<byte> pattern, CancellationToken cancellationToken)
    {
        ulong phase = at % (ulong)pattern.Length;
        if (phase == 0 && piece.Length % (ulong)pattern.Length == 0)
        {
            await objects.ChangeAsync(
                piece.ObjectNumber, Effect.Exists, operation => operation.WriteSame(piece.Offset, piece.Length, pattern), cancellationToken);
            return;
        }

        byte[] rented = ArrayPool<byte>.Shared.Rent((int)piece.Length);
        try
        {
            for (int i = 0; i < (int)piece.Length; i++)
            {
                rented[i] = pattern.Span[(int)((phase + (ulong)i) % (ulong)pattern.Length)];
            }

            await WriteObjectAsync(piece.ObjectNumber, piece.Offset, rented.AsMemory(0, (int)piece.Length), cancellationToken);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(rented);
        }
    }

    private void CheckRange(ulong offset, ulong length, string what)
    {
        ulong size = core.SizeAt(core.OpenedSnapshot);
        if (offset > size || length > size - offset)
        {
            throw core.Error(Errno.EINVAL, $"{what} {length} bytes at {offset}, beyond the {size} bytes");
        }
    }

    private IEnumerable<(ObjectPiece Piece, ulong At)> Pieces(ulong offset, ulong length)
    {
        for (ulong at = 0; at < length;)
        {
            ObjectPiece piece = core.Layout.PieceAt(offset + at);
            ulong take = Math.Min(piece.Length, length - at);
            yield return (piece with { Length = take }, at);
            at += take;
        }
    }

    private static List<Extent> Merge(List<Extent> extents)
    {
        extents.Sort(static (a, b) => a.Offset.CompareTo(b.Offset));
        var merged = new List<Extent>(extents.Count);
        foreach (Extent extent in extents)
        {
            if (merged.Count > 0 && merged[^1].End == extent.Offset)
            {
                merged[^1] = new Extent(merged[^1].Offset, merged[^1].Length + extent.Length);
            }
            else if (extent.Length > 0)
            {
                merged.Add(extent);
            }
        }

        return merged;
    }
}
