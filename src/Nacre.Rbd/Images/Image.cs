using Nacre.ObjectClasses.Rbd;
using Nacre.Rados.Clusters;
using Nacre.Rados.Objects;

namespace Nacre.Rbd;

/// <summary>
/// An open image in Ceph's format 2. It works next to librbd on the same image: it watches the header, takes the exclusive lock and hands it over in
/// librbd's protocol, and keeps object maps as librbd does. Safe for use by many threads. Disposing it waits for what is under way, gives up the lock
/// and the watch. Open one with <see cref="RbdImages.OpenAsync"/>.
/// </summary>
public sealed partial class Image : IAsyncDisposable
{
    /// <summary>Its name when it was opened; empty where it was opened by id and has none (trash).</summary>
    public string Name => _core.Name;

    /// <summary>Its id, as in <c>rbd_header.ID</c>.</summary>
    public string Id => _core.Id;

    /// <summary>Where header, id and object map are.</summary>
    public IPool Pool => _core.Pool;

    /// <summary>Where data objects are.</summary>
    public IPool DataPool => _core.DataPool;

    /// <summary>Id of the separate data pool; -1 for none.</summary>
    public long DataPoolId => _core.DataPoolId;

    /// <summary>The header's object name.</summary>
    public string HeaderName => _core.HeaderName;

    /// <summary>How bytes lie in objects.</summary>
    public ImageLayout Layout => _core.Layout;

    /// <summary>What data objects' names begin with, <c>rbd_data.ID</c>.</summary>
    public string ObjectPrefix => _core.ObjectPrefix;

    /// <summary>Name of a data object.</summary>
    public string ObjectName(ulong objectNumber) => RbdObjects.Data(_core.ObjectPrefix, objectNumber);

    /// <summary>Size in bytes, at the head or the opened snapshot.</summary>
    public ulong Size => _core.SizeAt(_core.OpenedSnapshot);

    /// <summary>How many objects it can have at its size.</summary>
    public ulong ObjectCount => Layout.ObjectCount(Size);

    /// <summary>Features.</summary>
    public RbdFeatures Features => _core.State.Features;

    /// <summary>Operation features.</summary>
    public RbdOperationFeatures OperationFeatures => _core.State.OperationFeatures;

    /// <summary>Flags of the head, or of the opened snapshot.</summary>
    public RbdFlags Flags => _core.FlagsAt(_core.OpenedSnapshot);

    /// <summary>Snapshots of every kind, by ascending id.</summary>
    public IReadOnlyList<ImageSnapshot> Snapshots => _core.State.Snapshots;

    /// <summary>Snapshot context of the next write.</summary>
    public SnapshotContext SnapshotContext => _core.State.SnapshotContext;

    /// <summary>What it is a clone of, at the head or the opened snapshot; null for none.</summary>
    public ParentImageSpec? Parent => _core.ParentAt(_core.OpenedSnapshot)?.Spec;

    /// <summary>How many of its first bytes the parent backs.</summary>
    public ulong ParentOverlap => _core.ParentAt(_core.OpenedSnapshot)?.Overlap ?? 0;

    /// <summary>When it was made.</summary>
    public DateTimeOffset CreatedAt => _core.State.CreatedAt;

    /// <summary>When it was last read, as coarse as librbd keeps it.</summary>
    public DateTimeOffset AccessedAt => _core.State.AccessedAt;

    /// <summary>When it was last written, as coarse as librbd keeps it.</summary>
    public DateTimeOffset ModifiedAt => _core.State.ModifiedAt;

    /// <summary>The group it is in; null for none.</summary>
    public GroupSpec? Group => _core.State.Group;

    /// <summary>True where no writes are possible: opened so, at a snapshot, or a mirrored copy.</summary>
    public bool IsReadOnly => _core.IsReadOnly;

    /// <summary>Id of the opened snapshot, or <see cref="SnapshotId.Head"/>.</summary>
    public ulong OpenedSnapshotId => _core.OpenedSnapshot;

    /// <summary>
    /// Raised after a change of the header by anybody was read in: size, snapshots, features, metadata. Handlers run on the watch's thread and must be quick.
    /// </summary>
    public event Action? Updated
    {
        add => _core.Updated += value;
        remove => _core.Updated -= value;
    }

    /// <summary>A snapshot by id; null where there is none.</summary>
    public ImageSnapshot? FindSnapshot(ulong id) => _core.State.FindSnapshot(id);

    /// <summary>A snapshot of a kind by name; null where there is none.</summary>
    public ImageSnapshot? FindSnapshot(string name, SnapshotNamespaceType type = SnapshotNamespaceType.User) =>
        _core.State.Snapshots.FirstOrDefault(snapshot => snapshot.Name == name && snapshot.Namespace.Type == type);

    /// <summary>Reads the header again. ENOENT where the image is gone.</summary>
    public Task RefreshAsync(CancellationToken cancellationToken = default) => _core.RefreshAsync(cancellationToken);

    /// <summary>Tells all who have the image open, this one too, that its header changed: after writing the header by other means.</summary>
    public Task NotifyUpdateAsync(CancellationToken cancellationToken = default) => _core.NotifyHeaderUpdateAsync(cancellationToken);

    /// <summary>Who watches the header: every client that has the image open for writing, this one too.</summary>
    public Task<IReadOnlyList<Rados.Watching.Watcher>> ListWatchersAsync(CancellationToken cancellationToken = default) =>
        _core.Pool.ListWatchersAsync(_core.HeaderName, cancellationToken);

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _core.CloseAsync();
}
