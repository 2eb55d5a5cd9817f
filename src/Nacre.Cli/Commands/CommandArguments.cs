using System.Globalization;
using Nacre.Cli.Applications;
using Nacre.Cli.Output;

namespace Nacre.Cli.Commands;

/// <summary>A parsed command line: options by name and positional arguments, which are consumed in order.</summary>
internal sealed class CommandArguments(string tool, IReadOnlyDictionary<string, List<string>> options, IReadOnlyList<string> positionals)
{
    private int _next;

    /// <summary>The tool, for error texts.</summary>
    public string Tool => tool;

    /// <summary>Positional arguments that were not consumed yet.</summary>
    public IReadOnlyList<string> Remaining => [.. positionals.Skip(_next)];

    /// <summary>True where the option or switch was given.</summary>
    public bool Has(string option) => options.ContainsKey(option);

    /// <summary>The option's (last) value; null where it was not given.</summary>
    public string? Get(string option) => options.TryGetValue(option, out List<string>? values) ? values[^1] : null;

    /// <summary>All values of a repeatable option.</summary>
    public IReadOnlyList<string> GetAll(string option) => options.TryGetValue(option, out List<string>? values) ? values : [];

    /// <summary>The next positional argument; empty where there is none, as Ceph's own reading has it.</summary>
    public string Next() => _next < positionals.Count ? positionals[_next++] : "";

    /// <summary>The next positional argument without consuming it; empty where there is none.</summary>
    public string Peek() => _next < positionals.Count ? positionals[_next] : "";

    /// <summary>An option's value, or else the next positional argument; empty where neither is given.</summary>
    public string OptionOrNext(string option) => Get(option) is { Length: > 0 } value ? value : Next();

    /// <summary>An unsigned number; null where it was not given.</summary>
    public ulong? GetNumber(string option)
    {
        string? text = Get(option);
        if (text is null)
        {
            return null;
        }

        return ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out ulong value)
            ? value
            : throw new CommandFailedException(1, $"{tool}: the argument ('{text}') for option '--{option}' is invalid");
    }

    /// <summary>A size such as 4K; null where it was not given.</summary>
    public ulong? GetSize(string option, ulong unitless = 1)
    {
        string? text = Get(option);
        if (text is null)
        {
            return null;
        }

        return ByteSize.TryParse(text, out ulong value, unitless) ? value : throw Invalid(option);
    }

    /// <summary>One of a few words; null where it was not given.</summary>
    public string? GetChoice(string option, params string[] choices)
    {
        string? text = Get(option);
        return text is null || choices.Contains(text) ? text : throw Invalid(option);
    }

    /// <summary>Ceph's text for a value that does not fit.</summary>
    public CommandFailedException Invalid(string option) =>
        new(1, $"{tool}: the argument for option '--{option}' is invalid");
}
