using Nacre.Journal.Formats;
using Nacre.Rados;
using Nacre.Rados.Objects;

namespace Nacre.Rbd.Journaling;

/// <summary>Splits journaled writes into changes of objects. What lies beyond the image's end is left out, as librbd does.</summary>
internal sealed class WriteReplay(ImageCore core, ObjectIo objects, ReplayWindow window)
{
    /// <summary>Adds an entry's changes. EBADMSG where the event contradicts itself.</summary>
    public void Add(ReplayedEntry entry, JournalEventPayload payload)
    {
        switch (payload)
        {
            case JournalWrite { Type: JournalEventType.Write } write:
                RequireLength(write.Length == (ulong)write.Data.Length, payload.Type);
                AddData(entry, write.Offset, write.Data);
                break;
            case JournalWrite same:
                RequireLength(same.Data.Length > 0 && same.Length % (ulong)same.Data.Length == 0, payload.Type);
                AddPattern(entry, same);
                break;
            case JournalDiscard discard:
                AddDiscard(entry, discard);
                break;
            case JournalCompareAndWrite compare:
                AddCompareAndWrite(entry, compare);
                break;
        }
    }

    private static void RequireLength(bool isRight, JournalEventType type)
    {
        if (!isRight)
        {
            throw new RadosException(Errno.EBADMSG, $"an event of type {type} whose length does not fit its data");
        }
    }

    private ulong Clip(ulong offset, ulong length) => offset >= core.State.Size ? 0 : Math.Min(length, core.State.Size - offset);

    private void AddData(ReplayedEntry entry, ulong offset, ReadOnlyMemory<byte> data)
    {
        data = data[..(int)Clip(offset, (ulong)data.Length)];
        while (!data.IsEmpty)
        {
            ObjectPiece piece = core.Layout.PieceAt(offset);
            int length = (int)Math.Min((ulong)data.Length, piece.Length);
            window.AddRange(entry, piece.ObjectNumber, new OverlayExtent(piece.Offset, (ulong)length, data[..length]));
            data = data[length..];
            offset += (ulong)length;
        }
    }

    // A pattern is mostly short and the range long: it is written out in blocks that many ranges share.
    private void AddPattern(ReplayedEntry entry, JournalWrite same)
    {
        const int BlockSize = 64 << 10;
        ulong length = Clip(same.Offset, same.Length);
        if (length == 0)
        {
            return;
        }

        if (!same.Data.Span.ContainsAnyExcept((byte)0))
        {
            AddZeroes(entry, same.Offset, length);
            return;
        }

        byte[] block = new byte[Math.Max(same.Data.Length, BlockSize / same.Data.Length * same.Data.Length)];
        for (int at = 0; at < block.Length; at += same.Data.Length)
        {
            same.Data.CopyTo(block.AsMemory(at));
        }

        for (ulong at = 0; at < length;)
        {
            int take = (int)Math.Min((ulong)block.Length, length - at);
            AddData(entry, same.Offset + at, block.AsMemory(0, take));
            at += (ulong)take;
        }
    }

    private void AddZeroes(ReplayedEntry entry, ulong offset, ulong length)
    {
        foreach (ObjectExtent extent in core.Layout.Map(offset, length))
        {
            AddZeroes(entry, extent.ObjectNumber, extent.Offset, extent.Length);
        }
    }

    private void AddDiscard(ReplayedEntry entry, JournalDiscard discard)
    {
        ulong whole = core.Layout.ObjectSize;
        ulong step = Math.Clamp(discard.Granularity, 1, whole);
        foreach (ObjectExtent extent in core.Layout.Map(discard.Offset, Clip(discard.Offset, discard.Length)))
        {
            // Parts smaller than the granularity stay; the object's end counts as a boundary.
            ulong start = (extent.Offset + step - 1) / step * step;
            ulong end = extent.End == whole ? whole : extent.End / step * step;
            if (start < end)
            {
                AddZeroes(entry, extent.ObjectNumber, start, end - start);
            }
        }
    }

    private void AddZeroes(ReplayedEntry entry, ulong objectNumber, ulong offset, ulong length)
    {
        // A discard of all of a large image is mostly of objects that are not there.
        if (core.ObjectMap is { } map && !map.MayExist(objectNumber) && !window.Concerns(objectNumber)
            && objects.ParentBytes(objectNumber, SnapshotId.Head) == 0)
        {
            return;
        }

        if (offset == 0 && length == core.Layout.ObjectSize)
        {
            window.Add(entry, new ObjectBatch(objectNumber, ObjectBatchKind.Clear));
        }
        else
        {
            window.AddRange(entry, objectNumber, new OverlayExtent(offset, length, default));
        }
    }

    private void AddCompareAndWrite(ReplayedEntry entry, JournalCompareAndWrite compare)
    {
        RequireLength(
            compare.Data.Length > 0 && compare.Data.Length == compare.Expected.Length && compare.Length == (ulong)compare.Data.Length, compare.Type);
        if (Clip(compare.Offset, compare.Length) < compare.Length)
        {
            return;
        }

        ObjectPiece piece = core.Layout.PieceAt(compare.Offset);
        RequireLength(piece.Length >= compare.Length, compare.Type);
        var batch = new ObjectBatch(piece.ObjectNumber, ObjectBatchKind.CompareAndWrite) { Expected = compare.Expected };
        batch.Overlay.Add(new OverlayExtent(piece.Offset, compare.Length, compare.Data));
        window.Add(entry, batch);
    }
}
