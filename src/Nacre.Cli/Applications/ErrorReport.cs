using Nacre.Rados;

namespace Nacre.Cli.Applications;

/// <summary>From an exception to an exit code and what the operator reads.</summary>
internal static class ErrorReport
{
    /// <summary>False where it is a bug that deserves its stack trace.</summary>
    public static bool TryDescribe(Exception exception, string tool, bool interrupted, out int exitCode, out IReadOnlyList<string> lines)
    {
        switch (exception)
        {
            case CommandFailedException failed:
                exitCode = failed.ExitCode;
                lines = failed.Line is null ? [] : failed.InnerException is RadosException cause && SaysMore(cause, failed.Line)
                    ? [cause.Message, failed.Line]
                    : [failed.Line];
                return true;
            case OperationCanceledException when interrupted:
                exitCode = 130;
                lines = [$"{tool}: interrupted"];
                return true;
            case RadosException rados:
                exitCode = rados.Code;
                lines = [$"{tool}: {rados.Message}"];
                return true;
            case IOException or UnauthorizedAccessException:
                exitCode = Errno.EIO;
                lines = [$"{tool}: {exception.Message}"];
                return true;
            default:
                exitCode = 1;
                lines = [];
                return false;
        }
    }

    // "error opening image x: (2) No such file or directory" needs no second line that says the same of an object.
    private static bool SaysMore(RadosException cause, string line) =>
        cause.Code is not (Errno.ENOENT or Errno.EEXIST) && !line.Contains(cause.Attempt, StringComparison.Ordinal);
}
