using Nacre.Journal.Formats;
using Nacre.ObjectClasses.Calls;
using Nacre.ObjectClasses.Rbd;
using Nacre.Rados;

namespace Nacre.Rbd.Journaling;

/// <summary>
/// Carries out journaled operations on an image, past its own journal (src/librbd/journal/Replay.cc). What was carried out already, by a replay that
/// was killed before its position was known, succeeds.
/// </summary>
internal sealed class OperationReplay(ImageCore core, SnapshotOperations snapshots, MaintenanceOperations maintenance, bool requiresLock)
{
    /// <summary>
    /// True where it takes effect where its event stands: the source holds writes back there. The others take effect where they finish.
    /// </summary>
    public static bool IsAtBegin(JournalEventType type) =>
        type is JournalEventType.SnapCreate or JournalEventType.Resize or JournalEventType.UpdateFeatures;

    /// <summary>True where the source's failure may have left it half done, so that a copy cannot follow.</summary>
    public static bool IsTornByFailure(JournalEventType type) => type is JournalEventType.Resize or JournalEventType.SnapRollback;

    /// <summary>The number by which an operation's end names it; null where it is no operation.</summary>
    public static ulong? TidOf(JournalEventPayload payload) => payload switch
    {
        JournalOperation operation => operation.OperationTid,
        JournalSnapOperation operation => operation.OperationTid,
        JournalSnapRename operation => operation.OperationTid,
        JournalNumberOperation operation => operation.OperationTid,
        JournalTextOperation operation => operation.OperationTid,
        JournalUpdateFeatures operation => operation.OperationTid,
        JournalMetadataSet operation => operation.OperationTid,
        _ => null,
    };

    /// <summary>Carries it out. No write is under way.</summary>
    public async Task RunAsync(JournalEventPayload payload, CancellationToken cancellationToken)
    {
        bool isDone = await core.RunReplayedAsync(requiresLock ? core.Lock : null, token => RunHereAsync(payload, token), cancellationToken);
        if (!isDone)
        {
            throw core.Error(Errno.EROFS, "replaying without the exclusive lock to a copy");
        }
    }

    private Task RunHereAsync(JournalEventPayload payload, CancellationToken cancellationToken) => payload switch
    {
        JournalSnapOperation snap => SnapAsync(snap, cancellationToken),
        JournalSnapRename rename => RenameSnapAsync(rename, cancellationToken),
        JournalNumberOperation { Type: JournalEventType.Resize } resize =>
            maintenance.ResizeReplayedAsync(resize.Value, cancellationToken),
        JournalNumberOperation limit => LimitAsync(limit.Value, cancellationToken),
        JournalTextOperation { Type: JournalEventType.Rename } rename => RenameAsync(rename.Text, cancellationToken),
        JournalTextOperation removal => RemoveMetadataAsync(removal.Text, cancellationToken),
        JournalMetadataSet set => SetMetadataAsync(set, cancellationToken),
        JournalUpdateFeatures update => maintenance.UpdateFeaturesReplayedAsync(update.Features, update.Enabled, cancellationToken),
        JournalOperation => FlattenAsync(),
        _ => throw core.Error(Errno.EOPNOTSUPP, $"replaying an event of type {(uint)payload.Type} to a copy"),
    };

    private async Task SnapAsync(JournalSnapOperation snap, CancellationToken cancellationToken)
    {
        ImageSnapshot? found = core.State.Snapshots.FirstOrDefault(s => s.Name == snap.Name && s.Namespace.Type == snap.Namespace.Type);
        switch (snap.Type)
        {
            case JournalEventType.SnapCreate when found is null:
                await snapshots.CreateReplayedAsync(snap.Name, snap.Namespace, cancellationToken);
                break;
            case JournalEventType.SnapRemove when found is not null:
                await snapshots.RemoveReplayedAsync(found, cancellationToken);
                break;
            case JournalEventType.SnapProtect:
                await ProtectAsync(Required(found, snap.Name), ProtectionStatus.Protected, cancellationToken);
                break;
            case JournalEventType.SnapUnprotect:
                await ProtectAsync(Required(found, snap.Name), ProtectionStatus.Unprotected, cancellationToken);
                break;
            case JournalEventType.SnapRollback:
                await snapshots.RollBackReplayedAsync(Required(found, snap.Name).Id, cancellationToken);
                break;
        }
    }

    private async Task ProtectAsync(ImageSnapshot snapshot, ProtectionStatus wanted, CancellationToken cancellationToken)
    {
        if (snapshot.Protection != wanted)
        {
            await core.Pool.CallAsync(core.HeaderName, RbdCalls.SetProtectionStatus(snapshot.Id, wanted), cancellationToken);
            await core.NotifyHeaderUpdateAsync(cancellationToken);
        }
    }

    // By name: ids are each site's own.
    private async Task RenameSnapAsync(JournalSnapRename rename, CancellationToken cancellationToken)
    {
        ImageSnapshot? old = rename.OldName.Length > 0
            ? core.State.Snapshots.FirstOrDefault(s => s.IsUser && s.Name == rename.OldName)
            : core.State.FindSnapshot(rename.SnapshotId);
        bool isDone = core.State.Snapshots.Any(s => s.IsUser && s.Name == rename.NewName);
        if (!isDone)
        {
            await core.Pool.CallAsync(
                core.HeaderName, RbdCalls.RenameSnapshot(Required(old, rename.OldName).Id, rename.NewName), cancellationToken);
            await core.NotifyHeaderUpdateAsync(cancellationToken);
        }
    }

    private async Task LimitAsync(ulong limit, CancellationToken cancellationToken)
    {
        // ERANGE: there are more by now.
        int code = await core.Pool.CallForCodeAsync(core.HeaderName, RbdCalls.SetSnapshotLimit(limit), cancellationToken);
        RadosException.ThrowIfFailed(code == -Errno.ERANGE ? 0 : code, "limiting snapshots", core.Pool.Name, core.HeaderName);
        await core.NotifyHeaderUpdateAsync(cancellationToken);
    }

    private async Task RenameAsync(string name, CancellationToken cancellationToken)
    {
        try
        {
            await new RbdImages(core.Pool).RenameOwnedAsync(core.Id, name, cancellationToken);
        }
        catch (RadosException exception) when (exception.Code == Errno.EEXIST)
        {
            // It is called so already, or another image here is.
            core.Log($"renaming to '{name}', as at the source: {exception.Message}");
        }
    }

    private async Task SetMetadataAsync(JournalMetadataSet set, CancellationToken cancellationToken)
    {
        await core.Pool.CallAsync(core.HeaderName, RbdCalls.SetMetadata(set.Key, set.Value), cancellationToken);
        await core.NotifyHeaderUpdateAsync(cancellationToken);
    }

    private async Task RemoveMetadataAsync(string key, CancellationToken cancellationToken)
    {
        int code = await core.Pool.CallForCodeAsync(core.HeaderName, RbdCalls.RemoveMetadata(key), cancellationToken);
        RadosException.ThrowIfFailed(code == -Errno.ENOENT ? 0 : code, $"removing metadata '{key}'", core.Pool.Name, core.HeaderName);
        await core.NotifyHeaderUpdateAsync(cancellationToken);
    }

    private Task FlattenAsync() => core.State.Parent is null
        ? Task.CompletedTask
        : throw core.Error(Errno.EOPNOTSUPP, "flattening, which the journal asks for,");

    private ImageSnapshot Required(ImageSnapshot? snapshot, string name) => snapshot ?? throw core.Error(Errno.ENOENT, $"snapshot '{name}'");
}
