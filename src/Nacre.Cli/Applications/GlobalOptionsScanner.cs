using Nacre.Rados.Configuration;

namespace Nacre.Cli.Applications;

/// <summary>One pass over a command line for <see cref="GlobalOptions.Parse"/>.</summary>
internal sealed class GlobalOptionsScanner(string tool, IReadOnlyList<string> arguments, bool shortId, IReadOnlySet<string> ownOptions)
{
    // Any other option of Ceph can be given on the command line; these beginnings tell them from an applet's own.
    private static readonly string[] _configurationPrefixes =
        ["rbd_", "debug_", "log_", "ms_", "mon_", "osd_", "rados_", "objecter_", "client_", "auth_", "err_", "admin_socket", "fsid", "journal_", "nacre_"];

    private readonly Dictionary<string, string> _options = new(StringComparer.Ordinal);
    private int _next;

    /// <summary>What was found.</summary>
    public GlobalOptions Result { get; private set; } = new();

    /// <summary>What was not ours, in order.</summary>
    public List<string> Rest { get; } = [];

    /// <summary>Goes over the command line.</summary>
    public void Scan()
    {
        while (_next < arguments.Count)
        {
            string argument = arguments[_next++];
            if (argument == "--")
            {
                Rest.Add(argument);
                Rest.AddRange(arguments.Skip(_next));
                break;
            }

            if (!Take(argument))
            {
                Rest.Add(argument);
            }
        }

        Result = Result with { Overrides = Result.Overrides with { Options = _options } };
    }

    private bool Take(string argument)
    {
        (string name, string? inline) = Split(argument);
        switch (name)
        {
            case "-v" or "--version":
                Result = Result with { ShowVersion = true };
                return true;
            case "-c" or "--conf":
                Override(o => o with { ConfPath = Value(name, inline) });
                return true;
            case "--cluster":
                Result = Result with { ClusterName = Value(name, inline) };
                return true;
            case "--id" or "--user":
                Result = Result with { Name = EntityName.Client(Value(name, inline)) };
                return true;
            case "-i" when shortId:
                Result = Result with { Name = EntityName.Client(Value(name, inline)) };
                return true;
            case "-n" or "--name":
                string text = Value(name, inline);
                Result = Result with
                {
                    Name = EntityName.TryParse(text) ?? throw new CommandFailedException(
                        1, $"{tool}: '{text}' is not an entity name such as client.admin"),
                };
                return true;
            case "-m" or "--mon-host" or "--mon_host":
                Override(o => o with { MonitorHost = Value(name, inline) });
                return true;
            case "-k" or "--keyring":
                Override(o => o with { KeyringPath = Value(name, inline) });
                return true;
            case "-K" or "--keyfile":
                Override(o => o with { KeyFile = Value(name, inline) });
                return true;
            case "--key" when !ownOptions.Contains("key"):
                Override(o => o with { Key = Value(name, inline) });
                return true;
            case "--no-mon-config" or "--no-log-to-stderr" or "--log-to-stderr":
                return true;
            default:
                return TakeConfiguration(name, inline);
        }
    }

    private bool TakeConfiguration(string name, string? inline)
    {
        if (!name.StartsWith("--", StringComparison.Ordinal) || ownOptions.Contains(name[2..]))
        {
            return false;
        }

        string option = CephConf.NormalizeName(name[2..]);
        if (!_configurationPrefixes.Any(prefix => option.StartsWith(prefix, StringComparison.Ordinal)))
        {
            return false;
        }

        _options[option] = Value(name, inline);
        return true;
    }

    private void Override(Func<ConfigurationOverrides, ConfigurationOverrides> change) =>
        Result = Result with { Overrides = change(Result.Overrides) };

    private string Value(string name, string? inline)
    {
        if (inline is not null)
        {
            return inline;
        }

        return _next < arguments.Count
            ? arguments[_next++]
            : throw new CommandFailedException(1, $"{tool}: the required argument for option '{name}' is missing");
    }

    private static (string Name, string? Value) Split(string argument)
    {
        int equals = argument.StartsWith("--", StringComparison.Ordinal) ? argument.IndexOf('=', StringComparison.Ordinal) : -1;
        return equals < 0 ? (argument, null) : (argument[..equals], argument[(equals + 1)..]);
    }
}
