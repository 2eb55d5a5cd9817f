using System.Globalization;
using Nacre.Cli.Applications;

namespace Nacre.Cli.RbdMirror;

/// <summary>The daemon's command line: Ceph's common options, and those of its daemons.</summary>
internal sealed record RbdMirrorOptions
{
    private static readonly HashSet<string> _own = new(["log-file", "log_file"], StringComparer.Ordinal);

    /// <summary>Which cluster, as whom.</summary>
    public required GlobalOptions Global { get; init; }

    /// <summary><c>--log-file</c>; null for standard error.</summary>
    public string? LogFile { get; init; }

    /// <summary><c>-d</c>, or <c>--debug-rbd-mirror</c> above 0.</summary>
    public bool IsVerbose { get; init; }

    /// <summary><c>-h</c>.</summary>
    public bool ShowHelp { get; init; }

    /// <summary>Parses it. What a daemon of Ceph accepts but this one need not do (<c>-f</c>, <c>--setuser</c>…) is accepted.</summary>
    public static RbdMirrorOptions Parse(IReadOnlyList<string> arguments, Func<string, string?> environment)
    {
        var global = GlobalOptions.Parse("rbd-mirror", arguments, environment, shortId: true, _own, out List<string> rest);
        var options = new RbdMirrorOptions
        {
            Global = global,
            IsVerbose = DebugLevel(global.Overrides.Options) > 0,
            LogFile = global.Overrides.Options.GetValueOrDefault("log_file"),
        };
        for (int i = 0; i < rest.Count; i++)
        {
            (string name, string? inline) = Split(rest[i]);
            string Value() => inline ?? (++i < rest.Count
                ? rest[i]
                : throw new CommandFailedException(1, $"rbd-mirror: the required argument for option '{name}' is missing"));
            switch (name)
            {
                case "-f" or "--foreground":
                    break;
                case "-d":
                    options = options with { IsVerbose = true };
                    break;
                case "-h" or "--help":
                    options = options with { ShowHelp = true };
                    break;
                case "--log-file" or "--log_file":
                    options = options with { LogFile = Value() };
                    break;
                case "--setuser" or "--setgroup" or "--pid-file":
                    _ = Value();
                    break;
                default:
                    throw new CommandFailedException(1, $"rbd-mirror: unknown option '{rest[i]}'");
            }
        }

        return options;
    }

    private static int DebugLevel(IReadOnlyDictionary<string, string> options) =>
        options.TryGetValue("debug_rbd_mirror", out string? text)
        && int.TryParse(text.Split('/')[0], NumberStyles.None, CultureInfo.InvariantCulture, out int level)
            ? level
            : 0;

    private static (string Name, string? Value) Split(string argument)
    {
        int equals = argument.StartsWith("--", StringComparison.Ordinal) ? argument.IndexOf('=', StringComparison.Ordinal) : -1;
        return equals < 0 ? (argument, null) : (argument[..equals], argument[(equals + 1)..]);
    }
}
