namespace Nacre.Cli.Commands;

/// <summary>A positional argument of a command, for its help and for how many there may be.</summary>
/// <param name="Name">Shown in angle brackets.</param>
/// <param name="Description">For help; a newline begins a new line there.</param>
internal sealed record CommandPositional(string Name, string Description)
{
    /// <summary>Shown in brackets.</summary>
    public bool IsOptional { get; init; }

    /// <summary>The last one, which takes any number.</summary>
    public bool IsRepeatable { get; init; }

    /// <summary>What Ceph's parser would show after the name; it decides the width of the help's first column.</summary>
    public string FormattedParameter { get; init; } = "";
}
