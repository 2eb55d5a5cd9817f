using System.Buffers;
using Nacre.Rados.Objects;
using Nacre.Rbd.Journaling;

namespace Nacre.Rbd;

/// <content>What is done to the objects. The callers are in the write gate or the read gate, have checked ranges, and have recorded what is recorded.</content>
internal sealed partial class ImageIo
{
    /// <summary>Applies a change that is in the journal; a compare-and-write's outcome.</summary>
    public async ValueTask<ulong?> ApplyAsync(JournaledChange change)
    {
        switch (change.Kind)
        {
            case JournaledChangeKind.Write:
                await ApplyWriteAsync(change.Offset, change.Data, CancellationToken.None);
                return null;
            case JournaledChangeKind.Discard:
                await ApplyDiscardAsync(change.Offset, change.Length, change.Granularity, CancellationToken.None);
                return null;
            case JournaledChangeKind.WriteSame:
                await ApplyWriteSameAsync(change.Offset, change.Length, change.Data, CancellationToken.None);
                return null;
            case JournaledChangeKind.CompareAndWrite:
                return await ApplyCompareAndWriteAsync(change.Offset, change.Expected, change.Data, CancellationToken.None);
            default:
                return null;
        }
    }

    public async ValueTask ApplyWriteAsync(ulong offset, ReadOnlyMemory<byte> data, CancellationToken cancellationToken)
    {
        ObjectPiece piece = core.Layout.PieceAt(offset);
        if (piece.Length >= (ulong)data.Length)
        {
            await WriteObjectAsync(piece.ObjectNumber, piece.Offset, data, cancellationToken);
            return;
        }

        await BoundedWork.ForEachAsync(
            core.Layout.Map(offset, (ulong)data.Length), core.Concurrency, (extent, token) => WriteExtentAsync(extent, data, token), cancellationToken);
    }

    public async ValueTask ApplyDiscardAsync(ulong offset, ulong length, uint granularity, CancellationToken cancellationToken) =>
        await BoundedWork.ForEachAsync(
            core.Layout.Map(offset, length), core.Concurrency,
            (extent, token) => DiscardExtentAsync(extent.ObjectNumber, extent.Offset, extent.Length, granularity, token), cancellationToken);

    public async ValueTask ApplyWriteSameAsync(ulong offset, ulong length, ReadOnlyMemory<byte> pattern, CancellationToken cancellationToken) =>
        await BoundedWork.ForEachAsync(
            Pieces(offset, length), core.Concurrency, (piece, token) => WriteSameAsync(piece.Piece, piece.At, pattern, token), cancellationToken);

    public async ValueTask<ulong?> ApplyCompareAndWriteAsync(
        ulong offset, ReadOnlyMemory<byte> expected, ReadOnlyMemory<byte> data, CancellationToken cancellationToken)
    {
        ObjectPiece piece = core.Layout.PieceAt(offset);
        int code = await objects.CompareAndWriteAsync(piece.ObjectNumber, piece.Offset, expected, data, cancellationToken);
        return code < 0 ? offset + (ulong)(-code - Rados.Errno.MaxErrno) : null;
    }

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
        await objects.ChangeAsync(number, Effect.Exists, operation => objects.AddWrite(operation, offset, data), cancellationToken);

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
            await objects.ClearAsync(number, cancellationToken);
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
}
