using Nacre.Cli.Application;

namespace Nacre.Cli.Commands;

/// <summary>Parses a command's options and positionals, with the error texts of boost::program_options that Ceph's tools print.</summary>
internal static class CommandParser
{
    public static CommandInvocation Parse(
        ApplicationContext application, ConnectionArguments connection, CommandDefinition command, IReadOnlyList<string> arguments)
    {
        var options = new Dictionary<string, List<string>>(StringComparer.Ordinal);
        var positionals = new List<string>();
        bool onlyPositionals = false;
        for (int i = 0; i < arguments.Count; i++)
        {
            string argument = arguments[i];
            if (onlyPositionals || argument.Length < 2 || argument[0] != '-')
            {
                positionals.Add(argument);
                continue;
            }

            if (argument == "--")
            {
                onlyPositionals = true;
                continue;
            }

            (OptionDefinition option, string? inline) = Find(command, argument);
            string value = "";
            if (option.TakesValue)
            {
                value = inline ?? (++i < arguments.Count
                    ? arguments[i]
                    : throw new UsageException($"the required argument for option '--{option.Name}' is missing"));
            }
            else if (inline is not null)
            {
                throw new UsageException($"option '--{option.Name}' does not take any arguments");
            }

            if (!options.TryGetValue(option.Name, out List<string>? values))
            {
                options[option.Name] = values = [];
            }
            else if (!option.IsRepeatable && option.TakesValue)
            {
                throw new UsageException($"option '--{option.Name}' cannot be specified more than once");
            }

            values.Add(value);
        }

        CheckPositionals(command, positionals);
        return new CommandInvocation(application, connection, options, positionals);
    }

    private static (OptionDefinition Option, string? Inline) Find(CommandDefinition command, string argument)
    {
        if (argument.StartsWith("--", StringComparison.Ordinal))
        {
            int equals = argument.IndexOf('=', StringComparison.Ordinal);
            string name = equals < 0 ? argument[2..] : argument[2..equals];
            OptionDefinition? found = command.Options.FirstOrDefault(o => o.Name == name)
                ?? Unique(command.Options.Where(o => o.Name.StartsWith(name, StringComparison.Ordinal)));
            return (found ?? throw new UsageException($"unrecognised option '--{name}'"), equals < 0 ? null : argument[(equals + 1)..]);
        }

        OptionDefinition option = command.Options.FirstOrDefault(o => o.Short == argument[1])
            ?? throw new UsageException($"unrecognised option '{argument}'");
        return (option, argument.Length == 2 ? null : argument[2..].TrimStart('='));
    }

    private static OptionDefinition? Unique(IEnumerable<OptionDefinition> candidates)
    {
        OptionDefinition[] found = candidates.Take(2).ToArray();
        return found.Length == 1 ? found[0] : null;
    }

    private static void CheckPositionals(CommandDefinition command, List<string> positionals)
    {
        int required = command.Positionals.Count(p => !p.IsOptional);
        if (positionals.Count < required)
        {
            throw new UsageException($"{command.Positionals.Where(p => !p.IsOptional).ElementAt(positionals.Count).Name} was not specified", 22);
        }

        if (positionals.Count > command.Positionals.Count && command.Positionals is not [.., { IsRepeatable: true }])
        {
            throw new UsageException("too many arguments");
        }
    }
}
