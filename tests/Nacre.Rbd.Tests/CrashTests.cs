using Nacre.Conformance;
using Nacre.ObjectClasses.Rbd;
using Nacre.Rados;
using Nacre.Rados.Clusters;

namespace Nacre.Rbd.Tests;

/// <summary>What dying clients leave of ordinary images.</summary>
public sealed class CrashTests(EmbeddedFixture engine) : CrashSuite(engine, RbdFeatures.Default);

/// <summary>What dying clients leave of images with a journal.</summary>
public sealed class JournaledCrashTests(EmbeddedFixture engine) : CrashSuite(engine, RbdFeatures.Default | RbdFeatures.Journaling);

/// <summary>A client that dies between any two of its writes leaves what the next one repairs or completes.</summary>
public abstract class CrashSuite(EmbeddedFixture engine, RbdFeatures features) : ImageTestBase(engine)
{
    private const int MostWrites = 200;

    [Fact]
    public Task A_killed_creation_does_not_hinder_the_next() => ForEveryDeathAsync(
        async images => await images.CreateAsync("one", 4 * MiB, Options, Token),
        async images =>
        {
            if (!(await images.ListAsync(Token)).Any(e => e.Name == "one") || await IsDeadAsync(images))
            {
                await images.CreateAsync("one", 4 * MiB, Options, Token);
            }

            await using Image image = await images.OpenAsync("one", cancellationToken: Token);
            await image.WriteAsync(0, Bytes(4096, 1), Token);
            await CheckObjectMapAsync(image);
        });

    [Fact]
    public Task A_killed_removal_is_finished_by_the_next() => ForEveryDeathAsync(
        images => images.RemoveAsync("one", cancellationToken: Token),
        async images =>
        {
            try
            {
                await images.RemoveAsync("one", cancellationToken: Token);
            }
            catch (RadosException exception) when (exception.Code == Errno.ENOENT)
            {
                // It was through.
            }

            Assert.Empty(await images.ListAsync(Token));
            Assert.Empty(await images.ListTrashAsync(Token));
            await foreach (string name in images.Pool.ListObjectsAsync(Token))
            {
                Assert.Contains(name, (string[])[RbdObjects.Directory, RbdObjects.Trash]);
            }
        },
        WriteSomeAsync);

    [Fact]
    public Task A_killed_snapshot_is_there_or_not_and_maps_are_sound() => ForEveryDeathAsync(
        async images =>
        {
            await using Image image = await images.OpenAsync("one", cancellationToken: Token);
            await image.CreateSnapshotAsync("s", cancellationToken: Token);
        },
        async images =>
        {
            await using Image image = await images.OpenAsync("one", cancellationToken: Token);
            await image.WriteAsync(MiB, Bytes(4096, 5), Token);
            if (image.FindSnapshot("s") is null)
            {
                await image.CreateSnapshotAsync("s", cancellationToken: Token);
            }

            await using Image then = await images.OpenAsync("one", new ImageOpenOptions { SnapshotName = "s" }, Token);
            byte[] data = new byte[4096];
            await then.ReadAsync(0, data, Token);
            Assert.Equal(Bytes(4096, 1), data);
            await CheckUnderstatingAsync(image);
            await image.RemoveSnapshotAsync("s", cancellationToken: Token);
        },
        WriteSomeAsync);

    [Fact]
    public Task A_killed_removal_of_a_snapshot_is_finished() => ForEveryDeathAsync(
        async images =>
        {
            await using Image image = await images.OpenAsync("one", cancellationToken: Token);
            await image.RemoveSnapshotAsync("s", cancellationToken: Token);
        },
        async images =>
        {
            await using (Image image = await images.OpenAsync("one", cancellationToken: Token))
            {
                if (image.FindSnapshot("s") is not null)
                {
                    await image.RemoveSnapshotAsync("s", cancellationToken: Token);
                }

                await image.WriteAsync(0, Bytes(4096, 7), Token);
                await CheckUnderstatingAsync(image);
            }

            await images.RemoveAsync("one", cancellationToken: Token);
        },
        async images =>
        {
            await WriteSomeAsync(images);
            await using Image image = await images.OpenAsync("one", cancellationToken: Token);
            await image.CreateSnapshotAsync("s", cancellationToken: Token);
            await image.WriteAsync(MiB, Bytes(4096, 2), Token);
        });

    [Fact]
    public Task A_killed_resize_leaves_the_old_size_or_the_new() => ForEveryDeathAsync(
        async images =>
        {
            await using Image image = await images.OpenAsync("one", cancellationToken: Token);
            await image.ResizeAsync(MiB, allowShrink: true, cancellationToken: Token);
            await image.ResizeAsync(6 * MiB, cancellationToken: Token);
        },
        async images =>
        {
            await using Image image = await images.OpenAsync("one", cancellationToken: Token);
            Assert.Contains(image.Size, (ulong[])[4 * MiB, MiB, 6 * MiB]);
            await image.ResizeAsync(8 * MiB, cancellationToken: Token);
            byte[] data = new byte[8 * MiB];
            await image.ReadAsync(0, data, Token);
            Assert.Equal(Bytes(4096, 1), data[..4096]);
            await CheckUnderstatingAsync(image);
        },
        WriteSomeAsync);

    private ImageCreateOptions Options { get; } = new() { Order = 20, Features = features };

    private async Task WriteSomeAsync(RbdImages images)
    {
        await images.CreateAsync("one", 4 * MiB, Options, Token);
        await using Image image = await images.OpenAsync("one", cancellationToken: Token);
        await image.WriteAsync(0, Bytes(4096, 1), Token);
        await image.WriteAsync(2 * MiB, Bytes(4096, 2), Token);
    }

    private static async Task<bool> IsDeadAsync(RbdImages images)
    {
        try
        {
            await using Image image = await images.OpenAsync("one", ImageOpenOptions.ForReading, Token);
            return false;
        }
        catch (RadosException exception) when (exception.Code == Errno.ENOENT)
        {
            return true;
        }
    }

    // A map may say that more exists than does, never less.
    private static async Task CheckUnderstatingAsync(Image image)
    {
        foreach (ulong id in (ulong[])[.. image.Snapshots.Select(s => s.Id), Rados.Objects.SnapshotId.Head])
        {
            RbdFlags flags = id == Rados.Objects.SnapshotId.Head ? image.Flags : image.FindSnapshot(id)!.Flags;
            byte[]? map = await image.LoadObjectMapAsync(id, Token);
            for (ulong number = 0; map is not null && number < (ulong)map.Length; number++)
            {
                bool exists = await image.DataPool.StatAsync(image.ObjectName(number), id, Token) is not null;
                Assert.False(exists && map[number] == 0 && !flags.HasFlag(RbdFlags.ObjectMapInvalid), $"object {number} at {id}");
            }
        }
    }

    // Dies at its first write, then at its second, and so on until it lives through all.
    private async Task ForEveryDeathAsync(Func<RbdImages, Task> dying, Func<RbdImages, Task> next, Func<RbdImages, Task>? before = null)
    {
        for (int writes = 0; writes < MostWrites; writes++)
        {
            RbdImages images = await NewImagesAsync();
            await (before?.Invoke(images) ?? Task.CompletedTask);
            var client = new DyingClient(writes);
            ICluster session = await Engine.ConnectAsync();
            try
            {
                await dying(new RbdImages(client.Wrap(await EngineFixture.SameAsync(images.Pool, session))));
            }
            catch (RadosException) when (client.Died)
            {
                // As meant.
            }

            await session.DisposeAsync();
            await next(images);
            if (!client.Died)
            {
                Assert.True(writes > 2);
                return;
            }
        }

        Assert.Fail($"still dying after {MostWrites} writes");
    }
}
