using Nacre.Rados;
using Nacre.Rados.Clusters;
using Nacre.Rados.Objects;

namespace Nacre.Conformance;

/// <summary>Xattrs and omap.</summary>
public abstract class MetadataTests(EngineFixture engine) : ConformanceTests(engine)
{
    [Fact]
    public async Task Xattrs_are_set_read_listed_and_removed()
    {
        await MustWriteAsync("o", new WriteOperation().SetXattr("b", Bytes("2")).SetXattr("a", Bytes("1")).SetXattr("empty", default));
        using (OperationResult result = await ReadAsync("o", new ReadOperation().GetXattr("a").GetXattrs()))
        {
            Assert.Equal("1", Text(result.Outputs[0].Data));
            Assert.Equal([("a", "1"), ("b", "2"), ("empty", "")], result.Outputs[1].Values.Select(v => (v.Key, Text(v.Value))));
        }

        await MustWriteAsync("o", new WriteOperation().RemoveXattr("a").SetXattr("b", Bytes("two")));
        Assert.Equal(-Errno.ENODATA, await CodeOfAsync("o", new ReadOperation().GetXattr("a")));
        using OperationResult after = await ReadAsync("o", new ReadOperation().GetXattrs());
        Assert.Equal([("b", "two"), ("empty", "")], after.Outputs[0].Values.Select(v => (v.Key, Text(v.Value))));
    }

    [Fact]
    public async Task Setting_an_xattr_or_omap_value_creates_the_object()
    {
        await MustWriteAsync("x", new WriteOperation().SetXattr("a", Bytes("1")));
        await MustWriteAsync("m", new WriteOperation().OmapSet(Pair("k", "v")));
        Assert.Empty((await DataAsync("x"))!);
        Assert.Empty((await DataAsync("m"))!);
    }

    [Fact]
    public async Task Omap_is_in_byte_order_and_paged()
    {
        string[] keys = ["a", "B", "é", "a\u0001", "z", "aa", "0"];
        await MustWriteAsync("o", new WriteOperation().OmapSet([.. keys.Select(key => Pair(key, "v" + key))]));
        string[] sorted = ["0", "B", "a", "a\u0001", "aa", "z", "é"];
        var seen = new List<string>();
        string after = "";
        for (bool more = true; more;)
        {
            using OperationResult page = await ReadAsync("o", new ReadOperation().OmapGetValues(after, "", 2));
            Assert.Equal(0, page.ReturnCode);
            Assert.InRange(page.Outputs[0].Values.Count, 1, 2);
            Assert.All(page.Outputs[0].Values, v => Assert.Equal("v" + v.Key, Text(v.Value)));
            seen.AddRange(page.Outputs[0].Values.Select(v => v.Key));
            after = seen[^1];
            more = page.Outputs[0].More;
        }

        Assert.Equal(sorted, seen);
        using OperationResult listed = await ReadAsync("o", new ReadOperation().OmapGetKeys("a", 3).OmapGetKeys("aa", 100));
        Assert.Equal(["a\u0001", "aa", "z"], listed.Outputs[0].Values.Select(v => v.Key));
        Assert.True(listed.Outputs[0].More);
        Assert.Equal(["z", "é"], listed.Outputs[1].Values.Select(v => v.Key));
        Assert.False(listed.Outputs[1].More);
    }

    [Fact]
    public async Task Omap_values_can_be_limited_to_a_prefix()
    {
        await MustWriteAsync("o", new WriteOperation().OmapSet(Pair("a_1", "1"), Pair("b_1", "2"), Pair("b_2", "3"), Pair("b_3", "4"), Pair("c_1", "5")));
        using OperationResult result = await ReadAsync("o", new ReadOperation().OmapGetValues("", "b_", 2).OmapGetValues("b_2", "b_", 10));
        Assert.Equal(["b_1", "b_2"], result.Outputs[0].Values.Select(v => v.Key));
        Assert.True(result.Outputs[0].More);
        Assert.Equal(["b_3"], result.Outputs[1].Values.Select(v => v.Key));
        Assert.False(result.Outputs[1].More);
        var all = new List<string>();
        await foreach (KeyValuePair<string, byte[]> entry in Pool.OmapAsync("o", "b_", Cancellation))
        {
            all.Add(entry.Key);
        }

        Assert.Equal(["b_1", "b_2", "b_3"], all);
    }

    [Fact]
    public async Task Omap_values_by_key_leave_out_what_is_not_there()
    {
        await MustWriteAsync("o", new WriteOperation().OmapSet(Pair("a", "1"), Pair("b", ""), Pair("c", "3")));
        using OperationResult result = await ReadAsync("o", new ReadOperation().OmapGetValuesByKeys("c", "none", "b"));
        Assert.Equal([("b", ""), ("c", "3")], result.Outputs[0].Values.Select(v => (v.Key, Text(v.Value))));
    }

    [Fact]
    public async Task Omap_keys_are_replaced_removed_and_cleared()
    {
        await MustWriteAsync("o", new WriteOperation().OmapSet(Pair("a", "1"), Pair("b", "2"), Pair("c", "3")));
        await MustWriteAsync("o", new WriteOperation().OmapSet(Pair("b", "two")).OmapRemoveKeys("a", "none"));
        using (OperationResult result = await ReadAsync("o", new ReadOperation().OmapGetValues("", "", 10)))
        {
            Assert.Equal([("b", "two"), ("c", "3")], result.Outputs[0].Values.Select(v => (v.Key, Text(v.Value))));
        }

        await MustWriteAsync("o", new WriteOperation().OmapClear().OmapSet(Pair("d", "4")));
        using OperationResult cleared = await ReadAsync("o", new ReadOperation().OmapGetValues("", "", 10));
        Assert.Equal(["d"], cleared.Outputs[0].Values.Select(v => v.Key));
    }

    [Fact]
    public async Task Omap_of_an_absent_object_is_ENOENT()
    {
        Assert.Equal(-Errno.ENOENT, await CodeOfAsync("absent", new ReadOperation().OmapGetValues("", "", 10)));
        Assert.Equal(-Errno.ENOENT, await CodeOfAsync("absent", new ReadOperation().GetXattrs()));
        Assert.Equal(-Errno.ENOENT, await WriteAsync("absent", new WriteOperation().OmapRemoveKeys("k")));
        Assert.Equal(-Errno.ENOENT, await WriteAsync("absent", new WriteOperation().OmapClear()));
        Assert.Equal(-Errno.ENOENT, await WriteAsync("absent", new WriteOperation().RemoveXattr("k")));
    }

    [Fact]
    public async Task Omap_holds_thousands_of_keys()
    {
        await MustWriteAsync("o", new WriteOperation().OmapSet([.. Enumerable.Range(0, 3000).Select(i => Pair($"key{i:D5}", $"{i}"))]));
        int count = 0;
        await foreach (KeyValuePair<string, byte[]> entry in Pool.OmapAsync("o", cancellationToken: Cancellation))
        {
            Assert.Equal(($"key{count:D5}", $"{count}"), (entry.Key, Text(entry.Value)));
            count++;
        }

        Assert.Equal(3000, count);
    }

    private static KeyValuePair<string, ReadOnlyMemory<byte>> Pair(string key, string value) => new(key, Bytes(value));
}
