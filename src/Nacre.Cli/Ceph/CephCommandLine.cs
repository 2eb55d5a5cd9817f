using Nacre.Cli.Applications;
using Nacre.Rados;

namespace Nacre.Cli.Ceph;

/// <summary>Options of <c>ceph</c> itself, taken out of what is left of a command line.</summary>
internal sealed record CephCommandLine
{
    /// <summary>Long options that belong to commands, not to Ceph's configuration.</summary>
    public static IReadOnlySet<string> OwnOptions { get; } = new HashSet<string>(StringComparer.Ordinal) { "key" };

    public string? Format { get; init; }

    public string? InputFile { get; init; }

    public string? OutputFile { get; init; }

    public bool Help { get; init; }

    public IReadOnlyList<string> Words { get; init; } = [];

    public static CephCommandLine Parse(IReadOnlyList<string> arguments)
    {
        var line = new CephCommandLine();
        var words = new List<string>();
        for (int i = 0; i < arguments.Count; i++)
        {
            string argument = arguments[i];
            int equals = argument.StartsWith("--", StringComparison.Ordinal) ? argument.IndexOf('=', StringComparison.Ordinal) : -1;
            string name = equals < 0 ? argument : argument[..equals];
            switch (name)
            {
                case "-f" or "--format":
                    line = line with { Format = Value() };
                    break;
                case "-i" or "--in-file":
                    line = line with { InputFile = Value() };
                    break;
                case "-o" or "--out-file":
                    line = line with { OutputFile = Value() };
                    break;
                case "-s" or "--status":
                    words.Add("status");
                    break;
                case "-h" or "--help":
                    line = line with { Help = true };
                    break;
                default:
                    words.Add(argument);
                    break;
            }

            string Value() => equals >= 0 ? argument[(equals + 1)..]
                : i + 1 < arguments.Count ? arguments[++i]
                : throw new CommandFailedException(Errno.EINVAL, $"ceph: error: argument {name}: expected one argument");
        }

        if (line.Format is not (null or "plain" or "json" or "json-pretty" or "xml" or "xml-pretty" or "yaml"))
        {
            throw new CommandFailedException(Errno.EINVAL, $"ceph: error: argument -f/--format: invalid choice: '{line.Format}'");
        }

        return line with { Words = words };
    }
}
