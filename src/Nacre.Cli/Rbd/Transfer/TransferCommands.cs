using Nacre.Cli.Commands;
using Nacre.Cli.Rbd.Images;
using Nacre.Rados;
using Definition = Nacre.Cli.Commands.CommandDefinition<Nacre.Cli.Rbd.RbdCommandContext>;

namespace Nacre.Cli.Rbd.Transfer;

/// <summary>import, export, their diffs, diff and du.</summary>
internal static class TransferCommands
{
    private static readonly CommandOption _exportFormat = new("export-format", "format of image file");
    private static readonly CommandOption _fromSnapshot = new("from-snap", "snapshot starting point");
    private static readonly CommandOption _wholeObject = CommandOption.Switch("whole-object", "compare whole object");

    /// <summary>All of them.</summary>
    public static IReadOnlyList<Definition> All { get; } =
    [
        new("import", "Import image from file.")
        {
            Positionals = [PathArgument("import file (or '-' for stdin)"), RbdOptions.DestinationImageSpec],
            Options =
            [
                new("path", "import file (or '-' for stdin)"), .. RbdOptions.DestinationOptions, .. CreateArguments.Options,
                new("sparse-size", "sparse size in B/K/M [default: 4K]"), RbdOptions.NoProgress, _exportFormat,
                RbdOptions.Pool with { Description = "pool name (deprecated)", IsDeprecated = true },
                RbdOptions.Image with { Description = "image name (deprecated)", IsDeprecated = true },
            ],
            Help = CreateArguments.FeaturesHelp,
            RunAsync = ImportCommand.RunAsync,
        },
        new("export", "Export image to file.")
        {
            Positionals = [RbdOptions.SourceImageOrSnapshotSpec, PathArgument("export file (or '-' for stdout)")],
            Options =
            [
                .. RbdOptions.SourceSnapshotOptions, new("path", "export file (or '-' for stdout)"), RbdOptions.NoProgress, _exportFormat,
            ],
            RunAsync = ExportCommand.RunAsync,
        },
        new("export-diff", "Export incremental diff to file.")
        {
            Positionals = [RbdOptions.SourceImageOrSnapshotSpec, PathArgument("export file (or '-' for stdout)")],
            Options =
            [
                .. RbdOptions.SourceSnapshotOptions, new("path", "export file (or '-' for stdout)"), _fromSnapshot, _wholeObject, RbdOptions.NoProgress,
            ],
            RunAsync = ExportDiffCommand.RunAsync,
        },
        new("import-diff", "Import an incremental diff.")
        {
            Positionals = [PathArgument("import file (or '-' for stdin)"), RbdOptions.ImageSpec],
            Options =
            [
                new("path", "import file (or '-' for stdin)"), .. RbdOptions.ImageOptions, new("sparse-size", "sparse size in B/K/M [default: 4K]"),
                RbdOptions.NoProgress,
            ],
            RunAsync = ImportDiffCommand.RunAsync,
        },
        new("diff", "Print extents that differ since a previous snap, or image creation.")
        {
            Positionals = [RbdOptions.ImageOrSnapshotSpec],
            Options = [.. RbdOptions.SnapshotOptions, _fromSnapshot, _wholeObject, .. RbdOptions.Format],
            RunAsync = DiffCommand.RunAsync,
        },
        new("disk-usage", "Show disk usage stats for pool, image or snapshot.")
        {
            Alias = "du",
            Positionals = [RbdOptions.ImageOrSnapshotSpec],
            Options =
            [
                .. RbdOptions.SnapshotOptions, .. RbdOptions.Format, _fromSnapshot, CommandOption.Switch("exact", "compute exact disk usage (slow)"),
                CommandOption.Switch("merge-snapshots", "merge snapshot sizes with its image"),
            ],
            RunAsync = DiskUsageCommand.RunAsync,
        },
    ];

    /// <summary>The path of <c>--path</c> or the next positional argument.</summary>
    public static string ReadPath(CommandArguments arguments, bool required = true)
    {
        string path = arguments.OptionOrNext("path");
        return path.Length > 0 || !required ? path : throw RbdCommandContext.Failure("path was not specified");
    }

    /// <summary>Refuses formats other than 1.</summary>
    public static void CheckFormat(CommandArguments arguments)
    {
        if (arguments.GetNumber("export-format") is not (null or 1))
        {
            throw RbdCommandContext.Failure("--export-format 2 is not supported; use 1, and export-diff for snapshots", Errno.EOPNOTSUPP);
        }
    }

    private static CommandPositional PathArgument(string description) => new("path-name", description) { FormattedParameter = "arg" };
}
