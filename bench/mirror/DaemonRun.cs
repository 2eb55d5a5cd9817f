using System.Globalization;
using Nacre.Testing.Processes;

namespace Nacre.Bench.Mirror;

/// <summary>A daemon under measurement: CPU time and peak memory, as the kernel counts them.</summary>
internal sealed class DaemonRun(ChildProcess process) : IAsyncDisposable
{
    private const double TicksPerSecond = 100;

    /// <summary>Seconds of CPU so far.</summary>
    public double CpuSeconds()
    {
        string stat = File.ReadAllText(string.Create(CultureInfo.InvariantCulture, $"/proc/{process.Id}/stat"));
        string[] fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
        return (long.Parse(fields[11], CultureInfo.InvariantCulture) + long.Parse(fields[12], CultureInfo.InvariantCulture)) / TicksPerSecond;
    }

    /// <summary>Most memory it ever held, in MiB.</summary>
    public double PeakMebibytes()
    {
        string line = File.ReadLines(string.Create(CultureInfo.InvariantCulture, $"/proc/{process.Id}/status")).First(l => l.StartsWith("VmHWM:", StringComparison.Ordinal));
        return double.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) / 1024;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        try
        {
            await process.TerminateAsync(TimeSpan.FromSeconds(60));
        }
        finally
        {
            await process.DisposeAsync();
        }
    }
}
