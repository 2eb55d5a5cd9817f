using Nacre.Cli.Applications;

namespace Nacre.Cli.Ceph;

/// <summary><c>ceph</c>.</summary>
internal sealed class CephApplet : IApplet
{
    /// <inheritdoc/>
    public string Name => "ceph";

    /// <inheritdoc/>
    public string Description => "users, pools, status and other commands of monitors and managers (as Ceph's ceph)";

    /// <inheritdoc/>
    public Task<int> RunAsync(IReadOnlyList<string> arguments, ApplicationContext application, CancellationToken cancellationToken) =>
        throw new CommandFailedException(1, "ceph: not built yet");
}
