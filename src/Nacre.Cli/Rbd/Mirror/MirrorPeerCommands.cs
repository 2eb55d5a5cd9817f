using System.Text.RegularExpressions;
using Nacre.Cli.Applications;
using Nacre.Cli.Commands;
using Nacre.Cli.Output;
using Nacre.Mirroring;
using Nacre.ObjectClasses.Rbd;
using Nacre.Rados;
using Nacre.Rados.Clusters;

namespace Nacre.Cli.Rbd.Mirror;

/// <summary><c>rbd mirror pool peer …</c> (src/tools/rbd/action/MirrorPool.cc).</summary>
internal static partial class MirrorPeerCommands
{
    private static readonly string[] _keys = ["client", "cluster", "direction", "key-file", "mon-host", "site-name"];
    private static readonly CommandPositional _uuid = new("uuid", "peer uuid");

    /// <summary><c>--direction</c> of a new peer.</summary>
    internal static CommandOption Direction { get; } = new("direction", "mirroring direction (rx-only, rx-tx)\n[default: rx-tx]");

    /// <summary>All of them.</summary>
    public static IReadOnlyList<CommandDefinition<RbdCommandContext>> All { get; } =
    [
        new("mirror pool peer add", "Add a mirroring peer to a pool.")
        {
            Positionals =
            [
                RbdOptions.PoolName, new("remote-cluster-spec", "remote cluster spec\n(example: [<client name>@]<cluster name>)"),
            ],
            Options =
            [
                RbdOptions.Pool,
                new("remote-client-name", "remote client name"),
                new("remote-cluster", "remote cluster name"),
                new("remote-mon-host", "remote mon host(s)"),
                new("remote-key-file", "path to file containing remote key"),
                Direction,
            ],
            RunAsync = AddAsync,
        },
        new("mirror pool peer remove", "Remove a mirroring peer from a pool.")
        {
            Positionals = [RbdOptions.PoolName, _uuid],
            Options = [RbdOptions.Pool],
            RunAsync = RemoveAsync,
        },
        new("mirror pool peer set", "Update mirroring peer settings.")
        {
            Positionals =
            [
                RbdOptions.PoolName, _uuid, new("key", "peer parameter\n(direction, site-name, client, mon-host, key-file)"),
                new("value", "new value for specified key\n(rx-only, tx-only, or rx-tx for direction)"),
            ],
            Options = [RbdOptions.Pool],
            RunAsync = SetAsync,
        },
    ];

    /// <summary>The direction of a new peer.</summary>
    internal static MirrorPeerDirection ReadDirection(RbdCommandContext context) => context.Arguments.Get("direction") switch
    {
        null or "rx-tx" => MirrorPeerDirection.Both,
        "rx-only" => MirrorPeerDirection.Receive,
        _ => throw context.Arguments.Invalid("direction"),
    };

    /// <summary>Shows peers as <c>mirror pool info</c> does.</summary>
    internal static async Task ShowAsync(
        RbdCommandContext context, OutputFormatter? formatter, MirrorPool mirror, IReadOnlyList<MirrorPeer> peers, bool all, CancellationToken cancellationToken)
    {
        formatter?.OpenArray("peers");
        if (formatter is null)
        {
            context.Line($"Peer Sites: {(peers.Count == 0 ? "none" : "")}");
        }

        foreach (MirrorPeer peer in peers)
        {
            MirrorPeerAttributes attributes = all ? await ReadAttributesAsync(mirror, peer.Uuid, cancellationToken) : MirrorPeerAttributes.Empty;
            if (formatter is not null)
            {
                ShowFormatted(formatter, peer, attributes);
                continue;
            }

            ShowPlain(context, peer, all ? attributes : null);
            if (peer.SiteName != peers[^1].SiteName)
            {
                context.Line();
            }
        }

        formatter?.Close();
    }

    private static void ShowFormatted(OutputFormatter formatter, MirrorPeer peer, MirrorPeerAttributes attributes)
    {
        formatter.OpenObject("peer");
        formatter.Dump("uuid", peer.Uuid);
        formatter.Dump("direction", MirrorStatusText.Of(peer.Direction));
        formatter.Dump("site_name", peer.SiteName);
        formatter.Dump("mirror_uuid", peer.MirrorUuid);
        formatter.Dump("client_name", peer.ClientName);
        foreach ((string name, string value) in attributes.All)
        {
            formatter.Dump(name, value);
        }

        formatter.Close();
    }

    private static void ShowPlain(RbdCommandContext context, MirrorPeer peer, MirrorPeerAttributes? attributes)
    {
        context.Line();
        context.Line($"UUID: {peer.Uuid}");
        context.Line($"Name: {peer.SiteName}");
        if (peer.Direction != MirrorPeerDirection.Receive || peer.MirrorUuid.Length > 0)
        {
            context.Line($"Mirror UUID: {peer.MirrorUuid}");
        }

        context.Line($"Direction: {MirrorStatusText.Of(peer.Direction)}");
        if (peer.Direction != MirrorPeerDirection.Transmit || peer.ClientName.Length > 0)
        {
            context.Line($"Client: {peer.ClientName}");
        }

        if (attributes is not null)
        {
            context.Line($"Mon Host: {attributes.MonHost}");
            context.Line($"Key: {attributes.Key}");
        }
    }

    private static async Task<MirrorPeerAttributes> ReadAttributesAsync(MirrorPool mirror, string uuid, CancellationToken cancellationToken)
    {
        try
        {
            return await mirror.GetPeerAttributesAsync(uuid, cancellationToken) ?? MirrorPeerAttributes.Empty;
        }
        catch (RadosException exception)
        {
            throw exception.Code switch
            {
                Errno.EPERM => RbdCommandContext.Failure(
                    "permission denied attempting to access peer config-key secrets from the monitor", exception.Code),
                Errno.EINVAL => RbdCommandContext.Failure("corrupt mirroring peer config"),
                _ => RbdCommandContext.Failure("error reading mirroring peer config", exception),
            };
        }
    }

    private static async Task<int> AddAsync(RbdCommandContext context, CancellationToken cancellationToken)
    {
        RbdPoolSpec spec = MirrorPoolCommands.ReadRequiredPool(context, takesNamespace: false);
        (string? client, string siteName) = ReadRemote(context);
        MirrorPeerAttributes attributes = MirrorPeerAttributes.Empty
            .With("mon_host", context.Arguments.Get("remote-mon-host"))
            .With("key", context.Arguments.Get("remote-key-file") is { } path ? ReadKeyFile(path) : null);
        MirrorPeerDirection direction = ReadDirection(context);
        IPool pool = await context.OpenPoolAsync(spec, cancellationToken);
        var mirror = new MirrorPool(pool);
        await MirrorPoolCommands.RequireEnabledAsync(context, mirror, cancellationToken);
        await RequireNoReceiverAsync(mirror, null, cancellationToken);
        string uuid;
        try
        {
            uuid = siteName == context.Globals.ClusterName
                ? throw new RadosException(Errno.EINVAL, "cannot add self as remote peer")
                : await mirror.AddPeerAsync(direction, siteName, client ?? context.Globals.Name.ToString(), cancellationToken);
        }
        catch (RadosException exception)
        {
            throw exception.Code == Errno.EEXIST
                ? RbdCommandContext.Failure("mirror peer already exists", exception.Code)
                : new CommandFailedException(exception.Code, "rbd: error adding mirror peer", exception);
        }

        if (!attributes.IsEmpty)
        {
            await WriteAttributesAsync(mirror, uuid, attributes, cancellationToken);
        }

        context.Line(uuid);
        return 0;
    }

    private static async Task<int> RemoveAsync(RbdCommandContext context, CancellationToken cancellationToken)
    {
        RbdPoolSpec spec = MirrorPoolCommands.ReadRequiredPool(context, takesNamespace: false);
        string uuid = ReadUuid(context);
        var mirror = new MirrorPool(await context.OpenPoolAsync(spec, cancellationToken));
        await MirrorPoolCommands.RequireEnabledAsync(context, mirror, cancellationToken);
        try
        {
            await mirror.RemovePeerAsync(uuid, cancellationToken);
        }
        catch (RadosException exception)
        {
            throw new CommandFailedException(exception.Code, "rbd: error removing mirror peer", exception);
        }

        return 0;
    }

    private static async Task<int> SetAsync(RbdCommandContext context, CancellationToken cancellationToken)
    {
        RbdPoolSpec spec = MirrorPoolCommands.ReadRequiredPool(context, takesNamespace: false);
        string uuid = ReadUuid(context);
        string key = context.Arguments.Next();
        if (!_keys.Contains(key))
        {
            throw RbdCommandContext.Failure($"must specify {string.Join(", ", _keys.Select(k => $"'{k}'"))} key.");
        }

        string value = context.Arguments.Next();
        value = key == "key-file" ? ReadKeyFile(value) : value;
        var mirror = new MirrorPool(await context.OpenPoolAsync(spec, cancellationToken));
        await MirrorPoolCommands.RequireEnabledAsync(context, mirror, cancellationToken);
        try
        {
            await SetAsync(context, mirror, uuid, key, value, cancellationToken);
        }
        catch (RadosException exception) when (exception.Code == Errno.ENOENT)
        {
            throw RbdCommandContext.Failure($"mirror peer {uuid} does not exist", exception.Code);
        }

        return 0;
    }

    private static async Task SetAsync(
        RbdCommandContext context, MirrorPool mirror, string uuid, string key, string value, CancellationToken cancellationToken)
    {
        switch (key)
        {
            case "client":
                await mirror.SetPeerClientAsync(uuid, value, cancellationToken);
                break;
            case "cluster" or "site-name":
                if (value == context.Globals.ClusterName)
                {
                    throw new RadosException(Errno.EINVAL, "cannot set self as remote peer");
                }

                await mirror.SetPeerSiteNameAsync(uuid, value, cancellationToken);
                break;
            case "direction":
                MirrorPeerDirection direction = value switch
                {
                    "rx-only" => MirrorPeerDirection.Receive,
                    "tx-only" => MirrorPeerDirection.Transmit,
                    "rx-tx" => MirrorPeerDirection.Both,
                    _ => throw RbdCommandContext.Failure("invalid direction"),
                };
                if (direction != MirrorPeerDirection.Transmit)
                {
                    await RequireNoReceiverAsync(mirror, uuid, cancellationToken);
                }

                await mirror.SetPeerDirectionAsync(uuid, direction, cancellationToken);
                break;
            default:
                MirrorPeerAttributes attributes = await ReadAttributesAsync(mirror, uuid, cancellationToken);
                await WriteAttributesAsync(mirror, uuid, attributes.With(key == "mon-host" ? "mon_host" : "key", value), cancellationToken);
                break;
        }
    }

    private static async Task WriteAttributesAsync(MirrorPool mirror, string uuid, MirrorPeerAttributes attributes, CancellationToken cancellationToken)
    {
        try
        {
            await mirror.SetPeerAttributesAsync(uuid, attributes, cancellationToken);
        }
        catch (RadosException exception) when (exception.Code == Errno.EPERM)
        {
            throw RbdCommandContext.Failure("permission denied attempting to set peer config-key secrets in the monitor", exception.Code);
        }
        catch (RadosException exception) when (exception.Code != Errno.ENOENT)
        {
            throw RbdCommandContext.Failure("failed to update mirroring peer config", exception);
        }
    }

    // As Ceph's: its daemon, and ours so far, copies from one site.
    private static async Task RequireNoReceiverAsync(MirrorPool mirror, string? exceptUuid, CancellationToken cancellationToken)
    {
        IReadOnlyList<MirrorPeer> peers = await mirror.ListPeersAsync(cancellationToken);
        if (peers.Any(peer => peer.Uuid != exceptUuid && peer.Direction != MirrorPeerDirection.Transmit))
        {
            throw RbdCommandContext.Failure("multiple RX peers are not currently supported");
        }
    }

    private static (string? Client, string SiteName) ReadRemote(RbdCommandContext context)
    {
        string? client = context.Arguments.Get("remote-client-name");
        string siteName = context.Arguments.Get("remote-cluster") ?? "";
        string spec = context.Arguments.Next();
        if (spec.Length > 0)
        {
            Match match = RemoteSpecPattern().Match(spec);
            if (!match.Success)
            {
                throw RbdCommandContext.Failure($"invalid spec '{spec}'");
            }

            client = match.Groups[1].Success ? match.Groups[1].Value : client;
            siteName = match.Groups[2].Value;
        }

        return siteName.Length == 0 ? throw RbdCommandContext.Failure("remote cluster was not specified") : (client, siteName);
    }

    private static string ReadUuid(RbdCommandContext context)
    {
        string uuid = context.Arguments.Next();
        if (uuid.Length == 0)
        {
            throw RbdCommandContext.Failure("must specify peer uuid");
        }

        return UuidPattern().IsMatch(uuid) ? uuid : throw RbdCommandContext.Failure($"invalid uuid '{uuid}'");
    }

    private static string ReadKeyFile(string path)
    {
        try
        {
            return File.ReadLines(path).FirstOrDefault() ?? "";
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw RbdCommandContext.Failure($"failed to open {path}");
        }
    }

    [GeneratedRegex(@"^(?:(client\.[^@]+)@)?([^/@]+)$")]
    private static partial Regex RemoteSpecPattern();

    [GeneratedRegex("^[A-Fa-f0-9]{8}-[A-Fa-f0-9]{4}-[A-Fa-f0-9]{4}-[A-Fa-f0-9]{4}-[A-Fa-f0-9]{12}$")]
    private static partial Regex UuidPattern();
}
