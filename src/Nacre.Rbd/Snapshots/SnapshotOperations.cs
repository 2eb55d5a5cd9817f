using Nacre.Journal.Formats;
using Nacre.ObjectClasses.Calls;
using Nacre.ObjectClasses.Rbd;
using Nacre.ObjectClasses.Rbd.Notifications;
using Nacre.Rados;
using Nacre.Rados.Objects;

namespace Nacre.Rbd;

/// <summary>Snapshots of an image (librbd/operation/Snapshot*Request). The methods called Owned run as the lock's owner.</summary>
internal sealed partial class SnapshotOperations(ImageCore core, ObjectIo objects)
{
    public async Task<ImageSnapshot> CreateAsync(
        string name, SnapshotNamespace kind, SnapshotCreateFlags flags, IProgress<OperationProgress>? progress, CancellationToken cancellationToken)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        await core.RefreshIfStaleAsync(cancellationToken);
        if (Find(name, kind.Type) is not null)
        {
            throw Exists(name);
        }

        await core.RunOwnedAsync(
            $"creating snapshot '{name}'",
            token => CreateHereAsync(name, kind, flags, progress, token),
            token => core.Watcher!.AskOwnerLongAsync(id => new SnapCreatePayload(name, kind, id, (ulong)flags), progress, token),
            cancellationToken, Errno.EEXIST);
        if (Find(name, kind.Type) is { } made)
        {
            return made;
        }

        await core.RefreshAsync(cancellationToken);
        return Find(name, kind.Type) ?? throw core.Error(Errno.ENOENT, $"snapshot '{name}', just made,");
    }

    public Task CreateOwnedAsync(
        string name, SnapshotNamespace kind, SnapshotCreateFlags flags, IProgress<OperationProgress>? progress, CancellationToken cancellationToken) =>
        core.ServeOwnedAsync(token => CreateHereAsync(name, kind, flags, progress, token), cancellationToken);

    public async Task RemoveAsync(string name, SnapshotNamespaceType type, CancellationToken cancellationToken)
    {
        await core.RefreshIfStaleAsync(cancellationToken);
        ImageSnapshot snapshot = Find(name, type) ?? throw Missing(name);
        await RemoveAsync(snapshot, cancellationToken);
    }

    public async Task RemoveAsync(ulong id, CancellationToken cancellationToken)
    {
        await core.RefreshIfStaleAsync(cancellationToken);
        ImageSnapshot snapshot = core.State.FindSnapshot(id) ?? throw Missing(id.ToString(System.Globalization.CultureInfo.InvariantCulture));
        await RemoveAsync(snapshot, cancellationToken);
    }

    public async Task RenameAsync(string name, string newName, CancellationToken cancellationToken)
    {
        await core.RefreshIfStaleAsync(cancellationToken);
        ImageSnapshot snapshot = Find(name) ?? throw Missing(name);
        if (Find(newName) is not null)
        {
            throw Exists(newName);
        }

        await core.RunOwnedAsync(
            $"renaming snapshot '{name}'",
            token => RenameHereAsync(snapshot.Id, newName, token),
            token => core.Watcher!.AskOwnerLongAsync(id => new SnapRenamePayload(snapshot.Id, newName, id), null, token),
            cancellationToken, Errno.EEXIST);
    }

    public Task RenameOwnedAsync(ulong id, string newName, CancellationToken cancellationToken) =>
        core.ServeOwnedAsync(token => RenameHereAsync(id, newName, token), cancellationToken);

    public Task ProtectAsync(string name, CancellationToken cancellationToken) =>
        ProtectionAsync(name, NotifyOperation.SnapProtect, ProtectHereAsync, cancellationToken);

    public Task UnprotectAsync(string name, CancellationToken cancellationToken) =>
        ProtectionAsync(name, NotifyOperation.SnapUnprotect, UnprotectHereAsync, cancellationToken);

    /// <summary>Removes, protects or unprotects for another client.</summary>
    public Task ServeAsync(SnapPayload request, CancellationToken cancellationToken) => core.ServeOwnedAsync(
        token =>
        {
            ImageSnapshot snapshot = Find(request.Name, request.Namespace.Type) ?? throw Missing(request.Name);
            return request.Operation switch
            {
                NotifyOperation.SnapRemove => RemoveHereAsync(snapshot, token),
                NotifyOperation.SnapProtect => ProtectHereAsync(snapshot, token),
                _ => UnprotectHereAsync(snapshot, token),
            };
        },
        cancellationToken);

    public async Task<ulong> GetLimitAsync(CancellationToken cancellationToken) =>
        await core.Pool.CallAsync(core.HeaderName, RbdCalls.GetSnapshotLimit(), cancellationToken);

    public async Task SetLimitAsync(ulong limit, CancellationToken cancellationToken)
    {
        await core.RunOwnedAsync(
            "limiting snapshots",
            token => core.OperateAsync(
                operation => new JournalNumberOperation(JournalEventType.SnapLimit, operation, limit),
                async () =>
                {
                    await core.Pool.CallAsync(core.HeaderName, RbdCalls.SetSnapshotLimit(limit), token);
                    await core.NotifyHeaderUpdateAsync(token);
                },
                token),
            null,
            cancellationToken);
    }

    private async Task RemoveAsync(ImageSnapshot snapshot, CancellationToken cancellationToken)
    {
        if (snapshot.Protection != ProtectionStatus.Unprotected)
        {
            throw core.Error(Errno.EBUSY, $"removing snapshot '{snapshot.Name}', which is protected,");
        }

        await core.RunOwnedAsync(
            $"removing snapshot '{snapshot.Name}'",
            token => RemoveHereAsync(snapshot, token),
            token => core.Watcher!.AskOwnerLongAsync(
                id => new SnapPayload(NotifyOperation.SnapRemove, snapshot.Name, snapshot.Namespace, id), null, token),
            cancellationToken, Errno.ENOENT);
    }

    private async Task ProtectionAsync(
        string name, NotifyOperation operation, Func<ImageSnapshot, CancellationToken, Task> local, CancellationToken cancellationToken)
    {
        await core.RefreshIfStaleAsync(cancellationToken);
        ImageSnapshot snapshot = Find(name) ?? throw Missing(name);
        await core.RunOwnedAsync(
            $"changing the protection of snapshot '{name}'",
            token => local(snapshot, token),
            token => core.Watcher!.AskOwnerLongAsync(id => new SnapPayload(operation, name, snapshot.Namespace, id), null, token),
            cancellationToken, operation == NotifyOperation.SnapProtect ? Errno.EBUSY : Errno.EINVAL);
    }

    private async Task CreateHereAsync(
        string name, SnapshotNamespace kind, SnapshotCreateFlags flags, IProgress<OperationProgress>? progress, CancellationToken cancellationToken)
    {
        if (Find(name, kind.Type) is not null)
        {
            throw Exists(name);
        }

        AsyncRequestId? quiesce = await QuiesceAsync(flags, progress, cancellationToken);
        try
        {
            // Nothing may be half written: each write is in the snapshot as a whole or not at all.
            await core.Writes.BlockAsync(cancellationToken);
            try
            {
                await core.Unsettled.SettleAsync(cancellationToken);
                await core.OperateAsync(
                    operation => new JournalSnapOperation(JournalEventType.SnapCreate, operation, name, kind),
                    () => AddAsync(name, kind, !flags.HasFlag(SnapshotCreateFlags.SkipObjectMap), cancellationToken),
                    cancellationToken);
            }
            finally
            {
                core.Writes.Unblock();
            }
        }
        finally
        {
            if (quiesce is { } id)
            {
                core.Watcher?.NotifySoon(new AsyncRequestPayload(NotifyOperation.Unquiesce, id));
            }
        }

        await core.NotifyHeaderUpdateAsync(cancellationToken);
    }

    // From the header's entry on the snapshot exists, and must get its object map before anybody writes: the caller's token does not stop it there.
    private async Task AddAsync(string name, SnapshotNamespace kind, bool withMap, CancellationToken cancellationToken)
    {
        ulong id;
        while (true)
        {
            id = await core.DataPool.CreateSnapshotIdAsync(cancellationToken);
            int code = await core.Pool.CallForCodeAsync(core.HeaderName, RbdCalls.AddSnapshot(id, name, kind), CancellationToken.None);
            if (code == 0)
            {
                break;
            }

            await core.DataPool.RemoveSnapshotIdAsync(id, CancellationToken.None);
            if (code != -Errno.ESTALE)
            {
                throw core.Error(code, $"creating snapshot '{name}'");
            }
        }

        if (withMap && core.ObjectMap is { } map)
        {
            await ObjectMapStore.AddSnapshotAsync(core, map, id, CancellationToken.None);
        }

        await core.RefreshAsync(CancellationToken.None);
        if (kind is MirrorSnapshotNamespace { IsPrimary: true })
        {
            await MirrorImageStates.CompletePrimaryAsync(
                core.Pool, core.Id, core.State.Features, core.State.Snapshots, id, CancellationToken.None);
            await core.RefreshAsync(CancellationToken.None);
        }
    }

    // Asks everybody to bring their data to the image (librbd's quiesce hooks); null where nobody is asked.
    private async Task<AsyncRequestId?> QuiesceAsync(SnapshotCreateFlags flags, IProgress<OperationProgress>? progress, CancellationToken cancellationToken)
    {
        if (flags.HasFlag(SnapshotCreateFlags.SkipNotifyQuiesce) || core.Watcher is not { } watcher)
        {
            return null;
        }

        ulong attempts = Math.Max(1, core.GetUInt64Option("rbd_quiesce_notification_attempts", 10));
        AsyncRequestId id = watcher.NextRequestId();
        for (ulong attempt = 1; ; attempt++)
        {
            Rados.Watching.NotifyResult told = await watcher.NotifyAsync(new AsyncRequestPayload(NotifyOperation.Quiesce, id), cancellationToken);
            progress?.Report(new OperationProgress(attempt, attempts));
            int refused = ImageWatcher.FirstRefusal(told);
            if (told.TimedOut.Count > 0 && refused == 0)
            {
                refused = -Errno.ETIMEDOUT;
                if (attempt < attempts)
                {
                    continue;
                }
            }

            if (refused < 0 && !flags.HasFlag(SnapshotCreateFlags.IgnoreNotifyQuiesceError))
            {
                watcher.NotifySoon(new AsyncRequestPayload(NotifyOperation.Unquiesce, id));
                throw core.Error(refused, "quiescing before a snapshot");
            }

            return id;
        }
    }

    // Gone: a killed removal was finished when the lock was taken.
    public Task RemoveHereAsync(ImageSnapshot snapshot, CancellationToken cancellationToken) => core.State.FindSnapshot(snapshot.Id) is null
        ? Task.CompletedTask
        : core.OperateAsync(
            operation => new JournalSnapOperation(JournalEventType.SnapRemove, operation, snapshot.Name, snapshot.Namespace),
            () => RemoveStepsAsync(snapshot, cancellationToken), cancellationToken);

    private async Task RemoveStepsAsync(ImageSnapshot snapshot, CancellationToken cancellationToken)
    {
        bool trashed = snapshot.Namespace.Type == SnapshotNamespaceType.Trash;
        if (!trashed)
        {
            // What was begun is finished later even if we are killed: a snapshot in the trash is seen by nobody.
            int code = await core.Pool.CallForCodeAsync(core.HeaderName, RbdCalls.TrashSnapshot(snapshot.Id), cancellationToken);
            if (code < 0 && code is not (-Errno.EEXIST or -Errno.EOPNOTSUPP))
            {
                throw core.Error(code, $"removing snapshot '{snapshot.Name}'");
            }
        }

        SnapshotInfo now = await core.Pool.CallAsync(core.HeaderName, RbdCalls.GetSnapshot(snapshot.Id), cancellationToken);
        if (now.ChildCount > 0)
        {
            await core.NotifyHeaderUpdateAsync(cancellationToken);
            if (trashed)
            {
                throw core.Error(Errno.EBUSY, $"removing snapshot '{snapshot.Name}', which has clones,");
            }

            return;
        }

        await DeleteAsync(snapshot, cancellationToken);
        await core.NotifyHeaderUpdateAsync(cancellationToken);
    }

    private async Task DeleteAsync(ImageSnapshot snapshot, CancellationToken cancellationToken)
    {
        if (core.ObjectMap is { } map)
        {
            await ObjectMapStore.RemoveSnapshotAsync(core, map, snapshot.Id, cancellationToken);
        }

        if (snapshot.Namespace is MirrorSnapshotNamespace mirror
            && !(mirror.IsNonPrimary && mirror.PrimaryMirrorUuid.Length == 0 && mirror.PrimarySnapshotId == SnapshotId.Head))
        {
            await MirrorImageStates.RemoveAsync(core.Pool, core.Id, snapshot.Id, cancellationToken);
        }

        try
        {
            await core.DataPool.RemoveSnapshotIdAsync(snapshot.Id, cancellationToken);
        }
        catch (RadosException exception) when (exception.Code == Errno.ENOENT)
        {
            // A removal that was killed behind this point.
        }

        await core.Pool.CallAsync(core.HeaderName, RbdCalls.RemoveSnapshot(snapshot.Id), cancellationToken);
    }

    private async Task RenameHereAsync(ulong id, string newName, CancellationToken cancellationToken)
    {
        if (Find(newName) is not null)
        {
            throw Exists(newName);
        }

        string name = core.State.FindSnapshot(id)?.Name ?? "";
        await core.OperateAsync(
            operation => new JournalSnapRename(operation, newName, id, name),
            async () =>
            {
                await core.Pool.CallAsync(core.HeaderName, RbdCalls.RenameSnapshot(id, newName), cancellationToken);
                await core.NotifyHeaderUpdateAsync(cancellationToken);
            },
            cancellationToken);
    }

    private Task ProtectHereAsync(ImageSnapshot snapshot, CancellationToken cancellationToken) => core.OperateAsync(
        operation => new JournalSnapOperation(JournalEventType.SnapProtect, operation, snapshot.Name, snapshot.Namespace),
        () => ProtectStepsAsync(snapshot, cancellationToken), cancellationToken);

    private async Task ProtectStepsAsync(ImageSnapshot snapshot, CancellationToken cancellationToken)
    {
        ProtectionStatus now = await core.Pool.CallAsync(core.HeaderName, RbdCalls.GetProtectionStatus(snapshot.Id), cancellationToken);
        if (now == ProtectionStatus.Protected)
        {
            throw core.Error(Errno.EBUSY, $"protecting snapshot '{snapshot.Name}', which is protected,");
        }

        if (!core.State.Has(RbdFeatures.Layering))
        {
            throw core.Error(Errno.ENOSYS, $"protecting snapshot '{snapshot.Name}' without the layering feature");
        }

        await core.Pool.CallAsync(core.HeaderName, RbdCalls.SetProtectionStatus(snapshot.Id, ProtectionStatus.Protected), cancellationToken);
        await core.NotifyHeaderUpdateAsync(cancellationToken);
    }

    private ImageSnapshot? Find(string name, SnapshotNamespaceType type = SnapshotNamespaceType.User) =>
        core.State.Snapshots.FirstOrDefault(snapshot => snapshot.Name == name && snapshot.Namespace.Type == type);

    private RadosException Exists(string name) => core.Error(Errno.EEXIST, $"snapshot '{name}'");

    private RadosException Missing(string name) => core.Error(Errno.ENOENT, $"snapshot '{name}'");
}
