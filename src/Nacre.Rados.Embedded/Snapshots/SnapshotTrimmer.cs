using System.Collections.Immutable;
using Microsoft.Extensions.Logging;
using Nacre.Rados.Embedded.Objects;
using Nacre.Rados.Embedded.Pools;
using Nacre.Rados.Embedded.Storage;

namespace Nacre.Rados.Embedded.Snapshots;

/// <summary>
/// Removes in the background what only removed snapshots preserved, object by object, each in one batch; the index of clones by snapshot says
/// what is left, so that it goes on where it was after a kill (PrimaryLogPG::trim_object).
/// </summary>
internal sealed class SnapshotTrimmer : IAsyncDisposable
{
    private const int PageSize = 64;
    private readonly StoreCore _core;
    private readonly PoolTable _pools;
    private readonly SemaphoreSlim _signal = new(1);
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _loop;

    public SnapshotTrimmer(StoreCore core, PoolTable pools)
    {
        _core = core;
        _pools = pools;
        _loop = Task.Run(RunAsync);
    }

    /// <summary>There may be something to trim.</summary>
    public void Signal() => _signal.Release();

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _loop;
        _stop.Dispose();
    }

    private async Task RunAsync()
    {
        try
        {
            while (true)
            {
                await _signal.WaitAsync(_stop.Token);
                while (_pools.TryTakeDeleted(out uint deleted))
                {
                    _core.Database.Reclaim(Keys.Pool(deleted), Keys.Pool(deleted + 1));
                }

                foreach ((uint pool, ulong snapshot) in _pools.TrimQueue())
                {
                    await TrimAsync(pool, snapshot);
                }
            }
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
        }
        catch (RadosException exception)
        {
            _core.Logger.LogError(exception, "trimming of removed snapshots stopped; it goes on when the store is opened again");
        }
    }

    private async Task TrimAsync(uint pool, ulong snapshot)
    {
        byte[] from = Keys.SnapshotIndexPrefix(pool, snapshot);
        while (true)
        {
            (IReadOnlyList<ObjectKey> page, byte[]? next) = NextPage(pool, snapshot, from);
            foreach (ObjectKey key in page)
            {
                await TrimObjectAsync(key, snapshot);
            }

            if (next is null)
            {
                break;
            }

            from = next;
        }

        if (_pools.Find(pool) is not null)
        {
            _pools.EndTrim(pool, snapshot);
        }
    }

    private (IReadOnlyList<ObjectKey> Page, byte[]? Next) NextPage(uint pool, ulong snapshot, byte[] from)
    {
        byte[] prefix = Keys.SnapshotIndexPrefix(pool, snapshot);
        var page = new List<ObjectKey>();
        using RocksDatabase.Cursor cursor = _core.Database.Seek(Family.Objects, from);
        for (; cursor.IsValid && cursor.Key.StartsWith(prefix); cursor.Next())
        {
            if (page.Count == PageSize)
            {
                return (page, cursor.Key.ToArray());
            }

            page.Add(Keys.ParseSnapshotIndex(cursor.Key));
        }

        return (page, null);
    }

    private async Task TrimObjectAsync(ObjectKey key, ulong snapshot)
    {
        ObjectContext context = _core.Objects.Acquire(key);
        try
        {
            await context.Lock.EnterAsync(exclusive: true, _stop.Token);
            try
            {
                Trim(context, snapshot);
            }
            catch (RadosException exception)
            {
                // A damaged object must not keep all others from being trimmed; its index entry stays.
                context.Invalidate();
                _core.Logger.LogError(exception, "snapshot {Snapshot} of object {Object} could not be trimmed", snapshot, key);
            }
            finally
            {
                context.Lock.Exit(exclusive: true);
            }
        }
        finally
        {
            _core.Objects.Release(context);
        }
    }

    private void Trim(ObjectContext context, ulong snapshot)
    {
        using var batch = new BatchWriter();
        _core.Map.EnterReadLock();
        try
        {
            if (_pools.Find(context.Key.Pool) is null)
            {
                return;
            }

            batch.Delete(Family.Objects, Keys.SnapshotIndex(snapshot, context.Key));
            ObjectRecord? record = context.Load(_core.Database, _core.Commits);
            int at = record is null ? -1 : IndexOf(record.Clones, snapshot);
            if (at >= 0)
            {
                CloneRecord clone = record!.Clones[at];
                ImmutableArray<ulong> left = clone.Snapshots.Remove(snapshot);
                record = left.IsEmpty
                    ? RemoveClone(batch, context, record, at)
                    : record with { Clones = record.Clones.SetItem(at, clone with { Snapshots = left }) };
                if (record is null)
                {
                    batch.Delete(Family.Objects, Keys.Head(context.Key));
                }
                else
                {
                    ObjectTransaction.PutRecord(batch, context.Key, record);
                }
            }

            long ticket = _core.Commits.Apply(batch);
            context.ForgetClones();
            context.Replace(record, ticket);
        }
        finally
        {
            _core.Map.ExitReadLock();
        }
    }

    private static int IndexOf(ImmutableArray<CloneRecord> clones, ulong snapshot)
    {
        for (int i = 0; i < clones.Length; i++)
        {
            if (clones[i].Snapshots.Contains(snapshot))
            {
                return i;
            }
        }

        return -1;
    }

    /// <summary>Removes a clone with the blocks and the omap that no other state has. Null where nothing of the object is left.</summary>
    private ObjectRecord? RemoveClone(BatchWriter batch, ObjectContext context, ObjectRecord record, int at)
    {
        CloneRecord clone = record.Clones[at];
        ObjectState gone = context.LoadClone(_core.Database, record.Number, clone.Id);
        List<ObjectState> clones =
            [.. record.Clones.Where(other => other.Id != clone.Id).Select(other => context.LoadClone(_core.Database, record.Number, other.Id))];
        List<BlockMap> maps = [.. clones.Select(state => state.Blocks)];
        DeleteBlocks(batch, context.Key.Pool, record.Number, gone.Blocks, [record.Head.Blocks, .. maps]);
        bool omapIsInClone = clones.Any(state => state.OmapNumber == record.Head.OmapNumber);
        if (gone.OmapNumber != 0 && gone.OmapNumber != record.Head.OmapNumber && clones.All(state => state.OmapNumber != gone.OmapNumber))
        {
            ObjectTransaction.DeleteOmap(_core.Database, batch, context.Key.Pool, gone.OmapNumber);
        }

        batch.Delete(Family.Objects, Keys.Clone(context.Key.Pool, record.Number, clone.Id));
        ImmutableArray<CloneRecord> left = record.Clones;
        if (at > 0)
        {
            CloneRecord older = left[at - 1];
            left = left.SetItem(at - 1, older with { Overlap = older.Overlap.Intersect(clone.Overlap) });
        }

        left = left.RemoveAt(at);
        if (left.IsEmpty && !record.Exists)
        {
            return null;
        }

        return record with
        {
            Clones = left,
            Head = record.Head with
            {
                Blocks = record.Head.Blocks.SharedWith(maps),
                OmapIsShared = record.Head.OmapNumber != 0 && omapIsInClone,
            },
        };
    }

    private static void DeleteBlocks(BatchWriter batch, uint pool, ulong number, BlockMap gone, IReadOnlyList<BlockMap> kept)
    {
        Span<byte> key = stackalloc byte[Keys.BlockKeyLength];
        for (uint block = 0; block < gone.Count; block++)
        {
            if (gone.Holds(block) && !BlockMap.IsIn(kept, block, gone.Epoch(block)))
            {
                Keys.Block(key, pool, number, gone.Epoch(block), block);
                batch.Delete(Family.Data, key);
            }
        }
    }
}
