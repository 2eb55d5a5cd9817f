using System.Buffers;
using Nacre.Rados.Embedded.Storage;

namespace Nacre.Rados.Embedded.Objects;

/// <summary>
/// Which blocks of an object's state hold data, and under which epoch each was written: the block's key. A block that a clone
/// may have too is marked shared: it must not be overwritten, but be written anew under the object's current epoch.
/// </summary>
/// <remarks>An entry is 0 for a hole, else epoch times two, plus one if shared.</remarks>
internal sealed class BlockMap
{
    /// <summary>Bytes of a block, the unit of copy-on-write, checksums and holes.</summary>
    public const int BlockSize = 4096;

    /// <summary>No block holds data.</summary>
    public static readonly BlockMap Empty = new([]);

    private uint[] _entries;

    private BlockMap(uint[] entries) => _entries = entries;

    /// <summary>Blocks that may hold data are below this.</summary>
    public int Count => _entries.Length;

    /// <summary>A map that can be changed without changing this one.</summary>
    public BlockMap Copy(int capacity) =>
        new(capacity > _entries.Length ? Grown(_entries, capacity) : (uint[])_entries.Clone());

    public bool Holds(uint block) => block < (uint)_entries.Length && _entries[block] != 0;

    public uint Epoch(uint block) => block < (uint)_entries.Length ? _entries[block] >> 1 : 0;

    public bool IsShared(uint block) => block < (uint)_entries.Length && (_entries[block] & 1) != 0;

    /// <summary>The block is written, unshared, under an epoch. Only on a copy.</summary>
    public void Set(uint block, uint epoch)
    {
        if (block >= (uint)_entries.Length)
        {
            _entries = Grown(_entries, Math.Max((int)block + 1, Math.Min(_entries.Length * 2, 1024)));
        }

        _entries[block] = epoch << 1;
    }

    /// <summary>The block becomes a hole. Only on a copy.</summary>
    public void Clear(uint block)
    {
        if (block < (uint)_entries.Length)
        {
            _entries[block] = 0;
        }
    }

    /// <summary>A copy with all its blocks shared.</summary>
    public BlockMap AllShared()
    {
        uint[] entries = (uint[])_entries.Clone();
        foreach (ref uint entry in entries.AsSpan())
        {
            entry |= entry == 0 ? 0u : 1u;
        }

        return new BlockMap(entries);
    }

    /// <summary>A copy in which just those blocks are shared that one of the others holds under the same epoch.</summary>
    public BlockMap SharedWith(IReadOnlyList<BlockMap> others)
    {
        uint[] entries = (uint[])_entries.Clone();
        for (uint block = 0; block < entries.Length; block++)
        {
            if (entries[block] != 0)
            {
                entries[block] = (entries[block] & ~1u) | (IsIn(others, block, entries[block] >> 1) ? 1u : 0u);
            }
        }

        return new BlockMap(entries);
    }

    /// <summary>True where one of the maps holds a block under that epoch.</summary>
    public static bool IsIn(IReadOnlyList<BlockMap> maps, uint block, uint epoch)
    {
        foreach (BlockMap map in maps)
        {
            if (map.Epoch(block) == epoch)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Runs of equal entries: count, then for each the holes before it, its blocks and its entry.</summary>
    public void Encode(IBufferWriter<byte> writer)
    {
        int runs = 0;
        for (int at = 0; NextRun(ref at, out _, out _); runs++)
        {
        }

        Varint.Write(writer, (ulong)runs);
        int end = 0;
        for (int at = 0; NextRun(ref at, out int start, out uint entry);)
        {
            Varint.Write(writer, (ulong)(start - end));
            Varint.Write(writer, (ulong)(at - start));
            Varint.Write(writer, entry);
            end = at;
        }
    }

    public static BlockMap Decode(ref ReadOnlySpan<byte> data)
    {
        int runs = Varint.ReadCount(ref data);
        if (runs == 0)
        {
            return Empty;
        }

        var lengths = new (int Start, int Length, uint Entry)[runs];
        ulong end = 0;
        for (int i = 0; i < runs; i++)
        {
            ulong start = end + Varint.Read(ref data);
            ulong length = Varint.Read(ref data);
            end = start + length;
            if (start > Limits.MaximumObjectSize / BlockSize || length > Limits.MaximumObjectSize / BlockSize
                || end > Limits.MaximumObjectSize / BlockSize)
            {
                throw new RadosException(Errno.EIO, $"an object's block map is damaged: it has a block {end}");
            }

            lengths[i] = ((int)start, (int)length, (uint)Varint.Read(ref data));
        }

        uint[] entries = new uint[end];
        foreach ((int start, int length, uint entry) in lengths)
        {
            entries.AsSpan(start, length).Fill(entry);
        }

        return new BlockMap(entries);
    }

    private bool NextRun(ref int at, out int start, out uint entry)
    {
        while (at < _entries.Length && _entries[at] == 0)
        {
            at++;
        }

        start = at;
        entry = at < _entries.Length ? _entries[at] : 0;
        while (at < _entries.Length && _entries[at] == entry)
        {
            at++;
        }

        return at > start;
    }

    private static uint[] Grown(uint[] entries, int length)
    {
        Array.Resize(ref entries, length);
        return entries;
    }
}
