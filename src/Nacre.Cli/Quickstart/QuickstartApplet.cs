using Nacre.Cli.Applications;

namespace Nacre.Cli.Quickstart;

/// <summary><c>quickstart</c>.</summary>
internal sealed class QuickstartApplet : IApplet
{
    /// <inheritdoc/>
    public string Name => "quickstart";

    /// <inheritdoc/>
    public string Description => "two embedded sites, an image mirrored between them, digests compared";

    /// <inheritdoc/>
    public Task<int> RunAsync(IReadOnlyList<string> arguments, ApplicationContext application, CancellationToken cancellationToken) =>
        throw new CommandFailedException(1, "quickstart: not built yet");
}
