namespace Nacre.Cli.Commands;

/// <summary>An option of a command: <c>--name value</c>, or a switch.</summary>
/// <param name="Name">Long name, without dashes.</param>
/// <param name="Description">For help; a newline begins a new line there.</param>
internal sealed record CommandOption(string Name, string Description)
{
    /// <summary>One letter, or none.</summary>
    public char Short { get; init; }

    /// <summary>True for a switch, which takes no value.</summary>
    public bool IsSwitch { get; init; }

    /// <summary>Shown without brackets in the usage line; the command itself checks it.</summary>
    public bool IsRequired { get; init; }

    /// <summary>May come several times.</summary>
    public bool IsRepeatable { get; init; }

    /// <summary>Accepted and in the usage line, but not described (what Ceph calls deprecated).</summary>
    public bool IsDeprecated { get; init; }

    /// <summary>Shown after the option as <c>(=now)</c>.</summary>
    public string? Default { get; init; }

    /// <summary>What its help calls the value.</summary>
    public string ValueName { get; init; } = "arg";

    /// <summary><c>-p [ --pool ]</c> or <c>--pool</c>.</summary>
    public string FormattedName => Short == '\0' ? $"--{Name}" : $"-{Short} [ --{Name} ]";

    /// <summary><c>arg</c>, or nothing for a switch.</summary>
    public string FormattedParameter => IsSwitch ? "" : Default is null ? ValueName : $"{ValueName} (={Default})";

    /// <summary>A switch.</summary>
    public static CommandOption Switch(string name, string description, char shortName = '\0') =>
        new(name, description) { IsSwitch = true, Short = shortName };
}
