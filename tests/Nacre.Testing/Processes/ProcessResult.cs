namespace Nacre.Testing.Processes;

/// <summary>How a command ended.</summary>
public sealed record ProcessResult(string Command, int ExitCode, byte[] OutputBytes, string Error)
{
    /// <summary>Standard output as text.</summary>
    public string Output => System.Text.Encoding.UTF8.GetString(OutputBytes);

    /// <summary>Throws, with all that was printed, unless it exited with 0.</summary>
    public ProcessResult EnsureSuccess() => ExitCode == 0
        ? this
        : throw new InvalidOperationException($"'{Command}' exited with {ExitCode}\nstdout: {Output}\nstderr: {Error}");
}
