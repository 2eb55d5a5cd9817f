using Nacre.Journal.Formats;
using Nacre.ObjectClasses.Calls;
using Nacre.ObjectClasses.Rbd;
using Nacre.ObjectClasses.Rbd.Notifications;
using Nacre.Rados;
using Nacre.Rados.Clusters;
using Nacre.Rados.Objects;

namespace Nacre.Rbd;

/// <summary>Size, metadata and the non-primary mark of an image. The methods called Owned run as the lock's owner.</summary>
internal sealed partial class MaintenanceOperations(ImageCore core, ObjectIo objects)
{
    public Task ResizeAsync(ulong size, bool allowShrink, IProgress<OperationProgress>? progress, CancellationToken cancellationToken) => core.RunOwnedAsync(
        $"resizing to {size} bytes",
        token => ResizeHereAsync(size, allowShrink, progress, token),
        token => core.Watcher!.AskOwnerLongAsync(id => new ResizePayload(size, allowShrink, id), progress, token),
        cancellationToken);

    public Task ResizeOwnedAsync(ulong size, bool allowShrink, IProgress<OperationProgress>? progress, CancellationToken cancellationToken) =>
        core.ServeOwnedAsync(token => ResizeHereAsync(size, allowShrink, progress, token), cancellationToken);

    /// <summary>Resizes while the caller holds writes back (operation::ResizeRequest).</summary>
    public async Task ResizeBlockedAsync(ulong size, IProgress<OperationProgress>? progress, CancellationToken cancellationToken)
    {
        ulong count = core.Layout.ObjectCount(size);
        if (size >= core.State.Size)
        {
            await ResizeMapAsync(count, cancellationToken);
            await SetSizeAsync(size, cancellationToken);
        }
        else
        {
            await new ObjectTrim(core, objects).TrimAsync(size, progress, cancellationToken);
            await SetSizeAsync(size, cancellationToken);
            await ResizeMapAsync(count, cancellationToken);
        }

        await core.RefreshAsync(cancellationToken);
    }

    public async Task SetNonPrimaryAsync(bool nonPrimary, CancellationToken cancellationToken)
    {
        await core.Pool.CallAsync(
            core.HeaderName, RbdCalls.SetFeatures(nonPrimary ? RbdFeatures.NonPrimary : RbdFeatures.None, RbdFeatures.NonPrimary), cancellationToken);
        await core.NotifyHeaderUpdateAsync(cancellationToken);
    }

    private async Task ResizeHereAsync(ulong size, bool allowShrink, IProgress<OperationProgress>? progress, CancellationToken cancellationToken)
    {
        if (size < core.State.Size && !allowShrink)
        {
            throw core.Error(Errno.EINVAL, $"shrinking from {core.State.Size} to {size} bytes, which was not allowed,");
        }

        if (core.State.Has(RbdFeatures.ObjectMap) && core.Layout.ObjectCount(size) > ObjectMap.MaximumCount)
        {
            throw core.Error(Errno.EINVAL, $"resizing to {size} bytes: too many objects for an object map");
        }

        await core.Writes.BlockAsync(cancellationToken);
        try
        {
            await core.OperateAsync(
                operation => new JournalNumberOperation(JournalEventType.Resize, operation, size),
                () => ResizeBlockedAsync(size, progress, cancellationToken), cancellationToken);
        }
        finally
        {
            core.Writes.Unblock();
        }

        await core.NotifyHeaderUpdateAsync(cancellationToken);
    }

    private async Task SetSizeAsync(ulong size, CancellationToken cancellationToken) =>
        await core.Pool.CallAsync(core.HeaderName, RbdCalls.SetSize(size), cancellationToken);

    private async Task ResizeMapAsync(ulong count, CancellationToken cancellationToken)
    {
        if (core.ObjectMap is not { } map)
        {
            return;
        }

        using OperationResult result = await core.Pool.OperateAsync(
            RbdObjects.ObjectMap(core.Id),
            new WriteOperation().Call(HeadObjectMap.AssertLocked).Call(RbdCalls.ResizeObjectMap(count, ObjectMapState.Nonexistent)), null,
            cancellationToken);
        if (result.ReturnCode is -Errno.EBUSY or -Errno.ESHUTDOWN)
        {
            throw core.Error(result.ReturnCode, "resizing the object map");
        }

        if (result.ReturnCode < 0)
        {
            core.Log($"resizing the object map: {Errno.Describe(result.ReturnCode)}; it is marked invalid");
            await ObjectMapStore.InvalidateAsync(core, SnapshotId.Head, cancellationToken);
        }

        map.Resized(count, ObjectMapState.Nonexistent);
    }
}
