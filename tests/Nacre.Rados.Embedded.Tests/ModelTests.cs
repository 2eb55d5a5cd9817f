using Nacre.Rados.Clusters;
using Nacre.Rados.Embedded.Worker;
using Nacre.Rados.Objects;

namespace Nacre.Rados.Embedded.Tests;

/// <summary>Random histories of one object, compared with a model that keeps whole copies: data, xattrs, omap, snapshots, overlaps, rollback.</summary>
public sealed class ModelTests
{
    private const int Operations = 150;
    private const int MaximumSize = 80_000;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(6)]
    [InlineData(7)]
    [InlineData(8)]
    public async Task A_random_history_gives_what_the_model_has(int seed)
    {
        await using TestStore store = await TestStore.CreateAsync();
        var random = new Random(seed);
        var model = new ObjectModel();
        for (int i = 0; i < Operations; i++)
        {
            await StepAsync(store, model, random);
            await VerifyAsync(store.Pool, model, $"seed {seed}, operation {i}");
            if (random.Next(60) == 0)
            {
                await store.CloseAsync();
                await store.OpenAsync();
            }
        }

        foreach (ulong snapshot in model.Snapshots.Keys.ToArray())
        {
            await store.Pool.RemoveSnapshotIdAsync(snapshot);
        }

        await store.Pool.RemoveAsync("o");
        await StoreChecks.UntilEmptyAsync(store.Store);
    }

    private static async Task StepAsync(TestStore store, ObjectModel model, Random random)
    {
        switch (random.Next(10))
        {
            case 0 when model.Snapshots.Count < 6:
                model.Take(await store.Pool.CreateSnapshotIdAsync());
                return;
            case 1 when model.Snapshots.Count > 0:
                ulong gone = model.Snapshots.Keys.ElementAt(random.Next(model.Snapshots.Count));
                await store.Pool.RemoveSnapshotIdAsync(gone);
                model.Snapshots.Remove(gone);
                return;
            case 2 when model.Snapshots.Count > 0 && random.Next(2) == 0:
                ulong back = model.Snapshots.Keys.ElementAt(random.Next(model.Snapshots.Count));
                await store.WriteAsync("o", new WriteOperation().Rollback(back), model.Context);
                model.Head = model.Snapshots[back];
                return;
            case 3 when random.Next(3) == 0 && model.Head is not null:
                await store.WriteAsync("o", new WriteOperation().Remove(), model.Context);
                model.Head = null;
                return;
            default:
                WriteOperation operation = new();
                for (int steps = random.Next(1, 4); steps > 0; steps--)
                {
                    AddStep(operation, model, random);
                }

                // Old clients without a context write to the head alone.
                await store.WriteAsync("o", operation, model.Context);
                return;
        }
    }

    private static void AddStep(WriteOperation operation, ObjectModel model, Random random)
    {
        int length = random.Next(3) == 0 ? 4096 : random.Next(1, 20_000);
        int offset = random.Next(MaximumSize - length) / (random.Next(2) == 0 ? 4096 : 1) * 1;
        byte[] data = new byte[length];
        random.NextBytes(data);
        string key = $"k{random.Next(6)}";
        ModelState state = model.Head ?? ModelState.Empty;
        switch (random.Next(9))
        {
            case 0:
                operation.WriteFull(data);
                model.Head = state with { Data = data };
                break;
            case 1:
                operation.Create(exclusive: false).Truncate((ulong)offset);
                model.Head = state with { Data = new Change { Kind = ChangeKind.Truncate, Offset = offset }.ApplyTo((byte[])state.Data.Clone()) };
                break;
            case 2:
                operation.Create(exclusive: false).Zero((ulong)offset, (ulong)length);
                model.Head = state with { Data = Zeroed(state.Data, offset, length) };
                break;
            case 3:
                operation.SetXattr(key, data[..Math.Min(8, length)]);
                model.Head = state with { Xattrs = state.Xattrs.SetItem(key, Convert.ToHexString(data[..Math.Min(8, length)])) };
                break;
            case 4:
                operation.OmapSet(new KeyValuePair<string, ReadOnlyMemory<byte>>(key, data[..1]));
                model.Head = state with { Omap = state.Omap.SetItem(key, Convert.ToHexString(data[..1])) };
                break;
            case 5:
                operation.Create(exclusive: false).OmapRemoveKeys(key);
                model.Head = state with { Omap = state.Omap.Remove(key) };
                break;
            case 6 when random.Next(4) == 0:
                operation.Create(exclusive: false).OmapClear();
                model.Head = state with { Omap = state.Omap.Clear() };
                break;
            default:
                operation.Write((ulong)offset, data);
                model.Head = state with { Data = new Change { Kind = ChangeKind.Write, Offset = offset, Data = data }.ApplyTo(state.Data) };
                break;
        }
    }

    private static byte[] Zeroed(byte[] data, int offset, int length)
    {
        if (offset >= data.Length)
        {
            return data;
        }

        if (offset + length >= data.Length)
        {
            return data[..offset];
        }

        byte[] zeroed = (byte[])data.Clone();
        zeroed.AsSpan(offset, length).Clear();
        return zeroed;
    }

    private static async Task VerifyAsync(IPool pool, ObjectModel model, string where)
    {
        await VerifyStateAsync(pool, SnapshotId.Head, model.Head, where);
        foreach ((ulong id, ModelState? state) in model.Snapshots)
        {
            await VerifyStateAsync(pool, id, state, $"{where}, snapshot {id}");
        }

        await VerifyOverlapsAsync(pool, where);
    }

    private static async Task VerifyStateAsync(IPool pool, ulong snapshot, ModelState? expected, string where)
    {
        using OperationResult result = await pool.OperateAsync(
            "o", new ReadOperation().Read(0, 0).GetXattrs().OmapGetValues("", "", 100).Stat().SparseRead(0, MaximumSize * 2), snapshot);
        if (expected is null)
        {
            Assert.True(result.ReturnCode == -Errno.ENOENT, $"{where}: {result.ReturnCode}, not ENOENT");
            return;
        }

        Assert.True(result.ReturnCode == 0, $"{where}: {result.ReturnCode}");
        Assert.True(result.Outputs[0].Data.Span.SequenceEqual(expected.Data), $"{where}: data");
        Assert.Equal(expected.Xattrs, result.Outputs[1].Values.Select(v => new KeyValuePair<string, string>(v.Key, Convert.ToHexString(v.Value.Span))));
        Assert.Equal(expected.Omap, result.Outputs[2].Values.Select(v => new KeyValuePair<string, string>(v.Key, Convert.ToHexString(v.Value.Span))));
        Assert.Equal((ulong)expected.Data.Length, result.Outputs[3].Size);
        byte[] sparse = new byte[expected.Data.Length];
        int at = 0;
        foreach (Extent extent in result.Outputs[4].Extents)
        {
            result.Outputs[4].Data.Span.Slice(at, (int)extent.Length).CopyTo(sparse.AsSpan((int)extent.Offset));
            at += (int)extent.Length;
        }

        Assert.True(sparse.AsSpan().SequenceEqual(expected.Data), $"{where}: sparse data");
    }

    /// <summary>What a clone shares with the next newer state must be equal in both.</summary>
    private static async Task VerifyOverlapsAsync(IPool pool, string where)
    {
        ObjectSnapshots listed;
        try
        {
            listed = await pool.ListSnapshotsAsync("o");
        }
        catch (RadosException exception) when (exception.Code == Errno.ENOENT)
        {
            return;
        }

        for (int i = 0; i + 1 < listed.Clones.Count; i++)
        {
            ObjectClone clone = listed.Clones[i];
            byte[]? older = await ReadCloneAsync(pool, clone);
            byte[]? newer = await ReadCloneAsync(pool, listed.Clones[i + 1]);
            if (older is null || newer is null)
            {
                continue; // Trimmed meanwhile.
            }

            Assert.Equal((ulong)older.Length, clone.Size);
            foreach (Extent same in clone.Overlap)
            {
                Assert.True(same.End <= (ulong)Math.Min(older.Length, newer.Length), $"{where}: overlap {same} beyond an end");
                Assert.True(
                    older.AsSpan((int)same.Offset, (int)same.Length).SequenceEqual(newer.AsSpan((int)same.Offset, (int)same.Length)),
                    $"{where}: overlap {same} of clone {clone.CloneId}");
            }
        }
    }

    private static ValueTask<byte[]?> ReadCloneAsync(IPool pool, ObjectClone clone) =>
        pool.ReadAsync("o", snapshotId: clone.CloneId == SnapshotId.Head ? SnapshotId.Head : clone.Snapshots[^1]);
}
