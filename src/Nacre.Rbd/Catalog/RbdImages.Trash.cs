using Nacre.ObjectClasses.Calls;
using Nacre.ObjectClasses.Rbd;
using Nacre.Rados;
using Nacre.Rados.Clusters;
using Nacre.Rados.Encoding;
using Nacre.Rados.Objects;

namespace Nacre.Rbd;

/// <content>The trash (librbd::api::Trash, trash::MoveRequest).</content>
public sealed partial class RbdImages
{
    private async Task<IReadOnlyList<TrashEntry>> ListTrashEntriesAsync(CancellationToken cancellationToken)
    {
        var entries = new List<TrashEntry>();
        string after = "";
        while (true)
        {
            IReadOnlyDictionary<string, TrashImageSpec>? page = await _pool.TryCallAsync(
                RbdObjects.Trash, RbdCalls.ListTrash(after, Page), cancellationToken);
            foreach ((string id, TrashImageSpec spec) in page ?? new Dictionary<string, TrashImageSpec>())
            {
                entries.Add(new TrashEntry(id, spec));
                after = id;
            }

            if (page is null || (ulong)page.Count < Page)
            {
                return entries;
            }
        }
    }

    private async Task MoveImageToTrashAsync(string name, TrashImageSource source, TimeSpan deferment, CancellationToken cancellationToken)
    {
        string id = await ReadIdAsync(name, cancellationToken) ?? throw new RadosException(Errno.ENOENT, $"image {_pool.Name}/{name}");
        if (source != TrashImageSource.Mirroring)
        {
            await using Image image = await OpenByIdAsync(id, new ImageOpenOptions { Time = _time }, cancellationToken);
            if ((await image.ListWatchersAsync(cancellationToken)).Count > 1)
            {
                throw new RadosException(Errno.EBUSY, $"moving image {_pool.Name}/{name} to the trash, which has watchers,");
            }
        }

        await MoveStepsAsync(name, id, source, deferment, cancellationToken);
    }

    // Into the trash first, then out of the directory: an image is never in neither.
    private async Task MoveStepsAsync(string name, string id, TrashImageSource source, TimeSpan deferment, CancellationToken cancellationToken)
    {
        DateTimeOffset now = _time.GetUtcNow();
        var spec = new TrashImageSpec(source, name, CephTimestamp.FromDateTime(now), CephTimestamp.FromDateTime(now + deferment));
        int added = await _pool.CallForCodeAsync(RbdObjects.Trash, RbdCalls.AddToTrash(id, spec), cancellationToken);
        if (added < 0 && added != -Errno.EEXIST)
        {
            throw new RadosException(added, $"moving image {_pool.Name}/{name} to the trash");
        }

        await RemoveNamesAsync(name, id, cancellationToken);
    }

    private async Task RestoreTrashedImageAsync(string id, string? newName, CancellationToken cancellationToken)
    {
        TrashImageSpec spec = await TrashOfAsync(id, cancellationToken) ?? throw new RadosException(Errno.ENOENT, $"image {_pool.Name}/{id} in the trash");
        if (spec.State is not (TrashImageState.Normal or TrashImageState.Restoring))
        {
            throw new RadosException(Errno.EINVAL, $"restoring image {_pool.Name}/{id}, which is being moved or removed,");
        }

        string name = newName ?? spec.Name;
        CheckName(name);
        string? taken = await ReadIdAsync(name, cancellationToken);
        if (taken is not null && taken != id)
        {
            throw new RadosException(Errno.EEXIST, $"image {_pool.Name}/{name}");
        }

        await _pool.CallAsync(RbdObjects.Trash, RbdCalls.SetTrashState(id, TrashImageState.Restoring, TrashImageState.Normal), cancellationToken);
        if (taken is null)
        {
            await _pool.ExecuteAsync(
                RbdObjects.ImageId(name), new WriteOperation().Create(true).Call(RbdCalls.SetId(id)), "naming an image", null, cancellationToken);
        }

        int added = await _pool.CallForCodeAsync(RbdObjects.Directory, RbdCalls.AddToDirectory(name, id), cancellationToken);
        if (added < 0 && added != -Errno.EEXIST)
        {
            throw new RadosException(added, $"restoring image {_pool.Name}/{name}");
        }

        await _pool.CallAsync(RbdObjects.Trash, RbdCalls.RemoveFromTrash(id), cancellationToken);
    }
}
