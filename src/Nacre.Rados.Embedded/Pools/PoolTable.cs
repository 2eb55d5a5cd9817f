using System.Collections.Immutable;
using Nacre.Rados.Embedded.Objects;
using Nacre.Rados.Embedded.Storage;

namespace Nacre.Rados.Embedded.Pools;

/// <summary>
/// The pools. Changes are made under <see cref="StoreCore.Map"/> held exclusively, together with their batch, so that an operation sees
/// the old map and comes before, or the new one and comes after.
/// </summary>
internal sealed class PoolTable
{
    private const string PoolPrefix = "pool/";
    private const string NextPoolKey = "next-pool";
    private const string TrimPrefix = "trim/";
    private readonly StoreCore _core;
    private volatile ImmutableDictionary<uint, PoolRecord> _pools = ImmutableDictionary<uint, PoolRecord>.Empty;
    private readonly System.Collections.Concurrent.ConcurrentQueue<uint> _deleted = new();
    private uint _next = 1;

    public PoolTable(StoreCore core)
    {
        _core = core;
        ImmutableDictionary<uint, PoolRecord>.Builder pools = _pools.ToBuilder();
        byte[] prefix = Keys.Store(PoolPrefix);
        using (RocksDatabase.Cursor cursor = core.Database.Seek(Family.Store, prefix))
        {
            for (; cursor.IsValid && cursor.Key.StartsWith(prefix); cursor.Next())
            {
                PoolRecord pool = PoolRecord.Decode(cursor.Value);
                pools.Add(pool.Id, pool);
            }
        }

        _pools = pools.ToImmutable();
        if (core.Database.GetCopy(Family.Store, Keys.Store(NextPoolKey)) is { } next)
        {
            ReadOnlySpan<byte> data = next;
            _next = (uint)Varint.Read(ref data);
        }
    }

    /// <summary>All pools, by id.</summary>
    public IReadOnlyList<PoolRecord> All => [.. _pools.Values.OrderBy(pool => pool.Id)];

    public PoolRecord? Find(long id) => id is > 0 and <= uint.MaxValue && _pools.TryGetValue((uint)id, out PoolRecord? pool) ? pool : null;

    public PoolRecord? Find(string name) => _pools.Values.FirstOrDefault(pool => pool.Name == name);

    /// <summary>Creates a pool; EEXIST where there is one of that name. Durable when the task completes.</summary>
    public Task CreateAsync(string name) => ChangeAsync(batch =>
    {
        if (Find(name) is not null)
        {
            throw new RadosException(Errno.EEXIST, $"create pool '{name}'");
        }

        var pool = new PoolRecord(_next, name, 0, IntervalSet.Empty);
        var next = new System.Buffers.ArrayBufferWriter<byte>();
        Varint.Write(next, _next + 1);
        batch.Put(Family.Store, Keys.Store(NextPoolKey), next.WrittenSpan);
        batch.Put(Family.Store, PoolKey(pool.Id), pool.Encode());
        return () =>
        {
            _next++;
            _pools = _pools.Add(pool.Id, pool);
        };
    });

    /// <summary>Deletes a pool with all in it; ENOENT where there is none. Durable when the task completes.</summary>
    public Task DeleteAsync(string name) => ChangeAsync(batch =>
    {
        PoolRecord pool = Find(name) ?? throw new RadosException(Errno.ENOENT, $"delete pool '{name}'");
        batch.Delete(Family.Store, PoolKey(pool.Id));
        byte[] from = Keys.Pool(pool.Id);
        byte[] to = Keys.Pool(pool.Id + 1);
        batch.DeleteRange(Family.Objects, from, to);
        batch.DeleteRange(Family.Omap, from, to);
        batch.DeleteRange(Family.Data, from, to);
        batch.DeleteRange(Family.Store, Keys.Store($"{TrimPrefix}{pool.Id:x8}/"), Keys.Store($"{TrimPrefix}{pool.Id:x8}0"));
        return () =>
        {
            _pools = _pools.Remove(pool.Id);
            _core.Watches.BreakPool(pool.Id, Errno.ENOENT);
            _deleted.Enqueue(pool.Id);
        };
    });

    /// <summary>Allocates a snapshot id. Ceph's first one of a pool is 2.</summary>
    public async Task<ulong> CreateSnapshotAsync(uint id)
    {
        ulong snapshot = 0;
        await ChangeAsync(batch =>
        {
            PoolRecord pool = Find(id) ?? throw new RadosException(Errno.ENOENT, $"create a snapshot id in pool {id}");
            snapshot = Math.Max(pool.SnapshotSequence, 1) + 1;
            return Put(batch, pool with { SnapshotSequence = snapshot });
        });
        return snapshot;
    }

    /// <summary>Gives a snapshot id back and queues its trimming. ENOENT where it never was; nothing where it is removed already.</summary>
    public Task RemoveSnapshotAsync(uint id, ulong snapshot) => ChangeAsync(batch =>
    {
        PoolRecord pool = Find(id) ?? throw new RadosException(Errno.ENOENT, $"remove snapshot id {snapshot} of pool {id}");
        if (snapshot == 0 || snapshot > pool.SnapshotSequence)
        {
            throw new RadosException(Errno.ENOENT, $"remove snapshot id {snapshot} of pool '{pool.Name}'");
        }

        if (pool.IsSnapshotRemoved(snapshot))
        {
            return () => { };
        }

        batch.Put(Family.Store, TrimKey(id, snapshot), default);
        // Ceph counts a removal too, so that ids are the same here and there.
        return Put(batch, pool with
        {
            SnapshotSequence = pool.SnapshotSequence + 1,
            RemovedSnapshots = pool.RemovedSnapshots.Union(IntervalSet.Of(snapshot, 1)),
        });
    });

    /// <summary>Removed snapshots whose objects are not all trimmed.</summary>
    public IReadOnlyList<(uint Pool, ulong Snapshot)> TrimQueue()
    {
        var queue = new List<(uint, ulong)>();
        byte[] prefix = Keys.Store(TrimPrefix);
        using RocksDatabase.Cursor cursor = _core.Database.Seek(Family.Store, prefix);
        for (; cursor.IsValid && cursor.Key.StartsWith(prefix); cursor.Next())
        {
            string[] parts = System.Text.Encoding.UTF8.GetString(cursor.Key[prefix.Length..]).Split('/');
            queue.Add((Convert.ToUInt32(parts[0], 16), Convert.ToUInt64(parts[1], 16)));
        }

        return queue;
    }

    /// <summary>A pool that was deleted and whose space is not yet asked back from RocksDB.</summary>
    public bool TryTakeDeleted(out uint pool) => _deleted.TryDequeue(out pool);

    /// <summary>Takes a snapshot off the queue.</summary>
    public void EndTrim(uint pool, ulong snapshot)
    {
        using var batch = new BatchWriter();
        batch.Delete(Family.Store, TrimKey(pool, snapshot));
        _core.Commits.Apply(batch);
    }

    private static byte[] PoolKey(uint id) => Keys.Store($"{PoolPrefix}{id:x8}");

    private static byte[] TrimKey(uint pool, ulong snapshot) => Keys.Store($"{TrimPrefix}{pool:x8}/{snapshot:x16}");

    private Action Put(BatchWriter batch, PoolRecord pool)
    {
        batch.Put(Family.Store, PoolKey(pool.Id), pool.Encode());
        return () => _pools = _pools.SetItem(pool.Id, pool);
    }

    /// <summary>Prepares a batch under the map's lock, applies it, and does what follows.</summary>
    private async Task ChangeAsync(Func<BatchWriter, Action> prepare)
    {
        using Activity activity = _core.BeginActivity();
        using var batch = new BatchWriter();
        long ticket = _core.Commits.Applied;
        _core.ChangeMap(() =>
        {
            Action publish = prepare(batch);
            if (!batch.IsEmpty)
            {
                ticket = _core.Commits.Apply(batch);
            }

            publish();
        });
        await _core.Commits.WaitAsync(ticket);
    }
}
