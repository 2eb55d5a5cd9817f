using System.Buffers;
using System.Collections.Immutable;
using Nacre.Rados.Embedded.Storage;
using Nacre.Rados.Objects;

namespace Nacre.Rados.Embedded.Objects;

/// <summary>
/// One compound operation on one object: reads see its own writes, which collect in one batch. Nothing has happened until the batch is
/// applied. Ceph's rules for what exists, what is cloned and what overlaps are here (src/osd/PrimaryLogPG.cc). Return codes are negated errnos.
/// </summary>
internal sealed partial class ObjectTransaction : IDisposable
{
    private readonly StoreCore _core;
    private readonly ObjectContext _context;
    private readonly ObjectRecord? _base;
    private readonly SnapshotContext _snapshots;
    private readonly bool _readOnly;
    private readonly BatchWriter _batch;
    private ulong _number;
    private uint _epoch;
    private bool _exists;
    private ulong _size;
    private ulong _version;
    private long _modifiedTicks;
    private ImmutableSortedDictionary<string, byte[]> _xattrs;
    private IntervalSet _modified = IntervalSet.Empty;
    private bool _writing;
    private bool _clones;

    /// <summary>A write to the head under an effective snapshot context (without removed snapshots).</summary>
    public ObjectTransaction(StoreCore core, ObjectContext context, SnapshotContext snapshots)
        : this(core, context, context.Load(core.Database, core.Commits), snapshots, readOnly: false)
    {
        if (_base is { } record)
        {
            Adopt(record.Head, record.Exists);
        }
    }

    private ObjectTransaction(StoreCore core, ObjectContext context, ObjectRecord? record, SnapshotContext snapshots, bool readOnly)
    {
        _core = core;
        _context = context;
        _base = record;
        _snapshots = snapshots;
        _readOnly = readOnly;
        _batch = readOnly ? null! : new BatchWriter();
        _number = record?.Number ?? 0;
        _epoch = record?.Epoch ?? 1;
        _xattrs = ObjectState.New.Xattrs;
        _blocks = BlockMap.Empty;
    }

    /// <summary>The object.</summary>
    public ObjectKey Key => _context.Key;

    /// <summary>False where the object is absent (by now).</summary>
    public bool Exists => _exists;

    /// <summary>Bytes.</summary>
    public ulong Size => _size;

    /// <summary>User version before this operation; after <see cref="Seal"/>, its own.</summary>
    public ulong Version => _version;

    /// <summary>Newest snapshot sequence before this operation.</summary>
    public ulong SnapshotSequence => _base?.SnapshotSequence ?? 0;

    /// <summary>Time of modification before this operation.</summary>
    public DateTimeOffset ModifiedAt => new(_modifiedTicks, TimeSpan.Zero);

    /// <summary>True where something was written.</summary>
    public bool IsModified => _writing;

    /// <summary>True where the object was removed on the way: its watchers are told.</summary>
    public bool WasRemoved { get; private set; }

    /// <summary>True where somebody watches the object: it cannot be removed by a rollback.</summary>
    public Func<bool> IsWatched { get; init; } = static () => false;

    /// <summary>A read of the head or at a snapshot. Nothing exists where the snapshot has no state of the object.</summary>
    public static ObjectTransaction Read(StoreCore core, ObjectContext context, ulong snapshotId, bool snapshotIsRemoved)
    {
        ObjectRecord? record = context.Load(core.Database, core.Commits);
        var transaction = new ObjectTransaction(core, context, record, SnapshotContext.Empty, readOnly: true);
        if (record is null || snapshotIsRemoved)
        {
            return transaction;
        }

        if (snapshotId == SnapshotId.Head || snapshotId > record.SnapshotSequence)
        {
            transaction.Adopt(record.Head, record.Exists);
        }
        else if (FindClone(record, snapshotId) is { } clone)
        {
            transaction.Adopt(context.LoadClone(core.Database, record.Number, clone.Id), exists: true);
        }

        return transaction;
    }

    /// <summary>
    /// Ends a write: what has to be preserved is put into the batch with the object's new record, and the batch is applied. Returns the
    /// ticket to wait for.
    /// </summary>
    public long Commit()
    {
        ObjectRecord? record = Seal();
        try
        {
            long ticket = _core.Commits.Apply(_batch);
            if (_clones)
            {
                _context.ForgetClones();
            }

            _context.Replace(record, ticket);
            return ticket;
        }
        catch
        {
            _context.Invalidate();
            throw;
        }
    }

    public void Dispose() => _batch?.Dispose();

    /// <summary>Creates the object; -EEXIST where exclusive and it exists.</summary>
    public int Create(bool exclusive)
    {
        if (exclusive && _exists)
        {
            return -Errno.EEXIST;
        }

        return EnsureExists();
    }

    /// <summary>Removes the object; -ENOENT where it is absent.</summary>
    public int Remove()
    {
        if (!_exists)
        {
            return -Errno.ENOENT;
        }

        int result = BeginWriting();
        if (result < 0)
        {
            return result;
        }

        if (_size > 0)
        {
            _modified = _modified.Union(IntervalSet.Of(0, _size));
        }

        DropAllBlocks();
        DropOmap();
        _size = 0;
        _xattrs = ObjectState.New.Xattrs;
        _exists = false;
        WasRemoved = true;
        return 0;
    }

    /// <summary>An xattr; null where it is missing.</summary>
    public ReadOnlyMemory<byte>? GetXattr(string name) =>
        _xattrs.TryGetValue(name, out byte[]? value) ? new ReadOnlyMemory<byte>(value) : (ReadOnlyMemory<byte>?)null;

    /// <summary>All xattrs, by name.</summary>
    public IReadOnlyList<KeyValuePair<string, ReadOnlyMemory<byte>>> GetXattrs() =>
        [.. _xattrs.Select(entry => new KeyValuePair<string, ReadOnlyMemory<byte>>(entry.Key, entry.Value))];

    public int SetXattr(string name, ReadOnlySpan<byte> value)
    {
        if (System.Text.Encoding.UTF8.GetByteCount(name) > Limits.MaximumXattrNameLength)
        {
            return -Errno.ENAMETOOLONG;
        }

        int result = EnsureExists();
        if (result == 0)
        {
            _xattrs = _xattrs.SetItem(name, value.ToArray());
        }

        return result;
    }

    public int RemoveXattr(string name)
    {
        if (!_exists)
        {
            return -Errno.ENOENT;
        }

        int result = BeginWriting();
        if (result == 0)
        {
            _xattrs = _xattrs.Remove(name);
        }

        return result;
    }

    private void Adopt(ObjectState state, bool exists)
    {
        _exists = exists;
        _size = state.Size;
        _version = state.Version;
        _modifiedTicks = state.ModifiedTicks;
        _xattrs = state.Xattrs;
        _blocks = state.Blocks;
        _omap = state.OmapNumber;
        _omapIsShared = state.OmapIsShared;
        _omapRead = state.OmapNumber;
    }

    private int EnsureExists()
    {
        int result = BeginWriting();
        if (result == 0 && !_exists)
        {
            _exists = true;
            if (_number == 0)
            {
                _number = _core.NextNumber();
            }
        }

        return result;
    }

    /// <summary>Before the first change: the head is preserved if the snapshot context is newer than it.</summary>
    private int BeginWriting()
    {
        if (_readOnly)
        {
            return -Errno.EROFS;
        }

        if (_writing)
        {
            return 0;
        }

        _writing = true;
        if (_base is { Exists: true } && _snapshots.Snapshots.Count > 0 && _snapshots.Snapshots[0] > _base.SnapshotSequence)
        {
            _clones = true;
            _epoch++;
            _blocks = _blocks.AllShared();
            _blocksAreOwn = true;
            _omapIsShared = _omap != 0;
        }

        return 0;
    }

    private ObjectRecord? Seal()
    {
        ImmutableArray<CloneRecord> clones = _base?.Clones ?? [];
        if (_clones)
        {
            clones = clones.Add(PutClone());
        }

        if (clones.Length > 0)
        {
            CloneRecord newest = clones[^1];
            clones = clones.SetItem(clones.Length - 1, newest with { Overlap = newest.Overlap.Subtract(_modified) });
        }

        if (!_exists && clones.Length == 0)
        {
            _version = _core.NextNumber();
            _batch.Delete(Family.Objects, Keys.Head(Key));
            return null;
        }

        _version = _core.NextNumber();
        _modifiedTicks = _core.Time.GetUtcNow().UtcTicks;
        var record = new ObjectRecord
        {
            Number = _number,
            Epoch = _epoch,
            Exists = _exists,
            SnapshotSequence = Math.Max(SnapshotSequence, _snapshots.Sequence),
            Clones = clones,
            Head = new ObjectState
            {
                Size = _size,
                ModifiedTicks = _modifiedTicks,
                Version = _version,
                Blocks = _blocks,
                Xattrs = _xattrs,
                OmapNumber = _omap,
                OmapIsShared = _omapIsShared,
            },
        };
        PutRecord(_batch, Key, record);
        return record;
    }

    private CloneRecord PutClone()
    {
        ObjectState head = _base!.Head;
        ImmutableArray<ulong> snapshots = [.. _snapshots.Snapshots.TakeWhile(snapshot => snapshot > _base.SnapshotSequence)];
        var writer = new ArrayBufferWriter<byte>(256);
        head.Encode(writer);
        ObjectRecord.Seal(writer);
        _batch.Put(Family.Objects, Keys.Clone(Key.Pool, _number, _snapshots.Sequence), writer.WrittenSpan);
        foreach (ulong snapshot in snapshots)
        {
            _batch.Put(Family.Objects, Keys.SnapshotIndex(snapshot, Key), default);
        }

        return new CloneRecord(_snapshots.Sequence, head.Size, snapshots, IntervalSet.Of(0, head.Size));
    }

    /// <summary>Puts an object's record.</summary>
    internal static void PutRecord(BatchWriter batch, ObjectKey key, ObjectRecord record)
    {
        var writer = new ArrayBufferWriter<byte>(256);
        record.Encode(writer);
        batch.Put(Family.Objects, Keys.Head(key), writer.WrittenSpan);
    }

    /// <summary>The clone that serves a snapshot; null where the object did not exist then.</summary>
    internal static CloneRecord? FindClone(ObjectRecord record, ulong snapshot)
    {
        foreach (CloneRecord clone in record.Clones)
        {
            if (clone.Id >= snapshot)
            {
                return clone.Snapshots.Contains(snapshot) ? clone : null;
            }
        }

        return null;
    }
}
