using Nacre.Rados;
using Nacre.Rados.Clusters;
using Nacre.Rados.Configuration;

namespace Nacre.Cli.Applications;

/// <summary>The options that every tool of Ceph takes: which cluster, as whom. (src/common/ceph_argparse.cc)</summary>
internal sealed record GlobalOptions
{
    /// <summary><c>--cluster</c>.</summary>
    public string ClusterName { get; init; } = "ceph";

    /// <summary><c>-n</c>, or <c>--id</c> with <c>client.</c> before it.</summary>
    public EntityName Name { get; init; } = EntityName.Admin;

    /// <summary>Conf file, monitor host, key and further options.</summary>
    public ConfigurationOverrides Overrides { get; init; } = new();

    /// <summary>True for <c>--version</c> or <c>-v</c>.</summary>
    public bool ShowVersion { get; init; }

    /// <summary>Takes Ceph's common options out of a command line.</summary>
    /// <param name="tool">For error texts.</param>
    /// <param name="arguments">The command line; those of <c>CEPH_ARGS</c> come before.</param>
    /// <param name="environment">Reads an environment variable.</param>
    /// <param name="shortId">True where <c>-i</c> means the id (rbd, daemons) and not an input file (ceph).</param>
    /// <param name="ownOptions">Long options of the tool's own, without dashes, which are never taken for Ceph configuration.</param>
    /// <param name="rest">What is left.</param>
    public static GlobalOptions Parse(
        string tool, IReadOnlyList<string> arguments, Func<string, string?> environment, bool shortId, IReadOnlySet<string> ownOptions,
        out List<string> rest)
    {
        string[] fromEnvironment = environment("CEPH_ARGS")?.Split(' ', StringSplitOptions.RemoveEmptyEntries) ?? [];
        var scanner = new GlobalOptionsScanner(tool, [.. fromEnvironment, .. arguments], shortId, ownOptions);
        scanner.Scan();
        rest = scanner.Rest;
        return scanner.Result;
    }

    /// <summary>Loads the cluster's configuration and connects.</summary>
    public async Task<ICluster> ConnectAsync(ApplicationContext application, CancellationToken cancellationToken)
    {
        ClusterConfiguration configuration = await application.Configurations.LoadAsync(ClusterName, Name, Overrides, cancellationToken);
        return await application.Connector.ConnectAsync(configuration, new ClusterOptions { Time = application.Time }, cancellationToken);
    }
}
