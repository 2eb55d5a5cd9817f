using System.Buffers.Binary;
using Nacre.Rados.Embedded.Storage;
using Nacre.Rados.Objects;

namespace Nacre.Rados.Embedded.Objects;

/// <content>Bytes.</content>
internal sealed partial class ObjectTransaction
{
    private const int BlockSize = BlockMap.BlockSize;
    private const int ChecksumSize = 4;
    private const int BlocksPerRead = 64;
    private Dictionary<uint, (int Position, int Length)>? _written;
    private BlockMap _blocks;
    private bool _blocksAreOwn;

    /// <summary>The bytes that a read gets: a length of 0 is to the end, and nothing lies beyond it.</summary>
    public int ReadableLength(ulong offset, ulong length)
    {
        length = length == 0 ? _size : length;
        return offset >= _size ? 0 : (int)Math.Min(length, _size - offset);
    }

    /// <summary>Reads as many bytes as fit; all of them must be within the size.</summary>
    public void Read(ulong offset, Span<byte> destination)
    {
        uint run = 0;
        uint runEpoch = 0;
        int runLength = 0;
        for (ulong at = offset, end = offset + (ulong)destination.Length; at < end;)
        {
            uint block = (uint)(at / BlockSize);
            int within = (int)(at % BlockSize);
            int count = (int)Math.Min((ulong)(BlockSize - within), end - at);
            bool stored = _blocks.Holds(block) && _written?.ContainsKey(block) != true;
            if (runLength > 0 && (!stored || _blocks.Epoch(block) != runEpoch || runLength == BlocksPerRead))
            {
                ReadRun(run, runEpoch, runLength, offset, destination);
                runLength = 0;
            }

            if (stored)
            {
                run = runLength == 0 ? block : run;
                runEpoch = _blocks.Epoch(block);
                runLength++;
            }
            else
            {
                CopyPart(WrittenBlock(block), within, destination.Slice((int)(at - offset), count));
            }

            at += (ulong)count;
        }

        if (runLength > 0)
        {
            ReadRun(run, runEpoch, runLength, offset, destination);
        }
    }

    /// <summary>The ranges that hold data within a range, ascending.</summary>
    public List<Extent> DataExtents(ulong offset, ulong length)
    {
        var extents = new List<Extent>();
        ulong end = length > _size || offset + length > _size ? _size : offset + length;
        for (ulong at = offset; at < end;)
        {
            ulong next = Math.Min(((at / BlockSize) + 1) * BlockSize, end);
            if (_blocks.Holds((uint)(at / BlockSize)))
            {
                if (extents.Count > 0 && extents[^1].End == at)
                {
                    extents[^1] = new Extent(extents[^1].Offset, next - extents[^1].Offset);
                }
                else
                {
                    extents.Add(new Extent(at, next - at));
                }
            }

            at = next;
        }

        return extents;
    }

    public int Write(ulong offset, ReadOnlySpan<byte> data)
    {
        int result = CheckRange(offset, (ulong)data.Length);
        if (result < 0 || (result = EnsureExists()) < 0)
        {
            return result;
        }

        if (data.Length > 0)
        {
            _modified = _modified.Union(IntervalSet.Of(offset, (ulong)data.Length));
            WriteBlocks(offset, data);
        }

        _size = Math.Max(_size, offset + (ulong)data.Length);
        return 0;
    }

    public int WriteFull(ReadOnlySpan<byte> data)
    {
        int result = CheckRange(0, (ulong)data.Length);
        if (result < 0 || (result = EnsureExists()) < 0)
        {
            return result;
        }

        _modified = _modified.Union(IntervalSet.Of(0, _size));
        if ((ulong)data.Length < _size)
        {
            Shrink((ulong)data.Length);
        }

        WriteBlocks(0, data);
        _size = (ulong)data.Length;
        return 0;
    }

    /// <summary>Sets the size; nothing where the object is absent.</summary>
    public int Truncate(ulong size)
    {
        if (!_exists)
        {
            return 0;
        }

        int result = CheckRange(size, 0);
        if (result < 0 || (result = BeginWriting()) < 0)
        {
            return result;
        }

        if (size < _size)
        {
            _modified = _modified.Union(IntervalSet.Of(size, _size - size));
            Shrink(size);
        }

        _size = size;
        return 0;
    }

    /// <summary>Zeroes a range; nothing where the object is absent. As with Ceph, a range to the end or beyond cuts the object off there.</summary>
    public int Zero(ulong offset, ulong length)
    {
        if (_exists && offset < Limits.MaximumObjectSize && length is >= 1 and <= Limits.MaximumObjectSize && offset + length >= _size)
        {
            return offset >= _size ? 0 : Truncate(offset);
        }

        int result = CheckRange(offset, length);
        if (result < 0 || !_exists || length == 0 || (result = BeginWriting()) < 0)
        {
            return result;
        }

        _modified = _modified.Union(IntervalSet.Of(offset, length));
        for (ulong at = offset, end = offset + length; at < end;)
        {
            uint block = (uint)(at / BlockSize);
            int within = (int)(at % BlockSize);
            int count = (int)Math.Min((ulong)(BlockSize - within), end - at);
            if (count == BlockSize)
            {
                DropBlock(block);
            }
            else if (_blocks.Holds(block))
            {
                ZeroPart(block, within, count);
            }

            at += (ulong)count;
        }

        return 0;
    }

    private static int CheckRange(ulong offset, ulong length) =>
        offset >= Limits.MaximumObjectSize || length > Limits.MaximumObjectSize || offset + length > Limits.MaximumObjectSize ? -Errno.EFBIG : 0;

    private void WriteBlocks(ulong offset, ReadOnlySpan<byte> data)
    {
        Span<byte> merged = stackalloc byte[BlockSize];
        while (data.Length > 0)
        {
            uint block = (uint)(offset / BlockSize);
            int within = (int)(offset % BlockSize);
            int count = Math.Min(BlockSize - within, data.Length);
            if (count == BlockSize || !_blocks.Holds(block) && within == 0)
            {
                PutBlock(block, data[..count]);
            }
            else
            {
                int stored = LoadBlock(block, merged);
                data[..count].CopyTo(merged[within..]);
                PutBlock(block, merged[..Math.Max(stored, within + count)]);
            }

            data = data[count..];
            offset += (ulong)count;
        }
    }

    private void ZeroPart(uint block, int within, int count)
    {
        Span<byte> content = stackalloc byte[BlockSize];
        int stored = LoadBlock(block, content);
        content.Slice(within, count).Clear();
        PutBlock(block, content[..(within + count >= stored ? Math.Min(within, stored) : stored)]);
    }

    private void Shrink(ulong size)
    {
        uint firstGone = (uint)((size + BlockSize - 1) / BlockSize);
        for (uint block = firstGone; block < _blocks.Count; block++)
        {
            DropBlock(block);
        }

        uint last = (uint)(size / BlockSize);
        if (size % BlockSize != 0 && _blocks.Holds(last))
        {
            ZeroPart(last, (int)(size % BlockSize), BlockSize - (int)(size % BlockSize));
        }
    }

    private void PutBlock(uint block, ReadOnlySpan<byte> content)
    {
        uint epoch = _blocks.Epoch(block);
        if (epoch == 0 || _blocks.IsShared(block))
        {
            OwnBlocks((int)block + 1);
            epoch = _epoch;
            _blocks.Set(block, epoch);
        }

        Span<byte> key = stackalloc byte[Keys.BlockKeyLength];
        Keys.Block(key, Key.Pool, _number, epoch, block);
        Span<byte> value = _batch.BeginPut(Family.Data, key, content.Length + ChecksumSize, out int position);
        content.CopyTo(value);
        BinaryPrimitives.WriteUInt32LittleEndian(value[content.Length..], Crc32C.Append(Crc32C.Append(uint.MaxValue, key), content));
        (_written ??= [])[block] = (position, content.Length);
    }

    private void DropBlock(uint block)
    {
        if (!_blocks.Holds(block))
        {
            return;
        }

        if (!_blocks.IsShared(block))
        {
            Span<byte> key = stackalloc byte[Keys.BlockKeyLength];
            Keys.Block(key, Key.Pool, _number, _blocks.Epoch(block), block);
            _batch.Delete(Family.Data, key);
        }

        OwnBlocks(0);
        _blocks.Clear(block);
        _written?.Remove(block);
    }

    private void DropAllBlocks()
    {
        for (uint block = 0; block < _blocks.Count; block++)
        {
            DropBlock(block);
        }

        _blocks = BlockMap.Empty;
        _blocksAreOwn = false;
        _written?.Clear();
    }

    private void OwnBlocks(int capacity)
    {
        if (!_blocksAreOwn)
        {
            _blocks = _blocks.Copy(capacity);
            _blocksAreOwn = true;
        }
    }

    /// <summary>A block's bytes, zeroes behind them. Returns how many are stored.</summary>
    private int LoadBlock(uint block, Span<byte> content)
    {
        content.Clear();
        if (!_blocks.Holds(block))
        {
            return 0;
        }

        if (_written?.ContainsKey(block) == true)
        {
            ReadOnlySpan<byte> written = WrittenBlock(block);
            written.CopyTo(content);
            return written.Length;
        }

        Span<byte> key = stackalloc byte[Keys.BlockKeyLength];
        Keys.Block(key, Key.Pool, _number, _blocks.Epoch(block), block);
        using PinnedValue value = _core.Database.Get(Family.Data, key);
        ReadOnlySpan<byte> stored = Verify(key, value, block);
        stored.CopyTo(content);
        return stored.Length;
    }

    private ReadOnlySpan<byte> WrittenBlock(uint block) =>
        _written is not null && _written.TryGetValue(block, out (int Position, int Length) place) ? _batch.Buffer.Slice(place.Position, place.Length) : default;

    private void ReadRun(uint first, uint epoch, int count, ulong offset, Span<byte> destination)
    {
        Span<byte> keys = stackalloc byte[Keys.BlockKeyLength * BlocksPerRead];
        Span<PinnedValue> values = stackalloc PinnedValue[BlocksPerRead];
        for (int i = 0; i < count; i++)
        {
            Keys.Block(keys[(i * Keys.BlockKeyLength)..], Key.Pool, _number, epoch, first + (uint)i);
        }

        if (count == 1)
        {
            values[0] = _core.Database.Get(Family.Data, keys[..Keys.BlockKeyLength]);
        }
        else
        {
            _core.Database.GetMany(Family.Data, keys[..(count * Keys.BlockKeyLength)], Keys.BlockKeyLength, values[..count]);
        }

        try
        {
            for (int i = 0; i < count; i++)
            {
                ulong start = (first + (ulong)i) * BlockSize;
                ulong from = Math.Max(start, offset);
                ulong to = Math.Min(start + BlockSize, offset + (ulong)destination.Length);
                ReadOnlySpan<byte> stored = Verify(keys.Slice(i * Keys.BlockKeyLength, Keys.BlockKeyLength), values[i], first + (uint)i);
                CopyPart(stored, (int)(from - start), destination.Slice((int)(from - offset), (int)(to - from)));
            }
        }
        finally
        {
            for (int i = 0; i < count; i++)
            {
                values[i].Dispose();
            }
        }
    }

    private static void CopyPart(ReadOnlySpan<byte> stored, int within, Span<byte> destination)
    {
        int available = Math.Clamp(stored.Length - within, 0, destination.Length);
        if (available > 0)
        {
            stored.Slice(within, available).CopyTo(destination);
        }

        destination[available..].Clear();
    }

    /// <summary>A stored block without its checksum. EIO where it is missing or damaged: never other bytes than were written.</summary>
    private ReadOnlySpan<byte> Verify(ReadOnlySpan<byte> key, PinnedValue value, uint block)
    {
        ReadOnlySpan<byte> bytes = value.Span;
        if (bytes.Length is < ChecksumSize or > BlockSize + ChecksumSize)
        {
            throw new RadosException(Errno.EIO, $"object {Key}: the block at byte {(ulong)block * BlockSize} is missing from the store");
        }

        ReadOnlySpan<byte> content = bytes[..^ChecksumSize];
        if (Crc32C.Append(Crc32C.Append(uint.MaxValue, key), content) != BinaryPrimitives.ReadUInt32LittleEndian(bytes[^ChecksumSize..]))
        {
            throw new RadosException(Errno.EIO, $"object {Key}: the block at byte {(ulong)block * BlockSize} is damaged, its checksum does not hold");
        }

        return content;
    }
}
