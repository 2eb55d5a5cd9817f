using Nacre.Cli.Commands;

namespace Nacre.Cli.Rbd.Mirror;

/// <summary><c>rbd mirror …</c>.</summary>
internal static class MirrorCommands
{
    /// <summary>All of them.</summary>
    public static IReadOnlyList<CommandDefinition<RbdCommandContext>> All { get; } = [];
}
