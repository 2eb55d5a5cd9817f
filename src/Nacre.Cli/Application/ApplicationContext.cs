using System.Runtime.InteropServices;
using Nacre.Rados.Clusters;
using Nacre.Rados.Configuration;

namespace Nacre.Cli.Application;

/// <summary>What a command runs in: its streams, clock, way to clusters, and the token that SIGINT and SIGTERM cancel. Tests make their own.</summary>
public sealed class ApplicationContext : IAsyncDisposable
{
    private readonly CancellationTokenSource _stopping = new();
    private readonly List<PosixSignalRegistration> _signals = [];

    /// <summary>Standard output as text, buffered; flushed at the end and before bytes are written.</summary>
    public required TextWriter Output { get; init; }

    /// <summary>Standard error as text.</summary>
    public required TextWriter Error { get; init; }

    /// <summary>Opens standard output for bytes (export to <c>-</c>).</summary>
    public required Func<Stream> OpenOutput { get; init; }

    /// <summary>Opens standard input for bytes (import from <c>-</c>).</summary>
    public required Func<Stream> OpenInput { get; init; }

    /// <summary>True where standard error is a terminal: progress is drawn.</summary>
    public bool ErrorIsTerminal { get; init; }

    /// <summary>True where standard output is a terminal.</summary>
    public bool OutputIsTerminal { get; init; }

    /// <summary>The clock.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>Connects to sites and clusters.</summary>
    public IClusterConnector Connector { get; init; } = new ClusterConnector();

    /// <summary>Finds conf files and keys.</summary>
    public ClusterConfigurationLoader ConfigurationLoader { get; init; } = new();

    /// <summary>Cancelled by SIGINT and SIGTERM.</summary>
    public CancellationToken Stopping => _stopping.Token;

    /// <summary>The process's own console.</summary>
    public static ApplicationContext ForConsole()
    {
        var context = new ApplicationContext
        {
            Output = new StreamWriter(Console.OpenStandardOutput(), new System.Text.UTF8Encoding(false), 16384) { AutoFlush = false },
            Error = new StreamWriter(Console.OpenStandardError(), new System.Text.UTF8Encoding(false)) { AutoFlush = true },
            OpenOutput = Console.OpenStandardOutput,
            OpenInput = Console.OpenStandardInput,
            ErrorIsTerminal = !Console.IsErrorRedirected,
            OutputIsTerminal = !Console.IsOutputRedirected,
        };
        foreach (PosixSignal signal in (PosixSignal[])[PosixSignal.SIGINT, PosixSignal.SIGTERM])
        {
            context._signals.Add(PosixSignalRegistration.Create(signal, registration =>
            {
                registration.Cancel = true;
                context._stopping.Cancel();
            }));
        }

        return context;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await Output.FlushAsync();
        foreach (PosixSignalRegistration signal in _signals)
        {
            signal.Dispose();
        }

        _stopping.Dispose();
    }
}
