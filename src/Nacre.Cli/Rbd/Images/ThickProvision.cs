using Nacre.Cli.Output;
using Nacre.Rados.Clusters;
using Nacre.Rbd;

namespace Nacre.Cli.Rbd.Images;

/// <summary>Fills a new image with zeroes that are stored, so that its space is taken now (<c>--thick-provision</c>).</summary>
internal static class ThickProvision
{
    private const int Parallel = 8;

    /// <summary>Writes it all.</summary>
    public static async Task RunAsync(RbdCommandContext context, IPool pool, RbdImageSpec spec, CancellationToken cancellationToken)
    {
        await using Image image = await context.OpenImageAsync(pool, spec, readOnly: false, cancellationToken);
        byte[] zeroes = new byte[Math.Min(image.Layout.ObjectSize, 4 << 20)];
        await context.WithProgressAsync(
            "Thick provisioning", "thick provisioning failed", progress => FillAsync(image, zeroes, progress, cancellationToken));
    }

    private static async Task FillAsync(Image image, byte[] zeroes, ProgressLine progress, CancellationToken cancellationToken)
    {
        ulong done = 0;
        ulong size = image.Size;
        await System.Threading.Tasks.Parallel.ForEachAsync(
            Chunks(size, (ulong)zeroes.Length),
            new ParallelOptions { MaxDegreeOfParallelism = Parallel, CancellationToken = cancellationToken },
            async (offset, token) =>
            {
                ulong length = Math.Min((ulong)zeroes.Length, size - offset);
                await image.WriteAsync(offset, zeroes.AsMemory(0, (int)length), token);
                progress.Report(Interlocked.Add(ref done, length), size);
            });
    }

    private static IEnumerable<ulong> Chunks(ulong size, ulong chunk)
    {
        for (ulong offset = 0; offset < size; offset += chunk)
        {
            yield return offset;
        }
    }
}
