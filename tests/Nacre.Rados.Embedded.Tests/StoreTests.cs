using Microsoft.Extensions.Time.Testing;
using Nacre.Rados.Clusters;
using Nacre.Rados.Configuration;
using Nacre.Rados.Embedded.Storage;
using Nacre.Rados.Objects;
using Nacre.Rados.Watching;

namespace Nacre.Rados.Embedded.Tests;

/// <summary>The store as a whole: opening, what outlives it, damage, blocklist.</summary>
public sealed class StoreTests
{
    [Fact]
    public async Task A_store_that_is_open_cannot_be_opened_again()
    {
        await using TestStore store = await TestStore.CreateAsync();
        RadosException exception = await Assert.ThrowsAsync<RadosException>(() => EmbeddedStore.OpenAsync(store.Path, new EmbeddedStoreOptions()));
        Assert.Equal(Errno.EBUSY, exception.Code);
    }

    [Fact]
    public async Task A_store_that_is_not_there_is_ENOENT()
    {
        using var directory = new TemporaryDirectory();
        RadosException exception = await Assert.ThrowsAsync<RadosException>(
            () => EmbeddedStore.OpenAsync(Path.Combine(directory.Path, "none"), new EmbeddedStoreOptions { CreateIfMissing = false }));
        Assert.Equal(Errno.ENOENT, exception.Code);
        Assert.False(Directory.Exists(Path.Combine(directory.Path, "none")));
    }

    [Fact]
    public async Task Another_format_is_refused()
    {
        using var directory = new TemporaryDirectory();
        using (RocksDatabase database = RocksDatabase.Open(directory.Path, createIfMissing: true, 1 << 20))
        {
            using var batch = new BatchWriter();
            batch.Put(Family.Store, Keys.Store("format"), Keys.Store("nacre-embedded 2"));
            database.Write(batch);
            database.Sync();
        }

        RadosException exception = await Assert.ThrowsAsync<RadosException>(() => EmbeddedStore.OpenAsync(directory.Path, new EmbeddedStoreOptions()));
        Assert.Equal(Errno.EINVAL, exception.Code);
        Assert.Contains("nacre-embedded 2", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_was_stored_is_there_after_opening_again()
    {
        await using TestStore store = await TestStore.CreateAsync();
        string fsid = store.Store.Fsid;
        (ulong id, string address, long pool) = (store.Session.InstanceId, store.Session.Address, store.Pool.Id);
        await store.WriteAsync("o", new WriteOperation().WriteFull("data"u8.ToArray()).SetXattr("a", "1"u8.ToArray()));
        await store.Store.Metadata.ApplyAsync([new("user/b", [2]), new("user/a", [1]), new("other", [3])]);
        await store.Session.CreatePoolAsync("doomed");
        long doomed = (await store.Session.OpenPoolAsync("doomed")).Id;
        await store.Session.DeletePoolAsync("doomed");
        await store.CloseAsync();
        await store.OpenAsync();
        Assert.Equal(fsid, store.Store.Fsid);
        Assert.True(store.Session.InstanceId > id);
        Assert.NotEqual(address, store.Session.Address);
        Assert.Equal(pool, store.Pool.Id);
        Assert.Equal("data"u8.ToArray(), await store.Pool.ReadAsync("o"));
        Assert.Equal(["user/a", "user/b"], store.Store.Metadata.List("user/").Select(entry => entry.Key));
        await store.Store.Metadata.ApplyAsync([new("user/b", null)]);
        Assert.Null(store.Store.Metadata.Get("user/b"));
        Assert.Equal([1], store.Store.Metadata.Get("user/a")!);
        await store.Session.CreatePoolAsync("next");
        Assert.True((await store.Session.OpenPoolAsync("next")).Id > doomed);
    }

    [Fact]
    public async Task A_deleted_pool_leaves_nothing()
    {
        await using TestStore store = await TestStore.CreateAsync();
        ulong snapshot = await store.Pool.CreateSnapshotIdAsync();
        for (int i = 0; i < 10; i++)
        {
            await store.WriteAsync($"o{i}", new WriteOperation().WriteFull(new byte[10_000]).OmapSet(new KeyValuePair<string, ReadOnlyMemory<byte>>("k", default)));
            await store.WriteAsync($"o{i}", new WriteOperation().Write(0, new byte[10]), new SnapshotContext(snapshot, [snapshot]));
        }

        IPool pool = store.Pool;
        await store.Session.DeletePoolAsync("pool");
        await StoreChecks.UntilEmptyAsync(store.Store);
        using OperationResult result = await pool.OperateAsync("o1", new WriteOperation().Create(exclusive: false));
        Assert.Equal(-Errno.ENOENT, result.ReturnCode);
        await store.Session.CreatePoolAsync("pool");
        await store.CloseAsync();
        await store.OpenAsync();
    }

    [Fact]
    public async Task Trimming_goes_on_after_opening_again()
    {
        await using TestStore store = await TestStore.CreateAsync();
        ulong snapshot = await store.Pool.CreateSnapshotIdAsync();
        var context = new SnapshotContext(snapshot, [snapshot]);
        for (int i = 0; i < 200; i++)
        {
            await store.WriteAsync($"o{i}", new WriteOperation().WriteFull(new byte[5000]));
        }

        await Task.WhenAll(Enumerable.Range(0, 200).Select(i => store.WriteAsync($"o{i}", new WriteOperation().Remove(), context)));
        await store.Pool.RemoveSnapshotIdAsync(snapshot);
        await store.CloseAsync();
        await store.OpenAsync();
        await StoreChecks.UntilEmptyAsync(store.Store);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_damaged_block_is_EIO_and_never_other_bytes(bool inFile)
    {
        await using TestStore store = await TestStore.CreateAsync();
        byte[] data = new byte[64 << 10];
        new Random(1).NextBytes(data);
        await store.WriteAsync("o", new WriteOperation().WriteFull(data));
        await store.WriteAsync("sound", new WriteOperation().WriteFull("fine"u8.ToArray()));
        if (inFile)
        {
            await store.CloseAsync();
            FlipByte(store.Path, data.AsSpan(20_000, 64));
            await store.OpenAsync();
        }
        else
        {
            OverwriteBlock(store.Store, (uint)store.Pool.Id, block: 4);
        }

        RadosException exception = await Assert.ThrowsAsync<RadosException>(async () => await store.Pool.ReadAsync("o"));
        Assert.Equal(Errno.EIO, exception.Code);
        Assert.Contains("pool/o", exception.Message, StringComparison.Ordinal);
        using OperationResult part = await store.Pool.OperateAsync("o", new WriteOperation().Write(20_000, new byte[10]));
        Assert.Equal(-Errno.EIO, part.ReturnCode);
        Assert.Equal("fine"u8.ToArray(), await store.Pool.ReadAsync("sound"));
        Assert.Equal(data.AsSpan(0, 4096).ToArray(), await store.Pool.ReadAsync("o", 0, 4096));
    }

    [Fact]
    public async Task A_blocklisting_outlives_the_process_and_ends()
    {
        var time = new FakeTimeProvider(DateTimeOffset.UnixEpoch.AddYears(50));
        await using TestStore store = await TestStore.CreateAsync(time);
        EmbeddedSession other = store.Store.Connect(EntityName.Client("other"));
        IPool theirs = await other.OpenPoolAsync("pool");
        await store.Store.BlocklistAsync(other.Address, TimeSpan.FromMinutes(10));
        Assert.Equal(-Errno.ESHUTDOWN, await CreateAsync(theirs));
        time.Advance(TimeSpan.FromMinutes(9));
        Assert.Equal(-Errno.ESHUTDOWN, await CreateAsync(theirs));
        string address = other.Address;
        await store.CloseAsync();
        await store.OpenAsync();
        Assert.Equal(address, Assert.Single(store.Store.Blocklist).Address);
        Assert.Equal(0, await CreateAsync(store.Pool));
        time.Advance(TimeSpan.FromMinutes(1));
        Assert.Empty(store.Store.Blocklist);
    }

    [Fact]
    public async Task A_blocklisting_that_ends_or_is_lifted_lets_the_client_in_again()
    {
        var time = new FakeTimeProvider(DateTimeOffset.UnixEpoch.AddYears(50));
        await using TestStore store = await TestStore.CreateAsync(time);
        EmbeddedSession other = store.Store.Connect(EntityName.Client("other"));
        IPool theirs = await other.OpenPoolAsync("pool");
        await store.Store.BlocklistAsync(other.Address, TimeSpan.FromMinutes(10));
        time.Advance(TimeSpan.FromMinutes(10));
        Assert.Equal(0, await CreateAsync(theirs));
        await store.Store.BlocklistAsync(other.Address);
        Assert.Equal(-Errno.ESHUTDOWN, await CreateAsync(theirs));
        Assert.True(await store.Store.UnblocklistAsync(other.Address));
        Assert.False(await store.Store.UnblocklistAsync(other.Address));
        Assert.Equal(0, await CreateAsync(theirs));
        Assert.Equal(Errno.EINVAL, (await Assert.ThrowsAsync<RadosException>(() => store.Store.BlocklistAsync("nonsense"))).Code);
    }

    [Fact]
    public async Task Nothing_of_a_blocklisted_client_takes_effect_afterwards()
    {
        await using TestStore store = await TestStore.CreateAsync();
        for (int round = 0; round < 20; round++)
        {
            EmbeddedSession other = store.Store.Connect(EntityName.Client("other"));
            IPool theirs = await other.OpenPoolAsync("pool");
            Task<OperationResult>[] running = [.. Enumerable.Range(0, 100).Select(
                i => Task.Run(() => theirs.OperateAsync("o", new WriteOperation().Append(new byte[100])).AsTask()))];
            await store.Store.BlocklistAsync(other.Address);
            int size = (await store.Pool.ReadAsync("o"))?.Length ?? 0;
            await Task.WhenAll(running);
            Assert.Equal(size, (await store.Pool.ReadAsync("o"))?.Length ?? 0);
            await other.DisposeAsync();
        }
    }

    [Fact]
    public async Task A_session_that_ends_loses_its_watches_and_the_others_hear()
    {
        await using TestStore store = await TestStore.CreateAsync();
        await store.WriteAsync("o", new WriteOperation().Create(exclusive: true));
        EmbeddedSession other = store.Store.Connect(EntityName.Client("other"));
        var handler = new LostHandler();
        await (await other.OpenPoolAsync("pool")).WatchAsync("o", handler);
        await other.DisposeAsync();
        Assert.Equal(Errno.ENOTCONN, await handler.Lost.Task.WaitAsync(TimeSpan.FromSeconds(60)));
        Assert.Empty(await store.Pool.ListWatchersAsync("o"));
    }

    private static async Task<int> CreateAsync(IPool pool)
    {
        using OperationResult result = await pool.OperateAsync("o", new WriteOperation().Create(exclusive: false));
        return result.ReturnCode;
    }

    private static void OverwriteBlock(EmbeddedStore store, uint pool, uint block)
    {
        using RocksDatabase.Cursor cursor = store.Core.Database.Seek(Family.Data, Keys.Pool(pool));
        byte[] key = cursor.Key.ToArray();
        System.Buffers.Binary.BinaryPrimitives.WriteUInt32BigEndian(key.AsSpan(16), block);
        byte[] value = store.Core.Database.GetCopy(Family.Data, key)!;
        value[100] ^= 1;
        using var batch = new BatchWriter();
        batch.Put(Family.Data, key, value);
        store.Core.Database.Write(batch);
    }

    private static void FlipByte(string directory, ReadOnlySpan<byte> where)
    {
        int found = 0;
        foreach (string file in Directory.EnumerateFiles(directory))
        {
            byte[] bytes = File.ReadAllBytes(file);
            int at = bytes.AsSpan().IndexOf(where);
            if (at >= 0)
            {
                bytes[at] ^= 1;
                File.WriteAllBytes(file, bytes);
                found++;
            }
        }

        Assert.True(found > 0, "the data are in some file");
    }

    private sealed class LostHandler : IWatchHandler
    {
        public TaskCompletionSource<int> Lost { get; } = new();

        public ValueTask<ReadOnlyMemory<byte>> OnNotifyAsync(Notification notification, CancellationToken cancellationToken) => default;

        public void OnLost(int errno) => Lost.TrySetResult(errno);
    }
}
