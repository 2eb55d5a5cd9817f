using Nacre.Cli.Application;
using Nacre.Cli.Commands;

namespace Nacre.Cli.Applets.Rbd;

/// <summary>The <c>rbd</c> applet: the commands of Ceph's rbd, each group defined in a file of its own.</summary>
public static class RbdApplet
{
    private static readonly CommandTable _table = new(
        "rbd",
        "Command-line interface for managing Ceph RBD images.",
        [
        ]);

    /// <summary>Runs a command.</summary>
    public static Task<int> RunAsync(ApplicationContext context, IReadOnlyList<string> arguments) => _table.RunAsync(context, arguments);
}
