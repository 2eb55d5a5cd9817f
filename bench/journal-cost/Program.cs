using System.Globalization;
using System.Text.RegularExpressions;
using Nacre.Testing.Ceph;
using Nacre.Testing.Processes;

(string Size, string Total)[] workloads = [("4K", "48M"), ("32K", "192M"), ("256K", "512M"), ("4M", "1G")];
string nacre = args[0];
int rounds = args.Length > 1 ? int.Parse(args[1], CultureInfo.InvariantCulture) : 3;
string directory = Directory.CreateTempSubdirectory("nacre-bench-").FullName;
var figures = new Dictionary<(string Size, bool Own, bool Journaled), List<double>>();
try
{
    await using CephMicroCluster site = await CephMicroCluster.StartAsync("site", directory);
    for (int round = 1; round <= rounds; round++)
    {
        foreach ((string size, string total) in workloads)
        {
            // Each pair next to each other in time, and each first as often as last.
            foreach (bool own in (bool[])[round % 2 == 1, round % 2 == 0])
            {
                foreach (bool journaled in (bool[])[round % 4 < 2, round % 4 >= 2])
                {
                    double rate = await MeasureAsync(site, own, journaled, size, total);
                    Lists(size, own, journaled).Add(rate);
                    Console.WriteLine(string.Create(
                        CultureInfo.InvariantCulture, $"round {round}, {(own ? "nacre" : "ceph")} {size} {(journaled ? "journaled" : "plain")} {rate:0}"));
                }
            }
        }
    }
}
finally
{
    Directory.Delete(directory, recursive: true);
}

foreach ((string size, _) in workloads)
{
    Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"share nacre {size} {Share(size, true):0.000}"));
    Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"share ceph {size} {Share(size, false):0.000}"));
}

foreach ((string size, _) in workloads)
{
    Console.WriteLine(string.Create(
        CultureInfo.InvariantCulture, $"ratio journal_share_{size.ToLowerInvariant()} {Share(size, true) / Share(size, false):0.000}"));
    Console.WriteLine(string.Create(
        CultureInfo.InvariantCulture,
        $"ratio journaled_iops_{size.ToLowerInvariant()} {Median(Lists(size, true, true)) / Median(Lists(size, false, true)):0.000}"));
}

async Task<double> MeasureAsync(CephMicroCluster site, bool own, bool journaled, string size, string total)
{
    string features = "layering,exclusive-lock,object-map,fast-diff,deep-flatten" + (journaled ? ",journaling" : "");
    await site.RbdAsync("create", "rbd/b", "--size", "2G", "--image-feature", features);
    string[] bench = ["bench", "rbd/b", "--io-type", "write", "--io-size", size, "--io-total", total, "--io-threads", "16", "--io-pattern", "rand"];
    string[] command = own ? [nacre, "rbd", "--cluster", site.Name, .. bench] : ["rbd", "--cluster", site.Name, .. bench];
    ProcessResult result = await CommandRunner.RunAsync(command[0], command[1..], directory, timeout: TimeSpan.FromMinutes(10));
    string output = result.EnsureSuccess().Output;
    await site.RbdAsync("rm", "--no-progress", "rbd/b");
    Match match = Regex.Match(output, @"ops/sec: ([\d.]+)", RegexOptions.RightToLeft);
    return double.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture);
}

double Share(string size, bool own) => Median(Lists(size, own, true)) / Median(Lists(size, own, false));

List<double> Lists(string size, bool own, bool journaled)
{
    if (!figures.TryGetValue((size, own, journaled), out List<double>? list))
    {
        figures[(size, own, journaled)] = list = [];
    }

    return list;
}

static double Median(List<double> values)
{
    double[] sorted = [.. values.Order()];
    return sorted.Length % 2 == 1 ? sorted[sorted.Length / 2] : (sorted[(sorted.Length / 2) - 1] + sorted[sorted.Length / 2]) / 2;
}
