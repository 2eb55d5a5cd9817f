using Nacre.Conformance;
using Nacre.ObjectClasses.Rbd;
using Nacre.Rados;
using Nacre.Rados.Clusters;
using Nacre.Rados.Objects;
using Nacre.Testing;

namespace Nacre.Rbd.Tests;

/// <content>Several clients of one image.</content>
public abstract partial class ImageSuite
{
    [Fact]
    public async Task An_owner_whose_watch_broke_keeps_the_lock_under_its_new_watch()
    {
        RbdImages images = await NewImagesAsync();
        await images.CreateAsync("one", 4 * MiB, cancellationToken: Token);
        await using ICluster other = await Engine.ConnectAsync();
        var pool = new BreakableWatches(await EngineFixture.SameAsync(images.Pool, other));
        await using Image owner = await new RbdImages(pool).OpenAsync("one", cancellationToken: Token);
        await owner.WriteAsync(0, Bytes(4096, 1), Token);
        LockOwner before = (await owner.GetLockOwnerAsync(Token))!;
        await pool.BreakAsync();
        LockOwner after = await Eventually.BecomesAsync(
            async () => (await owner.GetLockOwnerAsync(Token))!, now => now.Cookie != before.Cookie, "the lock's cookie is new", cancellationToken: Token);
        Assert.Contains(await owner.ListWatchersAsync(Token), w => w.Cookie == after.WatchCookie && w.Address == after.Address);
        Assert.True(owner.IsLockOwner);
        await owner.WriteAsync(4096, Bytes(4096, 2), Token);

        // It is still reached by requests.
        await using Image second = await images.OpenAsync("one", cancellationToken: Token);
        await second.CreateSnapshotAsync("asked", cancellationToken: Token);
        Assert.True(owner.IsLockOwner);
        await second.WriteAsync(8192, Bytes(4096, 3), Token);
        Assert.False(owner.IsLockOwner);
    }

    [Fact]
    public async Task A_kept_lock_is_not_given_away()
    {
        RbdImages images = await NewImagesAsync();
        await images.CreateAsync("one", 4 * MiB, cancellationToken: Token);
        await using Image keeper = await images.OpenAsync("one", new ImageOpenOptions { KeepLock = true }, Token);
        await keeper.WriteAsync(0, Bytes(4096, 1), Token);
        await using Image other = await images.OpenAsync("one", cancellationToken: Token);
        Assert.Equal(Errno.EROFS, await CodeOfAsync(() => other.WriteAsync(0, Bytes(4096, 2), Token).AsTask()));
        Assert.Equal(Errno.EROFS, await CodeOfAsync(() => other.CreateSnapshotAsync("s", cancellationToken: Token)));
        await keeper.ReleaseLockAsync(Token);
        await other.WriteAsync(0, Bytes(4096, 2), Token);
        Assert.Equal(Errno.EBUSY, await CodeOfAsync(() => keeper.WriteAsync(0, Bytes(4096, 3), Token).AsTask()));
    }

    [Fact]
    public async Task A_kept_lock_that_is_yielded_goes_when_asked_for_and_writes_by_other_means_end_with_it()
    {
        RbdImages images = await NewImagesAsync();
        await images.CreateAsync("one", 4 * MiB, cancellationToken: Token);
        await using Image keeper = await images.OpenAsync("one", new ImageOpenOptions { KeepLock = true, YieldLock = true }, Token);
        await keeper.AcquireLockAsync(Token);
        IPool fenced = keeper.Fence(keeper.DataPool);
        string data = keeper.ObjectName(0);
        await fenced.ExecuteAsync(data, new WriteOperation().Write(0, Bytes(4096, 1)), "writing", null, Token);
        Assert.False(keeper.LockGoing.IsCancellationRequested);

        await using Image other = await images.OpenAsync("one", cancellationToken: Token);
        await other.WriteAsync(0, Bytes(4096, 2), Token);
        Assert.False(keeper.IsLockOwner);
        await Eventually.BecomesAsync(
            () => Task.FromResult(keeper.LockGoing.IsCancellationRequested), going => going, "the keeper is told", cancellationToken: Token);
        Assert.Equal(Errno.EROFS, await CodeOfAsync(
            () => fenced.ExecuteAsync(data, new WriteOperation().Write(0, Bytes(4096, 3)), "writing", null, Token).AsTask()));
        byte[] read = new byte[4096];
        await other.ReadAsync(0, read, Token);
        Assert.Equal(Bytes(4096, 2), read);
    }

    [Fact]
    public async Task Writes_by_other_means_end_when_the_image_is_closed()
    {
        RbdImages images = await NewImagesAsync();
        await images.CreateAsync("one", MiB, new ImageCreateOptions { Features = RbdFeatures.Layering }, Token);
        Image image = await images.OpenAsync("one", cancellationToken: Token);
        IPool fenced = image.Fence(image.DataPool);
        await fenced.ExecuteAsync(image.ObjectName(0), new WriteOperation().Write(0, Bytes(4096, 1)), "writing", null, Token);
        await image.DisposeAsync();
        Assert.Equal(Errno.EROFS, await CodeOfAsync(() => fenced.RemoveAsync(image.ObjectName(0), null, Token).AsTask()));
    }

    [Fact]
    public async Task Without_a_lock_writers_heed_each_others_snapshots()
    {
        RbdImages images = await NewImagesAsync();
        await images.CreateAsync("one", 4 * MiB, new ImageCreateOptions { Features = RbdFeatures.Layering }, Token);
        await using ICluster client = await Engine.ConnectAsync();
        await using Image first = await images.OpenAsync("one", cancellationToken: Token);
        await using Image second = await new RbdImages(await EngineFixture.SameAsync(images.Pool, client)).OpenAsync("one", cancellationToken: Token);
        int updates = 0;
        second.Updated += () => Interlocked.Increment(ref updates);
        await second.WriteAsync(0, Bytes(4096, 1), Token);
        await first.CreateSnapshotAsync("s", cancellationToken: Token);
        Assert.True(updates > 0);
        await second.WriteAsync(0, Bytes(4096, 2), Token);
        await using Image then = await images.OpenAsync("one", new ImageOpenOptions { SnapshotName = "s" }, Token);
        byte[] data = new byte[4096];
        await then.ReadAsync(0, data, Token);
        Assert.Equal(Bytes(4096, 1), data);
    }

    [Fact]
    public async Task Many_snapshots_are_all_listed()
    {
        RbdImages images = await NewImagesAsync();
        await images.CreateAsync("one", MiB, cancellationToken: Token);
        await using Image image = await images.OpenAsync("one", cancellationToken: Token);
        for (int i = 0; i < 70; i++)
        {
            await image.CreateSnapshotAsync($"s{i}", flags: SnapshotCreateFlags.SkipNotifyQuiesce, cancellationToken: Token);
        }

        Assert.Equal(Enumerable.Range(0, 70).Select(i => $"s{i}"), image.Snapshots.Select(s => s.Name));
        await using Image again = await images.OpenAsync("one", ImageOpenOptions.ForReading, Token);
        Assert.Equal(70, again.Snapshots.Count);
    }

    [Fact]
    public async Task Namespaces_are_listed_and_removed_when_empty()
    {
        RbdImages images = await NewImagesAsync();
        string name = images.Pool.Namespace;
        Assert.Contains(name, await images.ListNamespacesAsync(Token));
        Assert.Equal(Errno.EEXIST, await CodeOfAsync(() => images.CreateNamespaceAsync(name, Token)));
        await images.CreateAsync("one", MiB, cancellationToken: Token);
        Assert.Equal(Errno.EBUSY, await CodeOfAsync(() => images.RemoveNamespaceAsync(name, Token)));
        await images.RemoveAsync("one", cancellationToken: Token);
        await images.RemoveNamespaceAsync(name, Token);
        Assert.DoesNotContain(name, await images.ListNamespacesAsync(Token));
        Assert.Equal(Errno.ENOENT, await CodeOfAsync(() => images.CreateAsync("two", MiB, cancellationToken: Token)));
    }
}
