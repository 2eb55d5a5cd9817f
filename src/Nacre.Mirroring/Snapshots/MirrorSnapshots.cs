using System.Globalization;
using Nacre.ObjectClasses.Calls;
using Nacre.ObjectClasses.Encoding;
using Nacre.ObjectClasses.Rbd;
using Nacre.Rados;
using Nacre.Rados.Clusters;
using Nacre.Rados.Objects;
using Nacre.Rbd;

namespace Nacre.Mirroring;

/// <summary>How a primary mirror snapshot is made (CREATE_PRIMARY_FLAG_*, src/librbd/mirror/snapshot/Types.h).</summary>
[Flags]
public enum PrimarySnapshotOptions
{
    /// <summary>An ordinary one; EINVAL where no peer copies from the pool.</summary>
    None = 0,
    /// <summary>Also where no peer copies from the pool yet.</summary>
    IgnoreEmptyPeers = 1 << 0,
    /// <summary>It ends the image's being the primary.</summary>
    Demoted = 1 << 1,
    /// <summary>Also where the image is not the primary: a promotion.</summary>
    Force = 1 << 2,
}

/// <summary>
/// Mirror snapshots of an image (src/librbd/mirror/snapshot). The image must be open for writing; a copy with
/// <see cref="ImageOpenOptions.IgnoreNonPrimary"/>.
/// </summary>
public static class MirrorSnapshots
{
    /// <summary>How many mirror snapshots wait for a peer at most, unless configured.</summary>
    public const int DefaultMaximum = 5;

    /// <summary>
    /// Makes a mirror snapshot of a primary for all peers that copy from the pool, then prunes: what more than
    /// <c>rbd_mirroring_max_mirroring_snapshots</c> wait for a peer, what no peer waits for, and incomplete ones of makers that were killed.
    /// </summary>
    /// <param name="image">The image.</param>
    /// <param name="globalImageId">Its global id.</param>
    /// <param name="createFlags">Whether to ask other clients to quiesce.</param>
    /// <param name="options">Rules to be relaxed.</param>
    /// <param name="progress">Told of attempts to quiesce.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <exception cref="RadosException">EINVAL: the image is not the primary, or no peer copies from the pool.</exception>
    public static async Task<ImageSnapshot> CreatePrimaryAsync(
        Image image, string globalImageId, SnapshotCreateFlags createFlags = SnapshotCreateFlags.None,
        PrimarySnapshotOptions options = PrimarySnapshotOptions.None, IProgress<OperationProgress>? progress = null,
        CancellationToken cancellationToken = default)
    {
        bool demoted = options.HasFlag(PrimarySnapshotOptions.Demoted);
        PrimarySnapshotCheck check = PrimarySnapshotCheck.Of(image.Snapshots, demoted, options.HasFlag(PrimarySnapshotOptions.Force));
        if (!check.IsAllowed)
        {
            throw new RadosException(Errno.EINVAL, check.Obstacle!);
        }

        IReadOnlyList<MirrorPeer> peers = await new MirrorPool(image.Pool).ListPeersAsync(cancellationToken);
        string[] receivers =
        [
            .. peers.Where(p => p.Direction != MirrorPeerDirection.Receive).Select(p => p.Uuid).Order(CephStringComparer.Instance),
        ];
        if (receivers.Length == 0 && !options.HasFlag(PrimarySnapshotOptions.IgnoreEmptyPeers))
        {
            throw new RadosException(Errno.EINVAL, "no mirror tx peers configured for the pool");
        }

        var snapshotNamespace = new MirrorSnapshotNamespace
        {
            State = demoted ? MirrorSnapshotState.PrimaryDemoted : MirrorSnapshotState.Primary,
            PeerUuids = receivers,
        };
        ImageSnapshot made = await image.CreateSnapshotAsync(
            $".mirror.primary.{globalImageId}.{Guid.NewGuid()}", snapshotNamespace, createFlags, progress, cancellationToken);
        made = await CompleteAsync(image, made, cancellationToken);
        await PruneAsync(image, made.Id, receivers, cancellationToken);
        return made;
    }

    /// <summary>
    /// Makes a copy's mirror snapshot, incomplete: the daemon makes it before it copies, and marks progress. The image state is written right after, so
    /// after a death in between the snapshot has none and nothing copied: remove such a one and make it again.
    /// </summary>
    /// <param name="image">The copy.</param>
    /// <param name="globalImageId">Its global id.</param>
    /// <param name="demoted">It is the copy of a demotion.</param>
    /// <param name="primaryMirrorUuid">Mirror uuid of the pool that it comes from; empty for an orphan, which is complete at once and has no state.</param>
    /// <param name="primarySnapshotId">The snapshot there.</param>
    /// <param name="snapshotSequences">Ids of snapshots there to ids here.</param>
    /// <param name="state">What the image was there, as it is to be here.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <exception cref="RadosException">EINVAL: the image is a primary, or its newest mirror snapshot is not copied yet.</exception>
    public static async Task<ImageSnapshot> CreateNonPrimaryAsync(
        Image image, string globalImageId, bool demoted, string primaryMirrorUuid, ulong primarySnapshotId,
        IReadOnlyDictionary<ulong, ulong> snapshotSequences, ImageState? state, CancellationToken cancellationToken = default)
    {
        bool orphan = primaryMirrorUuid.Length == 0 && primarySnapshotId == SnapshotId.Head;
        if (!orphan && PrimarySnapshotCheck.NonPrimaryObstacle(image.Snapshots) is { } obstacle)
        {
            throw new RadosException(Errno.EINVAL, obstacle);
        }

        var snapshotNamespace = new MirrorSnapshotNamespace
        {
            State = demoted ? MirrorSnapshotState.NonPrimaryDemoted : MirrorSnapshotState.NonPrimary,
            Complete = orphan,
            PrimaryMirrorUuid = primaryMirrorUuid,
            PrimarySnapshotId = primarySnapshotId,
            SnapshotSequences = snapshotSequences,
        };
        ImageSnapshot made = await image.CreateSnapshotAsync(
            $".mirror.non_primary.{globalImageId}.{Guid.NewGuid()}", snapshotNamespace, SnapshotCreateFlags.SkipNotifyQuiesce, null, cancellationToken);
        if (!orphan)
        {
            ArgumentNullException.ThrowIfNull(state);
            await MirrorImageStates.WriteAsync(image.Pool, image.Id, made.Id, state, cancellationToken);
        }

        return made;
    }

    /// <summary>Makes the orphan snapshot that comes before a forced promotion: the daemon then leaves the copy alone.</summary>
    public static Task<ImageSnapshot> CreateOrphanAsync(Image image, string globalImageId, CancellationToken cancellationToken = default) =>
        CreateNonPrimaryAsync(image, globalImageId, false, "", SnapshotId.Head, new SortedDictionary<ulong, ulong>(), null, cancellationToken);

    /// <summary>What an image was at a mirror snapshot. ENOENT where that was never written.</summary>
    public static Task<ImageState> ReadStateAsync(Image image, ulong snapshotId, CancellationToken cancellationToken = default) =>
        MirrorImageStates.ReadAsync(image.Pool, image.Id, snapshotId, cancellationToken);

    /// <summary>Marks how far a copy's snapshot is: objects below <paramref name="copiedObjects"/> are copied. One small write; nobody is notified.</summary>
    public static ValueTask SetProgressAsync(
        Image image, ulong snapshotId, bool complete, ulong copiedObjects, CancellationToken cancellationToken = default) =>
        image.Pool.CallAsync(image.HeaderName, RbdCalls.SetMirrorSnapshotProgress(snapshotId, complete, copiedObjects), cancellationToken);

    /// <summary>
    /// A peer no longer waits for a mirror snapshot. (src/librbd/mirror/snapshot/UnlinkPeerRequest.cc)
    /// </summary>
    /// <param name="image">The image.</param>
    /// <param name="snapshotId">The snapshot.</param>
    /// <param name="peerUuid">The peer.</param>
    /// <param name="allowRemove">
    /// The snapshot goes when nobody waits for it and there is a newer one. Ceph's daemon leaves that to the maker of the next mirror snapshot, so that the
    /// primary alone decides what is removed.
    /// </param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <exception cref="RadosException">ENOENT: there is no such snapshot. EINVAL: it is no mirror snapshot.</exception>
    public static async Task UnlinkPeerAsync(
        Image image, ulong snapshotId, string peerUuid, bool allowRemove = true, CancellationToken cancellationToken = default)
    {
        for (bool begun = false; ; begun = true)
        {
            await image.RefreshAsync(cancellationToken);
            ImageSnapshot? snapshot = image.FindSnapshot(snapshotId);
            if (snapshot is null)
            {
                if (begun)
                {
                    return;
                }

                throw new RadosException(Errno.ENOENT, string.Create(CultureInfo.InvariantCulture, $"snapshot {snapshotId} of image {image.Name}"));
            }

            if (snapshot.Namespace is not MirrorSnapshotNamespace mirror)
            {
                throw new RadosException(Errno.EINVAL, $"snapshot {snapshot.Name} of image {image.Name} is not a mirror snapshot");
            }

            bool newer = image.Snapshots.Any(s => s.Id > snapshotId && s.Namespace is MirrorSnapshotNamespace);
            if (allowRemove && newer && mirror.PeerUuids.All(uuid => uuid == peerUuid))
            {
                await RemoveAsync(image, snapshotId, cancellationToken);
                return;
            }

            if (!mirror.PeerUuids.Contains(peerUuid))
            {
                return;
            }

            int code = await image.Pool.CallForCodeAsync(
                image.HeaderName, RbdCalls.UnlinkMirrorSnapshotPeer(snapshotId, peerUuid), cancellationToken);
            if (code is -Errno.ERESTART or -Errno.ENOENT)
            {
                // An older class does not unlink the last peer; or the snapshot changed meanwhile: judge again.
                allowRemove |= code == -Errno.ERESTART;
                continue;
            }

            RadosException.ThrowIfFailed(code, "unlinking a peer from a mirror snapshot", image.Pool.Name, image.HeaderName);
            await image.NotifyUpdateAsync(cancellationToken);
        }
    }

    /// <summary>Removes a mirror snapshot with its image state; an absent one is no error.</summary>
    public static async Task RemoveAsync(Image image, ulong snapshotId, CancellationToken cancellationToken = default)
    {
        try
        {
            await image.RemoveSnapshotAsync(snapshotId, cancellationToken);
        }
        catch (RadosException exception) when (exception.Code == Errno.ENOENT)
        {
            // Removed already; its state may have stayed.
        }

        await MirrorImageStates.RemoveAsync(image.Pool, image.Id, snapshotId, cancellationToken);
    }

    /// <summary>
    /// True for a mirror snapshot that was on its way out when its remover was killed: removal first renames it into the trash.
    /// </summary>
    internal static bool IsHalfRemoved(ImageSnapshot snapshot) =>
        snapshot is { Namespace: TrashSnapshotNamespace { OriginalType: SnapshotNamespaceType.Mirror }, ChildCount: 0 };

    /// <summary>Marks a primary snapshot complete whose maker was killed before that, with the image's state as it is now.</summary>
    internal static Task<ImageSnapshot> CompleteAsync(Image image, ulong snapshotId, CancellationToken cancellationToken) =>
        CompleteAsync(image, image.FindSnapshot(snapshotId)!, cancellationToken);

    /// <summary>The snapshot that a new primary snapshot displaces for one of the peers, if any; call until there is none.</summary>
    /// <param name="snapshots">By ascending id.</param>
    /// <param name="madeId">The new snapshot: incomplete ones that are newer are somebody's who is at it.</param>
    /// <param name="peerUuids">Peers.</param>
    /// <param name="maximum">How many may wait for a peer.</param>
    internal static (ulong SnapshotId, string PeerUuid)? FindDisplaced(
        IReadOnlyList<ImageSnapshot> snapshots, ulong madeId, IReadOnlyList<string> peerUuids, int maximum)
    {
        foreach (string peer in peerUuids)
        {
            int count = 0;
            ulong displaced = 0;
            foreach (ImageSnapshot snapshot in snapshots)
            {
                if (snapshot.Namespace is not MirrorSnapshotNamespace mirror)
                {
                    continue;
                }

                if (mirror.State != MirrorSnapshotState.Primary)
                {
                    // Only snapshots since the last promotion count.
                    (count, displaced) = (0, 0);
                    continue;
                }

                if (mirror.PeerUuids.Count > 0 && !mirror.PeerUuids.Contains(peer))
                {
                    continue;
                }

                if (snapshot.Id < madeId && (mirror.PeerUuids.Count == 0 || !mirror.Complete))
                {
                    return (snapshot.Id, peer);
                }

                count++;
                if (count == maximum)
                {
                    displaced = snapshot.Id;
                }

                if (count > maximum)
                {
                    return (displaced, peer);
                }
            }
        }

        return null;
    }

    private static async Task<ImageSnapshot> CompleteAsync(Image image, ImageSnapshot made, CancellationToken cancellationToken)
    {
        if (made.Namespace is MirrorSnapshotNamespace { Complete: true })
        {
            return made;
        }

        // The lock owner completes it as part of making it; one that did not (an older release) leaves it to us.
        await image.RefreshAsync(cancellationToken);
        ImageSnapshot current = image.FindSnapshot(made.Id)
            ?? throw new RadosException(Errno.ENOENT, $"mirror snapshot {made.Name} of image {image.Name} was removed as soon as it was made");
        if (current.Namespace is MirrorSnapshotNamespace { Complete: true })
        {
            return current;
        }

        await MirrorImageStates.CompletePrimaryAsync(
            image.Pool, image.Id, image.Features, image.Snapshots, made.Id, cancellationToken);
        await image.NotifyUpdateAsync(cancellationToken);
        await image.RefreshAsync(cancellationToken);
        return image.FindSnapshot(made.Id) ?? current;
    }

    private static async Task PruneAsync(Image image, ulong madeId, IReadOnlyList<string> peerUuids, CancellationToken cancellationToken)
    {
        int maximum = int.TryParse(image.GetOption("rbd_mirroring_max_mirroring_snapshots"), CultureInfo.InvariantCulture, out int configured)
            ? Math.Max(configured, 3)
            : DefaultMaximum;
        var tried = new HashSet<(ulong, string)>();
        while (FindDisplaced(image.Snapshots, madeId, peerUuids, maximum) is { } displaced && tried.Add(displaced))
        {
            try
            {
                await UnlinkPeerAsync(image, displaced.SnapshotId, displaced.PeerUuid, allowRemove: true, cancellationToken);
                await image.RefreshAsync(cancellationToken);
            }
            catch (RadosException) when (!cancellationToken.IsCancellationRequested)
            {
                // Not fatal, as in Ceph: the snapshot is made, and the next one prunes again.
                return;
            }
        }

        foreach (ulong id in image.Snapshots.Where(IsHalfRemoved).Select(s => s.Id).ToArray())
        {
            await RemoveAsync(image, id, cancellationToken);
        }
    }
}
