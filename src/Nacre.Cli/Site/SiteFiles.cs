using System.Globalization;
using System.Net;
using System.Text.Json;
using Nacre.Cli.Applications;
using Nacre.Rados;

namespace Nacre.Cli.Site;

/// <summary>A site's files, as far as the command line needs them (docs/formats/site-directory.md).</summary>
internal sealed class SiteFiles
{
    private SiteFiles(string data) => Data = data;

    /// <summary><c>DIR/NAME</c>, absolute.</summary>
    public string Data { get; }

    public string Name => Path.GetFileName(Data);

    public string Conf => Data + ".conf";

    public string Log => Path.Combine(Data, "site.log");

    private string Settings => Path.Combine(Data, "site.json");

    public static SiteFiles From(string path) => new(Path.GetFullPath(path.TrimEnd('/')));

    /// <summary>Ends with ENOENT where there is no site.</summary>
    public void DemandSite()
    {
        if (!File.Exists(Settings))
        {
            throw new CommandFailedException(Errno.ENOENT, $"nacre site: there is no site at {Data}; make one with 'nacre site create {Data}'");
        }
    }

    /// <summary>The process that serves the site; null where none does. A pid file that a killed process left does not count.</summary>
    public int? RunningPid()
    {
        try
        {
            string path = Path.Combine(Data, "site.lock");
            if (!File.Exists(path))
            {
                return null;
            }

            using var free = new FileStream(path, FileMode.Open, FileAccess.ReadWrite, FileShare.None);
            return null;
        }
        catch (IOException)
        {
            string pid = Path.Combine(Data, "site.pid");
            return File.Exists(pid) && int.TryParse(File.ReadAllText(pid), CultureInfo.InvariantCulture, out int number) ? number : 0;
        }
    }

    /// <summary>Where it listens, and its fsid.</summary>
    public (IPEndPoint EndPoint, string Fsid) ReadSettings()
    {
        using JsonDocument settings = JsonDocument.Parse(File.ReadAllBytes(Settings));
        JsonElement root = settings.RootElement;
        return (new IPEndPoint(IPAddress.Parse(root.GetProperty("address").GetString()!), root.GetProperty("port").GetInt32()),
            root.GetProperty("fsid").GetString()!);
    }

    /// <summary>The end of the log, for who wonders why the site did not start.</summary>
    public string LogTail() => File.Exists(Log) ? string.Join('\n', File.ReadLines(Log).TakeLast(5)) : "";
}
