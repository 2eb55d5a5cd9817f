using Nacre.Rados.Clusters;
using Nacre.Rados.Configuration;

namespace Nacre.Cli.Applications;

/// <summary>What an applet may touch of the world outside; tests give their own.</summary>
internal sealed class ApplicationContext
{
    /// <summary>Standard output, as text. Flushed when the applet ends.</summary>
    public required TextWriter Output { get; init; }

    /// <summary>Standard error, as text.</summary>
    public required TextWriter Error { get; init; }

    /// <summary>Opens standard input as bytes.</summary>
    public required Func<Stream> OpenInput { get; init; }

    /// <summary>Opens standard output as bytes.</summary>
    public required Func<Stream> OpenOutput { get; init; }

    /// <summary>True where a person watches standard error.</summary>
    public bool ErrorIsTerminal { get; init; }

    /// <summary>The clock.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>Reads an environment variable.</summary>
    public Func<string, string?> Environment { get; init; } = System.Environment.GetEnvironmentVariable;

    /// <summary>Connects to clusters: the one place that chooses an engine.</summary>
    public required IClusterConnector Connector { get; init; }

    /// <summary>Finds conf files and keys.</summary>
    public required ClusterConfigurationLoader Configurations { get; init; }

    /// <summary>This process's own.</summary>
    public static ApplicationContext ForProcess()
    {
        TimeProvider time = TimeProvider.System;
        return new ApplicationContext
        {
            Output = new StreamWriter(Console.OpenStandardOutput(), new System.Text.UTF8Encoding(false), 16384) { AutoFlush = false },
            Error = new StreamWriter(Console.OpenStandardError(), new System.Text.UTF8Encoding(false)) { AutoFlush = true },
            OpenInput = Console.OpenStandardInput,
            OpenOutput = Console.OpenStandardOutput,
            ErrorIsTerminal = !Console.IsErrorRedirected,
            Time = time,
            Connector = new ClusterConnector(),
            Configurations = new ClusterConfigurationLoader(),
        };
    }
}
