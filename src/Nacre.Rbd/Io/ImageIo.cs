using Nacre.Rados;
using Nacre.Rados.Objects;
using Nacre.Rbd.Journaling;

namespace Nacre.Rbd;

/// <summary>Reads and writes of the whole image, spread over its objects (librbd::io::ImageRequest).</summary>
internal sealed partial class ImageIo(ImageCore core, ObjectIo objects)
{
    public async ValueTask ReadAsync(ulong offset, Memory<byte> buffer, CancellationToken cancellationToken)
    {
        await core.Reads.EnterAsync(cancellationToken);
        try
        {
            await core.PrepareReadAsync(offset, (ulong)buffer.Length, cancellationToken);
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
            await core.PrepareReadAsync(offset, (ulong)buffer.Length, cancellationToken);
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
        JournalWriter? journal = await core.BeginWriteAsync(cancellationToken);
        JournaledChange? change = null;
        try
        {
            core.TouchModified();
            CheckRange(offset, (ulong)data.Length, "writing");
            if (data.IsEmpty)
            {
                return;
            }

            if (journal is null)
            {
                await ApplyWriteAsync(offset, data, cancellationToken);
                return;
            }

            change = JournaledChange.Write(offset, data, core.Layout);
        }
        finally
        {
            ExitUnless(change);
        }

        await journal.RecordAsync(change, cancellationToken);
    }

    public async ValueTask DiscardAsync(ulong offset, ulong length, uint granularity, CancellationToken cancellationToken)
    {
        JournalWriter? journal = await core.BeginWriteAsync(cancellationToken);
        JournaledChange? change = null;
        try
        {
            core.TouchModified();
            CheckRange(offset, length, "discarding");
            if (journal is null || length == 0)
            {
                await ApplyDiscardAsync(offset, length, granularity, cancellationToken);
                return;
            }

            change = JournaledChange.Discard(offset, length, granularity);
        }
        finally
        {
            ExitUnless(change);
        }

        await journal.RecordAsync(change, cancellationToken);
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

        JournalWriter? journal = await core.BeginWriteAsync(cancellationToken);
        JournaledChange? change = null;
        try
        {
            core.TouchModified();
            CheckRange(offset, length, "writing");
            if (journal is null || length == 0)
            {
                await ApplyWriteSameAsync(offset, length, pattern, cancellationToken);
                return;
            }

            change = JournaledChange.WriteSame(offset, length, pattern);
        }
        finally
        {
            ExitUnless(change);
        }

        await journal.RecordAsync(change, cancellationToken);
    }

    public async ValueTask<ulong?> CompareAndWriteAsync(
        ulong offset, ReadOnlyMemory<byte> expected, ReadOnlyMemory<byte> data, CancellationToken cancellationToken)
    {
        ObjectPiece piece = core.Layout.PieceAt(offset);
        if (expected.Length != data.Length || data.IsEmpty || piece.Length < (ulong)data.Length)
        {
            throw core.Error(Errno.EINVAL, $"comparing {expected.Length} bytes at {offset} and writing {data.Length}");
        }

        JournalWriter? journal = await core.BeginWriteAsync(cancellationToken);
        JournaledChange? change = null;
        try
        {
            core.TouchModified();
            CheckRange(offset, (ulong)data.Length, "writing");
            if (journal is null)
            {
                return await ApplyCompareAndWriteAsync(offset, expected, data, cancellationToken);
            }

            change = JournaledChange.CompareAndWrite(offset, expected, data);
        }
        finally
        {
            ExitUnless(change);
        }

        return await journal.RecordAsync(change, cancellationToken);
    }

    // A recorded change leaves the gate by itself, once it is applied.
    private void ExitUnless(JournaledChange? change)
    {
        if (change is null)
        {
            core.Writes.Exit();
        }
    }

    // Without a journal every write is durable in its objects before it completes, and nothing is held back here.
    public ValueTask FlushAsync(CancellationToken cancellationToken) =>
        cancellationToken.IsCancellationRequested ? ValueTask.FromCanceled(cancellationToken)
        : core.Journal is { } journal ? core.FlushJournaledAsync(journal, cancellationToken)
        : ValueTask.CompletedTask;

    /// <summary>EINVAL where a range is not inside the image.</summary>
    public void CheckRange(ulong offset, ulong length, string what)
    {
        ulong size = core.SizeAt(core.OpenedSnapshot);
        if (offset > size || length > size - offset)
        {
            throw core.Error(Errno.EINVAL, $"{what} {length} bytes at {offset}, beyond the {size} bytes");
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
