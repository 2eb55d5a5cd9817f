using System.Globalization;
using Nacre.Cli.Commands;

namespace Nacre.Cli.Rbd.Mirror;

/// <summary><c>rbd mirror …</c>.</summary>
internal static class MirrorCommands
{
    /// <summary>All of them.</summary>
    public static IReadOnlyList<CommandDefinition<RbdCommandContext>> All { get; } =
        [.. MirrorImageCommands.All, .. MirrorPoolCommands.All, .. MirrorPeerCommands.All, .. MirrorBootstrapCommands.All, .. MirrorScheduleCommands.All];

    /// <summary>A line as C++ streams print it: always ended by a bare newline.</summary>
    internal static void Line(this RbdCommandContext context, string text = "") =>
        context.Output.Write(string.Create(CultureInfo.InvariantCulture, $"{text}\n"));
}
