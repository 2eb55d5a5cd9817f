using System.Text.Json;
using System.Text.Json.Nodes;
using Nacre.ObjectClasses.Rbd;
using Nacre.Rados;
using Nacre.Rados.Clusters;
using Nacre.Rados.Configuration;

namespace Nacre.Mirroring.Bootstrap;

/// <summary>
/// Makes two sites each other's peers by one token (peer_bootstrap_create and peer_bootstrap_import in src/librbd/api/Mirror.cc): tokens are
/// interchangeable with Ceph's, and so is what an import leaves behind.
/// </summary>
public static class PeerBootstrap
{
    private const string ClientIdKey = "rbd/mirror/peer_client_id";
    private const string DefaultClientId = "rbd-mirror-peer";

    /// <summary>Makes the user that peers connect as, and the token that tells them all.</summary>
    /// <exception cref="RadosException">EINVAL: the pool is not mirrored; EEXIST: there is such a user, with other caps; EACCES.</exception>
    public static async Task<BootstrapToken> CreateAsync(IPool pool, CancellationToken cancellationToken = default)
    {
        if (await new MirrorPool(pool).GetModeAsync(cancellationToken) == MirrorMode.Disabled)
        {
            throw new RadosException(Errno.EINVAL, $"mirroring is not enabled on pool {pool.Name}");
        }

        (string clientId, string key) = await CreateUserAsync(pool.Cluster, cancellationToken);
        return new BootstrapToken(pool.Cluster.Fsid, clientId, key, await MonitorHosts.GetAsync(pool.Cluster, cancellationToken));
    }

    /// <summary>
    /// Makes the token's site a peer of this pool; with <see cref="MirrorPeerDirection.Both"/> also this site one of the other's. Mirroring is enabled
    /// in the other's mode where it is not. Done again it changes nothing.
    /// </summary>
    /// <param name="pool">The pool here.</param>
    /// <param name="token">From the other site.</param>
    /// <param name="direction">Receive, or both.</param>
    /// <param name="connector">Connects to the other site.</param>
    /// <param name="options">Deadlines.</param>
    /// <param name="cancellationToken">Gives up; it can be done again.</param>
    /// <exception cref="RadosException">
    /// EINVAL: the token is this site's own, or another's than it says, or there is another peer already; ENOENT: no such pool there; ENOSYS: it is not mirrored there.
    /// </exception>
    public static async Task ImportAsync(
        IPool pool, BootstrapToken token, MirrorPeerDirection direction, IClusterConnector connector, ClusterOptions options,
        CancellationToken cancellationToken = default)
    {
        ICluster local = pool.Cluster;
        string localName = await MirrorSite.GetNameAsync(local, cancellationToken);
        var configuration = new ClusterConfiguration
        {
            ClusterName = "remote", Name = EntityName.Client(token.ClientId), MonitorHost = token.MonHost, Key = token.Key,
        };
        await using ICluster remote = await connector.ConnectAsync(configuration, options, cancellationToken);
        string remoteName = await MirrorSite.GetNameAsync(remote, cancellationToken);
        RequireOther(local, localName, remote, remoteName, token);
        IPool remotePool = await remote.OpenPoolAsync(pool.Name, cancellationToken);
        MirrorMode mode = await new MirrorPool(remotePool).GetModeAsync(cancellationToken);
        if (mode == MirrorMode.Disabled)
        {
            throw new RadosException(Errno.ENOSYS, $"pool {pool.Name} is not mirrored at the site of the token");
        }

        if (await new MirrorPool(pool).GetModeAsync(cancellationToken) == MirrorMode.Disabled)
        {
            await new MirrorPool(pool).SetModeAsync(mode, cancellationToken);
        }

        if (direction == MirrorPeerDirection.Both)
        {
            (string clientId, string key) = await CreateUserAsync(local, cancellationToken);
            var here = new BootstrapToken(local.Fsid, clientId, key, await MonitorHosts.GetAsync(local, cancellationToken));
            await AddPeerAsync(remotePool, MirrorPeerDirection.Both, localName, here, cancellationToken);
        }

        await AddPeerAsync(pool, direction, remoteName, token, cancellationToken);
    }

    private static void RequireOther(ICluster local, string localName, ICluster remote, string remoteName, BootstrapToken token)
    {
        string? obstacle = remote.Fsid == local.Fsid ? "cannot import token for local cluster"
            : remote.Fsid != token.Fsid ? "unexpected remote cluster fsid"
            : remoteName == localName ? "cannot import token for duplicate site name"
            : null;
        if (obstacle is not null)
        {
            throw new RadosException(Errno.EINVAL, obstacle);
        }
    }

    private static async Task<(string ClientId, string Key)> CreateUserAsync(ICluster cluster, CancellationToken cancellationToken)
    {
        string? clientId = await ConfigKeys.GetAsync(cluster, ClientIdKey, cancellationToken);
        if (string.IsNullOrEmpty(clientId))
        {
            clientId = DefaultClientId;
            await ConfigKeys.SetAsync(cluster, ClientIdKey, clientId, cancellationToken);
        }

        var command = new JsonObject
        {
            ["prefix"] = "auth get-or-create",
            ["entity"] = "client." + clientId,
            ["caps"] = new JsonArray("mon", "profile rbd-mirror-peer", "osd", "profile rbd"),
            ["format"] = "json",
        };
        CommandResult result = await cluster.MonitorCommandAsync(command.ToJsonString(), default, cancellationToken);
        if (result.ReturnCode < 0)
        {
            int errno = result.ReturnCode == -Errno.EINVAL ? Errno.EEXIST : result.ReturnCode;
            throw new RadosException(errno, $"making the user client.{clientId} for peers: {result.Status}");
        }

        try
        {
            using JsonDocument document = JsonDocument.Parse(result.Output);
            return (clientId, document.RootElement[0].GetProperty("key").GetString() ?? throw new JsonException());
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException or KeyNotFoundException or IndexOutOfRangeException)
        {
            throw new RadosException(Errno.EBADMSG, $"the keyring of client.{clientId} is not what was expected");
        }
    }

    private static async Task AddPeerAsync(
        IPool pool, MirrorPeerDirection direction, string siteName, BootstrapToken token, CancellationToken cancellationToken)
    {
        var mirror = new MirrorPool(pool);
        IReadOnlyList<MirrorPeer> peers = await mirror.ListPeersAsync(cancellationToken);
        string uuid;
        if (peers.Count == 0)
        {
            uuid = await mirror.AddPeerAsync(direction, siteName, "client." + token.ClientId, cancellationToken);
        }
        else if (peers[0].SiteName != siteName && peers[0].SiteName != token.Fsid)
        {
            throw new RadosException(Errno.EINVAL, "multiple peers are not currently supported");
        }
        else
        {
            uuid = peers[0].Uuid;
            if (peers[0].SiteName != siteName)
            {
                await mirror.SetPeerSiteNameAsync(uuid, siteName, cancellationToken);
            }
        }

        await mirror.SetPeerAttributesAsync(
            uuid, MirrorPeerAttributes.Empty.With("mon_host", token.MonHost).With("key", token.Key), cancellationToken);
    }
}
