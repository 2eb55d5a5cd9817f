using Nacre.Rados.ClassMethods;
using Nacre.Rados.Clusters;
using Nacre.Rados.Objects;

namespace Nacre.Rados.Embedded.Tests;

/// <summary>Ceph's limits, and class methods that do what they should not.</summary>
public sealed class LimitTests
{
    [Fact]
    public async Task What_is_too_large_or_too_long_is_refused_as_Ceph_does()
    {
        await using TestStore store = await TestStore.CreateAsync();
        Assert.Equal(-Errno.EFBIG, await CodeAsync(store, new WriteOperation().Write((128 << 20) - 1, new byte[2])));
        Assert.Equal(0, await CodeAsync(store, new WriteOperation().Write((128 << 20) - 2, new byte[2])));
        Assert.Equal(-Errno.EFBIG, await CodeAsync(store, new WriteOperation().Truncate(128 << 20)));
        Assert.Equal(-Errno.EMSGSIZE, await CodeAsync(store, new WriteOperation().WriteFull(new byte[(90 << 20) + 1])));
        Assert.Equal(-Errno.ENAMETOOLONG, await CodeAsync(store, new WriteOperation().SetXattr(new string('x', 101), default)));
        Assert.Equal(-Errno.ENAMETOOLONG, await CodeAsync(store, new WriteOperation().Create(exclusive: false), new string('o', 2049)));
        using OperationResult page = await store.Pool.OperateAsync("o", new ReadOperation().Stat().SparseRead(0, 128 << 20));
        Assert.Equal(128ul << 20, page.Outputs[0].Size);
        Assert.Single(page.Outputs[1].Extents);
    }

    [Fact]
    public async Task A_page_of_omap_is_at_most_1024_keys()
    {
        await using TestStore store = await TestStore.CreateAsync();
        await store.WriteAsync("o", new WriteOperation().OmapSet(
            [.. Enumerable.Range(0, 1100).Select(i => new KeyValuePair<string, ReadOnlyMemory<byte>>($"{i:D4}", default))]));
        using OperationResult page = await store.Pool.OperateAsync("o", new ReadOperation().OmapGetKeys("", 5000));
        Assert.Equal(1024, page.Outputs[0].Values.Count);
        Assert.True(page.Outputs[0].More);
        await store.WriteAsync("o", new WriteOperation().OmapClear());
        using OperationResult empty = await store.Pool.OperateAsync("o", new ReadOperation().OmapGetKeys("", 5000));
        Assert.Empty(empty.Outputs[0].Values);
    }

    [Fact]
    public async Task A_method_that_oversteps_its_access_or_throws_is_EIO_and_changes_nothing()
    {
        var methods = new ObjectClass("bad",
        [
            new("writes", ClassMethodAccess.Read, static (context, _, _) => context.Write(0, "x"u8)),
            new("reads", ClassMethodAccess.Write, static (context, _, _) => context.Stat(out ulong _, out DateTimeOffset _)),
            new("throws", ClassMethodAccess.Read | ClassMethodAccess.Write, static (context, _, _) =>
            {
                context.Write(0, "x"u8);
                throw new InvalidOperationException("on purpose");
            }),
        ]);
        await using TestStore store = await TestStore.CreateAsync(null, methods);
        await store.WriteAsync("o", new WriteOperation().WriteFull("data"u8.ToArray()));
        foreach (string method in new[] { "writes", "reads", "throws" })
        {
            Assert.Equal(-Errno.EIO, await CodeAsync(store, new WriteOperation().Exec("bad", method, default)));
        }

        Assert.Equal("data"u8.ToArray(), await store.Pool.ReadAsync("o"));
    }

    [Fact]
    public async Task A_removed_object_is_listed_as_long_as_it_has_clones()
    {
        await using TestStore store = await TestStore.CreateAsync();
        ulong snapshot = await store.Pool.CreateSnapshotIdAsync();
        Assert.Equal(2ul, snapshot);
        await store.WriteAsync("o", new WriteOperation().Create(exclusive: true));
        ulong second = await store.Pool.CreateSnapshotIdAsync();
        await store.WriteAsync("o", new WriteOperation().Remove(), new SnapshotContext(second, [second]));
        Assert.Equal(["o"], await NamesAsync(store));
        await store.Pool.RemoveSnapshotIdAsync(second);
        await StoreChecks.UntilAsync(() => store.Store.Pools.TrimQueue().Count == 0, "trimmed");
        Assert.Empty(await NamesAsync(store));
        Assert.Equal(5ul, await store.Pool.CreateSnapshotIdAsync());
        Assert.Equal(Errno.ENOENT, (await Assert.ThrowsAsync<RadosException>(() => store.Pool.RemoveSnapshotIdAsync(99))).Code);
        await store.Pool.RemoveSnapshotIdAsync(second);
    }

    private static async Task<int> CodeAsync(TestStore store, WriteOperation operation, string name = "o")
    {
        using OperationResult result = await store.Pool.OperateAsync(name, operation);
        return result.ReturnCode;
    }

    private static async Task<List<string>> NamesAsync(TestStore store)
    {
        var names = new List<string>();
        await foreach (string name in store.Pool.ListObjectsAsync())
        {
            names.Add(name);
        }

        return names;
    }
}
