using Nacre.ObjectClasses.Rbd;
using Nacre.Rados;
using Nacre.Rados.Objects;

namespace Nacre.Rbd;

/// <summary>Gives up what lies behind a new, smaller size (operation::TrimRequest). Writes are held back by the caller.</summary>
internal sealed class ObjectTrim(ImageCore core, ObjectIo objects)
{
    public async Task TrimAsync(ulong size, IProgress<OperationProgress>? progress, CancellationToken cancellationToken)
    {
        ulong count = core.Layout.ObjectCount(core.State.Size);
        ulong kept = core.Layout.ObjectCount(size);
        HeadObjectMap? map = core.ObjectMap;
        if (kept < count)
        {
            if (map is not null)
            {
                await map.UpdateAsync(kept, count, ObjectMapState.Pending, ObjectMapState.Exists, cancellationToken);
            }

            await BoundedWork.ForEachAsync(kept, count, core.Concurrency, progress, RemoveAsync, cancellationToken);
            if (map is not null)
            {
                await map.UpdateAsync(kept, count, ObjectMapState.Nonexistent, ObjectMapState.Pending, cancellationToken);
            }
        }

        await BoundedWork.ForEachAsync(
            Cut(size, kept), core.Concurrency, (number, token) => TruncateAsync(number, core.Layout.ObjectLength(number, size), token), cancellationToken);
    }

    // Objects that stay, but shorter: the last one, or with striping those of the last set.
    private IEnumerable<ulong> Cut(ulong size, ulong kept)
    {
        ulong first = kept - Math.Min(kept, core.Layout.StripeCount);
        for (ulong number = first; number < kept; number++)
        {
            if (core.Layout.ObjectLength(number, size) < core.Layout.ObjectLength(number, core.State.Size))
            {
                yield return number;
            }
        }
    }

    private async ValueTask RemoveAsync(ulong number, CancellationToken cancellationToken)
    {
        if (core.ObjectMap is { } map && !map.MayExist(number))
        {
            return;
        }

        int code = await objects.SendAsync(number, new WriteOperation().Remove(), core.State.SnapshotContext);
        if (code < 0 && code != -Errno.ENOENT)
        {
            throw objects.Failed(code, "removing", number);
        }
    }

    private async ValueTask TruncateAsync(ulong number, ulong length, CancellationToken cancellationToken)
    {
        if (core.ObjectMap is { } map)
        {
            if (!map.MayExist(number))
            {
                return;
            }

            await map.UpdateAsync(number, number + 1, ObjectMapState.Exists, null, cancellationToken);
        }

        int code = await objects.SendAsync(number, new WriteOperation().AssertExists().Truncate(length), core.State.SnapshotContext);
        if (code < 0 && code != -Errno.ENOENT)
        {
            throw objects.Failed(code, "cutting", number);
        }
    }
}
