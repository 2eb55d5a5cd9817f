using Nacre.Cli.Output;
using Nacre.Rados;
using Nacre.Rados.Clusters;
using Nacre.Rbd;

namespace Nacre.Cli.Rbd;

/// <content>Opening images.</content>
internal sealed partial class RbdCommandContext
{
    /// <summary>The images of a pool.</summary>
    public RbdImages Images(IPool pool) => new(pool, application.Time);

    /// <summary>Opens an image or snapshot with rbd's words where that fails. Dispose it.</summary>
    public async Task<Image> OpenImageAsync(RbdImageSpec spec, bool readOnly, CancellationToken cancellationToken)
    {
        IPool pool = await OpenPoolAsync(spec, cancellationToken);
        return await OpenImageAsync(pool, spec, readOnly, cancellationToken);
    }

    /// <summary>Opens an image or snapshot of an opened pool.</summary>
    public async Task<Image> OpenImageAsync(IPool pool, RbdImageSpec spec, bool readOnly, CancellationToken cancellationToken)
    {
        string? snapshot = spec.Snapshot.Length == 0 ? null : spec.Snapshot;
        ImageOpenOptions options = Options(readOnly || snapshot is not null) with { SnapshotName = snapshot };
        Image image;
        try
        {
            image = await Images(pool).OpenAsync(spec.Image, options with { SnapshotName = null }, cancellationToken);
        }
        catch (RadosException exception)
        {
            throw Failure($"error opening image {spec.Image}", exception);
        }

        if (snapshot is null)
        {
            return image;
        }

        await image.DisposeAsync();
        try
        {
            return await Images(pool).OpenAsync(spec.Image, options, cancellationToken);
        }
        catch (RadosException exception)
        {
            // Ceph's text has no "rbd: " here.
            throw new Applications.CommandFailedException(exception.Code, $"error setting snapshot context: {Errno.Describe(exception.Code)}");
        }
    }

    /// <summary>Opens an image by <c>--image-id</c> where that is given, else by spec.</summary>
    public async Task<Image> OpenImageOrIdAsync(RbdImageSpec spec, bool readOnly, CancellationToken cancellationToken)
    {
        string? id = arguments.Get("image-id");
        if (id is null)
        {
            return await OpenImageAsync(spec, readOnly, cancellationToken);
        }

        IPool pool = await OpenPoolAsync(spec, cancellationToken);
        return await AttemptAsync(
            $"error opening image with id {id}", () => Images(pool).OpenByIdAsync(id, Options(readOnly), cancellationToken));
    }

    /// <summary>A progress line that a library operation reports to.</summary>
    public static IProgress<OperationProgress> Adapt(ProgressLine progress) => new ProgressAdapter(progress);

    private ImageOpenOptions Options(bool readOnly) => new() { ReadOnly = readOnly, Time = application.Time };

    private sealed class ProgressAdapter(ProgressLine progress) : IProgress<OperationProgress>
    {
        public void Report(OperationProgress value) => progress.Report(value.Done, value.Total);
    }
}
