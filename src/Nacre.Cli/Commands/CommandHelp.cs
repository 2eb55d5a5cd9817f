using System.Text;

namespace Nacre.Cli.Commands;

/// <summary>Help in rbd's layout.</summary>
internal static class CommandHelp
{
    private const int MinimumNameWidth = 20;
    private const int MaximumDescriptionOffset = 37;

    /// <summary>Help of one command.</summary>
    /// <param name="tool">The tool.</param>
    /// <param name="command">The command.</param>
    /// <param name="calledAs">Its name or its alias.</param>
    public static string Describe<TContext>(string tool, CommandDefinition<TContext> command, string calledAs)
    {
        var text = new StringBuilder();
        string start = $"usage: {tool} {calledAs}";
        text.Append(start);
        AppendUsage(text, command, start.Length);
        text.Append('\n').Append(command.Description).Append("\n\n");
        AppendDetails(text, command);
        if (command.Help.Length > 0)
        {
            text.Append(command.Help).Append('\n');
        }

        return text.ToString();
    }

    /// <summary>The list of all commands.</summary>
    public static string List<TContext>(
        string tool, string description, IReadOnlyList<CommandDefinition<TContext>> commands, IReadOnlyList<CommandOption> globalOptions)
    {
        var text = new StringBuilder();
        text.Append("usage: ").Append(tool).Append(" <command> ...\n\n").Append(description).Append("\n\nPositional arguments:\n  <command>\n");
        IEnumerable<CommandDefinition<TContext>> sorted = commands.OrderBy(command => command.Name, StringComparer.Ordinal);
        foreach (CommandDefinition<TContext> command in sorted.Where(command => command.IsCephs))
        {
            AppendListed(text, command);
        }

        CommandDefinition<TContext>[] own = [.. sorted.Where(command => !command.IsCephs)];
        if (own.Length > 0)
        {
            text.Append("\n  besides Ceph's\n");
            foreach (CommandDefinition<TContext> command in own)
            {
                AppendListed(text, command);
            }
        }

        text.Append("\nOptional arguments:\n");
        foreach (CommandOption option in globalOptions)
        {
            string name = $"  {option.FormattedName} {option.FormattedParameter}";
            text.Append(name.PadRight(MaximumDescriptionOffset + 1)).Append(option.Description).Append('\n');
        }

        text.Append("\nSee '").Append(tool).Append(" help <command>' for help on a specific command.\n");
        return text.ToString();
    }

    private static void AppendListed<TContext>(StringBuilder text, CommandDefinition<TContext> command)
    {
        string name = "    " + command.Name;
        if (command.Alias is not null)
        {
            string[] words = command.Words;
            string[] alias = command.AliasWords;
            bool sameStart = words.Length > 2 && alias.Length == words.Length && words[..^1].SequenceEqual(alias[..^1]);
            name += sameStart ? $" (... {alias[^1]})" : $" ({command.Alias})";
        }

        text.Append(name);
        IndentedText.Append(text, command.Description, MaximumDescriptionOffset + 1, name.Length);
    }

    private static void AppendUsage<TContext>(StringBuilder text, CommandDefinition<TContext> command, int column)
    {
        string[] options = [.. command.Options.Select(option =>
        {
            string name = option.IsSwitch ? $"--{option.Name}" : $"--{option.Name} <{option.Name}>";
            return option.IsRequired ? name : $"[{name}]";
        })];
        string[] positionals = [.. command.Positionals.Select(positional =>
        {
            string name = positional.IsRepeatable ? $"<{positional.Name}> [<{positional.Name}> ...]" : $"<{positional.Name}>";
            return positional.IsOptional ? $"[{name}]" : name;
        })];
        int widest = options.Concat(positionals).Select(option => option.Length).DefaultIfEmpty().Max();
        int indent = Math.Min(column, MaximumDescriptionOffset) + 1;
        if (indent + widest + 2 > IndentedText.LineWidth)
        {
            indent = IndentedText.LineWidth - widest - 2;
        }

        if (options.Length > 0 || positionals.Length == 0)
        {
            IndentedText.Append(text, string.Concat(options.Select(option => option + " ")), indent, column, '[');
            column = 0;
        }

        if (positionals.Length > 0)
        {
            IndentedText.Append(text, string.Concat(positionals.Select(positional => positional + " ")), indent, column);
        }
    }

    private static void AppendDetails<TContext>(StringBuilder text, CommandDefinition<TContext> command)
    {
        int width = MinimumNameWidth;
        foreach (CommandPositional positional in command.Positionals)
        {
            width = Math.Max(width, positional.Name.Length + 3 + positional.FormattedParameter.Length);
        }

        foreach (CommandOption option in command.Options)
        {
            width = Math.Max(width, option.FormattedName.Length + option.FormattedParameter.Length + 1);
        }

        width = Math.Min(width + 2, MaximumDescriptionOffset) + 1;
        if (command.Positionals.Count > 0)
        {
            text.Append("Positional arguments\n");
            foreach (CommandPositional positional in command.Positionals)
            {
                string name = $"  <{positional.Name}>";
                text.Append(name);
                IndentedText.Append(text, positional.Description, width, name.Length);
            }

            text.Append('\n');
        }

        if (command.Options.Count > 0)
        {
            text.Append("Optional arguments\n");
            foreach (CommandOption option in command.Options.Where(option => !option.IsDeprecated))
            {
                string name = $"  {option.FormattedName} {option.FormattedParameter}";
                text.Append(name);
                IndentedText.Append(text, option.Description, width, name.Length);
            }

            text.Append('\n');
        }
    }
}
