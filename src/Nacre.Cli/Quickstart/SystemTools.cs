using System.Diagnostics;
using Nacre.Cli.Applications;

namespace Nacre.Cli.Quickstart;

/// <summary>Programs of the operating system, where they are installed.</summary>
internal static class SystemTools
{
    /// <summary>The program's path; null where it is not installed.</summary>
    public static string? Find(string name) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Concat(["/usr/sbin", "/sbin"])
            .Where(folder => folder.Length > 0).Select(folder => Path.Combine(folder, name)).FirstOrDefault(File.Exists);

    /// <summary>Runs it; throws where it ends with something else than 0.</summary>
    public static async Task RunAsync(string program, CancellationToken cancellationToken, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true,
        };
        using Process process = Process.Start(start)!;
        process.StandardInput.Close();
        Task<string> output = process.StandardOutput.ReadToEndAsync(cancellationToken);
        Task<string> error = process.StandardError.ReadToEndAsync(cancellationToken);
        try
        {
            await process.WaitForExitAsync(cancellationToken);
        }
        catch (OperationCanceledException)
        {
            process.Kill();
            throw;
        }

        if (process.ExitCode != 0)
        {
            throw new CommandFailedException(
                1, $"nacre quickstart: {Path.GetFileName(program)} failed ({process.ExitCode}):\n{await output}{await error}".TrimEnd());
        }
    }
}
