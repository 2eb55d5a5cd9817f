using Nacre.Conformance;
using Nacre.ObjectClasses.Rbd;
using Nacre.Rados;
using Nacre.Rados.Clusters;
using Nacre.Rados.Objects;

namespace Nacre.Rbd.Tests;

/// <summary>What tests of images on one engine share.</summary>
public abstract class ImageTestBase(EngineFixture engine)
{
    protected const ulong MiB = 1 << 20;

    protected static CancellationToken Token => TestContext.Current.CancellationToken;

    protected EngineFixture Engine { get; } = engine;

    protected async Task<RbdImages> NewImagesAsync()
    {
        IPool pool = Engine.NewNamespace();
        var images = new RbdImages(pool);
        await images.CreateNamespaceAsync(pool.Namespace, Token);
        return images;
    }

    protected static byte[] Bytes(int length, int seed)
    {
        byte[] bytes = new byte[length];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }

    protected static async Task<byte[]> ReadAllAsync(Image image)
    {
        byte[] all = new byte[image.Size];
        await image.ReadAsync(0, all, Token);
        return all;
    }

    protected static async Task<int> CodeOfAsync(Func<Task> action) => (await Assert.ThrowsAnyAsync<RadosException>(action)).Code;

    /// <summary>The stored map says of no object that it is absent when it exists.</summary>
    protected static async Task CheckObjectMapAsync(Image image)
    {
        foreach (ulong id in (ulong[])[.. image.Snapshots.Select(s => s.Id), SnapshotId.Head])
        {
            byte[]? map = await image.LoadObjectMapAsync(id, Token);
            Assert.NotNull(map);
            for (ulong number = 0; number < (ulong)map.Length; number++)
            {
                bool exists = await image.DataPool.StatAsync(image.ObjectName(number), id, Token) is not null;
                Assert.False(exists && map[number] == (byte)ObjectMapState.Nonexistent, $"object {number} at {id} exists, unknown to the map");
                Assert.NotEqual((byte)ObjectMapState.Pending, map[number]);
            }
        }
    }
}
