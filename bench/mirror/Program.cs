using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Nacre.Bench.Mirror;
using Nacre.Mirroring;
using Nacre.Rados.Ceph;
using Nacre.Rados.Clusters;
using Nacre.Rados.Configuration;
using Nacre.Testing.Ceph;
using Nacre.Testing.Processes;

const int smallDeltas = 5;
string nacre = args[0];
int rounds = args.Length > 1 ? int.Parse(args[1], CultureInfo.InvariantCulture) : 3;
string[] modes = args.Length > 2 ? [args[2]] : ["snapshot", "journal"];
string directory = Directory.CreateTempSubdirectory("nacre-bench-").FullName;
var figures = new SortedDictionary<string, (List<double> Nacre, List<double> Ceph)>(StringComparer.Ordinal);
try
{
    await using CephMicroCluster siteA = await CephMicroCluster.StartAsync("site-a", directory);
    await using CephMicroCluster siteB = await CephMicroCluster.StartAsync("site-b", directory);
    foreach (CephMicroCluster site in (CephMicroCluster[])[siteA, siteB])
    {
        await site.RbdAsync("mirror", "pool", "enable", "rbd", "image", "--site-name", site.Name);
    }

    await siteB.RbdAsync("mirror", "pool", "peer", "add", "rbd", "client.admin@site-a", "--direction", "rx-only");
    await using ICluster clusterA = await ConnectAsync("site-a");
    await using ICluster clusterB = await ConnectAsync("site-b");
    var probe = new SnapshotProbe(await clusterA.OpenPoolAsync("rbd"), await clusterB.OpenPoolAsync("rbd"));
    for (int round = 1; round <= rounds; round++)
    {
        foreach (bool own in (bool[])[round % 2 == 1, round % 2 == 0])
        {
            Console.WriteLine($"round {round}, {(own ? "nacre" : "ceph")}");
            if (modes.Contains("snapshot"))
            {
                await MeasureAsync(siteA, siteB, clusterA, probe, own);
            }

            if (modes.Contains("journal"))
            {
                var backlog = new Backlog(
                    siteA, await clusterA.OpenPoolAsync("rbd"), () => Start(siteB, own), image => ImageIdAsync(siteA, image), (name, value) => Add(name, own, value));
                await backlog.RunAsync(image => VerifyAsync(siteA, siteB, image));
                await CleanAsync(siteA, siteB, own);
            }
        }
    }
}
finally
{
    Directory.Delete(directory, recursive: true);
}

foreach ((string name, (List<double> own, List<double> theirs)) in figures)
{
    Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"median {name} nacre {Median(own):0.000} ceph {Median(theirs):0.000}"));
}

foreach ((string name, (List<double> own, List<double> theirs)) in figures)
{
    Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"ratio {name} {Median(own) / Median(theirs):0.000}"));
}

async Task<ICluster> ConnectAsync(string site)
{
    var loader = new ClusterConfigurationLoader(directory, directory, _ => null);
    return await new CephClusterConnector().ConnectAsync(await loader.LoadAsync(site, EntityName.Admin), new ClusterOptions());
}

async Task MeasureAsync(CephMicroCluster siteA, CephMicroCluster siteB, ICluster clusterA, SnapshotProbe probe, bool own)
{
    // Before the measured time, so that both find the same.
    string first = await CreateAsync(siteA, "2G");
    await siteA.RbdAsync("bench", "--io-type", "write", "--io-size", "4M", "--io-total", "2G", "--io-threads", "4", $"rbd/{first}");
    string second = await CreateAsync(siteA, "4G");
    await siteA.RbdAsync("bench", "--io-type", "write", "--io-size", "4M", "--io-total", "1G", "--io-threads", "4", $"rbd/{second}");
    await using DaemonRun daemon = await StartAsync(siteA, siteB, own);

    double cpu = daemon.CpuSeconds();
    Add("a_first_sync_s", own, await TimeAsync(async () =>
    {
        await siteA.RbdAsync("mirror", "image", "enable", $"rbd/{first}", "snapshot");
        await WaitAsync(clusterA, siteA, probe, first);
    }));
    Add("d_cpu_first_sync_s", own, daemon.CpuSeconds() - cpu);
    await siteA.RbdAsync("mirror", "image", "enable", $"rbd/{second}", "snapshot");
    await WaitAsync(clusterA, siteA, probe, second);

    await siteA.RbdAsync("bench", "--io-type", "write", "--io-size", "4K", "--io-total", "64M", "--io-pattern", "rand", $"rbd/{second}");
    string imageId = await ImageIdAsync(siteA, second);
    string globalId = await GlobalIdAsync(clusterA, imageId);
    cpu = daemon.CpuSeconds();
    Delta large = await DeltaAsync(siteA, probe, second, imageId, globalId);
    Add("b_delta_64m_s", own, large.Seconds);
    Add("b_delta_64m_with_command_s", own, large.SecondsWithCommand);
    Add("d_cpu_delta_64m_s", own, daemon.CpuSeconds() - cpu);
    var small = new List<Delta>();
    for (int i = 0; i < smallDeltas; i++)
    {
        await siteA.RbdAsync("bench", "--io-type", "write", "--io-size", "4K", "--io-total", "4K", "--io-threads", "1", $"rbd/{second}");
        await Task.Delay(TimeSpan.FromSeconds(2));
        small.Add(await DeltaAsync(siteA, probe, second, imageId, globalId));
    }

    Add("c_one_block_s", own, Median([.. small.Select(d => d.Seconds)]));
    Add("c_one_block_with_command_s", own, Median([.. small.Select(d => d.SecondsWithCommand)]));
    Add("d_cpu_total_s", own, daemon.CpuSeconds());
    Add("d_peak_memory_mib", own, daemon.PeakMebibytes());
    foreach (string image in (string[])[first, second])
    {
        await VerifyAsync(siteA, siteB, image);
        await siteA.RbdAsync("mirror", "image", "disable", $"rbd/{image}");
        await siteA.RbdAsync("rm", "--no-progress", $"rbd/{image}");
    }

    await Nacre.Testing.Eventually.BecomesAsync(
        async () => await siteB.RbdAsync("ls", "rbd"), names => names.Trim().Length == 0, "the copies are removed", TimeSpan.FromMinutes(3));
}

static async Task<Delta> DeltaAsync(CephMicroCluster siteA, SnapshotProbe probe, string image, string imageId, string globalId)
{
    ulong before = await probe.NewestPrimaryAsync(imageId);
    var command = Stopwatch.StartNew();
    Task<string> taking = siteA.RbdAsync("mirror", "image", "snapshot", $"rbd/{image}");
    ulong made = await probe.WaitForPrimaryAsync(imageId, before);
    var copying = Stopwatch.StartNew();
    await probe.WaitUntilCopiedAsync(globalId, made);
    var delta = new Delta(copying.Elapsed.TotalSeconds, command.Elapsed.TotalSeconds);
    await taking;
    return delta;
}

static async Task<string> CreateAsync(CephMicroCluster site, string size)
{
    string name = CephMicroCluster.UniqueName("image");
    await site.RbdAsync("create", "--size", size, $"rbd/{name}");
    return name;
}

async Task<DaemonRun> StartAsync(CephMicroCluster siteA, CephMicroCluster siteB, bool own)
{
    DaemonRun daemon = Start(siteB, own);
    await Nacre.Testing.Eventually.BecomesAsync(
        async () => await siteB.RbdAsync("mirror", "pool", "status", "--verbose", "rbd"),
        status => status.Contains("leader: true", StringComparison.Ordinal) && status.Contains("daemon health: OK", StringComparison.Ordinal),
        "the daemon leads the pool");
    return daemon;
}

DaemonRun Start(CephMicroCluster siteB, bool own) => new(
    own ? ChildProcess.Start("nacre", nacre, ["rbd-mirror", "--cluster", siteB.Name, "-f"], directory) : siteB.StartRbdMirror());

// The copies of images that are gone at the source go while a daemon runs.
async Task CleanAsync(CephMicroCluster siteA, CephMicroCluster siteB, bool own)
{
    await using DaemonRun daemon = await StartAsync(siteA, siteB, own);
    await Nacre.Testing.Eventually.BecomesAsync(
        async () => await siteB.RbdAsync("ls", "rbd"), names => names.Trim().Length == 0, "the copies are removed", TimeSpan.FromMinutes(3));
}

static async Task WaitAsync(ICluster cluster, CephMicroCluster site, SnapshotProbe probe, string image)
{
    string imageId = await ImageIdAsync(site, image);
    ulong newest = await probe.NewestPrimaryAsync(imageId);
    await probe.WaitUntilCopiedAsync(await GlobalIdAsync(cluster, imageId), newest);
}

static async Task<string> ImageIdAsync(CephMicroCluster site, string image)
{
    using JsonDocument info = JsonDocument.Parse(await site.RbdAsync("info", "--format", "json", $"rbd/{image}"));
    return info.RootElement.GetProperty("id").GetString()!;
}

static async Task<string> GlobalIdAsync(ICluster cluster, string imageId)
{
    var pool = new MirrorPool(await cluster.OpenPoolAsync("rbd"));
    return (await pool.FindImageAsync(imageId))!.GlobalImageId;
}

static async Task VerifyAsync(CephMicroCluster siteA, CephMicroCluster siteB, string image)
{
    byte[][] digests = await Task.WhenAll(DigestAsync(siteA, image), DigestAsync(siteB, image));
    if (!digests[0].AsSpan().SequenceEqual(digests[1]))
    {
        throw new InvalidOperationException($"the copy of {image} differs");
    }
}

static async Task<byte[]> DigestAsync(CephMicroCluster site, string image)
{
    ProcessResult result = await CommandRunner.RunAsync(
        "sh", ["-c", $"rbd --cluster {site.Name} export --no-progress rbd/{image} - | sha256sum"], site.Directory, timeout: TimeSpan.FromMinutes(5));
    return result.EnsureSuccess().OutputBytes;
}

static async Task<double> TimeAsync(Func<Task> action)
{
    var watch = Stopwatch.StartNew();
    await action();
    return watch.Elapsed.TotalSeconds;
}

void Add(string name, bool own, double value)
{
    if (!figures.TryGetValue(name, out (List<double> Nacre, List<double> Ceph) lists))
    {
        figures[name] = lists = ([], []);
    }

    (own ? lists.Nacre : lists.Ceph).Add(value);
    Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  {name} {value:0.000}"));
}

static double Median(List<double> values)
{
    double[] sorted = [.. values.Order()];
    return sorted.Length % 2 == 1 ? sorted[sorted.Length / 2] : (sorted[(sorted.Length / 2) - 1] + sorted[sorted.Length / 2]) / 2;
}
