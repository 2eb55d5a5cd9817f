using Nacre.Mirroring.Daemon.Planning;
using Nacre.ObjectClasses.Calls;
using Nacre.ObjectClasses.Encoding;
using Nacre.ObjectClasses.Rbd;
using Nacre.ObjectClasses.Rbd.Notifications;
using Nacre.Rados;
using Nacre.Rados.Clusters;
using Nacre.Rados.Objects;
using Nacre.Rbd;

namespace Nacre.Mirroring.Daemon.Images;

/// <summary>Changes to the header, snapshots and object maps of a local copy. Single calls, so that a delta costs few round trips.</summary>
internal sealed class LocalCopy(IPool pool, string imageId, Image? held = null)
{
    private static readonly TimeSpan _notifyTimeout = TimeSpan.FromSeconds(5);

    /// <summary>The pool of its header.</summary>
    public IPool Pool => pool;

    /// <summary>The open image that holds the lock; null while it is not held.</summary>
    public Image? Held => held;

    /// <summary>The pool of its data, where writes need the lock.</summary>
    public IPool Fence(IPool dataPool) => held?.Fence(dataPool) ?? dataPool;

    /// <summary>Its id.</summary>
    public string ImageId => imageId;

    /// <summary>The header's object.</summary>
    public string Header { get; } = RbdObjects.Header(imageId);

    /// <summary>Reads the header; null where the image is gone.</summary>
    public Task<HeaderView?> LoadAsync(CancellationToken cancellationToken) => HeaderLoader.LoadAsync(pool, imageId, cancellationToken);

    /// <summary>Sets the head's size: the map grows first and shrinks last, so that it never is too small.</summary>
    public async Task ResizeAsync(HeaderView header, ulong size, CancellationToken cancellationToken)
    {
        ulong count = header.Layout.ObjectCount(size);
        bool grows = size > header.Size;
        if (grows)
        {
            await ResizeMapAsync(header, count, cancellationToken);
        }

        await pool.CallAsync(Header, RbdCalls.SetSize(size), cancellationToken);
        if (!grows)
        {
            await ResizeMapAsync(header, count, cancellationToken);
        }
    }

    /// <summary>Adds a snapshot of the head.</summary>
    public async Task AddSnapshotAsync(ulong id, string name, SnapshotNamespace snapshotNamespace, CancellationToken cancellationToken) =>
        await pool.CallAsync(Header, RbdCalls.AddSnapshot(id, name, snapshotNamespace), cancellationToken);

    /// <summary>Marks how far the copy of a mirror snapshot is.</summary>
    public async Task MarkProgressAsync(ulong snapshotId, bool complete, ulong copiedObjects, CancellationToken cancellationToken) =>
        await pool.CallAsync(Header, RbdCalls.SetMirrorSnapshotProgress(snapshotId, complete, copiedObjects), cancellationToken);

    /// <summary>
    /// Removes a snapshot (src/librbd/operation/SnapshotRemoveRequest.cc): what changed up to it counts as changed up to the next, then the record goes, then
    /// the id, which sets the store to trimming.
    /// </summary>
    public async Task RemoveSnapshotAsync(HeaderView header, SnapshotView snapshot, CancellationToken cancellationToken)
    {
        if (snapshot.Protection != ProtectionStatus.Unprotected)
        {
            await pool.CallAsync(Header, RbdCalls.SetProtectionStatus(snapshot.Id, ProtectionStatus.Unprotected), cancellationToken);
        }

        if (header.HasObjectMap)
        {
            await MergeMapAsync(header, snapshot.Id, cancellationToken);
        }

        if (snapshot.Mirror is not null)
        {
            await MirrorImageStates.RemoveAsync(pool, imageId, snapshot.Id, cancellationToken);
        }

        int code = await pool.CallForCodeAsync(Header, RbdCalls.RemoveSnapshot(snapshot.Id), cancellationToken);
        if (code != -Errno.ENOENT)
        {
            RadosException.ThrowIfFailed(code, $"removing snapshot {snapshot.Name}", pool.Name, Header);
        }

        try
        {
            await pool.RemoveSnapshotIdAsync(snapshot.Id, cancellationToken);
        }
        catch (RadosException gone) when (gone.Code == Errno.ENOENT)
        {
            // Removed by an attempt that was killed before it could tell.
        }
    }

    /// <summary>The object map of the head or a snapshot; null where it is absent or damaged.</summary>
    public async Task<ObjectMap?> LoadMapAsync(ulong snapshotId, CancellationToken cancellationToken) =>
        await ObjectMaps.TryLoadAsync(pool, imageId, snapshotId, cancellationToken);

    /// <summary>Replaces the object map of the head or a snapshot.</summary>
    public async Task SaveMapAsync(ulong snapshotId, ObjectMap map, CancellationToken cancellationToken) =>
        await pool.ExecuteAsync(
            RbdObjects.ObjectMap(imageId, snapshotId), new WriteOperation().WriteFull(map.ToBytes()), "writing the object map", null, cancellationToken);

    /// <summary>Tells everybody who has the image open that it changed.</summary>
    public async Task NotifyAsync(CancellationToken cancellationToken)
    {
        try
        {
            await pool.NotifyAsync(Header, new NotifyMessage(new HeaderUpdatePayload()).ToBytes(), _notifyTimeout, cancellationToken);
        }
        catch (RadosException)
        {
            // The change is made; who has the image open sees it at the next look.
        }
    }

    private async Task ResizeMapAsync(HeaderView header, ulong count, CancellationToken cancellationToken)
    {
        if (!header.HasObjectMap || await LoadMapAsync(SnapshotId.Head, cancellationToken) is not { } map)
        {
            return;
        }

        if (map.Count != count)
        {
            map.Resize(count);
            await SaveMapAsync(SnapshotId.Head, map, cancellationToken);
        }
    }

    private async Task MergeMapAsync(HeaderView header, ulong snapshotId, CancellationToken cancellationToken)
    {
        ulong next = header.Snapshots.FirstOrDefault(s => s.Id > snapshotId)?.Id ?? SnapshotId.Head;
        if (await LoadMapAsync(snapshotId, cancellationToken) is { } removed)
        {
            int code = await pool.CallForCodeAsync(
                RbdObjects.ObjectMap(imageId, next), RbdCalls.RemoveObjectMapSnapshot(removed), cancellationToken);
            if (code != -Errno.ENOENT)
            {
                RadosException.ThrowIfFailed(code, "merging object maps", pool.Name, RbdObjects.ObjectMap(imageId, next));
            }
        }

        await pool.RemoveAsync(RbdObjects.ObjectMap(imageId, snapshotId), null, cancellationToken);
    }
}
