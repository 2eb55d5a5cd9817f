using System.ComponentModel;
using System.Diagnostics;
using System.Runtime.InteropServices;
using Nacre.Cli.Applications;

namespace Nacre.Cli.Quickstart;

/// <summary>The daemon of site-b as a process of its own.</summary>
internal sealed partial class QuickstartDaemon : IDisposable
{
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(15);

    private readonly Process _process;
    private readonly TimeProvider _time;

    private QuickstartDaemon(Process process, string log, TimeProvider time)
    {
        _process = process;
        _time = time;
        Log = log;
    }

    /// <summary>Its process id.</summary>
    public int Id => _process.Id;

    /// <summary>Its log file.</summary>
    public string Log { get; }

    /// <summary>Starts it in a folder, where it finds both sites' conf files.</summary>
    public static QuickstartDaemon Start(string directory, string id, TimeProvider time)
    {
        string log = Path.Combine(directory, "rbd-mirror.log");
        string own = Environment.ProcessPath ?? "dotnet";
        var start = new ProcessStartInfo("/bin/sh") { WorkingDirectory = directory, UseShellExecute = false, RedirectStandardInput = true };

        // A daemon that is kept outlives the terminal, and whoever reads this command's output does not wait for it. What it says beside its log goes there too.
        foreach (string word in (string[])["-c", "trap '' HUP; log=$1; shift; exec \"$@\" >>\"$log\" 2>&1", "sh", log, own])
        {
            start.ArgumentList.Add(word);
        }

        if (Path.GetFileNameWithoutExtension(own) == "dotnet")
        {
            start.ArgumentList.Add(Path.Combine(AppContext.BaseDirectory, "nacre.dll"));
        }

        foreach (string word in (string[])["rbd-mirror", "--cluster", "site-b", "--id", id, "--log-file", log, "-f"])
        {
            start.ArgumentList.Add(word);
        }

        foreach (string name in start.Environment.Keys.Where(name => name.StartsWith("CEPH_", StringComparison.Ordinal)).ToArray())
        {
            start.Environment.Remove(name);
        }

        try
        {
            Process process = Process.Start(start)!;
            process.StandardInput.Close();
            return new QuickstartDaemon(process, log, time);
        }
        catch (Win32Exception exception)
        {
            throw new CommandFailedException(Rados.Errno.ENOENT, $"nacre quickstart: {own} does not start: {exception.Message}");
        }
    }

    /// <summary>Throws where it has ended, with the end of its log.</summary>
    public void DemandAlive()
    {
        if (_process.HasExited)
        {
            string tail = File.Exists(Log) ? string.Join('\n', File.ReadLines(Log).TakeLast(10)) : "";
            throw new CommandFailedException(1, $"nacre quickstart: rbd-mirror ended with {_process.ExitCode}:\n{tail}");
        }
    }

    /// <summary>Asks it to end, and makes it where it does not.</summary>
    public async Task StopAsync()
    {
        if (_process.HasExited)
        {
            return;
        }

        _ = Kill(_process.Id, 15);
        using var patience = new CancellationTokenSource(_patience, _time);
        try
        {
            await _process.WaitForExitAsync(patience.Token);
        }
        catch (OperationCanceledException)
        {
            _process.Kill();
            await _process.WaitForExitAsync(CancellationToken.None);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _process.Dispose();

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static partial int Kill(int pid, int signal);
}
