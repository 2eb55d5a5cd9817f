using Nacre.Journal.Formats;
using Nacre.ObjectClasses.Calls;
using Nacre.ObjectClasses.Rbd;
using Nacre.ObjectClasses.Rbd.Notifications;
using Nacre.Rados;
using Nacre.Rados.Clusters;

namespace Nacre.Rbd;

/// <content>Metadata and the name.</content>
internal sealed partial class MaintenanceOperations
{
    public async Task<string?> GetMetadataAsync(string key, CancellationToken cancellationToken) =>
        await core.Pool.TryCallAsync(core.HeaderName, RbdCalls.GetMetadata(key), cancellationToken);

    public async Task<IReadOnlyList<KeyValuePair<string, string>>> ListMetadataAsync(CancellationToken cancellationToken) =>
        [.. await ImageHeader.ReadMetadataAsync(core.Pool, core.HeaderName, null, cancellationToken)];

    // One atomic call: it needs no lock where there is no journal.
    public async Task SetMetadataAsync(string key, string value, CancellationToken cancellationToken)
    {
        core.ThrowIfReadOnly("setting metadata");
        await (core.IsJournaled
            ? core.RunOwnedAsync(
                $"setting metadata '{key}'",
                token => SetMetadataHereAsync(key, value, token),
                token => core.Watcher!.AskOwnerLongAsync(id => new MetadataUpdatePayload(key, value, id), null, token),
                cancellationToken)
            : SetMetadataHereAsync(key, value, cancellationToken));
    }

    public async Task RemoveMetadataAsync(string key, CancellationToken cancellationToken)
    {
        core.ThrowIfReadOnly("removing metadata");
        if (await GetMetadataAsync(key, cancellationToken) is null)
        {
            throw core.Error(Errno.ENOENT, $"metadata '{key}'");
        }

        await (core.IsJournaled
            ? core.RunOwnedAsync(
                $"removing metadata '{key}'",
                token => RemoveMetadataHereAsync(key, token),
                token => core.Watcher!.AskOwnerLongAsync(id => new MetadataUpdatePayload(key, null, id), null, token),
                cancellationToken)
            : RemoveMetadataHereAsync(key, cancellationToken));
    }

    public Task SetMetadataOwnedAsync(string key, string? value, CancellationToken cancellationToken) => core.ServeOwnedAsync(
        token => value is null ? RemoveMetadataHereAsync(key, token) : SetMetadataHereAsync(key, value, token), cancellationToken);

    /// <summary>Renames an image whose changes are recorded (operation::RenameRequest).</summary>
    public Task RenameAsync(string newName, CancellationToken cancellationToken) => core.RunOwnedAsync(
        $"renaming to '{newName}'",
        token => RenameHereAsync(newName, token),
        token => core.Watcher!.AskOwnerLongAsync(id => new RenamePayload(newName, id), null, token),
        cancellationToken);

    public Task RenameOwnedAsync(string newName, CancellationToken cancellationToken) =>
        core.ServeOwnedAsync(token => RenameHereAsync(newName, token), cancellationToken);

    private Task RenameHereAsync(string newName, CancellationToken cancellationToken) => core.OperateAsync(
        operation => new JournalTextOperation(JournalEventType.Rename, operation, newName),
        () => new RbdImages(core.Pool, core.Options.Time).RenameOwnedAsync(core.Id, newName, cancellationToken), cancellationToken);

    private Task SetMetadataHereAsync(string key, string value, CancellationToken cancellationToken) => core.OperateAsync(
        operation => new JournalMetadataSet(operation, key, value),
        async () =>
        {
            await core.Pool.CallAsync(core.HeaderName, RbdCalls.SetMetadata(key, value), cancellationToken);
            await core.NotifyHeaderUpdateAsync(cancellationToken);
        },
        cancellationToken);

    private Task RemoveMetadataHereAsync(string key, CancellationToken cancellationToken) => core.OperateAsync(
        operation => new JournalTextOperation(JournalEventType.MetadataRemove, operation, key),
        async () =>
        {
            await core.Pool.CallAsync(core.HeaderName, RbdCalls.RemoveMetadata(key), cancellationToken);
            await core.NotifyHeaderUpdateAsync(cancellationToken);
        },
        cancellationToken);
}
