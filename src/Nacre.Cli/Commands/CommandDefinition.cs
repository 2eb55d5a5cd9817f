namespace Nacre.Cli.Commands;

/// <summary>One command of a table: its words, what it takes, what it does.</summary>
/// <typeparam name="TContext">What a command is given to work with.</typeparam>
/// <param name="Name">Its words: "mirror image enable".</param>
/// <param name="Description">One sentence.</param>
internal sealed record CommandDefinition<TContext>(string Name, string Description)
{
    /// <summary>Other words for it: "ls" for "list".</summary>
    public string? Alias { get; init; }

    /// <summary>Positional arguments, in order.</summary>
    public IReadOnlyList<CommandPositional> Positionals { get; init; } = [];

    /// <summary>Options, in the order of its help.</summary>
    public IReadOnlyList<CommandOption> Options { get; init; } = [];

    /// <summary>Further text at the end of its help.</summary>
    public string Help { get; init; } = "";

    /// <summary>False for one of ours that Ceph does not have: it is listed apart.</summary>
    public bool IsCephs { get; init; } = true;

    /// <summary>Carries it out and returns the exit code.</summary>
    public required Func<TContext, CancellationToken, Task<int>> RunAsync { get; init; }

    /// <summary>The words of <see cref="Name"/>.</summary>
    public string[] Words => Name.Split(' ');

    /// <summary>The words of <see cref="Alias"/>; empty where there is none.</summary>
    public string[] AliasWords => Alias?.Split(' ') ?? [];
}
