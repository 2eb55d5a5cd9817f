using Nacre.Conformance;
using Nacre.ObjectClasses.Rbd;
using Nacre.Rados;
using Nacre.Rados.Clusters;
using Nacre.Rados.Objects;

namespace Nacre.Rbd.Tests;

/// <summary>What an image does on whatever engine; each engine's tests derive from it.</summary>
public abstract partial class ImageSuite(EngineFixture engine) : ImageTestBase(engine)
{
    [Fact]
    public async Task A_new_image_is_listed_opened_and_empty()
    {
        RbdImages images = await NewImagesAsync();
        string id = await images.CreateAsync("one", 10 * MiB, cancellationToken: Token);
        Assert.Equal([new ImageEntry("one", id)], await images.ListAsync(Token));
        await using Image image = await images.OpenAsync("one", cancellationToken: Token);
        Assert.Equal((10 * MiB, 3UL, RbdFeatures.Default), (image.Size, image.ObjectCount, image.Features));
        Assert.True((await ReadAllAsync(image)).AsSpan().IndexOfAnyExcept((byte)0) < 0);
        Assert.Equal(Errno.EEXIST, await CodeOfAsync(() => images.CreateAsync("one", MiB, cancellationToken: Token)));
        Assert.Equal(Errno.ENOENT, await CodeOfAsync(() => images.OpenAsync("two", cancellationToken: Token)));
    }

    [Theory]
    [InlineData(22, 0UL, 0UL)]
    [InlineData(16, 16384UL, 4UL)]
    public async Task Random_changes_read_back(int order, ulong unit, ulong stripes)
    {
        RbdImages images = await NewImagesAsync();
        await images.CreateAsync("one", 9 * MiB, new ImageCreateOptions { Order = order, StripeUnit = unit, StripeCount = stripes }, Token);
        byte[] expected = new byte[9 * MiB];
        var random = new Random(order);
        await using (Image image = await images.OpenAsync("one", cancellationToken: Token))
        {
            for (int step = 0; step < 60; step++)
            {
                int offset = random.Next(expected.Length);
                int length = random.Next(1, Math.Min(expected.Length - offset, step % 10 == 0 ? 6_000_000 : 70_000) + 1);
                await ChangeAsync(image, expected, random, step % 5, offset, length);
            }

            Assert.Equal(expected, await ReadAllAsync(image));
            await CheckObjectMapAsync(image);
        }

        await using Image again = await images.OpenAsync("one", ImageOpenOptions.ForReading, Token);
        Assert.Equal(expected, await ReadAllAsync(again));
        byte[] sparse = new byte[expected.Length];
        foreach (Extent extent in await again.ReadSparseAsync(0, sparse, Token))
        {
            Assert.True(extent.Length > 0);
        }

        Assert.Equal(expected, sparse);
    }

    private static async Task ChangeAsync(Image image, byte[] expected, Random random, int kind, int offset, int length)
    {
        switch (kind)
        {
            case 0:
                await image.DiscardAsync((ulong)offset, (ulong)length, 0, Token);
                expected.AsSpan(offset, length).Clear();
                break;
            case 1:
                byte[] pattern = Bytes(512, offset);
                length -= length % 512;
                await image.WriteSameAsync((ulong)offset, (ulong)length, pattern, Token);
                for (int i = 0; i < length; i++)
                {
                    expected[offset + i] = pattern[i % 512];
                }

                break;
            case 2:
                await image.WriteZeroesAsync((ulong)offset, (ulong)length, Token);
                expected.AsSpan(offset, length).Clear();
                break;
            default:
                byte[] data = new byte[length];
                random.NextBytes(data);
                await image.WriteAsync((ulong)offset, data, Token);
                data.CopyTo(expected, offset);
                break;
        }
    }

    [Fact]
    public async Task Out_of_range_and_read_only_are_refused()
    {
        RbdImages images = await NewImagesAsync();
        await images.CreateAsync("one", MiB, cancellationToken: Token);
        await using Image image = await images.OpenAsync("one", cancellationToken: Token);
        Assert.Equal(Errno.EINVAL, await CodeOfAsync(() => image.WriteAsync(MiB - 1, new byte[2], Token).AsTask()));
        Assert.Equal(Errno.EINVAL, await CodeOfAsync(() => image.ReadAsync(ulong.MaxValue, new byte[2], Token).AsTask()));
        await using Image reader = await images.OpenAsync("one", ImageOpenOptions.ForReading, Token);
        Assert.Equal(Errno.EROFS, await CodeOfAsync(() => reader.WriteAsync(0, new byte[2], Token).AsTask()));
        await image.SetNonPrimaryAsync(true, Token);
        Assert.Equal(Errno.EROFS, await CodeOfAsync(() => image.WriteAsync(0, new byte[2], Token).AsTask()));
        await using Image daemon = await images.OpenAsync("one", new ImageOpenOptions { IgnoreNonPrimary = true }, Token);
        await daemon.WriteAsync(0, new byte[2], Token);
    }

    [Fact]
    public async Task Compare_and_write_writes_only_what_was_expected()
    {
        RbdImages images = await NewImagesAsync();
        await images.CreateAsync("one", MiB, cancellationToken: Token);
        await using Image image = await images.OpenAsync("one", cancellationToken: Token);
        Assert.Null(await image.CompareAndWriteAsync(512, new byte[512], Bytes(512, 1), Token));
        Assert.NotNull(await image.CompareAndWriteAsync(512, new byte[512], Bytes(512, 2), Token));
        byte[] data = new byte[512];
        await image.ReadAsync(512, data, Token);
        Assert.Equal(Bytes(512, 1), data);
    }

    [Fact]
    public async Task Snapshots_keep_what_was_and_differences_tell_what_changed()
    {
        RbdImages images = await NewImagesAsync();
        await images.CreateAsync("one", 16 * MiB, new ImageCreateOptions { Order = 20 }, Token);
        var random = new Random(3);
        List<(ulong Id, byte[] Data)> states = [];
        byte[] now = new byte[16 * MiB];
        await using Image image = await images.OpenAsync("one", cancellationToken: Token);
        for (int round = 0; round < 4; round++)
        {
            for (int step = 0; step < 12; step++)
            {
                int offset = random.Next(now.Length);
                int length = random.Next(1, Math.Min(now.Length - offset, step == 3 ? 3_000_000 : 40_000) + 1);
                await ChangeAsync(image, now, random, step % 5 == 0 ? 0 : 4, offset, length);
            }

            ImageSnapshot made = await image.CreateSnapshotAsync($"s{round}", cancellationToken: Token);
            states.Add((made.Id, [.. now]));
        }

        foreach ((ulong id, byte[] data) in states)
        {
            await using Image at = await images.OpenAsync("one", new ImageOpenOptions { SnapshotId = id }, Token);
            Assert.Equal(data, await ReadAllAsync(at));
        }

        await CheckObjectMapAsync(image);
        await CheckDifferencesAsync(image, images, states);
        await image.RemoveSnapshotAsync("s1", cancellationToken: Token);
        states.RemoveAt(1);
        await CheckObjectMapAsync(image);
        await CheckDifferencesAsync(image, images, states);
        await image.RollBackAsync("s2", cancellationToken: Token);
        Assert.Equal(states[1].Data, await ReadAllAsync(image));
        await CheckObjectMapAsync(image);
        await CheckDifferenceAsync(image, images, states[^1], (SnapshotId.Head, states[1].Data));
    }

    private static async Task CheckDifferencesAsync(Image image, RbdImages images, List<(ulong Id, byte[] Data)> states)
    {
        for (int from = -1; from < states.Count; from++)
        {
            for (int to = Math.Max(from, 0); to < states.Count; to++)
            {
                await CheckDifferenceAsync(image, images, from < 0 ? null : states[from], states[to]);
            }
        }
    }

    // Applying what differs to the older state gives the newer one.
    private static async Task CheckDifferenceAsync(Image image, RbdImages images, (ulong Id, byte[] Data)? from, (ulong Id, byte[] Data) to)
    {
        foreach (bool whole in (bool[])[false, true])
        {
            byte[] data = from is { } older ? [.. older.Data] : new byte[to.Data.Length];
            await foreach (DiffExtent extent in image.DiffAsync(from?.Id, to.Id, whole, cancellationToken: Token))
            {
                if (extent.Exists)
                {
                    to.Data.AsSpan((int)extent.Offset, (int)extent.Length).CopyTo(data.AsSpan((int)extent.Offset));
                }
                else
                {
                    data.AsSpan((int)extent.Offset, (int)extent.Length).Clear();
                }
            }

            Assert.True(data.AsSpan().SequenceEqual(to.Data), $"difference from {from?.Id} to {to.Id}, whole objects: {whole}");
        }

        ObjectChangeSet changes = await image.GetObjectChangesAsync(from?.Id, to.Id, Token);
        Assert.True(changes.IsExact);
        _ = images;
    }

    [Fact]
    public async Task Writes_under_way_when_a_snapshot_is_made_leave_maps_and_data_sound()
    {
        RbdImages images = await NewImagesAsync();
        await images.CreateAsync("one", 32 * MiB, new ImageCreateOptions { Order = 16 }, Token);
        await using Image image = await images.OpenAsync("one", cancellationToken: Token);
        using var stop = new CancellationTokenSource();
        Task[] writers =
        [
            .. Enumerable.Range(0, 8).Select(async seed =>
            {
                var random = new Random(seed);
                byte[] data = Bytes(8192, seed);
                while (!stop.IsCancellationRequested)
                {
                    ulong offset = (ulong)random.Next(32 * 128 - 2) * 8192;
                    await (random.Next(4) == 0 ? image.DiscardAsync(offset, 65536, 0, Token) : image.WriteAsync(offset, data, Token));
                }
            }),
        ];
        for (int round = 0; round < 3; round++)
        {
            await image.CreateSnapshotAsync($"s{round}", cancellationToken: Token);
        }

        await stop.CancelAsync();
        await Task.WhenAll(writers);
        await CheckObjectMapAsync(image);
        List<(ulong Id, byte[] Data)> states = [];
        foreach (ulong id in (ulong[])[.. image.Snapshots.Select(s => s.Id), SnapshotId.Head])
        {
            await using Image at = await images.OpenAsync("one", new ImageOpenOptions { SnapshotId = id, ReadOnly = true }, Token);
            states.Add((id, await ReadAllAsync(at)));
        }

        await CheckDifferencesAsync(image, images, states);
    }

    [Fact]
    public async Task Resizing_cuts_and_grows_with_zeroes()
    {
        RbdImages images = await NewImagesAsync();
        await images.CreateAsync("one", 8 * MiB, new ImageCreateOptions { Order = 20 }, Token);
        await using Image image = await images.OpenAsync("one", cancellationToken: Token);
        byte[] data = Bytes((int)(8 * MiB), 1);
        await image.WriteAsync(0, data, Token);
        await image.CreateSnapshotAsync("before", cancellationToken: Token);
        Assert.Equal(Errno.EINVAL, await CodeOfAsync(() => image.ResizeAsync(MiB, cancellationToken: Token)));
        await image.ResizeAsync((2 * MiB) + 1000, allowShrink: true, cancellationToken: Token);
        await image.ResizeAsync(12 * MiB, cancellationToken: Token);
        byte[] expected = new byte[12 * MiB];
        data.AsSpan(0, (int)(2 * MiB) + 1000).CopyTo(expected);
        Assert.Equal(expected, await ReadAllAsync(image));
        await CheckObjectMapAsync(image);
        await image.RollBackAsync("before", cancellationToken: Token);
        Assert.Equal(data, await ReadAllAsync(image));
    }

    [Fact]
    public async Task An_image_with_snapshots_or_users_is_not_removed()
    {
        RbdImages images = await NewImagesAsync();
        await images.CreateAsync("one", 8 * MiB, cancellationToken: Token);
        await using (Image image = await images.OpenAsync("one", cancellationToken: Token))
        {
            await image.WriteAsync(0, Bytes(100_000, 1), Token);
            Assert.Equal(Errno.EBUSY, await CodeOfAsync(() => images.RemoveAsync("one", cancellationToken: Token)));
            await image.CreateSnapshotAsync("s", cancellationToken: Token);
        }

        Assert.Equal(Errno.ENOTEMPTY, await CodeOfAsync(() => images.RemoveAsync("one", cancellationToken: Token)));
        await using (Image image = await images.OpenAsync("one", cancellationToken: Token))
        {
            await image.RemoveSnapshotAsync("s", cancellationToken: Token);
        }

        await images.RemoveAsync("one", cancellationToken: Token);
        Assert.Empty(await images.ListAsync(Token));
        Assert.Empty(await images.ListTrashAsync(Token));
        List<string> left = [];
        await foreach (string name in images.Pool.ListObjectsAsync(Token))
        {
            left.Add(name);
        }

        Assert.Equal([RbdObjects.Directory, RbdObjects.Trash], left.Order());
    }

    [Fact]
    public async Task The_trash_keeps_images_and_gives_them_back()
    {
        RbdImages images = await NewImagesAsync();
        string id = await images.CreateAsync("one", 8 * MiB, cancellationToken: Token);
        await images.MoveToTrashAsync("one", deferment: TimeSpan.FromHours(1), cancellationToken: Token);
        Assert.Empty(await images.ListAsync(Token));
        Assert.Equal("one", Assert.Single(await images.ListTrashAsync(Token)).Spec.Name);
        Assert.Equal(Errno.EPERM, await CodeOfAsync(() => images.RemoveFromTrashAsync(id, cancellationToken: Token)));
        await images.RestoreFromTrashAsync(id, "two", Token);
        await images.RenameAsync("two", "three", Token);
        Assert.Equal([new ImageEntry("three", id)], await images.ListAsync(Token));
    }

    [Fact]
    public async Task Metadata_limits_and_snapshot_names_are_kept()
    {
        RbdImages images = await NewImagesAsync();
        await images.CreateAsync("one", MiB, cancellationToken: Token);
        await using Image image = await images.OpenAsync("one", cancellationToken: Token);
        for (int i = 0; i < 70; i++)
        {
            await image.SetMetadataAsync($"key{i:00}", $"value {i}", Token);
        }

        Assert.Equal(70, (await image.ListMetadataAsync(Token)).Count);
        await image.RemoveMetadataAsync("key03", Token);
        Assert.Null(await image.GetMetadataAsync("key03", Token));
        await image.CreateSnapshotAsync("a", cancellationToken: Token);
        Assert.Equal(Errno.EEXIST, await CodeOfAsync(() => image.CreateSnapshotAsync("a", cancellationToken: Token)));
        await image.SetSnapshotLimitAsync(1, Token);
        Assert.Equal(Errno.EDQUOT, await CodeOfAsync(() => image.CreateSnapshotAsync("b", cancellationToken: Token)));
        await image.RenameSnapshotAsync("a", "c", Token);
        await image.ProtectSnapshotAsync("c", Token);
        Assert.Equal(Errno.EBUSY, await CodeOfAsync(() => image.RemoveSnapshotAsync("c", cancellationToken: Token)));
        await image.UnprotectSnapshotAsync("c", Token);
        await image.RemoveSnapshotAsync("c", cancellationToken: Token);
        Assert.Empty(image.Snapshots);
    }

    [Fact]
    public async Task Two_writers_hand_the_lock_to_and_fro()
    {
        RbdImages images = await NewImagesAsync();
        await images.CreateAsync("one", 4 * MiB, cancellationToken: Token);
        await using ICluster other = await Engine.ConnectAsync();
        var otherImages = new RbdImages(await EngineFixture.SameAsync(images.Pool, other));
        await using Image first = await images.OpenAsync("one", cancellationToken: Token);
        await using Image second = await otherImages.OpenAsync("one", cancellationToken: Token);
        byte[] expected = new byte[4 * MiB];
        for (int round = 0; round < 4; round++)
        {
            foreach ((Image image, int at) in ((Image, int)[])[(first, round * 2), (second, (round * 2) + 1)])
            {
                byte[] data = Bytes(65536, at);
                await image.WriteAsync((ulong)at * 65536, data, Token);
                data.CopyTo(expected, at * 65536);
                Assert.True(image.IsLockOwner);
            }
        }

        Assert.False(first.IsLockOwner);
        await first.CreateSnapshotAsync("by the owner", cancellationToken: Token);
        Assert.True(second.IsLockOwner, "the owner made the snapshot and kept the lock");
        await first.ResizeAsync(8 * MiB, cancellationToken: Token);
        Assert.Equal(8 * MiB, second.Size);
        await first.RemoveSnapshotAsync("by the owner", cancellationToken: Token);
        Assert.Empty(second.Snapshots);
        await second.ResizeAsync(4 * MiB, allowShrink: true, cancellationToken: Token);
        Assert.Equal(expected, await ReadAllAsync(first));
    }

    [Fact]
    public async Task A_dead_owner_is_shut_out_and_its_lock_broken()
    {
        RbdImages images = await NewImagesAsync();
        await images.CreateAsync("one", 4 * MiB, cancellationToken: Token);
        ICluster doomed = await Engine.ConnectAsync();
        Image dead = await new RbdImages(await EngineFixture.SameAsync(images.Pool, doomed)).OpenAsync("one", cancellationToken: Token);
        await dead.WriteAsync(0, Bytes(4096, 1), Token);
        LockOwner owner = (await dead.GetLockOwnerAsync(Token))!;
        await using Image heir = await images.OpenAsync("one", cancellationToken: Token);
        Assert.Equal(doomed.Address, owner.Address);

        // As if it had crashed: its watch is gone, its lock stays.
        await Engine.Cluster.BlocklistAsync(owner.Address, TimeSpan.FromMinutes(5), Token);
        await heir.WriteAsync(4096, Bytes(4096, 2), Token);
        Assert.True(heir.IsLockOwner);
        Assert.Equal(Errno.ESHUTDOWN, await CodeOfAsync(() => dead.WriteAsync(0, Bytes(4096, 3), Token).AsTask()));
        await dead.DisposeAsync();
        await doomed.DisposeAsync();
    }

    [Fact]
    public async Task Copies_go_into_an_existing_snapshot()
    {
        RbdImages images = await NewImagesAsync();
        await images.CreateAsync("copy", 8 * MiB, new ImageCreateOptions { Order = 20 }, Token);
        await using Image image = await images.OpenAsync("copy", cancellationToken: Token);
        await image.WriteAsync(0, Bytes(4096, 1), Token);
        await image.CreateSnapshotAsync("old", cancellationToken: Token);
        ImageSnapshot into = await image.CreateSnapshotAsync("new", cancellationToken: Token);
        await image.ApplyObjectAsync(0, into.Id, [ObjectWrite.OfData(4096, Bytes(4096, 2)), ObjectWrite.OfZeroes(0, 512)], cancellationToken: Token);
        await image.ApplyObjectAsync(3, into.Id, [ObjectWrite.OfData(0, Bytes((int)MiB, 3))], cancellationToken: Token);
        byte[] expected = new byte[8 * MiB];
        Bytes(4096, 1).CopyTo(expected, 0);
        await CheckAsync("old");
        expected.AsSpan(0, 512).Clear();
        Bytes(4096, 2).CopyTo(expected, 4096);
        Bytes((int)MiB, 3).CopyTo(expected, (int)(3 * MiB));
        await CheckAsync("new");
        Assert.Equal(expected, await ReadAllAsync(image));
        await CheckObjectMapAsync(image);
        ObjectChangeSet changes = await image.GetObjectChangesAsync(image.FindSnapshot("old")!.Id, into.Id, Token);
        Assert.Equal([0UL, 3UL], changes.Changed());
        Assert.Equal(0UL, (await image.GetObjectChangesAsync(into.Id, SnapshotId.Head, Token)).ChangedCount);

        async Task CheckAsync(string name)
        {
            await using Image at = await images.OpenAsync("copy", new ImageOpenOptions { SnapshotName = name }, Token);
            Assert.Equal(expected, await ReadAllAsync(at));
        }
    }

    [Fact]
    public async Task Object_maps_are_made_anew()
    {
        RbdImages images = await NewImagesAsync();
        await images.CreateAsync(
            "one", 8 * MiB, new ImageCreateOptions { Order = 20, Features = RbdFeatures.Layering | RbdFeatures.ExclusiveLock }, Token);
        await using Image image = await images.OpenAsync("one", cancellationToken: Token);
        await image.WriteAsync(0, Bytes((int)(3 * MiB), 1), Token);
        ImageSnapshot a = await image.CreateSnapshotAsync("a", cancellationToken: Token);
        await image.WriteAsync(MiB, Bytes(4096, 2), Token);
        await image.DiscardAsync(2 * MiB, MiB, 0, Token);
        await image.UpdateFeaturesAsync(RbdFeatures.ObjectMap | RbdFeatures.FastDiff, true, Token);
        Assert.True(image.Flags.HasFlag(RbdFlags.ObjectMapInvalid));
        await image.RebuildObjectMapAsync(cancellationToken: Token);
        Assert.Equal(RbdFlags.None, image.Flags);
        Assert.Equal([1, 1, 1, 0, 0, 0, 0, 0], await image.LoadObjectMapAsync(a.Id, Token));
        Assert.Equal([3, 1, 0, 0, 0, 0, 0, 0], await image.LoadObjectMapAsync(SnapshotId.Head, Token));
        await image.UpdateFeaturesAsync(RbdFeatures.ObjectMap, false, Token);
        Assert.Null(await image.LoadObjectMapAsync(SnapshotId.Head, Token));
    }
}
