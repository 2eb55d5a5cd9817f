using Nacre.Cli.Applications;

namespace Nacre.Cli.Commands;

/// <summary>
/// Finds the command whose words a line begins with and sorts its arguments, in rbd's grammar: options may stand anywhere,
/// everything after <c>--</c> is positional.
/// </summary>
internal sealed class CommandParser<TContext>
{
    private readonly string _tool;
    private readonly HashSet<string> _switches = new(StringComparer.Ordinal);

    /// <param name="tool">For error texts.</param>
    /// <param name="commands">The table.</param>
    public CommandParser(string tool, IReadOnlyList<CommandDefinition<TContext>> commands)
    {
        _tool = tool;
        Commands = commands;
        foreach (CommandOption option in commands.SelectMany(command => command.Options))
        {
            if (option.IsSwitch)
            {
                _switches.Add("--" + option.Name);
                if (option.Short != '\0')
                {
                    _switches.Add("-" + option.Short);
                }
            }
        }
    }

    /// <summary>The table.</summary>
    public IReadOnlyList<CommandDefinition<TContext>> Commands { get; }

    /// <summary>Names of all long options, without dashes.</summary>
    public IReadOnlySet<string> OptionNames => Commands.SelectMany(command => command.Options).Select(option => option.Name).ToHashSet();

    /// <summary>The words of a line that are neither options nor, as far as can be told before the command is known, their values.</summary>
    public List<string> Words(IReadOnlyList<string> arguments)
    {
        var words = new List<string>();
        for (int i = 0; i < arguments.Count; i++)
        {
            string argument = arguments[i];
            if (argument == "--")
            {
                words.AddRange(arguments.Skip(i + 1));
                break;
            }

            if (argument.Length > 1 && argument[0] == '-')
            {
                bool takesValue = !_switches.Contains(argument) && !argument.Contains('=', StringComparison.Ordinal)
                    && (argument.StartsWith("--", StringComparison.Ordinal) || argument.Length == 2);
                i += takesValue ? 1 : 0;
            }
            else
            {
                words.Add(argument);
            }
        }

        return words;
    }

    /// <summary>The command with the most words that the line begins with; null where there is none.</summary>
    public CommandDefinition<TContext>? Find(IReadOnlyList<string> words, out int length)
    {
        CommandDefinition<TContext>? best = null;
        length = 0;
        foreach (CommandDefinition<TContext> command in Commands)
        {
            foreach (string[] candidate in (string[][])[command.Words, command.AliasWords])
            {
                if (candidate.Length > length && candidate.Length <= words.Count && candidate.SequenceEqual(words.Take(candidate.Length)))
                {
                    best = command;
                    length = candidate.Length;
                }
            }
        }

        return best;
    }

    /// <summary>Sorts a line's arguments by a command's definition.</summary>
    /// <param name="command">The command.</param>
    /// <param name="wordCount">How many of the words are its name.</param>
    /// <param name="arguments">The whole line.</param>
    public CommandArguments Parse(CommandDefinition<TContext> command, int wordCount, IReadOnlyList<string> arguments)
    {
        var options = new Dictionary<string, List<string>>(StringComparer.Ordinal);
        var positionals = new List<string>();
        for (int i = 0; i < arguments.Count; i++)
        {
            string argument = arguments[i];
            if (argument == "--")
            {
                positionals.AddRange(arguments.Skip(i + 1));
                break;
            }

            if (argument.Length < 2 || argument[0] != '-')
            {
                positionals.Add(argument);
                continue;
            }

            TakeOption(command, arguments, ref i, options);
        }

        positionals.RemoveRange(0, Math.Min(wordCount, positionals.Count));
        if (positionals.Count > command.Positionals.Count && command.Positionals is not [.., { IsRepeatable: true }])
        {
            throw new CommandFailedException(1, $"{_tool}: too many arguments");
        }

        return new CommandArguments(_tool, options, positionals);
    }

    private void TakeOption(
        CommandDefinition<TContext> command, IReadOnlyList<string> arguments, ref int index, Dictionary<string, List<string>> options)
    {
        string argument = arguments[index];
        bool isLong = argument.StartsWith("--", StringComparison.Ordinal);
        string? value = null;
        int equals = isLong ? argument.IndexOf('=', StringComparison.Ordinal) : -1;
        if (equals > 0)
        {
            value = argument[(equals + 1)..];
            argument = argument[..equals];
        }
        else if (!isLong && argument.Length > 2)
        {
            value = argument[2..];
            argument = argument[..2];
        }

        string name = argument;
        CommandOption option = command.Options.FirstOrDefault(o => isLong ? "--" + o.Name == name : o.Short != '\0' && name[1] == o.Short)
            ?? throw new CommandFailedException(1, $"{_tool}: unrecognised option '{name}'");
        if (option.IsSwitch)
        {
            if (value is not null)
            {
                throw new CommandFailedException(1, $"{_tool}: option '--{option.Name}' does not take any arguments");
            }

            value = "";
        }
        else if (value is null)
        {
            value = index + 1 < arguments.Count
                ? arguments[++index]
                : throw new CommandFailedException(1, $"{_tool}: the required argument for option '--{option.Name}' is missing");
        }

        if (!options.TryGetValue(option.Name, out List<string>? values))
        {
            options[option.Name] = values = [];
        }
        else if (!option.IsRepeatable && !option.IsSwitch)
        {
            throw new CommandFailedException(1, $"{_tool}: option '--{option.Name}' cannot be specified more than once");
        }

        values.Add(value);
    }
}
