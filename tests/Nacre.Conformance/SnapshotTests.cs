using Nacre.Rados;
using Nacre.Rados.Clusters;
using Nacre.Rados.Objects;

namespace Nacre.Conformance;

/// <summary>Self-managed snapshots: copy on write, reads at a snapshot, <c>list_snaps</c>, trimming, rollback.</summary>
public abstract class SnapshotTests(EngineFixture engine) : ConformanceTests(engine)
{
    [Fact]
    public async Task Snapshot_ids_grow()
    {
        ulong first = await Pool.CreateSnapshotIdAsync(Cancellation);
        ulong second = await Pool.CreateSnapshotIdAsync(Cancellation);
        Assert.True(second > first);
        Assert.True(first > 0);
    }

    [Fact]
    public async Task A_snapshot_keeps_data_xattrs_and_omap_as_they_were()
    {
        await MustWriteAsync("o", new WriteOperation().WriteFull(Bytes("old")).SetXattr("a", Bytes("old")).OmapSet(Pair("k", "old")));
        SnapshotContext context = await SnapAsync();
        await MustWriteAsync("o", new WriteOperation().WriteFull(Bytes("new data")).SetXattr("a", Bytes("new")).OmapSet(Pair("k", "new")), context);
        using OperationResult old = await ReadAsync("o", new ReadOperation().Read(0, 0).GetXattr("a").OmapGetValues("", "", 10).Stat(), context.Sequence);
        Assert.Equal("old", Text(old.Outputs[0].Data));
        Assert.Equal("old", Text(old.Outputs[1].Data));
        Assert.Equal("old", Text(old.Outputs[2].Values[0].Value));
        Assert.Equal(3ul, old.Outputs[3].Size);
        Assert.Equal("new data", Text(await DataAsync("o")));
    }

    [Fact]
    public async Task An_object_made_after_a_snapshot_is_absent_at_it()
    {
        SnapshotContext context = await SnapAsync();
        await MustWriteAsync("o", new WriteOperation().WriteFull(Bytes("x")), context);
        Assert.Null(await DataAsync("o", context.Sequence));
        ObjectSnapshots listed = await Pool.ListSnapshotsAsync("o", Cancellation);
        Assert.Equal(context.Sequence, listed.Sequence);
        ObjectClone head = Assert.Single(listed.Clones);
        Assert.Equal((SnapshotId.Head, 1ul), (head.CloneId, head.Size));
        Assert.Empty(head.Snapshots);
    }

    [Fact]
    public async Task A_snapshot_without_a_write_reads_the_head()
    {
        await MustWriteAsync("o", new WriteOperation().WriteFull(Bytes("same")));
        SnapshotContext context = await SnapAsync();
        Assert.Equal("same", Text(await DataAsync("o", context.Sequence)));
    }

    [Fact]
    public async Task A_removed_object_lives_on_in_its_snapshots()
    {
        await MustWriteAsync("o", new WriteOperation().WriteFull(Bytes("kept")));
        SnapshotContext context = await SnapAsync();
        await MustWriteAsync("o", new WriteOperation().Remove(), context);
        Assert.Null(await DataAsync("o"));
        Assert.Equal("kept", Text(await DataAsync("o", context.Sequence)));
        ObjectSnapshots listed = await Pool.ListSnapshotsAsync("o", Cancellation);
        ObjectClone clone = Assert.Single(listed.Clones);
        Assert.Equal((context.Sequence, 4ul), (clone.CloneId, clone.Size));
        Assert.Equal([context.Sequence], clone.Snapshots);
        Assert.Equal(-Errno.ENOENT, await WriteAsync("o", new WriteOperation().Remove(), context));
    }

    [Fact]
    public async Task List_snaps_tells_clones_with_sizes_and_what_they_share()
    {
        byte[] data = Pattern(64 * 1024);
        await MustWriteAsync("o", new WriteOperation().WriteFull(data));
        SnapshotContext first = await SnapAsync();
        await MustWriteAsync("o", new WriteOperation().Write(8192, Pattern(4096, 2)), first);
        SnapshotContext second = await SnapAsync(first);
        SnapshotContext third = await SnapAsync(second);
        await MustWriteAsync("o", new WriteOperation().Zero(32768, 4096).Truncate(49152), third);
        ObjectSnapshots listed = await Pool.ListSnapshotsAsync("o", Cancellation);
        Assert.Equal(third.Sequence, listed.Sequence);
        Assert.Equal([first.Sequence, third.Sequence, SnapshotId.Head], listed.Clones.Select(c => c.CloneId));
        Assert.Equal([first.Sequence], listed.Clones[0].Snapshots);
        Assert.Equal([second.Sequence, third.Sequence], listed.Clones[1].Snapshots);
        Assert.Equal([65536ul, 65536ul, 49152ul], listed.Clones.Select(c => c.Size));
        Assert.Equal([new Extent(0, 8192), new Extent(12288, 65536 - 12288)], listed.Clones[0].Overlap);
        Assert.Equal([new Extent(0, 32768), new Extent(36864, 49152 - 36864)], listed.Clones[1].Overlap);
    }

    [Fact]
    public async Task Growing_an_object_shares_all_that_was_before()
    {
        await MustWriteAsync("o", new WriteOperation().WriteFull(Pattern(4096)));
        SnapshotContext context = await SnapAsync();
        await MustWriteAsync("o", new WriteOperation().Write(8192, Pattern(4096)), context);
        ObjectSnapshots listed = await Pool.ListSnapshotsAsync("o", Cancellation);
        Assert.Equal([new Extent(0, 4096)], listed.Clones[0].Overlap);
        Assert.Equal([4096ul, 12288ul], listed.Clones.Select(c => c.Size));
    }

    [Fact]
    public async Task Write_full_shares_nothing()
    {
        await MustWriteAsync("o", new WriteOperation().WriteFull(Pattern(8192)));
        SnapshotContext context = await SnapAsync();
        await MustWriteAsync("o", new WriteOperation().WriteFull(Pattern(4096)), context);
        ObjectSnapshots listed = await Pool.ListSnapshotsAsync("o", Cancellation);
        Assert.Empty(listed.Clones[0].Overlap);
    }

    [Fact]
    public async Task A_write_of_only_metadata_preserves_the_object_and_shares_its_data()
    {
        await MustWriteAsync("o", new WriteOperation().WriteFull(Pattern(8192)).SetXattr("a", Bytes("1")));
        SnapshotContext context = await SnapAsync();
        await MustWriteAsync("o", new WriteOperation().SetXattr("a", Bytes("2")), context);
        ObjectSnapshots listed = await Pool.ListSnapshotsAsync("o", Cancellation);
        Assert.Equal([context.Sequence, SnapshotId.Head], listed.Clones.Select(c => c.CloneId));
        Assert.Equal([new Extent(0, 8192)], listed.Clones[0].Overlap);
    }

    [Fact]
    public async Task A_write_without_context_after_a_snapshot_changes_the_head_alone()
    {
        await MustWriteAsync("o", new WriteOperation().WriteFull(Bytes("1111")));
        SnapshotContext context = await SnapAsync();
        await MustWriteAsync("o", new WriteOperation().WriteFull(Bytes("2222")), context);
        await MustWriteAsync("o", new WriteOperation().WriteFull(Bytes("3333")));
        Assert.Equal("1111", Text(await DataAsync("o", context.Sequence)));
        Assert.Equal("3333", Text(await DataAsync("o")));
        Assert.Equal(2, (await Pool.ListSnapshotsAsync("o", Cancellation)).Clones.Count);
    }

    [Fact]
    public async Task An_object_with_neither_head_nor_snapshots_has_no_list()
    {
        RadosException exception = await Assert.ThrowsAsync<RadosException>(() => Pool.ListSnapshotsAsync("absent", Cancellation));
        Assert.Equal(Errno.ENOENT, exception.Code);
    }

    [Fact]
    public async Task An_invalid_context_is_refused()
    {
        Assert.Equal(-Errno.EINVAL, await WriteAsync("o", new WriteOperation().Create(true), new SnapshotContext(5, [3, 4])));
        Assert.Equal(-Errno.EINVAL, await WriteAsync("o", new WriteOperation().Create(true), new SnapshotContext(5, [6])));
    }

    [Fact]
    public async Task A_removed_snapshot_is_trimmed()
    {
        await MustWriteAsync("o", new WriteOperation().WriteFull(Pattern(8192)));
        SnapshotContext first = await SnapAsync();
        await MustWriteAsync("o", new WriteOperation().Write(0, Pattern(4096, 2)), first);
        SnapshotContext second = await SnapAsync(first);
        await MustWriteAsync("o", new WriteOperation().Write(4096, Pattern(4096, 3)), second);
        await Pool.RemoveSnapshotIdAsync(first.Sequence, Cancellation);
        ObjectSnapshots listed = await ListUntilAsync("o", snapshots => snapshots.Clones.Count == 2);
        Assert.Equal([second.Sequence, SnapshotId.Head], listed.Clones.Select(c => c.CloneId));
        Assert.Equal([new Extent(0, 4096)], listed.Clones[0].Overlap);
        await Pool.RemoveSnapshotIdAsync(second.Sequence, Cancellation);
        await ListUntilAsync("o", snapshots => snapshots.Clones.Count == 1);
        Assert.NotNull(await DataAsync("o"));
    }

    [Fact]
    public async Task Trimming_a_newer_clone_leaves_the_older_with_what_both_changed()
    {
        await MustWriteAsync("o", new WriteOperation().WriteFull(Pattern(16384)));
        SnapshotContext first = await SnapAsync();
        await MustWriteAsync("o", new WriteOperation().Write(0, Pattern(4096, 2)), first);
        SnapshotContext second = await SnapAsync(first);
        await MustWriteAsync("o", new WriteOperation().Write(8192, Pattern(4096, 3)), second);
        await Pool.RemoveSnapshotIdAsync(second.Sequence, Cancellation);
        ObjectSnapshots listed = await ListUntilAsync("o", snapshots => snapshots.Clones.Count == 2);
        Assert.Equal([first.Sequence, SnapshotId.Head], listed.Clones.Select(c => c.CloneId));
        Assert.Equal([new Extent(4096, 4096), new Extent(12288, 4096)], listed.Clones[0].Overlap);
        Assert.Equal(Pattern(16384), await DataAsync("o", first.Sequence));
    }

    [Fact]
    public async Task Removing_a_snapshot_again_changes_nothing()
    {
        await MustWriteAsync("o", new WriteOperation().WriteFull(Bytes("old")));
        SnapshotContext first = await SnapAsync();
        SnapshotContext second = await SnapAsync(first);
        await MustWriteAsync("o", new WriteOperation().WriteFull(Bytes("new")), second);
        for (int i = 0; i < 2; i++)
        {
            try
            {
                await Pool.RemoveSnapshotIdAsync(first.Sequence, Cancellation);
            }
            catch (RadosException exception) when (exception.Code == Errno.ENOENT && i == 1)
            {
                // By the contract either is right.
            }
        }

        Assert.Equal("old", Text(await DataAsync("o", second.Sequence)));
        ObjectSnapshots listed = await ListUntilAsync("o", snapshots => snapshots.Clones[0].Snapshots.Count == 1);
        Assert.Equal([second.Sequence], listed.Clones[0].Snapshots);
    }

    [Fact]
    public async Task The_last_snapshot_of_a_removed_object_takes_it_away()
    {
        await MustWriteAsync("o", new WriteOperation().WriteFull(Bytes("x")));
        SnapshotContext context = await SnapAsync();
        await MustWriteAsync("o", new WriteOperation().Remove(), context);
        await Pool.RemoveSnapshotIdAsync(context.Sequence, Cancellation);
        await UntilAsync(
            async () =>
            {
                try
                {
                    return (await Pool.ListSnapshotsAsync("o", Cancellation)).Clones.Count == 0;
                }
                catch (RadosException exception) when (exception.Code == Errno.ENOENT)
                {
                    return true;
                }
            },
            "the object is gone");
    }

    [Fact]
    public async Task Rollback_brings_back_data_xattrs_and_omap()
    {
        byte[] old = Pattern(8192);
        await MustWriteAsync("o", new WriteOperation().WriteFull(old).SetXattr("a", Bytes("old")).OmapSet(Pair("k", "old")));
        SnapshotContext context = await SnapAsync();
        await MustWriteAsync("o", new WriteOperation().WriteFull(Bytes("new")).SetXattr("a", Bytes("new")).SetXattr("b", Bytes("new")).OmapSet(Pair("k2", "new")), context);
        await MustWriteAsync("o", new WriteOperation().Rollback(context.Sequence), context);
        using OperationResult result = await ReadAsync("o", new ReadOperation().Read(0, 0).GetXattrs().OmapGetValues("", "", 10));
        Assert.Equal(old, result.Outputs[0].Data.ToArray());
        Assert.Equal([("a", "old")], result.Outputs[1].Values.Select(v => (v.Key, Text(v.Value))));
        Assert.Equal([("k", "old")], result.Outputs[2].Values.Select(v => (v.Key, Text(v.Value))));
    }

    [Fact]
    public async Task Rollback_to_before_an_object_was_made_removes_it()
    {
        SnapshotContext context = await SnapAsync();
        await MustWriteAsync("o", new WriteOperation().WriteFull(Bytes("x")), context);
        await MustWriteAsync("o", new WriteOperation().Rollback(context.Sequence), context);
        Assert.Null(await DataAsync("o"));
    }

    [Fact]
    public async Task Rollback_brings_a_removed_object_back()
    {
        await MustWriteAsync("o", new WriteOperation().WriteFull(Bytes("x")));
        SnapshotContext context = await SnapAsync();
        await MustWriteAsync("o", new WriteOperation().Remove(), context);
        await MustWriteAsync("o", new WriteOperation().Rollback(context.Sequence), context);
        Assert.Equal("x", Text(await DataAsync("o")));
    }

    [Fact]
    public async Task Reads_at_snapshots_and_the_head_do_not_disturb_each_other()
    {
        await MustWriteAsync("o", new WriteOperation().WriteFull(Bytes("old")));
        SnapshotContext context = await SnapAsync();
        await MustWriteAsync("o", new WriteOperation().WriteFull(Bytes("new")), context);
        var reads = new List<Task<byte[]?>>();
        for (int i = 0; i < 200; i++)
        {
            reads.Add(DataAsync("o", i % 2 == 0 ? SnapshotId.Head : context.Sequence));
        }

        byte[]?[] results = await Task.WhenAll(reads);
        for (int i = 0; i < results.Length; i++)
        {
            Assert.Equal(i % 2 == 0 ? "new" : "old", Text(results[i]));
        }
    }

    /// <summary>Makes a snapshot on top of those of a context.</summary>
    protected async Task<SnapshotContext> SnapAsync(SnapshotContext? before = null)
    {
        ulong id = await Pool.CreateSnapshotIdAsync(Cancellation);
        return new SnapshotContext(id, [id, .. before?.Snapshots ?? []]);
    }

    private async Task<ObjectSnapshots> ListUntilAsync(string name, Func<ObjectSnapshots, bool> condition)
    {
        ObjectSnapshots? seen = null;
        await UntilAsync(async () => condition(seen = await Pool.ListSnapshotsAsync(name, Cancellation)), "trimmed");
        return seen!;
    }

    private static async Task UntilAsync(Func<Task<bool>> condition, string what)
    {
        long start = Environment.TickCount64;
        while (!await condition())
        {
            Assert.True(Environment.TickCount64 - start < 90_000, $"not within 90 s: {what}");
            await Task.Delay(50, Cancellation);
        }
    }

    private static KeyValuePair<string, ReadOnlyMemory<byte>> Pair(string key, string value) => new(key, Bytes(value));
}
