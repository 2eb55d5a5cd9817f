using System.Collections.Concurrent;
using Nacre.Rados.Embedded.Storage;

namespace Nacre.Rados.Embedded.Objects;

/// <summary>An object in memory while operations use it or the cache keeps it: its lock and its decoded records.</summary>
internal sealed class ObjectContext(ObjectKey key)
{
    private ConcurrentDictionary<ulong, ObjectState>? _clones;
    private volatile bool _loaded;
    private ObjectRecord? _record;

    public ObjectKey Key { get; } = key;

    public FairLock Lock { get; } = new();

    /// <summary>Ticket of the newest batch that changed the object: an answer that saw it must not leave before it is durable.</summary>
    public long Ticket { get; private set; }

    /// <summary>Operations that use this context now; guarded by the table.</summary>
    public int Users { get; set; }

    /// <summary>Place among those unused; guarded by the table.</summary>
    public LinkedListNode<ObjectContext>? IdleNode { get; set; }

    /// <summary>About how much memory it takes, in bytes.</summary>
    public int Weight => 512 + ((_record?.Head.Blocks.Count ?? 0) * 4) + ((_clones?.Count ?? 0) * 4096);

    /// <summary>The record; null where the object is absent. Only under the lock.</summary>
    public ObjectRecord? Load(RocksDatabase database, CommitQueue commits)
    {
        if (!_loaded)
        {
            long ticket = commits.Applied;
            using PinnedValue value = database.Get(Family.Objects, Keys.Head(Key));
            _record = value.IsPresent ? ObjectRecord.Decode(value.Span) : null;
            Ticket = ticket;
            _loaded = true;
        }

        return _record;
    }

    /// <summary>What was applied under the exclusive lock.</summary>
    public void Replace(ObjectRecord? record, long ticket)
    {
        _record = record;
        Ticket = ticket;
        _loaded = true;
    }

    /// <summary>Forgets the record, whose state on the store is unknown after a failure.</summary>
    public void Invalidate()
    {
        _loaded = false;
        _clones = null;
    }

    /// <summary>A clone's state. Only under the lock.</summary>
    public ObjectState LoadClone(RocksDatabase database, ulong number, ulong clone)
    {
        ConcurrentDictionary<ulong, ObjectState> clones =
            _clones ?? Interlocked.CompareExchange(ref _clones, new ConcurrentDictionary<ulong, ObjectState>(), null) ?? _clones;
        if (clones.TryGetValue(clone, out ObjectState? known))
        {
            return known;
        }

        using PinnedValue value = database.Get(Family.Objects, Keys.Clone(Key.Pool, number, clone));
        if (!value.IsPresent)
        {
            throw new RadosException(Errno.EIO, $"clone {clone} of object {Key} is missing from the store");
        }

        ReadOnlySpan<byte> data = ObjectRecord.Unseal(value.Span);
        ObjectState state = ObjectState.Decode(ref data);
        clones[clone] = state;
        return state;
    }

    /// <summary>Forgets the clones. Only under the exclusive lock.</summary>
    public void ForgetClones() => _clones = null;
}
