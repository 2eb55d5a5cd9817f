using Nacre.Cli.Applications;
using Nacre.Cli.Commands;
using Nacre.Mirroring;
using Nacre.Mirroring.Bootstrap;
using Nacre.ObjectClasses.Rbd;
using Nacre.Rados;
using Nacre.Rados.Clusters;

namespace Nacre.Cli.Rbd.Mirror;

/// <summary><c>rbd mirror pool peer bootstrap …</c> (src/tools/rbd/action/MirrorPool.cc).</summary>
internal static class MirrorBootstrapCommands
{
    private const string TokenPath = "token-path";
    private const string TokenPathText = "bootstrap token file (or '-' for stdin)";

    /// <summary>All of them.</summary>
    public static IReadOnlyList<CommandDefinition<RbdCommandContext>> All { get; } =
    [
        new("mirror pool peer bootstrap create", "Create a peer bootstrap token to import in a remote cluster")
        {
            Positionals = [RbdOptions.PoolName],
            Options = [RbdOptions.Pool, MirrorPoolCommands.SiteName],
            RunAsync = CreateAsync,
        },
        new("mirror pool peer bootstrap import", "Import a peer bootstrap token created from a remote cluster")
        {
            Positionals = [RbdOptions.PoolName, new(TokenPath, TokenPathText)],
            Options =
            [
                RbdOptions.Pool, MirrorPoolCommands.SiteName, new(TokenPath, TokenPathText), MirrorPeerCommands.Direction,
            ],
            RunAsync = ImportAsync,
        },
    ];

    private static async Task<int> CreateAsync(RbdCommandContext context, CancellationToken cancellationToken)
    {
        RbdPoolSpec spec = RbdSpecs.ReadPool(context.Arguments, takesNamespace: false);
        IPool pool = await context.OpenPoolAsync(spec, cancellationToken);
        await MirrorPoolCommands.RequireEnabledAsync(context, new MirrorPool(pool), cancellationToken);
        await MirrorPoolCommands.SetSiteNameAsync(context, pool.Cluster, cancellationToken);
        try
        {
            context.Line((await PeerBootstrap.CreateAsync(pool, cancellationToken)).Encode());
            return 0;
        }
        catch (RadosException exception) when (exception.Code == Errno.EEXIST)
        {
            throw RbdCommandContext.Failure("mismatch with pre-existing RBD mirroring peer user caps", exception.Code);
        }
        catch (RadosException exception)
        {
            throw RbdCommandContext.Failure("failed to create mirroring bootstrap token", exception);
        }
    }

    private static async Task<int> ImportAsync(RbdCommandContext context, CancellationToken cancellationToken)
    {
        RbdPoolSpec spec = RbdSpecs.ReadPool(context.Arguments, takesNamespace: false);
        string path = context.Arguments.OptionOrNext(TokenPath);
        if (path.Length == 0)
        {
            throw RbdCommandContext.Failure("token path was not specified");
        }

        MirrorPeerDirection direction = MirrorPeerCommands.ReadDirection(context);
        string text = await ReadAsync(context, path, cancellationToken);
        IPool pool = await context.OpenPoolAsync(spec, cancellationToken);
        await MirrorPoolCommands.SetSiteNameAsync(context, pool.Cluster, cancellationToken);
        try
        {
            await PeerBootstrap.ImportAsync(
                pool, BootstrapToken.Decode(text), direction, context.Application.Connector, new ClusterOptions(), cancellationToken);
            return 0;
        }
        catch (RadosException exception) when (exception.Code == Errno.ENOSYS)
        {
            throw RbdCommandContext.Failure("mirroring is not enabled on remote peer", exception.Code);
        }
        catch (RadosException exception)
        {
            throw new CommandFailedException(exception.Code, "rbd: failed to import peer bootstrap token", exception);
        }
    }

    private static async Task<string> ReadAsync(RbdCommandContext context, string path, CancellationToken cancellationToken)
    {
        try
        {
            if (path != "-")
            {
                return await File.ReadAllTextAsync(path, cancellationToken);
            }

            using var reader = new StreamReader(context.Application.OpenInput());
            return await reader.ReadToEndAsync(cancellationToken);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw RbdCommandContext.Failure($"error opening {path}", exception is UnauthorizedAccessException ? Errno.EACCES : Errno.ENOENT);
        }
    }
}
