using Nacre.ObjectClasses.Calls;
using Nacre.ObjectClasses.Rbd;
using Nacre.Rados;
using Nacre.Rados.Clusters;
using Nacre.Rados.Objects;

namespace Nacre.Rbd;

/// <content>The directory: listing, names and ids, opening, renaming.</content>
public sealed partial class RbdImages
{
    private const ulong Page = 1024;

    private async Task<IReadOnlyList<ImageEntry>> ListImagesAsync(CancellationToken cancellationToken)
    {
        var images = new List<ImageEntry>();
        string after = "";
        while (true)
        {
            IReadOnlyDictionary<string, string>? page = await _pool.TryCallAsync(
                RbdObjects.Directory, RbdCalls.ListDirectory(after, Page), cancellationToken);
            foreach ((string name, string id) in page ?? new Dictionary<string, string>())
            {
                images.Add(new ImageEntry(name, id));
                after = name;
            }

            if (page is null || (ulong)page.Count < Page)
            {
                return images;
            }
        }
    }

    private async Task<string?> ReadIdAsync(string name, CancellationToken cancellationToken) =>
        await _pool.TryCallAsync(RbdObjects.ImageId(name), RbdCalls.GetId(), cancellationToken);

    private async Task<string?> ReadNameAsync(string id, CancellationToken cancellationToken) =>
        await _pool.TryCallAsync(RbdObjects.Directory, RbdCalls.GetDirectoryName(id), cancellationToken);

    private async Task<Image> OpenImageAsync(string? name, string? id, ImageOpenOptions options, CancellationToken cancellationToken)
    {
        if (id is null)
        {
            id = await ReadIdAsync(name!, cancellationToken)
                ?? throw new RadosException(Errno.ENOENT, $"image {_pool.Name}/{name}");
        }

        // An image in the trash has no name.
        name ??= await ReadNameAsync(id, cancellationToken) ?? "";

        ImageIdentity identity;
        try
        {
            identity = await ImageHeader.ReadIdentityAsync(_pool, RbdObjects.Header(id), cancellationToken);
        }
        catch (RadosException exception) when (exception.Code == Errno.ENOENT)
        {
            throw new RadosException(Errno.ENOENT, $"image {_pool.Name}/{(name.Length > 0 ? name : id)}: its header {RbdObjects.Header(id)}", exception);
        }

        IPool dataPool = identity.DataPoolId < 0
            ? _pool
            : (await _pool.Cluster.OpenPoolAsync(identity.DataPoolId, cancellationToken)).WithNamespace(_pool.Namespace);
        var core = new ImageCore(_pool, dataPool, id, name, identity, options);
        try
        {
            core.PoolMetadata = await ReadPoolMetadataAsync(cancellationToken);
            await core.StartAsync(cancellationToken);
            ResolveSnapshot(core);
            await OpenParentAsync(core, cancellationToken);
            return new Image(core);
        }
        catch
        {
            await core.CloseAsync();
            throw;
        }
    }

    private async Task<IReadOnlyDictionary<string, string>> ReadPoolMetadataAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await ImageHeader.ReadMetadataAsync(_pool.WithNamespace(""), RbdObjects.Info, null, cancellationToken);
        }
        catch (RadosException exception) when (exception.Code is Errno.ENOENT or Errno.EPERM or Errno.EACCES)
        {
            // Never initialised, or a user that may see its namespace only.
            return new Dictionary<string, string>();
        }
    }

    private static void ResolveSnapshot(ImageCore core)
    {
        if (core.Options.SnapshotName is { } name)
        {
            core.OpenedSnapshot = core.State.Snapshots.FirstOrDefault(snapshot => snapshot.IsUser && snapshot.Name == name)?.Id
                ?? throw core.Error(Errno.ENOENT, $"snapshot '{name}'");
        }
        else if (core.Options.SnapshotId is { } id && id != SnapshotId.Head && core.State.FindSnapshot(id) is null)
        {
            throw core.Error(Errno.ENOENT, $"snapshot {id}");
        }
    }

    private async Task OpenParentAsync(ImageCore core, CancellationToken cancellationToken)
    {
        if (core.ParentAt(core.OpenedSnapshot) is not { Overlap: > 0 } parent)
        {
            return;
        }

        IPool pool = (await _pool.Cluster.OpenPoolAsync(parent.Spec.PoolId, cancellationToken)).WithNamespace(parent.Spec.PoolNamespace);
        core.Parent = await new RbdImages(pool, _time).OpenByIdAsync(
            parent.Spec.ImageId,
            new ImageOpenOptions
            {
                ReadOnly = true,
                SnapshotId = parent.Spec.SnapshotId,
                MaximumConcurrency = core.Options.MaximumConcurrency,
                Time = core.Options.Time,
                Log = core.Options.Log,
            },
            cancellationToken);
    }

    private async Task RenameImageAsync(string name, string newName, CancellationToken cancellationToken)
    {
        string id = await ReadIdAsync(name, cancellationToken) ?? throw new RadosException(Errno.ENOENT, $"image {_pool.Name}/{name}");
        ImageFeatures features = await _pool.CallAsync(RbdObjects.Header(id), RbdCalls.GetFeatures(readOnly: true), cancellationToken);
        if (!features.Features.HasFlag(RbdFeatures.Journaling))
        {
            await RenameStepsAsync(id, name, newName, cancellationToken);
            return;
        }

        await using Image image = await OpenByIdAsync(id, new ImageOpenOptions { Time = _time }, cancellationToken);
        await image.RenameAsync(newName, cancellationToken);
    }

    /// <summary>Renames for another client, which knows only the image.</summary>
    internal async Task RenameOwnedAsync(string id, string newName, CancellationToken cancellationToken)
    {
        string name = await ReadNameAsync(id, cancellationToken) ?? throw new RadosException(Errno.ENOENT, $"name of image {_pool.Name}/{id}");
        await RenameStepsAsync(id, name, newName, cancellationToken);
    }

    // librbd::operation::RenameRequest: the new id object first, so that the image always has a name; a killed one is continued by the same call.
    private async Task RenameStepsAsync(string id, string name, string newName, CancellationToken cancellationToken)
    {
        ArgumentException.ThrowIfNullOrEmpty(newName);
        if (name == newName)
        {
            throw new RadosException(Errno.EEXIST, $"image {_pool.Name}/{newName}");
        }

        string? taken = await ReadIdAsync(newName, cancellationToken);
        if (taken is not null && taken != id)
        {
            throw new RadosException(Errno.EEXIST, $"image {_pool.Name}/{newName}");
        }

        if (taken is null)
        {
            await _pool.ExecuteAsync(
                RbdObjects.ImageId(newName), new WriteOperation().Create(true).Call(RbdCalls.SetId(id)), "naming an image", null, cancellationToken);
        }

        await _pool.CallAsync(RbdObjects.Directory, RbdCalls.RenameInDirectory(name, newName, id), cancellationToken);
        await _pool.RemoveAsync(RbdObjects.ImageId(name), null, cancellationToken);
        await NotifyHeaderAsync(id, cancellationToken);
    }

    private async Task NotifyHeaderAsync(string id, CancellationToken cancellationToken)
    {
        try
        {
            await _pool.NotifyAsync(
                RbdObjects.Header(id),
                ObjectClasses.Encoding.CephEncodingExtensions.ToBytes(
                    new ObjectClasses.Rbd.Notifications.NotifyMessage(new ObjectClasses.Rbd.Notifications.HeaderUpdatePayload())),
                TimeSpan.FromSeconds(5), cancellationToken);
        }
        catch (RadosException exception) when (exception.Code == Errno.ENOENT)
        {
            // No header, nobody to tell.
        }
    }
}
