namespace Nacre.Rbd.Tests.Interop;

/// <summary>What tests with both libraries on one pool share.</summary>
public abstract class InteropTests(CephFixture engine)
{
    protected const ulong MiB = 1 << 20;

    protected static CancellationToken Token => TestContext.Current.CancellationToken;

    protected CephFixture Engine { get; } = engine;

    private protected async Task<(RbdImages Images, RbdTool Rbd)> NewAsync()
    {
        Rados.Clusters.IPool pool = Engine.NewNamespace();
        var images = new RbdImages(pool);
        await images.CreateNamespaceAsync(pool.Namespace, Token);
        return (images, new RbdTool(Engine, pool));
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

    /// <summary>Random writes and discards, also in what the image should hold.</summary>
    protected static async Task ScribbleAsync(Image image, byte[] expected, Random random, int steps)
    {
        for (int step = 0; step < steps; step++)
        {
            int offset = random.Next(expected.Length);
            int length = random.Next(1, Math.Min(expected.Length - offset, step % 4 == 0 ? 2_500_000 : 50_000) + 1);
            if (step % 3 == 2)
            {
                await image.DiscardAsync((ulong)offset, (ulong)length, 0, Token);
                expected.AsSpan(offset, length).Clear();
            }
            else
            {
                byte[] data = new byte[length];
                random.NextBytes(data);
                await image.WriteAsync((ulong)offset, data, Token);
                data.CopyTo(expected, offset);
            }
        }
    }
}
