using Nacre.Mirroring.Daemon.Planning;
using Nacre.ObjectClasses.Calls;
using Nacre.ObjectClasses.Rbd;
using Nacre.Rados;
using Nacre.Rados.Clusters;
using Nacre.Rados.Objects;
using Nacre.Rbd;

namespace Nacre.Mirroring.Daemon.Images;

/// <summary>
/// Makes a local copy what the source was at a mirror snapshot, besides its data: name, features, metadata, and protection, names and limit of its user
/// snapshots; snapshots that are gone there go here (src/tools/rbd_mirror/image_replayer/snapshot/ApplyImageStateRequest.cc).
/// </summary>
internal sealed class StateApplier(LocalCopy copy)
{
    /// <summary>Metadata of the daemon itself, which is not mirrored.</summary>
    private const string InternalPrefix = ".rbd";

    /// <summary>Applies it.</summary>
    /// <param name="local">The local header.</param>
    /// <param name="state">What the image was there.</param>
    /// <param name="mapping">Ids of snapshots there to ids here.</param>
    /// <param name="cancellationToken">Gives up; applying again goes on.</param>
    public async Task ApplyAsync(
        HeaderView local, ImageState state, IReadOnlyDictionary<ulong, ulong> mapping, CancellationToken cancellationToken)
    {
        await RenameAsync(state.Name, cancellationToken);
        await UpdateFeaturesAsync(local.Features, state.Features, cancellationToken);
        await UpdateMetadataAsync(state.Metadata, cancellationToken);
        await UpdateSnapshotsAsync(local, state, mapping, cancellationToken);
        await UpdateLimitAsync(state.SnapshotLimit, cancellationToken);
    }

    private async Task RenameAsync(string name, CancellationToken cancellationToken)
    {
        string? current = await copy.Pool.TryCallAsync(RbdObjects.Directory, RbdCalls.GetDirectoryName(copy.ImageId), cancellationToken);
        if (current is not null && current != name)
        {
            await new RbdImages(copy.Pool).RenameAsync(current, name, cancellationToken);
        }
    }

    private async Task UpdateFeaturesAsync(RbdFeatures local, RbdFeatures wanted, CancellationToken cancellationToken)
    {
        local &= ~RbdFeatures.ImplicitEnable;
        wanted &= ~RbdFeatures.ImplicitEnable;
        if (local == wanted)
        {
            return;
        }

        Image image = copy.Held ?? throw new RadosException(Errno.EROFS, $"features of image {copy.Pool.Name}/{copy.ImageId}, which is not held");
        RbdFeatures off = local & ~wanted;
        if (off != RbdFeatures.None)
        {
            await image.UpdateFeaturesAsync(off, enable: false, cancellationToken);
        }

        RbdFeatures on = wanted & ~local;
        if (on != RbdFeatures.None)
        {
            await image.UpdateFeaturesAsync(on, enable: true, cancellationToken);
            if (on.HasFlag(RbdFeatures.ExclusiveLock))
            {
                await image.AcquireLockAsync(cancellationToken);
            }
        }
    }

    private async Task UpdateMetadataAsync(IReadOnlyDictionary<string, byte[]> wanted, CancellationToken cancellationToken)
    {
        var present = new Dictionary<string, byte[]>(StringComparer.Ordinal);
        for (string after = ""; ;)
        {
            IReadOnlyDictionary<string, byte[]> page =
                await copy.Pool.CallAsync(copy.Header, RbdCalls.ListMetadata(after), cancellationToken);
            if (page.Count == 0)
            {
                break;
            }

            foreach ((string key, byte[] value) in page)
            {
                after = key;
                if (!key.StartsWith(InternalPrefix, StringComparison.Ordinal))
                {
                    present[key] = value;
                }
            }
        }

        var operation = new WriteOperation();
        foreach (string key in present.Keys.Where(key => !wanted.ContainsKey(key)))
        {
            operation.Call(RbdCalls.RemoveMetadata(key));
        }

        var changed = wanted
            .Where(pair => !present.TryGetValue(pair.Key, out byte[]? value) || !value.AsSpan().SequenceEqual(pair.Value))
            .ToDictionary(pair => pair.Key, pair => pair.Value, StringComparer.Ordinal);
        if (changed.Count > 0)
        {
            operation.Call(RbdCalls.SetMetadata(changed));
        }

        if (operation.Steps.Count > 0)
        {
            await copy.Pool.ExecuteAsync(copy.Header, operation, "setting mirrored metadata", null, cancellationToken);
        }
    }

    private async Task UpdateSnapshotsAsync(
        HeaderView local, ImageState state, IReadOnlyDictionary<ulong, ulong> mapping, CancellationToken cancellationToken)
    {
        Dictionary<ulong, ulong> remoteIds = mapping.Where(pair => pair.Value != SnapshotId.Head).ToDictionary(pair => pair.Value, pair => pair.Key);
        var kept = new List<(SnapshotView Local, SnapState Wanted)>();
        foreach (SnapshotView snapshot in local.Snapshots.Where(s => s.IsUser))
        {
            if (remoteIds.TryGetValue(snapshot.Id, out ulong remoteId) && state.Snapshots.TryGetValue(remoteId, out SnapState? wanted))
            {
                kept.Add((snapshot, wanted));
            }
            else
            {
                await copy.RemoveSnapshotAsync(local, snapshot, cancellationToken);
            }
        }

        foreach ((SnapshotView snapshot, SnapState wanted) in kept)
        {
            bool protect = wanted.Protection == ProtectionStatus.Protected;
            if (protect != (snapshot.Protection == ProtectionStatus.Protected))
            {
                ProtectionStatus status = protect ? ProtectionStatus.Protected : ProtectionStatus.Unprotected;
                await copy.Pool.CallAsync(copy.Header, RbdCalls.SetProtectionStatus(snapshot.Id, status), cancellationToken);
            }

            if (wanted.Name != snapshot.Name)
            {
                await copy.Pool.CallAsync(copy.Header, RbdCalls.RenameSnapshot(snapshot.Id, wanted.Name), cancellationToken);
            }
        }
    }

    private async Task UpdateLimitAsync(ulong wanted, CancellationToken cancellationToken)
    {
        if (await copy.Pool.CallAsync(copy.Header, RbdCalls.GetSnapshotLimit(), cancellationToken) != wanted)
        {
            await copy.Pool.CallAsync(copy.Header, RbdCalls.SetSnapshotLimit(wanted), cancellationToken);
        }
    }
}
