using Nacre.Cli.Application;
using Nacre.Rados;

namespace Nacre.Cli.Commands;

/// <summary>
/// An applet's commands. Own code and not a library, because the grammar of Ceph's <c>rbd</c> is what is wanted: commands of several words,
/// positionals that an option can replace, and its texts and exit codes.
/// </summary>
/// <param name="program">The applet's name, as error texts begin.</param>
/// <param name="description">First line of its help.</param>
/// <param name="commands">Its commands.</param>
public sealed class CommandTable(string program, string description, IReadOnlyList<CommandDefinition> commands)
{
    /// <summary>Its commands.</summary>
    public IReadOnlyList<CommandDefinition> Commands { get; } = commands;

    /// <summary>Parses and runs; errors become messages and exit codes.</summary>
    public async Task<int> RunAsync(ApplicationContext application, IReadOnlyList<string> arguments)
    {
        try
        {
            (ConnectionArguments connection, List<string> rest) = ConnectionArguments.Extract(arguments);
            if (rest.Count == 0 || rest[0] is "help" or "-h" or "--help")
            {
                return Help(application, rest.Skip(1).ToList());
            }

            if (Match(rest) is not var (command, used))
            {
                application.Error.WriteLine($"error: unknown option '{string.Join(' ', rest.TakeWhile(IsWord))}'\n");
                CommandHelp.WriteOverview(application.Output, program, description, Commands);
                return 1;
            }

            List<string> left = rest.Skip(used).ToList();
            if (left.Contains("--help") || left.Contains("-h"))
            {
                CommandHelp.WriteCommand(application.Output, program, command);
                return 0;
            }

            CommandInvocation invocation = CommandParser.Parse(application, connection, command, left);
            return await command.RunAsync(invocation);
        }
        catch (UsageException error)
        {
            application.Error.WriteLine($"{program}: {error.Message}");
            return error.ExitCode;
        }
        catch (RadosException error)
        {
            application.Error.WriteLine($"{program}: {error.Message}");
            return error.Code is > 0 and < 256 ? error.Code : 1;
        }
        catch (OperationCanceledException) when (application.Stopping.IsCancellationRequested)
        {
            return 130;
        }
    }

    private int Help(ApplicationContext application, List<string> words)
    {
        if (words.Count > 0 && Match(words) is var (command, _))
        {
            CommandHelp.WriteCommand(application.Output, program, command);
            return 0;
        }

        CommandHelp.WriteOverview(application.Output, program, description, Commands);
        return words.Count == 0 ? 0 : 1;
    }

    /// <summary>The command with the most words that the arguments begin with. Options may stand before it: they are kept for its parser.</summary>
    private (CommandDefinition Command, int Used)? Match(List<string> arguments)
    {
        (CommandDefinition Command, int Used)? best = null;
        foreach (CommandDefinition command in Commands)
        {
            foreach (string words in (IEnumerable<string>)[command.Words, .. command.Aliases])
            {
                string[] parts = words.Split(' ');
                if (parts.Length <= arguments.Count && parts.SequenceEqual(arguments.Take(parts.Length)) && parts.Length > (best?.Used ?? 0))
                {
                    best = (command, parts.Length);
                }
            }
        }

        if (best is null)
        {
            // As boost::program_options does: `rbd --pool x ls` is `rbd ls --pool x`.
            int first = arguments.FindIndex(IsWord);
            for (int i = first; i > 0 && i < arguments.Count; i++)
            {
                if (IsWord(arguments[i]) && Match(arguments.Skip(i).ToList()) is var (command, used))
                {
                    List<string> reordered = [.. arguments.Skip(i).Take(used), .. arguments.Take(i), .. arguments.Skip(i + used)];
                    arguments.Clear();
                    arguments.AddRange(reordered);
                    return (command, used);
                }
            }
        }

        return best;
    }

    private static bool IsWord(string argument) => argument.Length > 0 && argument[0] != '-';
}
