using System.Globalization;
using Nacre.ObjectClasses.Calls;
using Nacre.ObjectClasses.Rbd;
using Nacre.Rados;
using Nacre.Rados.Clusters;
using Nacre.Rbd;

namespace Nacre.Mirroring;

/// <content>Peers: the other sites.</content>
public sealed partial class MirrorPool
{
    /// <summary>Peers of the pool, in order of their uuids.</summary>
    public Task<IReadOnlyList<MirrorPeer>> ListPeersAsync(CancellationToken cancellationToken = default) =>
        ListOwnPeersAsync(_defaultNamespace, cancellationToken);

    /// <summary>
    /// Adds a peer.
    /// </summary>
    /// <param name="direction">Which way images go; a transmitting peer adds itself, by <see cref="PingAsync"/>.</param>
    /// <param name="siteName">The peer's site (cluster) name.</param>
    /// <param name="clientName">Whom to connect there as, <c>client.rbd-mirror-peer</c>.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <returns>The new peer's uuid.</returns>
    /// <exception cref="RadosException">EEXIST: there is a peer of that site. EINVAL: mirroring is disabled, or a peer that only receives.</exception>
    public async Task<string> AddPeerAsync(
        MirrorPeerDirection direction, string siteName, string clientName, CancellationToken cancellationToken = default)
    {
        if (direction == MirrorPeerDirection.Transmit)
        {
            throw new RadosException(Errno.EINVAL, "a peer that only receives adds itself");
        }

        while (true)
        {
            string uuid = Guid.NewGuid().ToString();
            var peer = new MirrorPeer { Uuid = uuid, Direction = direction, SiteName = siteName, ClientName = clientName };
            int code = await _defaultNamespace.CallForCodeAsync(RbdObjects.Mirroring, RbdCalls.AddMirrorPeer(peer), cancellationToken);
            if (code != -Errno.ESTALE)
            {
                RadosException.ThrowIfFailed(code, $"adding mirror peer '{siteName}'", _pool.Name, RbdObjects.Mirroring);
                return uuid;
            }
        }
    }

    /// <summary>
    /// Removes a peer, its secrets, and its mark on mirror snapshots of all namespaces (snapshots that only it waited for go too, but for each image's
    /// newest). An absent one is no error, and a removal that was killed is finished by doing it again.
    /// </summary>
    public async Task RemovePeerAsync(string uuid, CancellationToken cancellationToken = default)
    {
        try
        {
            await ConfigKeys.RemoveAsync(_pool.Cluster, PeerKey(uuid), cancellationToken);
        }
        catch (RadosException exception) when (exception.Code is Errno.EPERM or Errno.EACCES)
        {
            // As Ceph: who may not touch the secrets may still end the peering.
        }

        int code = await _defaultNamespace.CallForCodeAsync(RbdObjects.Mirroring, RbdCalls.RemoveMirrorPeer(uuid), cancellationToken);
        if (code != -Errno.ENOENT)
        {
            RadosException.ThrowIfFailed(code, "removing a mirror peer", _pool.Name, RbdObjects.Mirroring);
        }

        foreach (string name in (IEnumerable<string>)[.. await new RbdImages(_defaultNamespace).ListNamespacesAsync(cancellationToken), ""])
        {
            await UnlinkPeerFromImagesAsync(_pool.WithNamespace(name), uuid, cancellationToken);
        }
    }

    /// <summary>Sets whom to connect to a peer as. ENOENT where there is no such peer.</summary>
    public ValueTask SetPeerClientAsync(string uuid, string clientName, CancellationToken cancellationToken = default) =>
        _defaultNamespace.CallAsync(RbdObjects.Mirroring, RbdCalls.SetMirrorPeerClient(uuid, clientName), cancellationToken);

    /// <summary>Sets a peer's site name. ENOENT where there is no such peer.</summary>
    public ValueTask SetPeerSiteNameAsync(string uuid, string siteName, CancellationToken cancellationToken = default) =>
        _defaultNamespace.CallAsync(RbdObjects.Mirroring, RbdCalls.SetMirrorPeerSite(uuid, siteName), cancellationToken);

    /// <summary>Sets which way images go. ENOENT where there is no such peer.</summary>
    public ValueTask SetPeerDirectionAsync(string uuid, MirrorPeerDirection direction, CancellationToken cancellationToken = default) =>
        _defaultNamespace.CallAsync(RbdObjects.Mirroring, RbdCalls.SetMirrorPeerDirection(uuid, direction), cancellationToken);

    /// <summary>How a peer is reached; null where nothing is stored. EINVAL where it is damaged, EPERM or EACCES where this client may not know.</summary>
    public async Task<MirrorPeerAttributes?> GetPeerAttributesAsync(string uuid, CancellationToken cancellationToken = default)
    {
        string? json = await ConfigKeys.GetAsync(_pool.Cluster, PeerKey(uuid), cancellationToken);
        return string.IsNullOrEmpty(json) ? null : MirrorPeerAttributes.From(ConfigKeys.ParseObject(json, PeerKey(uuid)));
    }

    /// <summary>Stores how a peer is reached. ENOENT where there is no such peer.</summary>
    public async Task SetPeerAttributesAsync(string uuid, MirrorPeerAttributes attributes, CancellationToken cancellationToken = default)
    {
        IReadOnlyList<MirrorPeer> peers = await ListPeersAsync(cancellationToken);
        if (peers.All(peer => peer.Uuid != uuid))
        {
            throw new RadosException(Errno.ENOENT, $"mirror peer {uuid} of pool {_pool.Name}");
        }

        await ConfigKeys.SetAsync(_pool.Cluster, PeerKey(uuid), attributes.ToJson(), cancellationToken);
    }

    /// <summary>
    /// Announces a site that copies from this pool: called by that site's daemon on its source. Makes a transmitting peer of it, or refreshes the one there is.
    /// </summary>
    /// <param name="siteName">The announced site's name.</param>
    /// <param name="mirrorUuid">Mirror uuid of its pool's default namespace.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <exception cref="RadosException">EINVAL: mirroring is disabled here, or the uuid is this pool's own.</exception>
    public ValueTask PingAsync(string siteName, string mirrorUuid, CancellationToken cancellationToken = default) =>
        _defaultNamespace.CallAsync(RbdObjects.Mirroring, RbdCalls.PingMirrorPeer(siteName, mirrorUuid), cancellationToken);

    private static async Task<IReadOnlyList<MirrorPeer>> ListOwnPeersAsync(IPool pool, CancellationToken cancellationToken) =>
        await pool.TryCallAsync(RbdObjects.Mirroring, RbdCalls.ListMirrorPeers(), cancellationToken) ?? [];

    private static async Task UnlinkPeerFromImagesAsync(IPool pool, string uuid, CancellationToken cancellationToken)
    {
        var images = new RbdImages(pool);
        var mirror = new MirrorPool(pool);
        await foreach (MirrorImageEntry entry in mirror.ListImagesAsync(cancellationToken))
        {
            MirrorImage? record = await mirror.FindImageAsync(entry.ImageId, cancellationToken);
            if (record?.Mode != MirrorImageMode.Snapshot)
            {
                continue;
            }

            try
            {
                await using Image image = await images.OpenByIdAsync(
                    entry.ImageId, new ImageOpenOptions { IgnoreNonPrimary = true }, cancellationToken);
                ulong[] linked =
                [
                    .. image.Snapshots.Where(s => s.Namespace is MirrorSnapshotNamespace mirrored && mirrored.PeerUuids.Contains(uuid)).Select(s => s.Id),
                ];
                foreach (ulong id in linked)
                {
                    await MirrorSnapshots.UnlinkPeerAsync(image, id, uuid, allowRemove: true, cancellationToken);
                }
            }
            catch (RadosException exception) when (exception.Code == Errno.ENOENT)
            {
                // Removed meanwhile.
            }
        }
    }

    private string PeerKey(string uuid) => string.Create(CultureInfo.InvariantCulture, $"rbd/mirror/peer/{_pool.Id}/{uuid}");
}
