using System.Text;
using Nacre.Cli.Applications;
using Nacre.Cli.Rbd;
using Nacre.Rados.Configuration;
using Nacre.Testing.Ceph;
using Nacre.Testing.Processes;

[assembly: AssemblyFixture(typeof(Nacre.Cli.Tests.CephFixture))]

namespace Nacre.Cli.Tests;

/// <summary>One real cluster for all tests of this assembly.</summary>
public sealed class CephFixture : IAsyncLifetime
{
    public CephMicroCluster Cluster { get; private set; } = null!;

    public async ValueTask InitializeAsync() => Cluster = await CephMicroCluster.StartAsync("cli");

    public ValueTask DisposeAsync() => Cluster.DisposeAsync();
}

/// <summary>The same command with Ceph's rbd and with ours, on the same cluster: output and exit code must be equal.</summary>
public sealed partial class BesideCephTests(CephFixture fixture)
{
    private readonly CephMicroCluster _cluster = fixture.Cluster;

    [Fact]
    public async Task Every_command_that_Ceph_has_too_has_Cephs_help()
    {
        foreach (string name in RbdApplet.Parser.Commands.Where(c => c.IsCephs).Select(c => c.Name))
        {
            await SameAsync($"help {name}");
        }
    }

    [Fact]
    public async Task Listings_and_details_are_equal()
    {
        string pool = await PopulateAsync();
        foreach (string command in (string[])
        [
            "ls {0}", "ls {0} --format json", "ls {0} --format json --pretty-format", "ls {0} --format xml", "ls -l {0}", "ls -l {0} --format json",
            "ls -l {0} --format xml --pretty-format", "info {0}/a", "info {0}/a --format json", "info {0}/a --format xml --pretty-format", "info {0}/a@one",
            "info {0}/s", "info {0}/s --format json", "snap ls {0}/a", "snap ls {0}/a --format json", "snap ls {0}/a --all", "snap ls {0}/a --all --format json",
            "du -p {0}", "du -p {0} --format json", "du {0}/none", "du {0}/a", "du {0}/a --format json --pretty-format", "du {0}/a@one", "diff {0}/a", "diff {0}/a --format json",
            "diff {0}/a --from-snap one", "diff {0}/a --whole-object", "image-meta ls {0}/a", "image-meta ls {0}/a --format json", "image-meta get {0}/a k",
            "lock ls {0}/l", "lock ls {0}/l --format json", "status {0}/a", "status {0}/a --format json", "namespace ls {0}", "namespace ls {0} --format json",
            "pool stats {0}", "pool stats {0} --format json", "trash ls {0}", "trash ls {0} --format json", "trash ls -l {0}", "trash ls -l {0} --format json",
        ])
        {
            await SameAsync(string.Format(System.Globalization.CultureInfo.InvariantCulture, command, pool));
        }
    }

    [Fact]
    public async Task Failures_are_equal()
    {
        string pool = await PopulateAsync();
        foreach (string command in (string[])
        [
            "info {0}/none", "info {0}/a@none", "info", "info a b c", "info {0}/a@", "info {0}/a --pool", "info --nonsense {0}/a", "ls none", "ls --format bad",
            "ls --pretty-format", "create {0}/a -s 5", "create {0}/b", "create {0}/b -s x", "create {0}/b -s 5 --image-feature bad",
            "create {0}/b -s 5 --order 30", "create {0}/b@s -s 5", "create a/b/c/d -s 1", "snap create {0}/a@one", "snap create {0}/a", "snap rm {0}/a@none",
            "snap rm {0}/a@kept", "snap protect {0}/a@kept", "snap protect {0}/a@none", "snap unprotect {0}/a@one", "snap rollback {0}/a@none",
            "snap rename {0}/a@one {0}/a@kept", "snap limit set {0}/a", "resize {0}/a -s 1", "resize {0}/a", "rename {0}/a {0}/s", "rename {0}/none {0}/x",
            "rename {0}/a other/x", "rm {0}/none", "rm {0}/a", "image-meta get {0}/a none", "image-meta rm {0}/a none", "lock add {0}/l other",
            "lock rm {0}/l id client.1", "namespace create {0}/ns", "namespace rm {0}/none", "trash restore {0}/none", "export {0}/a@none -",
            "import /does/not/exist {0}/x", "bench {0}/a", "bench {0}/a --io-type bad", "feature disable {0}/a layering", "feature enable {0}/a bad",
        ])
        {
            await SameAsync(string.Format(System.Globalization.CultureInfo.InvariantCulture, command, pool));
        }
    }

    [Fact]
    public async Task What_one_imports_the_other_exports()
    {
        string pool = await PoolAsync();
        byte[] disk = new byte[(9 << 20) + 4096];
        new Random(1).NextBytes(disk.AsSpan(0, 3 << 20));
        new Random(2).NextBytes(disk.AsSpan(8 << 20, 100_000));
        string file = Path.Combine(_cluster.Directory, pool + ".raw");
        await File.WriteAllBytesAsync(file, disk, TestContext.Current.CancellationToken);
        await OursAsync("import", "--no-progress", file, $"{pool}/ours");
        await _cluster.RbdAsync("import", "--no-progress", file, $"{pool}/theirs");
        await OursAsync("export", "--no-progress", $"{pool}/theirs", file + ".1");
        await _cluster.RbdAsync("export", "--no-progress", $"{pool}/ours", file + ".2");
        Assert.Equal(disk, await File.ReadAllBytesAsync(file + ".1", TestContext.Current.CancellationToken));
        Assert.Equal(disk, await File.ReadAllBytesAsync(file + ".2", TestContext.Current.CancellationToken));
        (_, _, _, byte[] piped) = await OursAsync("export", "--no-progress", $"{pool}/theirs", "-");
        Assert.Equal(disk, piped);
        await SameAsync($"diff {pool}/ours");
    }

    [Fact]
    public async Task A_diff_that_one_exports_the_other_imports()
    {
        string pool = await PoolAsync();
        string file = Path.Combine(_cluster.Directory, pool + ".diff");
        await _cluster.RbdAsync("create", $"{pool}/source", "--size", "16M");
        await _cluster.RbdAsync("bench", $"{pool}/source", "--io-type", "write", "--io-total", "1M", "--io-pattern", "rand");
        await OursAsync("snap", "create", "--no-progress", $"{pool}/source@one");
        await OursAsync("export-diff", "--no-progress", $"{pool}/source@one", file);
        foreach (string copy in (string[])["ours", "theirs"])
        {
            await _cluster.RbdAsync("create", $"{pool}/{copy}", "--size", "1M");
        }

        await _cluster.RbdAsync("import-diff", "--no-progress", file, $"{pool}/theirs");
        await OursAsync("import-diff", "--no-progress", file, $"{pool}/ours");
        string expected = await DigestAsync($"{pool}/source");
        Assert.Equal(expected, await DigestAsync($"{pool}/theirs@one"));
        Assert.Equal(expected, await DigestAsync($"{pool}/ours@one"));
    }

    private async Task<string> DigestAsync(string spec)
    {
        string file = Path.Combine(_cluster.Directory, Guid.NewGuid().ToString("N"));
        await _cluster.RbdAsync("export", "--no-progress", spec, file);
        return Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(await File.ReadAllBytesAsync(file)));
    }

    private async Task<string> PoolAsync()
    {
        string pool = CephMicroCluster.UniqueName("cli");
        await _cluster.CreatePoolAsync(pool);
        return pool;
    }

    private async Task<string> PopulateAsync()
    {
        string pool = await PoolAsync();
        foreach (string command in (string[])
        [
            "create {0}/a -s 20M", "snap create {0}/a@one", "bench {0}/a --io-type write --io-total 64K --io-pattern full-seq", "snap create {0}/a@kept",
            "snap protect {0}/a@kept", "image-meta set {0}/a k v", "create {0}/s -s 9M --object-size 64K --stripe-unit 16K --stripe-count 3",
            "create {0}/l -s 4M", "lock add {0}/l id", "namespace create {0}/ns", "create {0}/t -s 4M", "trash mv {0}/t",
        ])
        {
            await _cluster.RbdAsync(string.Format(System.Globalization.CultureInfo.InvariantCulture, command, pool).Split(' '));
        }

        return pool;
    }

    private async Task SameAsync(string command)
    {
        string[] words = command.Split(' ');

        // Its library's log would land in the middle of the tool's own lines.
        ProcessResult theirs = await _cluster.RunAsync("rbd", ["--err-to-stderr=false", "--log-to-stderr=false", .. words]);
        (int code, string output, string error, _) = await TryOursAsync(words);
        Assert.Equal($"$ rbd {command}\n{theirs.Output}{Reduce(theirs.Error)}{theirs.ExitCode}", $"$ rbd {command}\n{output}{Reduce(error)}{code}");
    }

    // Ceph's library logs to the same stream, in the middle of lines too; we say such detail as a line before the tool's own. Neither counts here.
    private static string Reduce(string error)
    {
        var kept = new StringBuilder();
        foreach (string raw in error.Split('\n'))
        {
            string line = raw[(raw.LastIndexOf('\r') + 1)..];
            bool own = line.StartsWith("rbd: ", StringComparison.Ordinal) || line.Contains("complete...", StringComparison.Ordinal);
            int log = System.Text.RegularExpressions.Regex.Match(line, @"20\d\d-\d\d-\d\dT").Index;
            if (own)
            {
                kept.Append(log > 0 ? line[..log] : line).Append('\n');
            }
        }

        return kept.ToString();
    }

    private async Task<(int Code, string Output, string Error, byte[] Bytes)> OursAsync(params string[] words)
    {
        (int Code, string Output, string Error, byte[] Bytes) result = await TryOursAsync(words);
        Assert.True(result.Code == 0, $"rbd {string.Join(' ', words)}: {result.Error}");
        return result;
    }

    private async Task<(int Code, string Output, string Error, byte[] Bytes)> TryOursAsync(string[] words)
    {
        using var output = new StringWriter();
        using var error = new StringWriter();
        using var bytes = new MemoryStream();
        var application = new ApplicationContext
        {
            Output = output,
            Error = error,
            OpenInput = () => Stream.Null,
            OpenOutput = () => bytes,
            Environment = _ => null,
            Connector = new ClusterConnector(),
            Configurations = new ClusterConfigurationLoader(_cluster.Directory, _cluster.Directory, _ => null),
        };
        int code = await AppletTable.RunAsync(["rbd", "--cluster", _cluster.Name, .. words], application, TestContext.Current.CancellationToken);
        return (code, output.ToString(), error.ToString(), bytes.ToArray());
    }
}
