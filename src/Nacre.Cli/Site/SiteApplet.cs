using Nacre.Cli.Applications;

namespace Nacre.Cli.Site;

/// <summary><c>site</c>.</summary>
internal sealed class SiteApplet : IApplet
{
    /// <inheritdoc/>
    public string Name => "site";

    /// <inheritdoc/>
    public string Description => "embedded sites: create, start, stop, status";

    /// <inheritdoc/>
    public Task<int> RunAsync(IReadOnlyList<string> arguments, ApplicationContext application, CancellationToken cancellationToken) =>
        throw new CommandFailedException(1, "site: not built yet");
}
