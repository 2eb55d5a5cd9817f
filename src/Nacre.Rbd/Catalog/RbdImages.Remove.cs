using Nacre.ObjectClasses.Calls;
using Nacre.ObjectClasses.Rbd;
using Nacre.Rados;
using Nacre.Rados.Clusters;
using Nacre.Rados.Encoding;
using Nacre.Rados.Objects;
using Nacre.Rbd.Journaling;

namespace Nacre.Rbd;

/// <content>Removing images, by way of the trash so that a killed removal can be finished (librbd::api::Image::remove, image::RemoveRequest).</content>
public sealed partial class RbdImages
{
    private async Task RemoveImageAsync(string? name, string? id, IProgress<OperationProgress>? progress, CancellationToken cancellationToken)
    {
        if (name is null)
        {
            name = await ReadNameAsync(id!, cancellationToken);
            if (name is null)
            {
                // In the trash: a removal was begun.
                await (await TrashOfAsync(id!, cancellationToken) is null
                    ? RemoveByIdStepsAsync(id!, progress, cancellationToken)
                    : RemoveTrashedImageAsync(id!, true, progress, cancellationToken));
                return;
            }
        }
        else
        {
            id = await ReadIdAsync(name, cancellationToken)
                ?? await _pool.TryCallAsync(RbdObjects.Directory, RbdCalls.GetDirectoryId(name), cancellationToken)
                ?? await FindBegunRemovalAsync(name, cancellationToken)
                ?? throw new RadosException(Errno.ENOENT, $"image {_pool.Name}/{name}");
        }

        if (await TrashOfAsync(id!, cancellationToken) is null)
        {
            await CheckRemovableAsync(id!, name, cancellationToken);
            await MoveStepsAsync(name, id!, TrashImageSource.Removing, TimeSpan.Zero, cancellationToken);
        }

        await RemoveTrashedImageAsync(id!, true, progress, cancellationToken);
    }

    private async Task RemoveTrashedImageAsync(string id, bool force, IProgress<OperationProgress>? progress, CancellationToken cancellationToken)
    {
        TrashImageSpec spec = await TrashOfAsync(id, cancellationToken) ?? throw new RadosException(Errno.ENOENT, $"image {_pool.Name}/{id} in the trash");
        if (!force && spec.DefermentEndTime.ToDateTime() > _time.GetUtcNow())
        {
            throw new RadosException(
                Errno.EPERM, $"removing image {_pool.Name}/{id}, deferred until {spec.DefermentEndTime.ToDateTime():u} (force removes it now),");
        }

        if (spec.State == TrashImageState.Restoring)
        {
            throw new RadosException(Errno.EBUSY, $"removing image {_pool.Name}/{id}, which is being restored,");
        }

        await _pool.CallAsync(RbdObjects.Trash, RbdCalls.SetTrashState(id, TrashImageState.Removing, spec.State), cancellationToken);
        try
        {
            await RemoveByIdStepsAsync(id, progress, cancellationToken);
        }
        catch (RadosException exception) when (exception.Code is Errno.ENOTEMPTY or Errno.EBUSY or Errno.EMLINK)
        {
            await _pool.CallForCodeAsync(RbdObjects.Trash, RbdCalls.SetTrashState(id, TrashImageState.Normal, TrashImageState.Removing), cancellationToken);
            throw;
        }

        await _pool.CallAsync(RbdObjects.Trash, RbdCalls.RemoveFromTrash(id), cancellationToken);
    }

    // Data, then object maps and header, then names: as long as anything is left, there is a way to find it.
    private async Task RemoveByIdStepsAsync(string id, IProgress<OperationProgress>? progress, CancellationToken cancellationToken)
    {
        string header = RbdObjects.Header(id);
        if (await _pool.StatAsync(header, cancellationToken: cancellationToken) is not null)
        {
            await using Image image = await OpenByIdAsync(
                id, new ImageOpenOptions { IgnoreNonPrimary = true, Journal = ImageJournalUse.Ignore, Time = _time }, cancellationToken);
            await CheckUnusedAsync(image, cancellationToken);
            await image.DiscardDataAsync(progress, cancellationToken);
            await DetachFromParentAsync(image, cancellationToken);
        }

        await JournalObjects.RemoveAsync(_pool, id, cancellationToken);
        await _pool.RemoveAsync(RbdObjects.ObjectMap(id), null, cancellationToken);
        await _pool.RemoveAsync(header, null, cancellationToken);
        if (await ReadNameAsync(id, cancellationToken) is { } name)
        {
            await RemoveNamesAsync(name, id, cancellationToken);
        }
    }

    private async Task RemoveNamesAsync(string name, string id, CancellationToken cancellationToken)
    {
        await RemoveIdObjectAsync(name, id, cancellationToken);
        int code = await _pool.CallForCodeAsync(RbdObjects.Directory, RbdCalls.RemoveFromDirectory(name, id), cancellationToken);
        if (code < 0 && code != -Errno.ENOENT)
        {
            throw new RadosException(code, $"removing image {_pool.Name}/{name} from the directory");
        }
    }

    // Before anything is touched: what will stop the removal anyway.
    private async Task CheckRemovableAsync(string id, string name, CancellationToken cancellationToken)
    {
        if (await _pool.StatAsync(RbdObjects.Header(id), cancellationToken: cancellationToken) is null)
        {
            return;
        }

        await using Image image = await OpenByIdAsync(
            id, new ImageOpenOptions { IgnoreNonPrimary = true, Journal = ImageJournalUse.Ignore, Time = _time }, cancellationToken);
        await CheckUnusedAsync(image, cancellationToken);
    }

    private static async Task CheckUnusedAsync(Image image, CancellationToken cancellationToken)
    {
        if (image.Features.HasFlag(RbdFeatures.Migrating))
        {
            throw new RadosException(Errno.EOPNOTSUPP, $"removing image {image.Pool.Name}/{image.Name}, which is being migrated (use Ceph's rbd),");
        }

        if (image.Group is not null)
        {
            throw new RadosException(Errno.EMLINK, $"removing image {image.Pool.Name}/{image.Name}, which is in a group,");
        }

        if ((await image.ListWatchersAsync(cancellationToken)).Count > 1)
        {
            throw new RadosException(Errno.EBUSY, $"removing image {image.Pool.Name}/{image.Name}, which has watchers (somebody has it open),");
        }

        foreach (ImageSnapshot snapshot in image.Snapshots)
        {
            if (snapshot.Namespace.Type != SnapshotNamespaceType.Trash || snapshot.ChildCount > 0)
            {
                throw new RadosException(
                    Errno.ENOTEMPTY, $"removing image {image.Pool.Name}/{image.Name}, which has snapshots (rbd snap purge removes them),");
            }
        }
    }

    // A clone is known to its parent: in rbd_children (v1) or at the parent's snapshot (v2).
    private async Task DetachFromParentAsync(Image image, CancellationToken cancellationToken)
    {
        if (image.Parent is not { } parent)
        {
            return;
        }

        if (image.OperationFeatures.HasFlag(RbdOperationFeatures.CloneChild))
        {
            IPool pool = (await _pool.Cluster.OpenPoolAsync(parent.PoolId, cancellationToken)).WithNamespace(parent.PoolNamespace);
            int code = await pool.CallForCodeAsync(
                RbdObjects.Header(parent.ImageId),
                RbdCalls.DetachChild(parent.SnapshotId, new ChildImageSpec(_pool.Id, _pool.Namespace, image.Id)), cancellationToken);
            if (code < 0 && code != -Errno.ENOENT)
            {
                throw new RadosException(code, $"detaching image {_pool.Name}/{image.Name} from its parent {parent.ImageId}");
            }

            return;
        }

        int removed = await _pool.CallForCodeAsync(RbdObjects.Children, RbdCalls.RemoveChild(parent, image.Id), cancellationToken);
        if (removed < 0 && removed != -Errno.ENOENT)
        {
            throw new RadosException(removed, $"detaching image {_pool.Name}/{image.Name} from its parent {parent.ImageId}");
        }
    }

    private async Task<string?> FindBegunRemovalAsync(string name, CancellationToken cancellationToken)
    {
        foreach (TrashEntry entry in await ListTrashEntriesAsync(cancellationToken))
        {
            if (entry.Spec.Source == TrashImageSource.Removing && entry.Spec.Name == name)
            {
                return entry.Id;
            }
        }

        return null;
    }

    private async Task<TrashImageSpec?> TrashOfAsync(string id, CancellationToken cancellationToken) =>
        await _pool.TryCallAsync(RbdObjects.Trash, RbdCalls.GetTrash(id), cancellationToken);
}
