using Nacre.ObjectClasses.Rbd;
using Nacre.Rados;
using Nacre.Rados.Clusters;
using Nacre.Rados.Objects;

namespace Nacre.Rbd.Tests;

/// <content>What is damaged gives an error or is repaired; nothing goes on silently wrong.</content>
public abstract partial class ImageSuite
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_damaged_object_map_is_marked_invalid_and_the_image_goes_on(bool absent)
    {
        RbdImages images = await NewImagesAsync();
        string id = await images.CreateAsync("one", 4 * MiB, new ImageCreateOptions { Order = 20 }, Token);
        await using (Image image = await images.OpenAsync("one", cancellationToken: Token))
        {
            await image.WriteAsync(2 * MiB, Bytes(4096, 1), Token);
        }

        await (absent ? images.Pool.RemoveAsync(RbdObjects.ObjectMap(id), null, Token).AsTask()
            : images.Pool.ExecuteAsync(
                RbdObjects.ObjectMap(id), new WriteOperation().WriteFull(Bytes(40, 3)), cancellationToken: Token).AsTask());
        await using Image again = await images.OpenAsync("one", cancellationToken: Token);
        await again.WriteAsync(0, Bytes(4096, 2), Token);
        Assert.True(again.Flags.HasFlag(RbdFlags.ObjectMapInvalid | RbdFlags.FastDiffInvalid));
        byte[] data = new byte[4096];
        await again.ReadAsync(2 * MiB, data, Token);
        Assert.Equal(Bytes(4096, 1), data);
        Assert.False((await again.GetObjectChangesAsync(null, SnapshotId.Head, Token)).IsExact);
        await again.RebuildObjectMapAsync(cancellationToken: Token);
        Assert.Equal(RbdFlags.None, again.Flags);
        await CheckObjectMapAsync(again);
        Assert.Equal([0UL, 2UL], (await again.GetObjectChangesAsync(null, SnapshotId.Head, Token)).Changed());
    }

    [Fact]
    public async Task Notifications_that_mean_nothing_are_acknowledged_and_forgotten()
    {
        RbdImages images = await NewImagesAsync();
        await images.CreateAsync("one", 4 * MiB, cancellationToken: Token);
        await using Image image = await images.OpenAsync("one", cancellationToken: Token);
        await image.WriteAsync(0, Bytes(4096, 1), Token);
        for (int length = 1; length < 40; length += 3)
        {
            Rados.Watching.NotifyResult told = await images.Pool.NotifyAsync(image.HeaderName, Bytes(length, length), TimeSpan.FromSeconds(30), Token);
            Assert.Empty(told.TimedOut);
        }

        // A version from the future, and an operation nobody knows.
        await images.Pool.NotifyAsync(image.HeaderName, new byte[] { 99, 99, 0, 0, 0, 0 }, TimeSpan.FromSeconds(30), Token);
        await images.Pool.NotifyAsync(image.HeaderName, new byte[] { 7, 1, 4, 0, 0, 0, 200, 0, 0, 0 }, TimeSpan.FromSeconds(30), Token);
        await image.WriteAsync(4096, Bytes(4096, 2), Token);
        Assert.True(image.IsLockOwner);
    }

    [Fact]
    public async Task An_image_without_a_header_gives_an_error_that_says_so_and_can_be_removed()
    {
        RbdImages images = await NewImagesAsync();
        string id = await images.CreateAsync("one", 4 * MiB, cancellationToken: Token);
        await images.Pool.RemoveAsync(RbdObjects.Header(id), null, Token);
        RadosException failure = await Assert.ThrowsAnyAsync<RadosException>(() => images.OpenAsync("one", cancellationToken: Token));
        Assert.Equal(Errno.ENOENT, failure.Code);
        Assert.Contains(RbdObjects.Header(id), failure.Message, StringComparison.Ordinal);
        await images.RemoveAsync("one", cancellationToken: Token);
        Assert.Empty(await images.ListAsync(Token));
    }

    [Fact]
    public async Task Features_that_are_not_understood_are_not_touched()
    {
        RbdImages images = await NewImagesAsync();
        string id = await images.CreateAsync("one", 4 * MiB, cancellationToken: Token);
        byte[] features = BitConverter.GetBytes((ulong)RbdFeatures.Default | (1UL << 40));
        await images.Pool.ExecuteAsync(
            RbdObjects.Header(id), new WriteOperation().OmapSet(new KeyValuePair<string, ReadOnlyMemory<byte>>("features", features)), cancellationToken: Token);
        Assert.Contains(
            await CodeOfAsync(async () =>
            {
                await using Image image = await images.OpenAsync("one", cancellationToken: Token);
                await image.WriteAsync(0, new byte[1], Token);
            }),
            (int[])[Errno.ENOSYS]);
    }
}
