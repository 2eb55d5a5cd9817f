using Nacre.Cli.Applications;

namespace Nacre.Cli.RbdMirror;

/// <summary><c>rbd-mirror</c>.</summary>
internal sealed class RbdMirrorApplet : IApplet
{
    /// <inheritdoc/>
    public string Name => "rbd-mirror";

    /// <inheritdoc/>
    public string Description => "the mirroring daemon of a site (as Ceph's rbd-mirror)";

    /// <inheritdoc/>
    public Task<int> RunAsync(IReadOnlyList<string> arguments, ApplicationContext application, CancellationToken cancellationToken) =>
        throw new CommandFailedException(1, "rbd-mirror: not built yet");
}
