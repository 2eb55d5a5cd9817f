using Nacre.Cli.Applications;

namespace Nacre.Cli.Quickstart;

/// <summary><c>nacre quickstart</c>.</summary>
internal sealed class QuickstartApplet : IApplet
{
    /// <inheritdoc/>
    public string Name => "quickstart";

    /// <inheritdoc/>
    public string Description => "two embedded sites, a disk mirrored between them in both modes, digests compared";

    /// <inheritdoc/>
    public async Task<int> RunAsync(IReadOnlyList<string> arguments, ApplicationContext application, CancellationToken cancellationToken)
    {
        QuickstartOptions options = QuickstartOptions.Parse(arguments);
        if (options.Help)
        {
            await application.Output.WriteLineAsync(QuickstartOptions.Usage);
            return 0;
        }

        string directory = PrepareDirectory(options);
        var run = new QuickstartRun(options, directory, application);
        bool succeeded = false;
        try
        {
            succeeded = await run.RunAsync(cancellationToken);
            return succeeded ? 0 : 1;
        }
        finally
        {
            // Also after Ctrl-C: what was started here must not be left running, unless it was asked for.
            await run.CleanUpAsync(keep: options.Keep, succeeded);
        }
    }

    private static string PrepareDirectory(QuickstartOptions options)
    {
        if (options.Directory is not { } given)
        {
            return Directory.CreateTempSubdirectory("nacre-quickstart-").FullName;
        }

        string path = Path.GetFullPath(given);
        if (Directory.Exists(path) && Directory.EnumerateFileSystemEntries(path).Any())
        {
            throw new CommandFailedException(Rados.Errno.ENOTEMPTY, $"nacre quickstart: {path} is not empty");
        }

        Directory.CreateDirectory(path);
        return path;
    }
}
