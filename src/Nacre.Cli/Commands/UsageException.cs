namespace Nacre.Cli.Commands;

/// <summary>The command line itself is wrong: its message is printed after the applet's name, and the exit code is 1 unless it says another.</summary>
public sealed class UsageException(string message, int exitCode = 1) : Exception(message)
{
    /// <summary>What the process exits with.</summary>
    public int ExitCode { get; } = exitCode;
}
