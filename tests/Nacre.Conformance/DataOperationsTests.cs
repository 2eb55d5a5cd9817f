using System.Buffers.Binary;
using Nacre.Rados;
using Nacre.Rados.Clusters;
using Nacre.Rados.Objects;

namespace Nacre.Conformance;

/// <summary>An object's bytes.</summary>
public abstract class DataOperationsTests(EngineFixture engine) : ConformanceTests(engine)
{
    [Fact]
    public async Task An_absent_object_is_ENOENT_and_no_step_has_run()
    {
        using OperationResult result = await ReadAsync("absent", new ReadOperation().Read(0, 10));
        Assert.Equal(-Errno.ENOENT, result.ReturnCode);
        Assert.Empty(result.Outputs);
        Assert.Null(await Pool.StatAsync("absent", cancellationToken: Cancellation));
    }

    [Fact]
    public async Task A_write_is_read_back_and_a_gap_reads_as_zeroes()
    {
        await MustWriteAsync("o", new WriteOperation().Write(5, Bytes("hello")));
        Assert.Equal("\0\0\0\0\0hello"u8.ToArray(), await DataAsync("o"));
        await MustWriteAsync("o", new WriteOperation().Write(7, Bytes("LL")));
        Assert.Equal("\0\0\0\0\0heLLo"u8.ToArray(), await DataAsync("o"));
    }

    [Fact]
    public async Task A_read_is_short_at_the_end_and_empty_behind_it()
    {
        await MustWriteAsync("o", new WriteOperation().WriteFull(Bytes("0123456789")));
        using OperationResult result = await ReadAsync("o", new ReadOperation().Read(8, 100).Read(10, 5).Read(50, 5).Read(4, 0).Read(2, 3));
        Assert.Equal(0, result.ReturnCode);
        Assert.Equal(["89", "", "", "456789", "234"], result.Outputs.Select(output => Text(output.Data)));
    }

    [Fact]
    public async Task Write_full_replaces_and_append_adds()
    {
        await MustWriteAsync("o", new WriteOperation().WriteFull(Bytes("a long text")));
        await MustWriteAsync("o", new WriteOperation().WriteFull(Bytes("short")));
        await MustWriteAsync("o", new WriteOperation().Append(Bytes("+more")));
        Assert.Equal("short+more", Text(await DataAsync("o")));
        await MustWriteAsync("new", new WriteOperation().Append(Bytes("first")));
        Assert.Equal("first", Text(await DataAsync("new")));
        await MustWriteAsync("o", new WriteOperation().WriteFull(default));
        Assert.Empty((await DataAsync("o"))!);
    }

    [Fact]
    public async Task Zero_neither_grows_an_object_nor_creates_one()
    {
        await MustWriteAsync("o", new WriteOperation().WriteFull(Bytes("0123456789")));
        await MustWriteAsync("o", new WriteOperation().Zero(2, 3));
        Assert.Equal("01\0\0\056789", Text(await DataAsync("o")));
        await MustWriteAsync("o", new WriteOperation().Zero(10, 100));
        Assert.Equal("01\0\0\056789", Text(await DataAsync("o")));
        Assert.Equal(0, await WriteAsync("absent", new WriteOperation().Zero(0, 100)));
        Assert.Null(await DataAsync("absent"));
    }

    [Theory]
    [InlineData(8, 2)]
    [InlineData(8, 100)]
    public async Task Zero_through_the_end_truncates(ulong offset, ulong length)
    {
        await MustWriteAsync("o", new WriteOperation().WriteFull(Bytes("0123456789")));
        await MustWriteAsync("o", new WriteOperation().Zero(offset, length));
        Assert.Equal("01234567", Text(await DataAsync("o")));
    }

    [Fact]
    public async Task Truncate_shrinks_grows_and_leaves_an_absent_object_absent()
    {
        await MustWriteAsync("o", new WriteOperation().WriteFull(Bytes("0123456789")));
        await MustWriteAsync("o", new WriteOperation().Truncate(4));
        await MustWriteAsync("o", new WriteOperation().Truncate(6));
        Assert.Equal("0123\0\0", Text(await DataAsync("o")));
        Assert.Equal(0, await WriteAsync("absent", new WriteOperation().Truncate(10)));
        Assert.Null(await DataAsync("absent"));
    }

    [Fact]
    public async Task Write_same_repeats_a_pattern_and_refuses_a_broken_multiple()
    {
        await MustWriteAsync("o", new WriteOperation().WriteSame(2, 9, Bytes("abc")));
        Assert.Equal("\0\0abcabcabc", Text(await DataAsync("o")));
        Assert.Equal(-Errno.EINVAL, await WriteAsync("o", new WriteOperation().WriteSame(0, 10, Bytes("abc"))));
    }

    [Fact]
    public async Task Exclusive_creation_is_of_something_new()
    {
        await MustWriteAsync("o", new WriteOperation().Create(exclusive: true));
        Assert.Equal(-Errno.EEXIST, await WriteAsync("o", new WriteOperation().Create(exclusive: true)));
        await MustWriteAsync("o", new WriteOperation().Create(exclusive: false));
        Assert.Empty((await DataAsync("o"))!);
    }

    [Fact]
    public async Task A_removed_object_is_gone_with_all_it_had()
    {
        await MustWriteAsync("o", new WriteOperation().Write(0, Bytes("x")).SetXattr("a", Bytes("1")).OmapSet(new KeyValuePair<string, ReadOnlyMemory<byte>>("k", Bytes("v"))));
        Assert.True(await Pool.RemoveAsync("o", cancellationToken: Cancellation));
        Assert.False(await Pool.RemoveAsync("o", cancellationToken: Cancellation));
        Assert.Equal(-Errno.ENOENT, await WriteAsync("o", new WriteOperation().Remove()));
        await MustWriteAsync("o", new WriteOperation().Create(exclusive: true));
        using OperationResult result = await ReadAsync("o", new ReadOperation().GetXattrs().OmapGetKeys("", 10));
        Assert.Empty(result.Outputs[0].Values);
        Assert.Empty(result.Outputs[1].Values);
    }

    [Fact]
    public async Task Stat_tells_size_and_time()
    {
        await MustWriteAsync("o", new WriteOperation().Write(1000, Bytes("x")));
        (ulong Size, DateTimeOffset ModifiedAt)? stat = await Pool.StatAsync("o", cancellationToken: Cancellation);
        Assert.Equal(1001ul, stat!.Value.Size);
        Assert.InRange(stat.Value.ModifiedAt, DateTimeOffset.UtcNow.AddMinutes(-5), DateTimeOffset.UtcNow.AddMinutes(5));
    }

    [Fact]
    public async Task A_compare_extent_mismatch_tells_where_and_undoes_the_operation()
    {
        await MustWriteAsync("o", new WriteOperation().WriteFull(Bytes("0123456789")));
        Assert.Equal(-(Errno.MaxErrno + 2), await WriteAsync("o", new WriteOperation().CompareExtent(3, Bytes("34x")).WriteFull(Bytes("new"))));
        Assert.Equal("0123456789", Text(await DataAsync("o")));
        await MustWriteAsync("o", new WriteOperation().CompareExtent(3, Bytes("345")).Write(0, Bytes("new")));
        Assert.Equal("new3456789", Text(await DataAsync("o")));
        Assert.Equal(-Errno.MaxErrno, await CodeOfAsync("o", new ReadOperation().CompareExtent(3, Bytes("x"))));
        Assert.Equal(0, await CodeOfAsync("o", new ReadOperation().CompareExtent(9, Bytes("9\0\0"))));
        Assert.Equal(-(Errno.MaxErrno + 2), await CodeOfAsync("o", new ReadOperation().CompareExtent(9, Bytes("9\0x"))));
    }

    [Fact]
    public async Task A_failing_step_undoes_the_ones_before_it()
    {
        await MustWriteAsync("o", new WriteOperation().WriteFull(Bytes("old")).SetXattr("a", Bytes("old")));
        int code = await WriteAsync(
            "o", new WriteOperation().WriteFull(Bytes("new")).SetXattr("a", Bytes("new")).CompareXattr("a", Comparison.Equal, Bytes("other")));
        Assert.Equal(-Errno.ECANCELED, code);
        Assert.Equal("old", Text(await DataAsync("o")));
        Assert.Equal(-Errno.EEXIST, await WriteAsync("o", new WriteOperation().Append(Bytes("!")).Create(exclusive: true)));
        Assert.Equal("old", Text(await DataAsync("o")));
    }

    [Fact]
    public async Task A_sparse_read_leaves_holes_out()
    {
        byte[] block = Pattern(65536);
        await MustWriteAsync("o", new WriteOperation().Write(0, block).Write(1 << 20, block).Truncate(4 << 20));
        using OperationResult result = await ReadAsync("o", new ReadOperation().SparseRead(0, 4 << 20));
        StepOutput output = result.Outputs[0];
        Assert.Equal([new Extent(0, 65536), new Extent(1 << 20, 65536)], output.Extents);
        Assert.Equal([.. block, .. block], output.Data.ToArray());
    }

    [Fact]
    public async Task A_sparse_read_of_part_gives_only_that_part()
    {
        byte[] block = Pattern(65536);
        await MustWriteAsync("o", new WriteOperation().Write(65536, block));
        using OperationResult result = await ReadAsync("o", new ReadOperation().SparseRead(100_000, 8192).SparseRead(0, 65536).SparseRead(1 << 20, 4096));
        Assert.Equal([new Extent(100_000, 8192)], result.Outputs[0].Extents);
        Assert.Equal(block.AsSpan(100_000 - 65536, 8192).ToArray(), result.Outputs[0].Data.ToArray());
        Assert.Empty(result.Outputs[1].Extents);
        Assert.Empty(result.Outputs[2].Extents);
    }

    [Fact]
    public async Task Checksums_are_of_each_chunk()
    {
        byte[] data = Pattern(16384);
        await MustWriteAsync("o", new WriteOperation().WriteFull(data));
        using OperationResult result = await ReadAsync("o", new ReadOperation()
            .Checksum(ChecksumType.Crc32C, uint.MaxValue, 0, 16384, 4096)
            .Checksum(ChecksumType.Crc32C, uint.MaxValue, 0, 16384, 0)
            .Checksum(ChecksumType.XxHash64, 7, 0, 16384, 8192));
        Assert.Equal(0, result.ReturnCode);
        byte[] crcs = result.Outputs[0].Data.ToArray();
        Assert.Equal(4u, BinaryPrimitives.ReadUInt32LittleEndian(crcs));
        Assert.Equal(
            Enumerable.Range(0, 4).Select(i => Crc32C(uint.MaxValue, data.AsSpan(i * 4096, 4096))),
            Enumerable.Range(0, 4).Select(i => BinaryPrimitives.ReadUInt32LittleEndian(crcs.AsSpan(4 + (i * 4)))));
        Assert.Equal(Crc32C(uint.MaxValue, data), BinaryPrimitives.ReadUInt32LittleEndian(result.Outputs[1].Data.Span[4..]));
        Assert.Equal(4 + 16, result.Outputs[2].Data.Length);
    }

    [Fact]
    public async Task Four_mebibytes_go_in_one_operation()
    {
        byte[] data = Pattern(4 << 20);
        await MustWriteAsync("o", new WriteOperation().AllocationHint(4 << 20, 4 << 20).Write(0, data));
        Assert.Equal(data, await DataAsync("o"));
    }

    [Fact]
    public async Task What_was_read_can_be_written_on_in_parts_while_the_result_is_held()
    {
        byte[] data = Pattern(1 << 20);
        await MustWriteAsync("from", new WriteOperation().WriteFull(data));
        var running = new List<Task>();
        using (OperationResult result = await ReadAsync("from", new ReadOperation().Read(0, 0).Read(4096, 200_000)))
        {
            ReadOnlyMemory<byte> all = result.Outputs[0].Data;
            running.Add(MustWriteAsync("whole", new WriteOperation().WriteFull(all)));
            running.Add(MustWriteAsync("parts", new WriteOperation().Write(10, all.Slice(100_000, 50_000)).Write(60_010, all[^1000..]).Append(result.Outputs[1].Data)));

            // Not longer: input must stay unchanged until completion, and a disposed result's memory is used for something else.
            await Task.WhenAll(running);
        }

        Assert.Equal(data, await DataAsync("whole"));
        byte[] parts = [.. new byte[10], .. data.AsSpan(100_000, 50_000), .. new byte[10_000], .. data.AsSpan(data.Length - 1000), .. data.AsSpan(4096, 200_000)];
        Assert.Equal(parts, await DataAsync("parts"));
    }

    [Fact]
    public async Task Many_steps_in_one_operation_apply_in_order()
    {
        var write = new WriteOperation();
        for (int i = 0; i < 200; i++)
        {
            write.Write((ulong)i * 3, Bytes("abcdef"));
        }

        await MustWriteAsync("o", write);
        var read = new ReadOperation();
        for (int i = 0; i < 200; i++)
        {
            read.Read((ulong)i * 3, 3);
        }

        using OperationResult result = await ReadAsync("o", read);
        Assert.All(result.Outputs, output => Assert.Equal("abc", Text(output.Data)));
    }

    [Fact]
    public async Task Writes_of_one_client_apply_in_the_order_they_were_begun()
    {
        var running = new List<Task<int>>();
        for (int i = 0; i < 100; i++)
        {
            running.Add(WriteAsync("o", new WriteOperation().Append(Bytes($"{i:D3}"))));
        }

        Assert.All(await Task.WhenAll(running), code => Assert.Equal(0, code));
        Assert.Equal(string.Concat(Enumerable.Range(0, 100).Select(i => $"{i:D3}")), Text(await DataAsync("o")));
    }

    [Fact]
    public async Task A_step_may_fail_without_failing_the_operation()
    {
        await MustWriteAsync("o", new WriteOperation().WriteFull(Bytes("data")));
        using OperationResult result = await ReadAsync("o", new ReadOperation().Add(new GetXattrStep("none") { Flags = StepFlags.FailOk }).Read(0, 4));
        Assert.Equal(0, result.ReturnCode);
        Assert.Equal(-Errno.ENODATA, result.Outputs[0].ReturnCode);
        Assert.Equal("data", Text(result.Outputs[1].Data));
    }

    [Fact]
    public async Task A_failing_read_step_ends_the_operation()
    {
        await MustWriteAsync("o", new WriteOperation().WriteFull(Bytes("data")));
        using OperationResult result = await ReadAsync("o", new ReadOperation().Read(0, 4).GetXattr("none").Read(0, 4));
        Assert.Equal(-Errno.ENODATA, result.ReturnCode);
        Assert.Equal(2, result.Outputs.Count);
        Assert.Equal(-Errno.ENODATA, result.Outputs[1].ReturnCode);
    }

    [Fact]
    public async Task Namespaces_do_not_see_each_other()
    {
        IPool other = Engine.NewNamespace();
        await MustWriteAsync("o", new WriteOperation().WriteFull(Bytes("mine")));
        Assert.Null(await other.ReadAsync("o", cancellationToken: Cancellation));
    }

    private static uint Crc32C(uint seed, ReadOnlySpan<byte> data)
    {
        uint crc = seed;
        foreach (byte value in data)
        {
            crc = System.Numerics.BitOperations.Crc32C(crc, value);
        }

        return crc;
    }
}
