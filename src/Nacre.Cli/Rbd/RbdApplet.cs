using Nacre.Cli.Applications;
using Nacre.Cli.Commands;

namespace Nacre.Cli.Rbd;

/// <summary><c>rbd</c>: images and their mirroring, with Ceph's commands, output and exit codes.</summary>
internal sealed class RbdApplet : IApplet
{
    private static readonly CommandOption[] _globalOptions =
    [
        new("conf", "path to cluster configuration") { Short = 'c' },
        new("cluster", "cluster name"),
        new("id", "client id (without 'client.' prefix)"),
        new("name", "client name") { Short = 'n' },
        new("mon_host", "monitor host") { Short = 'm' },
        new("keyfile", "path to secret key") { Short = 'K' },
        new("keyring", "path to keyring") { Short = 'k' },
    ];

    /// <summary>Finds commands and sorts their arguments.</summary>
    public static CommandParser<RbdCommandContext> Parser { get; } = new("rbd", RbdCommandTable.All);

    /// <inheritdoc/>
    public string Name => "rbd";

    /// <inheritdoc/>
    public string Description => "images: create, import, snapshot, mirror … (as Ceph's rbd)";

    /// <inheritdoc/>
    public async Task<int> RunAsync(IReadOnlyList<string> arguments, ApplicationContext application, CancellationToken cancellationToken)
    {
        GlobalOptions globals = GlobalOptions.Parse(
            "rbd", arguments, application.Environment, shortId: true, Parser.OptionNames, out List<string> rest);
        if (globals.ShowVersion)
        {
            await application.Output.WriteLineAsync(ProductVersion.Text("rbd"));
            return 0;
        }

        if (rest.TakeWhile(argument => argument != "--").Any(argument => argument is "-h" or "--help"))
        {
            rest = ["help", .. Parser.Words([.. rest.Where(argument => argument is not ("-h" or "--help"))])];
        }

        List<string> words = Parser.Words(rest);
        if (words.Count == 0 || words[0] == "help")
        {
            return ShowHelp([.. words.Skip(1)], application);
        }

        CommandDefinition<RbdCommandContext>? command = Parser.Find(words, out int length);
        if (command is null)
        {
            return Unknown(words, application);
        }

        await using var context = new RbdCommandContext(application, globals, Parser.Parse(command, length, rest));
        return await command.RunAsync(context, cancellationToken);
    }

    private static int ShowHelp(IReadOnlyList<string> words, ApplicationContext application)
    {
        if (words.Count == 0)
        {
            application.Output.Write(List());
            return 0;
        }

        CommandDefinition<RbdCommandContext>? command = Parser.Find(words, out int length);
        if (command is null)
        {
            return Unknown(words, application);
        }

        application.Output.Write(CommandHelp.Describe("rbd", command, string.Join(' ', words.Take(length))));
        return 0;
    }

    private static int Unknown(IReadOnlyList<string> words, ApplicationContext application)
    {
        application.Error.WriteLine($"error: unknown option '{string.Join(' ', words)}'");
        application.Error.WriteLine();
        application.Output.Write(List());
        return 1;
    }

    private static string List() =>
        CommandHelp.List("rbd", "Command-line interface for managing Ceph RBD images.", Parser.Commands, _globalOptions);
}
