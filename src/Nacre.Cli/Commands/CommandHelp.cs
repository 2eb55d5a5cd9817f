using System.Text;

namespace Nacre.Cli.Commands;

/// <summary>Help pages in the form of Ceph's <c>rbd help</c>.</summary>
internal static class CommandHelp
{
    private const int Width = 80;

    public static void WriteOverview(TextWriter output, string program, string description, IReadOnlyList<CommandDefinition> commands)
    {
        const int Column = 38;
        output.WriteLine($"usage: {program} <command> ...\n\n{description}\n\nPositional arguments:\n  <command>");
        foreach (CommandDefinition command in commands.OrderBy(c => c.Words, StringComparer.Ordinal))
        {
            string words = command.Aliases.Count == 0 ? command.Words : $"{command.Words} ({string.Join(", ", command.Aliases)})";
            WriteColumns(output, $"    {words}", command.Summary, Column);
        }

        output.WriteLine("\nOptional arguments:");
        foreach ((string option, string text) in (ReadOnlySpan<(string, string)>)
        [
            ("-c [ --conf ] arg", "path to cluster configuration"), ("--cluster arg", "cluster name"),
            ("--id arg", "client id (without 'client.' prefix)"), ("-n [ --name ] arg", "client name"),
            ("-m [ --mon_host ] arg", "monitor host"), ("-K [ --keyfile ] arg", "path to secret key"), ("-k [ --keyring ] arg", "path to keyring"),
        ])
        {
            WriteColumns(output, $"  {option}", text, Column);
        }

        output.WriteLine($"\nSee '{program} help <command>' for help on a specific command.");
    }

    public static void WriteCommand(TextWriter output, string program, CommandDefinition command)
    {
        string start = $"usage: {program} {command.Words} ";
        IEnumerable<string> parts =
        [
            .. command.Options.Select(o => o.TakesValue ? $"[--{o.Name} <{o.Name}>]" : $"[--{o.Name}]"),
            .. command.Positionals.Select(p => $"<{p.Name}>{(p.IsRepeatable ? " [<" + p.Name + "> ...]" : "")}"),
        ];
        output.WriteLine(Wrap(start, parts, start.Length));
        output.WriteLine($"\n{command.Summary}");
        if (command.Details is { } details)
        {
            output.WriteLine($"\n{details}");
        }

        int column = command.Positionals.Select(p => p.Name.Length + 4)
            .Concat(command.Options.Select(o => Label(o).Length + 2)).DefaultIfEmpty(20).Max() + 1;
        if (command.Positionals.Count > 0)
        {
            output.WriteLine("\nPositional arguments");
            foreach (PositionalDefinition positional in command.Positionals)
            {
                WriteColumns(output, $"  <{positional.Name}>", positional.Description, column);
            }
        }

        if (command.Options.Count > 0)
        {
            output.WriteLine("\nOptional arguments");
            foreach (OptionDefinition option in command.Options)
            {
                WriteColumns(output, $"  {Label(option)}", option.Description, column);
            }
        }

        output.WriteLine();
    }

    private static string Label(OptionDefinition option) =>
        (option.Short is { } letter ? $"-{letter} [ --{option.Name} ]" : $"--{option.Name}") + (option.TakesValue ? " arg" : "");

    private static void WriteColumns(TextWriter output, string left, string text, int column)
    {
        if (left.Length >= column)
        {
            output.WriteLine(left);
            left = "";
        }

        foreach (string line in text.Split('\n'))
        {
            foreach (string wrapped in Wrap("", line.Split(' '), 0, Width - column).Split('\n'))
            {
                output.WriteLine(left.PadRight(column) + wrapped.TrimEnd());
                left = "";
            }
        }
    }

    private static string Wrap(string start, IEnumerable<string> parts, int indent, int width = Width)
    {
        var text = new StringBuilder(start);
        int length = start.Length;
        foreach (string part in parts)
        {
            if (length > indent && length + part.Length > width)
            {
                text.Append('\n').Append(' ', indent);
                length = indent;
            }

            text.Append(part).Append(' ');
            length += part.Length + 1;
        }

        return text.ToString().TrimEnd();
    }
}
