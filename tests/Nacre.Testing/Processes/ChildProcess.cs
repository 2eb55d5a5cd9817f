using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;

namespace Nacre.Testing.Processes;

/// <summary>
/// A long-running process that a test started. It dies with this object and with the test process, also when that is killed: a small
/// shell holds the other end of a pipe and kills the program when the pipe closes. (Not PR_SET_PDEATHSIG, which would kill it as soon as the
/// thread that started it retires.)
/// </summary>
public sealed partial class ChildProcess : IAsyncDisposable
{
    private const string Guard = """
        exec 3<&0
        "$@" </dev/null 3<&- & pid=$!
        echo $pid
        (cat <&3 >/dev/null; kill -9 $pid) >/dev/null 2>&1 & guard=$!
        wait $pid 2>/dev/null; code=$?
        kill $guard 2>/dev/null
        exit $code
        """;

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
        // The guard's first line is the program's process id.
        using var started = new ManualResetEventSlim();
        int id = 0;
        process.OutputDataReceived += (_, line) =>
        {
            if (id != 0)
            {
                Append(line.Data);
            }
            else
            {
                id = int.TryParse(line.Data, CultureInfo.InvariantCulture, out int parsed) ? parsed : -1;
                started.Set();
            }
        };
        process.ErrorDataReceived += (_, line) => Append(line.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        started.Wait();
        Id = id > 0 ? id : throw new InvalidOperationException($"cannot start {name}: {OutputTail}");
        _running[id] = this;
    }

    /// <summary>What tests call it.</summary>
    public string Name { get; }

    /// <summary>Its process id.</summary>
    public int Id { get; }

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
        var start = new ProcessStartInfo("/bin/sh")
        {
            WorkingDirectory = workingDirectory,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (string argument in (string[])["-c", Guard, name, program, .. arguments])
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
        _running.TryRemove(Id, out _);
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

        _running.TryRemove(Id, out _);
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
        if (!_process.HasExited)
        {
            Signal(Id, 9);
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

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Signal(int processId, int signal);
}
