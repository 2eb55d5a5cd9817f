using System.Globalization;
using Nacre.Rados;

namespace Nacre.Site.Hosting;

/// <summary>One process per site: a lock that goes with the process, however it ends, and its pid for who wants to stop it.</summary>
internal sealed class SiteLock : IDisposable
{
    private readonly FileStream _lock;
    private readonly string _pid;

    private SiteLock(FileStream held, string pid)
    {
        _lock = held;
        _pid = pid;
    }

    /// <summary>EBUSY where another process serves the site.</summary>
    public static SiteLock Take(SiteLayout layout)
    {
        FileStream held;
        try
        {
            held = new FileStream(layout.Lock, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException e)
        {
            throw new RadosException(Errno.EBUSY, $"the site at {layout.Data} is running already", e);
        }

        File.WriteAllText(layout.Pid, Environment.ProcessId.ToString(CultureInfo.InvariantCulture) + "\n");
        return new SiteLock(held, layout.Pid);
    }

    public void Dispose()
    {
        File.Delete(_pid);
        _lock.Dispose();
    }
}
