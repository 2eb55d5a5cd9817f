namespace Nacre.Cli.Commands;

/// <summary>An option of a command, in the form of Ceph's tools: <c>-s [ --size ] arg</c>.</summary>
/// <param name="Name">Long name without dashes.</param>
/// <param name="Description">For help.</param>
/// <param name="TakesValue">False for a flag.</param>
/// <param name="Short">Its letter; null where it has none.</param>
public sealed record OptionDefinition(string Name, string Description, bool TakesValue = true, char? Short = null)
{
    /// <summary>May come several times.</summary>
    public bool IsRepeatable { get; init; }
}

/// <summary>A positional argument.</summary>
/// <param name="Name">Name in angle brackets in help.</param>
/// <param name="Description">For help.</param>
/// <param name="IsOptional">May be left out.</param>
public sealed record PositionalDefinition(string Name, string Description, bool IsOptional = false)
{
    /// <summary>The last one may take all that is left.</summary>
    public bool IsRepeatable { get; init; }
}

/// <summary>One command of an applet: its words (<c>mirror image enable</c>), what it takes, and what it does.</summary>
public sealed record CommandDefinition
{
    /// <summary>Its words, separated by spaces.</summary>
    public required string Words { get; init; }

    /// <summary>Other words for the same.</summary>
    public IReadOnlyList<string> Aliases { get; init; } = [];

    /// <summary>What it does, as a sentence.</summary>
    public required string Summary { get; init; }

    /// <summary>More for its help page.</summary>
    public string? Details { get; init; }

    /// <summary>Positional arguments in order.</summary>
    public IReadOnlyList<PositionalDefinition> Positionals { get; init; } = [];

    /// <summary>Options.</summary>
    public IReadOnlyList<OptionDefinition> Options { get; init; } = [];

    /// <summary>Runs it and returns the exit code. A <see cref="Rados.RadosException"/> becomes a message and its errno.</summary>
    public required Func<CommandInvocation, Task<int>> RunAsync { get; init; }
}
