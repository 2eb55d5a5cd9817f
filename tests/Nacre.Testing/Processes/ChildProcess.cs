using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Text;

namespace Nacre.Testing.Processes;

/// <summary>
/// A long-running process that a test started. It dies with this object, with the test process, and, through <c>setpriv --pdeathsig</c>,
/// also when the test process is killed.
/// </summary>
public sealed class ChildProcess : IAsyncDisposable
{
    private static readonly ConcurrentDictionary<int, ChildProcess> _running = new();

    private readonly Process _process;
    private readonly StringBuilder _output = new();

    static ChildProcess() => AppDomain.CurrentDomain.ProcessExit += (_, _) =>
    {
        foreach (ChildProcess child in _running.Values)
        {
            child.KillNow();
        }
    };

    private ChildProcess(string name, Process process)
    {
        Name = name;
        _process = process;
        process.OutputDataReceived += (_, line) => Append(line.Data);
        process.ErrorDataReceived += (_, line) => Append(line.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        _running[process.Id] = this;
    }

    /// <summary>What tests call it.</summary>
    public string Name { get; }

    /// <summary>Its process id.</summary>
    public int Id => _process.Id;

    /// <summary>True once it has ended.</summary>
    public bool HasExited => _process.HasExited;

    /// <summary>The last of what it printed.</summary>
    public string OutputTail
    {
        get
        {
            lock (_output)
            {
                return _output.ToString(Math.Max(0, _output.Length - 6000), Math.Min(6000, _output.Length));
            }
        }
    }

    /// <summary>Starts a program in the foreground as a child of this process.</summary>
    public static ChildProcess Start(
        string name, string program, IReadOnlyList<string> arguments, string workingDirectory, IReadOnlyDictionary<string, string>? environment = null)
    {
        var start = new ProcessStartInfo("setpriv")
        {
            WorkingDirectory = workingDirectory,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (string argument in (string[])["--pdeathsig", "KILL", program, .. arguments])
        {
            start.ArgumentList.Add(argument);
        }

        start.Environment.Remove("CEPH_ARGS");
        start.Environment.Remove("CEPH_CONF");
        foreach ((string variable, string value) in environment ?? new Dictionary<string, string>())
        {
            start.Environment[variable] = value;
        }

        Process process = Process.Start(start) ?? throw new InvalidOperationException($"cannot start {program}");
        process.StandardInput.Close();
        return new ChildProcess(name, process);
    }

    /// <summary>Sends a signal (STOP, CONT, TERM, KILL…).</summary>
    public async Task SignalAsync(string signal) =>
        (await CommandRunner.RunAsync("kill", ["-s", signal, Id.ToString(CultureInfo.InvariantCulture)], Path.GetTempPath())).EnsureSuccess();

    /// <summary>Kills it (SIGKILL) and waits until it is gone.</summary>
    public async Task KillAsync()
    {
        KillNow();
        await _process.WaitForExitAsync();
        _running.TryRemove(_process.Id, out _);
    }

    /// <summary>Ends it (SIGTERM) and waits; kills it where it does not end in time.</summary>
    public async Task<int> TerminateAsync(TimeSpan timeout)
    {
        if (!HasExited)
        {
            await SignalAsync("TERM");
            using var deadline = new CancellationTokenSource(timeout);
            try
            {
                await _process.WaitForExitAsync(deadline.Token);
            }
            catch (OperationCanceledException)
            {
                await KillAsync();
                throw new TimeoutException($"{Name} did not end on SIGTERM within {timeout}:\n{OutputTail}");
            }
        }

        _running.TryRemove(_process.Id, out _);
        return _process.ExitCode;
    }

    /// <summary>Waits until it has ended.</summary>
    public Task WaitForExitAsync(CancellationToken cancellationToken) => _process.WaitForExitAsync(cancellationToken);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await KillAsync();
        _process.Dispose();
    }

    private void KillNow()
    {
        try
        {
            _process.Kill();
        }
        catch (InvalidOperationException)
        {
            // It has ended already.
        }
    }

    private void Append(string? line)
    {
        if (line is not null)
        {
            lock (_output)
            {
                if (_output.Length > 1 << 20)
                {
                    _output.Remove(0, 1 << 19);
                }

                _output.AppendLine(line);
            }
        }
    }
}
