using Nacre.ObjectClasses.Rbd;
using Nacre.Rados.Clusters;

namespace Nacre.Rbd;

/// <summary>
/// The images of a pool's namespace: create, list, open, remove, rename, and the trash. Stateless and cheap; safe to share.
/// Everything is Ceph's format 2: <c>rbd_directory</c>, <c>rbd_id.NAME</c>, <c>rbd_header.ID</c>, <c>rbd_object_map.ID</c>, <c>rbd_trash</c>.
/// </summary>
public sealed partial class RbdImages
{
    private readonly IPool _pool;
    private readonly TimeProvider _time;

    /// <param name="pool">The pool and namespace.</param>
    /// <param name="time">The clock; null for the system's.</param>
    public RbdImages(IPool pool, TimeProvider? time = null)
    {
        _pool = pool;
        _time = time ?? TimeProvider.System;
    }

    /// <summary>The pool and namespace.</summary>
    public IPool Pool => _pool;

    /// <summary>Images by name, in byte order. Empty where the pool has never had one.</summary>
    public Task<IReadOnlyList<ImageEntry>> ListAsync(CancellationToken cancellationToken = default) => ListImagesAsync(cancellationToken);

    /// <summary>An image's id; null where there is none of that name.</summary>
    public Task<string?> FindIdAsync(string name, CancellationToken cancellationToken = default) => ReadIdAsync(name, cancellationToken);

    /// <summary>An image's name; null where there is none of that id.</summary>
    public Task<string?> FindNameAsync(string id, CancellationToken cancellationToken = default) => ReadNameAsync(id, cancellationToken);

    /// <summary>
    /// Creates an image of that many bytes. EEXIST where the name is taken, EINVAL or EDOM where the options make no sense, ENOENT where the data pool or
    /// the namespace is absent. What a creation that was killed has left behind does not hinder.
    /// </summary>
    /// <returns>Its id.</returns>
    public Task<string> CreateAsync(string name, ulong size, ImageCreateOptions? options = null, CancellationToken cancellationToken = default) =>
        CreateImageAsync(name, size, options ?? ImageCreateOptions.Default, cancellationToken);

    /// <summary>Opens an image by name. ENOENT where there is none, ENOSYS where it has features that are not understood.</summary>
    public Task<Image> OpenAsync(string name, ImageOpenOptions? options = null, CancellationToken cancellationToken = default) =>
        OpenImageAsync(name, null, options ?? ImageOpenOptions.Default, cancellationToken);

    /// <summary>Opens an image by id, also one in the trash.</summary>
    public Task<Image> OpenByIdAsync(string id, ImageOpenOptions? options = null, CancellationToken cancellationToken = default) =>
        OpenImageAsync(null, id, options ?? ImageOpenOptions.Default, cancellationToken);

    /// <summary>
    /// Removes an image and its data. ENOTEMPTY where it has snapshots, EBUSY where somebody has it open or it is in a group; what a removal that was killed
    /// has left is finished. Mirroring's entries are the caller's.
    /// </summary>
    public Task RemoveAsync(string name, IProgress<OperationProgress>? progress = null, CancellationToken cancellationToken = default) =>
        RemoveImageAsync(name, null, progress, cancellationToken);

    /// <summary>Removes an image by id; ENOENT where there is none.</summary>
    public Task RemoveByIdAsync(string id, IProgress<OperationProgress>? progress = null, CancellationToken cancellationToken = default) =>
        RemoveImageAsync(null, id, progress, cancellationToken);

    /// <summary>Renames an image. EEXIST where the new name is taken.</summary>
    public Task RenameAsync(string name, string newName, CancellationToken cancellationToken = default) => RenameImageAsync(name, newName, cancellationToken);

    /// <summary>
    /// Readies a pool for images as <c>rbd pool init</c>: application tag, <c>rbd_info</c>.
    /// </summary>
    public Task InitializePoolAsync(bool force = false, CancellationToken cancellationToken = default) => InitializeAsync(force, cancellationToken);

    /// <summary>Images in the trash, by id.</summary>
    public Task<IReadOnlyList<TrashEntry>> ListTrashAsync(CancellationToken cancellationToken = default) => ListTrashEntriesAsync(cancellationToken);

    /// <summary>Moves an image to the trash, also one that others have open or that has snapshots, unless mirrored. EBUSY where somebody watches it.</summary>
    /// <param name="name">The image.</param>
    /// <param name="source">On whose behalf.</param>
    /// <param name="deferment">For how long it must not be removed without force.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    public Task MoveToTrashAsync(
        string name, TrashImageSource source = TrashImageSource.User, TimeSpan deferment = default, CancellationToken cancellationToken = default) =>
        MoveImageToTrashAsync(name, source, deferment, cancellationToken);

    /// <summary>Removes an image from the trash for good. EPERM where its deferment has not ended, unless <paramref name="force"/>.</summary>
    public Task RemoveFromTrashAsync(
        string id, bool force = false, IProgress<OperationProgress>? progress = null, CancellationToken cancellationToken = default) =>
        RemoveTrashedImageAsync(id, force, progress, cancellationToken);

    /// <summary>Takes an image out of the trash, under its old name or another. EEXIST where the name is taken.</summary>
    public Task RestoreFromTrashAsync(string id, string? newName = null, CancellationToken cancellationToken = default) =>
        RestoreTrashedImageAsync(id, newName, cancellationToken);

    /// <summary>Namespaces of the pool, in byte order.</summary>
    public Task<IReadOnlyList<string>> ListNamespacesAsync(CancellationToken cancellationToken = default) => ListPoolNamespacesAsync(cancellationToken);

    /// <summary>Creates a namespace. EEXIST where it exists.</summary>
    public Task CreateNamespaceAsync(string name, CancellationToken cancellationToken = default) => CreatePoolNamespaceAsync(name, cancellationToken);

    /// <summary>Removes a namespace. EBUSY where it has images, ENOENT where it is absent.</summary>
    public Task RemoveNamespaceAsync(string name, CancellationToken cancellationToken = default) => RemovePoolNamespaceAsync(name, cancellationToken);
}
