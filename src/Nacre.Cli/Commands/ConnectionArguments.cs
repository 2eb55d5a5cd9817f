using Nacre.Rados.Configuration;

namespace Nacre.Cli.Commands;

/// <summary>The options that every Ceph tool takes, wherever they stand: <c>-c --cluster --id -n -m -K -k</c>, and <c>--OPTION=value</c> of the configuration.</summary>
public sealed record ConnectionArguments
{
    /// <summary><c>--cluster</c>.</summary>
    public string ClusterName { get; init; } = "ceph";

    /// <summary><c>--id</c> or <c>-n</c>.</summary>
    public EntityName Name { get; init; } = EntityName.Admin;

    /// <summary>Conf file, monitors, keys.</summary>
    public ConfigurationOverrides Overrides { get; init; } = new();

    /// <summary>Loads the configuration. With <c>-c DIR/NAME.conf</c> and no <c>--cluster</c> the cluster's name is still "ceph", as in Ceph.</summary>
    public Task<ClusterConfiguration> LoadAsync(ClusterConfigurationLoader loader, CancellationToken cancellationToken) =>
        loader.LoadAsync(ClusterName, Name, Overrides, cancellationToken);

    /// <summary>Takes these options out of the arguments; the rest is the command's. What follows <c>--</c> is left alone.</summary>
    /// <exception cref="UsageException">A value is missing or no entity name.</exception>
    public static (ConnectionArguments Connection, List<string> Remaining) Extract(IReadOnlyList<string> arguments)
    {
        var connection = new ConnectionArguments();
        var rest = new List<string>();
        for (int i = 0; i < arguments.Count; i++)
        {
            if (arguments[i] == "--")
            {
                rest.AddRange(arguments.Skip(i));
                break;
            }

            (string option, string? inline) = Split(arguments[i]);
            Func<ConnectionArguments, string, ConnectionArguments>? apply = option switch
            {
                "-c" or "--conf" => (c, v) => c with { Overrides = c.Overrides with { ConfPath = v } },
                "--cluster" => (c, v) => c with { ClusterName = v },
                "--id" or "--user" => (c, v) => c with { Name = EntityName.Client(v) },
                "-n" or "--name" => (c, v) => c with { Name = EntityName.TryParse(v) ?? throw new UsageException($"'{v}' is not a client name") },
                "-m" or "--mon_host" or "--mon-host" => (c, v) => c with { Overrides = c.Overrides with { MonitorHost = v } },
                "-K" or "--keyfile" => (c, v) => c with { Overrides = c.Overrides with { KeyFile = v } },
                "-k" or "--keyring" => (c, v) => c with { Overrides = c.Overrides with { KeyringPath = v } },
                _ => null,
            };
            if (apply is null)
            {
                rest.Add(arguments[i]);
                continue;
            }

            string value = inline ?? (++i < arguments.Count
                ? arguments[i]
                : throw new UsageException($"the required argument for option '{option}' is missing"));
            connection = apply(connection, value);
        }

        return (connection, rest);
    }

    private static (string Option, string? Inline) Split(string argument)
    {
        int equals = argument.StartsWith("--", StringComparison.Ordinal) ? argument.IndexOf('=', StringComparison.Ordinal) : -1;
        return equals < 0 ? (argument, null) : (argument[..equals], argument[(equals + 1)..]);
    }
}
