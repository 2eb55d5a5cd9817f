namespace Nacre.Cli.Applications;

/// <summary>A command line of its own within the one executable: <c>nacre NAME …</c>, or by a symlink of that name.</summary>
internal interface IApplet
{
    /// <summary>Its name: "rbd".</summary>
    string Name { get; }

    /// <summary>One line for <c>nacre help</c>.</summary>
    string Description { get; }

    /// <summary>Runs it and returns the exit code, as Ceph's tool of that name does: 0, or a positive errno.</summary>
    /// <param name="arguments">After the applet's name.</param>
    /// <param name="application">Console, clock, connector.</param>
    /// <param name="cancellationToken">SIGINT or SIGTERM.</param>
    Task<int> RunAsync(IReadOnlyList<string> arguments, ApplicationContext application, CancellationToken cancellationToken);
}
