using Nacre.Rados;
using Nacre.Rados.Objects;

namespace Nacre.Conformance;

/// <summary>
/// What one object does under writes with snapshot contexts, in memory and as plainly as can be: the reference that generated histories
/// are compared with. Copy on write and overlaps follow PrimaryLogPG::make_writeable (src/osd/PrimaryLogPG.cc).
/// </summary>
internal sealed class ObjectModel
{
    private readonly List<Clone> _clones = [];
    private byte[]? _data;
    private SortedDictionary<string, string> _xattrs = new(StringComparer.Ordinal);
    private SortedDictionary<string, string> _omap = new(StringComparer.Ordinal);
    private ulong _sequence;

    /// <summary>An object's content.</summary>
    public sealed record State(byte[] Data, SortedDictionary<string, string> Xattrs, SortedDictionary<string, string> Omap);

    /// <summary>One generated write.</summary>
    public abstract record Write;

    /// <summary>Bytes at an offset.</summary>
    public sealed record WriteAt(int Offset, int Length, byte Fill) : Write;

    /// <summary>New data.</summary>
    public sealed record Replace(int Length, byte Fill) : Write;

    /// <summary>A range of zeroes.</summary>
    public sealed record ZeroAt(int Offset, int Length) : Write;

    /// <summary>A new size.</summary>
    public sealed record Resize(int Size) : Write;

    /// <summary>The end.</summary>
    public sealed record Delete : Write;

    /// <summary>An xattr and an omap value.</summary>
    public sealed record Describe(string Key, string Value) : Write;

    /// <summary>Applies a write; returns the code that the store must give.</summary>
    public int Apply(Write write, SnapshotContext context)
    {
        if (write is Delete && _data is null)
        {
            return -Errno.ENOENT;
        }

        // These do nothing at all: they do not even preserve the object for a new snapshot.
        if ((write is Resize && _data is null) || (write is ZeroAt zero && zero.Offset >= (_data?.Length ?? 0)))
        {
            return 0;
        }

        Preserve(context);
        bool[] modified = Change(write);
        if (_clones.Count > 0)
        {
            bool[] overlap = _clones[^1].Overlap;
            for (int i = 0; i < Math.Min(overlap.Length, modified.Length); i++)
            {
                overlap[i] &= !modified[i];
            }
        }

        _sequence = Math.Max(_sequence, context.Sequence);
        return 0;
    }

    /// <summary>The content at a snapshot or now; null where it does not exist there.</summary>
    public State? At(ulong snapshot)
    {
        if (snapshot > _sequence)
        {
            return _data is null ? null : new State(_data, _xattrs, _omap);
        }

        Clone? clone = _clones.FirstOrDefault(c => c.Id >= snapshot);
        return clone is not null && clone.Snapshots.Contains(snapshot) ? clone.State : null;
    }

    /// <summary>What list_snaps must say; null is ENOENT.</summary>
    public ObjectSnapshots? List()
    {
        if (_data is null && _clones.Count == 0)
        {
            return null;
        }

        List<ObjectClone> clones = [.. _clones.Select(c => new ObjectClone(c.Id, c.Snapshots, Extents(c.Overlap), (ulong)c.State.Data.Length))];
        if (_data is not null)
        {
            clones.Add(new ObjectClone(SnapshotId.Head, [], [], (ulong)_data.Length));
        }

        return new ObjectSnapshots(_sequence, clones);
    }

    private void Preserve(SnapshotContext context)
    {
        if (_data is not null && context.Snapshots.Count > 0 && context.Snapshots[0] > _sequence)
        {
            ulong[] snapshots = [.. context.Snapshots.Where(id => id > _sequence).Order()];
            var overlap = new bool[_data.Length];
            Array.Fill(overlap, true);
            _clones.Add(new Clone(context.Sequence, snapshots, new State([.. _data], new(_xattrs, StringComparer.Ordinal), new(_omap, StringComparer.Ordinal)), overlap));
        }
    }

    private bool[] Change(Write write)
    {
        byte[] data = _data ?? [];
        switch (write)
        {
            case WriteAt w:
                Array.Resize(ref data, Math.Max(data.Length, w.Offset + w.Length));
                data.AsSpan(w.Offset, w.Length).Fill(w.Fill);
                _data = data;
                return Range(w.Offset, w.Offset + w.Length);
            case Replace w:
                int before = data.Length;
                _data = new byte[w.Length];
                _data.AsSpan().Fill(w.Fill);
                return Range(0, before);
            case ZeroAt w when w.Offset + w.Length >= data.Length:
                return Truncate(w.Offset);
            case ZeroAt w:
                data.AsSpan(w.Offset, w.Length).Clear();
                return Range(w.Offset, w.Offset + w.Length);
            case Resize w:
                return Truncate(w.Size);
            case Delete:
                _data = null;
                _xattrs = new(StringComparer.Ordinal);
                _omap = new(StringComparer.Ordinal);
                return Range(0, data.Length);
            case Describe w:
                _data = data;
                _xattrs[w.Key] = w.Value;
                _omap[w.Key] = w.Value;
                return [];
            default:
                throw new ArgumentException($"{write}", nameof(write));
        }
    }

    private bool[] Truncate(int size)
    {
        int before = _data!.Length;
        Array.Resize(ref _data, size);
        return Range(size, Math.Max(size, before));
    }

    private static bool[] Range(int start, int end)
    {
        var range = new bool[end];
        range.AsSpan(start).Fill(true);
        return range;
    }

    private static List<Extent> Extents(bool[] bytes)
    {
        var extents = new List<Extent>();
        for (int i = 0; i < bytes.Length; i++)
        {
            if (bytes[i])
            {
                int start = i;
                while (i < bytes.Length && bytes[i])
                {
                    i++;
                }

                extents.Add(new Extent((ulong)start, (ulong)(i - start)));
            }
        }

        return extents;
    }

    private sealed record Clone(ulong Id, ulong[] Snapshots, State State, bool[] Overlap);
}
