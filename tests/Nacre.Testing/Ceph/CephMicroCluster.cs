using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Nacre.Rados.Configuration;
using Nacre.Testing.Processes;

namespace Nacre.Testing.Ceph;

/// <summary>
/// A real Ceph cluster in a temporary folder: one monitor, one manager, one bluestore OSD, all children of this process on loopback.
/// <c>DIRECTORY/NAME.conf</c> and <c>NAME.client.admin.keyring</c> are what clients need; run them with <see cref="Directory"/> as
/// working directory. Two clusters that mirror each other share a directory.
/// </summary>
public sealed class CephMicroCluster : IAsyncDisposable
{
    private static int _counter;

    private readonly bool _ownsDirectory;
    private readonly Dictionary<string, ChildProcess> _daemons = [];
    private int _port;

    private CephMicroCluster(string directory, string name, bool ownsDirectory)
    {
        Directory = directory;
        Name = name;
        _ownsDirectory = ownsDirectory;
    }

    /// <summary>Folder with the conf file and keyrings.</summary>
    public string Directory { get; }

    /// <summary>Cluster name, as in <c>--cluster</c>.</summary>
    public string Name { get; }

    /// <summary>The cluster's fsid.</summary>
    public string Fsid { get; } = Guid.NewGuid().ToString();

    /// <summary>The conf file.</summary>
    public string ConfPath => Path.Combine(Directory, $"{Name}.conf");

    /// <summary><c>mon host</c>.</summary>
    public string MonitorHost => $"[v2:127.0.0.1:{_port}]";

    /// <summary>The secret of client.admin.</summary>
    public string AdminKey { get; } = NewKey();

    /// <summary>The keyring of client.admin.</summary>
    public string KeyringPath => KeyringOf("client.admin");

    /// <summary>What it takes to connect as client.admin.</summary>
    public ClusterConfiguration Configuration => new()
    {
        ClusterName = Name,
        Name = EntityName.Admin,
        FilePath = ConfPath,
        MonitorHost = MonitorHost,
        Key = AdminKey,
        KeyringPath = KeyringPath,
    };

    private string Data => Path.Combine(Directory, Name);

    /// <summary>Starts a cluster, with a pool <c>rbd</c>.</summary>
    /// <param name="name">Cluster name.</param>
    /// <param name="directory">Folder to share with another cluster; null makes one of its own, deleted at the end.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public static async Task<CephMicroCluster> StartAsync(
        string name = "ceph", string? directory = null, CancellationToken cancellationToken = default)
    {
        string[] missing = [.. ((string[])["ceph-mon", "ceph-osd", "ceph-mgr", "ceph", "rbd", "rbd-mirror"]).Where(program => !IsInstalled(program))];
        if (missing.Length > 0)
        {
            throw new InvalidOperationException(
                $"a real Ceph is needed and {string.Join(", ", missing)} not installed: apt-get install ceph-mon ceph-osd ceph-mgr "
                + "ceph-mgr-modules-core ceph-common rbd-mirror librados2 libradospp-dev g++");
        }

        var cluster = new CephMicroCluster(
            directory ?? System.IO.Directory.CreateTempSubdirectory("nacre-ceph-").FullName, name, directory is null);
        try
        {
            await cluster.BringUpAsync(cancellationToken);
            return cluster;
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            string tails = string.Concat(cluster._daemons.Values.Select(d => $"\n--- {d.Name}\n{d.OutputTail}"));
            await cluster.DisposeAsync();
            throw new InvalidOperationException($"cluster {name} did not start: {exception.Message}{tails}", exception);
        }
    }

    /// <summary>A pool name that no other test of this process has.</summary>
    public static string UniqueName(string prefix = "pool") =>
        string.Create(CultureInfo.InvariantCulture, $"{prefix}{Interlocked.Increment(ref _counter)}");

    /// <summary>Runs <c>ceph</c> and returns its output; throws where it fails.</summary>
    public async Task<string> CephAsync(params string[] arguments) => (await RunAsync("ceph", arguments)).EnsureSuccess().Output;

    /// <summary>Runs <c>rbd</c> and returns its output; throws where it fails.</summary>
    public async Task<string> RbdAsync(params string[] arguments) => (await RunAsync("rbd", arguments)).EnsureSuccess().Output;

    /// <summary>Runs <c>rados</c> and returns its output; throws where it fails.</summary>
    public async Task<string> RadosAsync(params string[] arguments) => (await RunAsync("rados", arguments)).EnsureSuccess().Output;

    /// <summary>Runs one of Ceph's programs as this cluster's admin.</summary>
    public Task<ProcessResult> RunAsync(string program, IReadOnlyList<string> arguments, ReadOnlyMemory<byte> input = default) =>
        CommandRunner.RunAsync(program, ["--cluster", Name, .. arguments], Directory, input);

    /// <summary>Creates a user with caps, its keyring beside the conf file, and returns its secret.</summary>
    public async Task<string> CreateUserAsync(string entity, params string[] caps)
    {
        await CephAsync(["auth", "get-or-create", entity, .. caps, "-o", KeyringOf(entity)]);
        return (await CephAsync("auth", "get-key", entity)).Trim();
    }

    /// <summary>Creates a pool for images.</summary>
    public async Task CreatePoolAsync(string pool)
    {
        await CephAsync("osd", "pool", "create", pool, "8", "8");
        await CephAsync("osd", "pool", "application", "enable", pool, "rbd");
    }

    /// <summary>Starts Ceph's own rbd-mirror daemon on this cluster, as <c>client.admin</c> unless told otherwise.</summary>
    public ChildProcess StartRbdMirror(string id = "admin") =>
        ChildProcess.Start($"rbd-mirror.{Name}", "rbd-mirror", ["--cluster", Name, "--id", id, "-f"], Directory);

    /// <summary>Freezes (STOP) or thaws (CONT) all daemons: a site that neither answers nor refuses.</summary>
    public async Task SignalAllAsync(string signal)
    {
        foreach (ChildProcess daemon in _daemons.Values)
        {
            await daemon.SignalAsync(signal);
        }
    }

    /// <summary>Kills all daemons: a site that is gone until <see cref="StartAgainAsync"/>.</summary>
    public async Task KillAllAsync()
    {
        foreach (ChildProcess daemon in _daemons.Values)
        {
            await daemon.DisposeAsync();
        }

        _daemons.Clear();
    }

    /// <summary>Starts the daemons of a killed cluster on their old data.</summary>
    public async Task StartAgainAsync(CancellationToken cancellationToken = default)
    {
        StartDaemon("ceph-mon", "a");
        StartDaemon("ceph-mgr", "x");
        StartDaemon("ceph-osd", "0");
        await WaitForOsdAsync(cancellationToken);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await KillAllAsync();
        if (_ownsDirectory)
        {
            System.IO.Directory.Delete(Directory, recursive: true);
        }
        else if (System.IO.Directory.Exists(Data))
        {
            System.IO.Directory.Delete(Data, recursive: true);
        }
    }

    private static bool IsInstalled(string program) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Append("/usr/sbin").Any(folder => File.Exists(Path.Combine(folder, program)));

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private async Task BringUpAsync(CancellationToken cancellationToken)
    {
        _port = FreePort();
        foreach (string folder in (string[])["mon", "mgr", "run", "log", "osd0"])
        {
            System.IO.Directory.CreateDirectory(Path.Combine(Data, folder));
        }

        await File.WriteAllTextAsync(ConfPath, CephMicroClusterConf.Write(Directory, Name, Fsid, _port), cancellationToken);
        string monKeyring = Path.Combine(Data, "mon.keyring");
        string monmap = Path.Combine(Data, "monmap");
        await WriteKeyringsAsync(monKeyring, cancellationToken);
        await ToolAsync("monmaptool", "--create", "--addv", "a", MonitorHost, "--fsid", Fsid, monmap, "--clobber");
        (await RunAsync("ceph-mon", ["--mkfs", "-i", "a", "--monmap", monmap, "--keyring", monKeyring])).EnsureSuccess();
        StartDaemon("ceph-mon", "a");
        string osdId = Guid.NewGuid().ToString();
        Task<ProcessResult> formatting = RunAsync(
            "ceph-osd", ["-i", "0", "--mkfs", "--osd-uuid", osdId, "--monmap", monmap, "--no-mon-config"]);
        await CephAsync("osd", "new", osdId, "0");
        StartDaemon("ceph-mgr", "x");
        (await formatting).EnsureSuccess();
        StartDaemon("ceph-osd", "0");
        await WaitForOsdAsync(cancellationToken);
        await CreatePoolAsync("rbd");
    }

    // The monitor imports these when it is made, which saves a round of 'ceph auth' calls.
    private async Task WriteKeyringsAsync(string monKeyring, CancellationToken cancellationToken)
    {
        string admin = Keyring("client.admin", AdminKey, ("mon", "allow *"), ("osd", "allow *"), ("mgr", "allow *"), ("mds", "allow *"));
        string manager = Keyring("mgr.x", NewKey(), ("mon", "allow profile mgr"), ("osd", "allow *"), ("mds", "allow *"));
        string osd = Keyring("osd.0", NewKey(), ("mon", "allow profile osd"), ("mgr", "allow profile osd"), ("osd", "allow *"));
        await File.WriteAllTextAsync(KeyringPath, admin, cancellationToken);
        await File.WriteAllTextAsync(KeyringOf("mgr.x"), manager, cancellationToken);
        await File.WriteAllTextAsync(KeyringOf("osd.0"), osd, cancellationToken);
        await File.WriteAllTextAsync(monKeyring, Keyring("mon.", NewKey(), ("mon", "allow *")) + admin + manager + osd, cancellationToken);
    }

    private static string Keyring(string entity, string key, params (string Daemon, string Caps)[] caps) =>
        $"[{entity}]\n\tkey = {key}\n{string.Concat(caps.Select(cap => $"\tcaps {cap.Daemon} = \"{cap.Caps}\"\n"))}";

    private static string NewKey() => CephSecret.Generate(TimeProvider.System);

    private string KeyringOf(string entity) => Path.Combine(Directory, $"{Name}.{entity}.keyring");

    private void StartDaemon(string program, string id) =>
        _daemons[program] = ChildProcess.Start($"{program}.{Name}", program, ["--cluster", Name, "-i", id, "-f"], Directory);

    private Task WaitForOsdAsync(CancellationToken cancellationToken) => Eventually.BecomesAsync(
        async () => (await RunAsync("ceph", ["osd", "stat"])).Output,
        output => output.Contains("1 up", StringComparison.Ordinal),
        $"the OSD of {Name} is up",
        cancellationToken: cancellationToken);

    private async Task ToolAsync(string program, params string[] arguments) =>
        (await CommandRunner.RunAsync(program, arguments, Directory)).EnsureSuccess();
}
