using Nacre.Cli.Commands;
using Nacre.Cli.Rbd.Bench;
using Nacre.Cli.Rbd.Images;
using Nacre.Cli.Rbd.Journals;
using Nacre.Cli.Rbd.Maintenance;
using Nacre.Cli.Rbd.Mirror;
using Nacre.Cli.Rbd.Pools;
using Nacre.Cli.Rbd.Ranges;
using Nacre.Cli.Rbd.Snapshots;
using Nacre.Cli.Rbd.Transfer;

namespace Nacre.Cli.Rbd;

/// <summary>All commands of rbd, a list from each room.</summary>
internal static class RbdCommandTable
{
    /// <summary>All of them.</summary>
    public static IReadOnlyList<CommandDefinition<RbdCommandContext>> All { get; } =
    [
        .. ImageCommands.All, .. SnapshotCommands.All, .. TransferCommands.All, .. BenchCommand.All, .. MaintenanceCommands.All,
        .. JournalCommands.All,
        .. PoolCommands.All, .. TrashCommands.All, .. RangeCommands.All, .. MirrorCommands.All,
    ];
}
