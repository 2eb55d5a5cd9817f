using Nacre.ObjectClasses.Rbd;

namespace Nacre.Rbd;

/// <content>Operations that come from a journal: they are carried out here, whoever may write the image, and are not recorded.</content>
internal sealed partial class ImageCore
{
    /// <summary>Carries one out; false where the given lock is not owned (any more).</summary>
    public Task<bool> RunReplayedAsync(ExclusiveLock? owned, Func<CancellationToken, Task> operation, CancellationToken cancellationToken) =>
        RunHereAsync(owned, operation, cancellationToken);
}

/// <content>What a replay works on.</content>
public sealed partial class Image
{
    internal ImageCore Core => _core;

    internal ObjectIo Objects => _objects;
}

/// <content>Operations that come from a journal.</content>
internal sealed partial class SnapshotOperations
{
    public Task CreateReplayedAsync(string name, SnapshotNamespace kind, CancellationToken cancellationToken) =>
        CreateHereAsync(name, kind, SnapshotCreateFlags.SkipNotifyQuiesce, null, cancellationToken);

    public Task RemoveReplayedAsync(ImageSnapshot snapshot, CancellationToken cancellationToken) => RemoveHereAsync(snapshot, cancellationToken);

    public Task RollBackReplayedAsync(ulong id, CancellationToken cancellationToken) => RollBackHereAsync(id, null, cancellationToken);
}

/// <content>Operations that come from a journal.</content>
internal sealed partial class MaintenanceOperations
{
    public Task ResizeReplayedAsync(ulong size, CancellationToken cancellationToken) =>
        size == core.State.Size ? Task.CompletedTask : ResizeHereAsync(size, allowShrink: true, null, cancellationToken);

    public Task UpdateFeaturesReplayedAsync(RbdFeatures features, bool enable, CancellationToken cancellationToken)
    {
        // A copy keeps its own journal as long as it is one.
        features &= ~(RbdFeatures.Journaling | RbdFeatures.ExclusiveLock);
        features = enable ? features & ~core.State.Features : features & core.State.Features;
        return features == RbdFeatures.None ? Task.CompletedTask : UpdateFeaturesHereAsync(features, enable, cancellationToken);
    }
}
