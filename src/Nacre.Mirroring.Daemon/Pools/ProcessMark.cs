using System.Globalization;

namespace Nacre.Mirroring.Daemon.Pools;

/// <summary>
/// Names a process of this machine so that another one can prove that it is dead: boot id, process id and start time. So a daemon that was killed is
/// replaced at once, and not only when the store has given it up.
/// </summary>
internal static class ProcessMark
{
    private const string Prefix = "nacre";

    /// <summary>This process's; empty where the system does not tell.</summary>
    public static string Current()
    {
        string? boot = BootId();
        string? start = StartTime(Environment.ProcessId);
        return boot is null || start is null
            ? ""
            : string.Create(CultureInfo.InvariantCulture, $"{Prefix} {boot} {Environment.ProcessId} {start}");
    }

    /// <summary>True only where the process ran on this machine since it was booted, and does not any more.</summary>
    public static bool IsProvenDead(string mark)
    {
        string[] parts = mark.Split(' ');
        return parts is [Prefix, var boot, var id, var start]
            && boot == BootId()
            && int.TryParse(id, NumberStyles.None, CultureInfo.InvariantCulture, out int process)
            && StartTime(process) != start;
    }

    private static string? BootId() => TryRead("/proc/sys/kernel/random/boot_id")?.Trim();

    /// <summary>Field 22 of <c>/proc/ID/stat</c>; null where there is no such process. A zombie is as dead as one that is gone.</summary>
    private static string? StartTime(int process)
    {
        string? stat = TryRead(string.Create(CultureInfo.InvariantCulture, $"/proc/{process}/stat"));
        int name = stat?.LastIndexOf(')') ?? -1;
        string[] fields = name < 0 ? [] : stat![(name + 1)..].Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return fields.Length > 19 && fields[0] is not ("Z" or "X") ? fields[19] : null;
    }

    private static string? TryRead(string path)
    {
        try
        {
            return File.ReadAllText(path);
        }
        catch (IOException)
        {
            return null;
        }
        catch (UnauthorizedAccessException)
        {
            return null;
        }
    }
}
