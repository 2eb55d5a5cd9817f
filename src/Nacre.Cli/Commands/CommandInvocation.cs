using Nacre.Cli.Application;
using Nacre.Rados.Clusters;
using Nacre.Rados.Configuration;

namespace Nacre.Cli.Commands;

/// <summary>A parsed command being run.</summary>
public sealed class CommandInvocation
{
    private readonly IReadOnlyDictionary<string, List<string>> _options;

    internal CommandInvocation(
        ApplicationContext application, ConnectionArguments connection, IReadOnlyDictionary<string, List<string>> options, IReadOnlyList<string> positionals)
    {
        Application = application;
        Connection = connection;
        _options = options;
        Positionals = positionals;
    }

    /// <summary>Streams, clock, connector.</summary>
    public ApplicationContext Application { get; }

    /// <summary>Cluster, name, conf and key from the command line.</summary>
    public ConnectionArguments Connection { get; }

    /// <summary>Positional arguments in order.</summary>
    public IReadOnlyList<string> Positionals { get; }

    /// <summary>Standard output.</summary>
    public TextWriter Output => Application.Output;

    /// <summary>Standard error.</summary>
    public TextWriter Error => Application.Error;

    /// <summary>Cancelled by SIGINT and SIGTERM.</summary>
    public CancellationToken CancellationToken => Application.Stopping;

    /// <summary>An option's value; null where it was not given.</summary>
    public string? Option(string name) => _options.TryGetValue(name, out List<string>? values) ? values[^1] : null;

    /// <summary>All values of a repeatable option.</summary>
    public IReadOnlyList<string> OptionValues(string name) => _options.TryGetValue(name, out List<string>? values) ? values : [];

    /// <summary>True where a flag, or an option, was given.</summary>
    public bool Has(string name) => _options.ContainsKey(name);

    /// <summary>The positional of that index; null where it was left out.</summary>
    public string? Positional(int index) => index < Positionals.Count ? Positionals[index] : null;

    /// <summary>Connects to the cluster that the command line names.</summary>
    public async Task<ICluster> ConnectAsync(ClusterOptions? options = null)
    {
        ClusterConfiguration configuration = await Connection.LoadAsync(Application.ConfigurationLoader, CancellationToken);
        return await Application.Connector.ConnectAsync(configuration, options ?? new ClusterOptions { Time = Application.Time }, CancellationToken);
    }
}
