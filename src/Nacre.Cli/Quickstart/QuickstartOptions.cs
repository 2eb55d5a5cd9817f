using System.Globalization;
using Nacre.Cli.Applications;

namespace Nacre.Cli.Quickstart;

/// <summary>The options of <c>nacre quickstart</c>.</summary>
internal sealed record QuickstartOptions
{
    /// <summary>What <c>--help</c> says.</summary>
    public const string Usage =
        """
        usage: nacre quickstart [--keep] [--directory DIR] [--files MIB]

        Makes two embedded sites, site-a and site-b, and mirrors a disk with a real file system from one to the other, as one image by snapshots and as
        another by its journal: first sync, changes, a delta and a replay. Ends with 0 only if all copies are equal.

          --keep            leaves sites, daemon and files there, and says how to go on
          --directory DIR   works there (a new or empty folder) and not in a temporary one
          --files MIB       how much of this machine's own files go into the file system [default: 300]
        """;

    /// <summary><c>--keep</c>.</summary>
    public bool Keep { get; init; }

    /// <summary><c>--directory</c>; null for a temporary one.</summary>
    public string? Directory { get; init; }

    /// <summary><c>--files</c>, in MiB.</summary>
    public int FilesMebibytes { get; init; } = 300;

    /// <summary><c>--help</c>.</summary>
    public bool Help { get; init; }

    /// <summary>Parses a command line.</summary>
    public static QuickstartOptions Parse(IReadOnlyList<string> arguments)
    {
        var options = new QuickstartOptions();
        for (int i = 0; i < arguments.Count; i++)
        {
            string Value() => i + 1 < arguments.Count
                ? arguments[++i]
                : throw new CommandFailedException(1, $"nacre quickstart: {arguments[i]} needs a value");
            options = arguments[i] switch
            {
                "--keep" => options with { Keep = true },
                "--directory" => options with { Directory = Value() },
                "--files" => options with { FilesMebibytes = ParseSize(Value()) },
                "-h" or "--help" or "help" => options with { Help = true },
                var other => throw new CommandFailedException(1, $"nacre quickstart: unknown option '{other}'\n\n{Usage}"),
            };
        }

        return options;
    }

    private static int ParseSize(string text) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int value) && value is >= 1 and <= 800
            ? value
            : throw new CommandFailedException(1, "nacre quickstart: --files takes 1 to 800 (MiB; the image has 1 GiB)");
}
