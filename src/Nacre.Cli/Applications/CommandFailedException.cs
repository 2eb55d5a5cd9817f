using Nacre.Rados;

namespace Nacre.Cli.Applications;

/// <summary>Ends a command with an exit code and, unless all was said already, a line on standard error.</summary>
internal sealed class CommandFailedException : Exception
{
    /// <param name="exitCode">Exit code: a positive errno, or 1 for a line that does not parse.</param>
    /// <param name="line">Printed as it is, prefix included; null where the command has printed already.</param>
    /// <param name="cause">Shown before the line when it says more than the line.</param>
    public CommandFailedException(int exitCode, string? line, Exception? cause = null)
        : base(line, cause)
    {
        ExitCode = Math.Abs(exitCode);
        Line = line;
    }

    /// <summary>Exit code.</summary>
    public int ExitCode { get; }

    /// <summary>Printed as it is; null for nothing.</summary>
    public string? Line { get; }

    /// <summary>As Ceph's tools say it: <c>rbd: error opening image x: (2) No such file or directory</c>.</summary>
    public static CommandFailedException From(string tool, string attempt, RadosException cause) =>
        new(cause.Code, $"{tool}: {attempt}: {Errno.Describe(cause.Code)}", cause);
}
