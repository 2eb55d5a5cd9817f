using Nacre.Cli.Applications;
using Nacre.Rados.Configuration;

namespace Nacre.Cli.Quickstart;

/// <summary>Runs the commands of the guide as an operator would, within this process, and shows each.</summary>
internal sealed class QuickstartCommands(string directory, ApplicationContext application)
{
    /// <summary>Finds conf files and keyrings in the quickstart's folder and nowhere else.</summary>
    public ClusterConfigurationLoader Configurations { get; } = new(directory, directory, _ => null);

    /// <summary>Shows a command and runs it; throws where it fails.</summary>
    /// <returns>What it printed.</returns>
    public async Task<string> RunAsync(CancellationToken cancellationToken, params string[] words)
    {
        application.Output.WriteLine($"  $ {string.Join(' ', words.Select(Quote))}");
        application.Output.Flush();
        return await QuietAsync(null, cancellationToken, words);
    }

    /// <summary>Runs a command without showing it; throws where it fails.</summary>
    /// <param name="output">Takes its standard output as bytes; null for none.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <param name="words">The command.</param>
    public async Task<string> QuietAsync(Stream? output, CancellationToken cancellationToken, params string[] words)
    {
        (int code, string text, string error) = await TryAsync(output, cancellationToken, words);
        return code == 0
            ? text
            : throw new CommandFailedException(code, $"nacre quickstart: '{string.Join(' ', words)}' failed ({code}):\n{error.Trim()}");
    }

    /// <summary>Runs a command without showing it and tells how it ended.</summary>
    public async Task<(int Code, string Output, string Error)> TryAsync(Stream? output, CancellationToken cancellationToken, params string[] words)
    {
        using var text = new StringWriter();
        using var error = new StringWriter();
        var context = new ApplicationContext
        {
            Output = text,
            Error = error,
            OpenInput = () => Stream.Null,
            OpenOutput = () => output ?? Stream.Null,
            Time = application.Time,
            // CEPH_ARGS and the like are for the user's own clusters.
            Environment = name => name.StartsWith("CEPH_", StringComparison.Ordinal) ? null : application.Environment(name),
            Connector = application.Connector,
            Configurations = Configurations,
        };
        int code = await AppletTable.RunAsync(words, context, cancellationToken);
        cancellationToken.ThrowIfCancellationRequested();
        return (code, text.ToString(), error.ToString());
    }

    private string Quote(string word)
    {
        string shown = word.Replace(directory + "/", "", StringComparison.Ordinal);
        return shown.Contains(' ', StringComparison.Ordinal) ? $"'{shown}'" : shown;
    }
}
