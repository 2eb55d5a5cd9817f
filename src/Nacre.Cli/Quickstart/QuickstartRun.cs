using System.Globalization;
using System.Security.Cryptography;
using Nacre.Cli.Applications;
using Nacre.Cli.Output;
using Nacre.Rados.Clusters;
using Nacre.Rados.Configuration;
using Nacre.Rbd;

namespace Nacre.Cli.Quickstart;

/// <summary>The steps of the quickstart, those of the guide: users, sites, peer, daemon, image; then sync, change, delta, comparison.</summary>
internal sealed class QuickstartRun(QuickstartOptions options, string directory, ApplicationContext application)
{
    private const string Pool = "rbd";
    private const string Image = "rbd/disk";

    private static readonly string[] _sites = ["site-a", "site-b"];

    private readonly QuickstartCommands _commands = new(directory, application);
    private readonly List<string> _startedSites = [];
    private readonly SampleDisk _disk = new(directory);
    private readonly TextTable _report = new TextTable().Column("STEP").Column("TIME", Align.Right, Align.Right).Column("MOVED", Align.Right, Align.Right).Column("");
    private QuickstartDaemon? _daemon;

    private string DaemonUser => $"rbd-mirror.{Environment.MachineName}";

    /// <summary>Runs it all; true where both copies are equal to the original.</summary>
    public async Task<bool> RunAsync(CancellationToken cancellationToken)
    {
        long start = application.Time.GetTimestamp();
        Say($"working in {directory}");
        Say("\n1. A disk with a real file system");
        await MakeDiskAsync(cancellationToken);
        Say("\n2. Two sites");
        await TimedAsync("two sites, users, peer, daemon", async () =>
        {
            await MakeSitesAsync(cancellationToken);
            Say("\n3. Users, mirroring, peer and daemon");
            await SetUpMirroringAsync(cancellationToken);
        });
        Say("\n4. The image, on site-a, and its first sync");
        await ImportAsync(cancellationToken);
        SyncResult first = await SyncAsync("first sync ", ["mirror", "image", "enable", Image, "snapshot"], cancellationToken);
        AddRow("first sync to site-b", first, "");
        Say("\n5. Changes, and a delta");
        await ChangeAsync(cancellationToken);
        SyncResult delta = await SyncAsync("delta      ", ["mirror", "image", "snapshot", Image], cancellationToken);
        AddRow("delta to site-b", delta, "");
        Say("\n6. Both sides");
        Say(await _commands.RunAsync(cancellationToken, "rbd", "--cluster", "site-b", "mirror", "image", "status", Image));
        bool equal = await CompareAsync(cancellationToken);
        _report.Row("all together", Seconds(application.Time.GetElapsedTime(start)), "", "");
        Say("");
        _report.Write(application.Output);
        Say(equal ? "\nsite-b holds the same bytes as site-a." : "\nTHE COPIES DIFFER.");
        return equal;
    }

    /// <summary>Stops what was started and removes the folder, or tells how to go on.</summary>
    public async Task CleanUpAsync(bool keep, bool succeeded)
    {
        if (keep)
        {
            TellHowToGoOn();
            return;
        }

        if (_daemon is not null)
        {
            await _daemon.StopAsync();
            _daemon.Dispose();
        }

        foreach (string site in _startedSites)
        {
            (int code, _, string error) = await _commands.TryAsync(null, CancellationToken.None, "site", "stop", Path.Combine(directory, site));
            if (code != 0)
            {
                await application.Error.WriteLineAsync($"nacre quickstart: stopping {site}: {error.Trim()}");
            }
        }

        if (!succeeded && File.Exists(_daemon?.Log))
        {
            await application.Error.WriteLineAsync("nacre quickstart: the daemon's log ended with");
            foreach (string line in File.ReadLines(_daemon.Log).TakeLast(15))
            {
                await application.Error.WriteLineAsync("  " + line);
            }
        }

        Directory.Delete(directory, recursive: true);
    }

    private async Task MakeDiskAsync(CancellationToken cancellationToken)
    {
        await TimedAsync("disk made", () => _disk.CreateAsync((long)options.FilesMebibytes << 20, cancellationToken));
        string kind = _disk.IsFileSystem ? "ext4" : "tar (mke2fs is not installed)";
        Say($"  1 GiB, {kind}, {_disk.FileCount} files of this machine, {ByteSize.Format((ulong)_disk.FileBytes)}");
    }

    private async Task MakeSitesAsync(CancellationToken cancellationToken)
    {
        foreach (string site in _sites)
        {
            string path = Path.Combine(directory, site);
            await _commands.RunAsync(cancellationToken, "site", "create", path);
            _startedSites.Add(site);
            await _commands.RunAsync(cancellationToken, "site", "start", path);
        }
    }

    private async Task SetUpMirroringAsync(CancellationToken cancellationToken)
    {
        string peerKeyring = Path.Combine(directory, "site-a.client.rbd-mirror-peer-a.keyring");
        string daemonKeyring = Path.Combine(directory, $"site-b.client.{DaemonUser}.keyring");
        await _commands.RunAsync(
            cancellationToken, "ceph", "--cluster", "site-a", "auth", "get-or-create", "client.rbd-mirror-peer-a", "mon", "profile rbd", "osd", "profile rbd",
            "-o", peerKeyring);
        await _commands.RunAsync(
            cancellationToken, "ceph", "--cluster", "site-b", "auth", "get-or-create", $"client.{DaemonUser}", "mon", "profile rbd-mirror", "osd", "profile rbd",
            "-o", daemonKeyring);
        foreach (string site in _sites)
        {
            await _commands.RunAsync(cancellationToken, "ceph", "--cluster", site, "osd", "pool", "create", Pool);
            await _commands.RunAsync(cancellationToken, "rbd", "--cluster", site, "pool", "init", Pool);
            await _commands.RunAsync(cancellationToken, "rbd", "--cluster", site, "mirror", "pool", "enable", Pool, "image");
        }

        await _commands.RunAsync(
            cancellationToken, "rbd", "--cluster", "site-b", "mirror", "pool", "peer", "add", Pool, "client.rbd-mirror-peer-a@site-a");
        Say($"  $ rbd-mirror --cluster site-b --id {DaemonUser} --log-file rbd-mirror.log -f &");
        _daemon = QuickstartDaemon.Start(directory, DaemonUser, application.Time);
    }

    private async Task ImportAsync(CancellationToken cancellationToken)
    {
        long start = application.Time.GetTimestamp();
        await _commands.RunAsync(cancellationToken, "rbd", "--cluster", "site-a", "import", "--no-progress", _disk.FilePath, Image);
        string usage = await _commands.QuietAsync(null, cancellationToken, "rbd", "--cluster", "site-a", "du", "--format", "json", Image);
        using System.Text.Json.JsonDocument images = System.Text.Json.JsonDocument.Parse(usage);
        ulong used = images.RootElement.GetProperty("images")[0].GetProperty("used_size").GetUInt64();
        _report.Row("import to site-a", Seconds(application.Time.GetElapsedTime(start)), ByteSize.Format(used), "");
    }

    private async Task<SyncResult> SyncAsync(string label, string[] words, CancellationToken cancellationToken)
    {
        var watcher = new SyncWatcher(_commands, Image, _daemon!, application);
        long start = application.Time.GetTimestamp();
        await _commands.RunAsync(cancellationToken, ["rbd", "--cluster", "site-a", .. words]);
        return await watcher.WaitAsync(start, new ProgressBar(label, application.Output, application.ErrorIsTerminal), cancellationToken);
    }

    private async Task ChangeAsync(CancellationToken cancellationToken)
    {
        BlockFingerprints before = await BlockFingerprints.TakeAsync(_disk.FilePath, cancellationToken);
        await _disk.ChangeAsync(cancellationToken);
        IReadOnlyList<(ulong Offset, byte[] Data)> changes = await before.FindChangesAsync(_disk.FilePath, cancellationToken);
        long bytes = changes.Sum(change => (long)change.Data.Length);
        string what = _disk.IsFileSystem ? "new files, and files removed" : "random ranges overwritten";
        Say($"  {what}: {changes.Count} ranges, {ByteSize.Format((ulong)bytes)}, written to the image on site-a");
        await TimedAsync("changes written to site-a", () => WriteAsync(changes, cancellationToken), ByteSize.Format((ulong)bytes));
    }

    private async Task WriteAsync(IReadOnlyList<(ulong Offset, byte[] Data)> changes, CancellationToken cancellationToken)
    {
        ClusterConfiguration configuration = await _commands.Configurations.LoadAsync("site-a", EntityName.Admin, null, cancellationToken);
        await using ICluster cluster = await application.Connector.ConnectAsync(
            configuration, new ClusterOptions { Time = application.Time }, cancellationToken);
        IPool pool = await cluster.OpenPoolAsync(Pool, cancellationToken);
        await using Image image = await new RbdImages(pool, application.Time).OpenAsync("disk", null, cancellationToken);
        await Parallel.ForEachAsync(
            changes,
            new ParallelOptions { MaxDegreeOfParallelism = 8, CancellationToken = cancellationToken },
            async (change, token) => await image.WriteAsync(change.Offset, change.Data, token));
        await image.FlushAsync(cancellationToken);
    }

    private async Task<bool> CompareAsync(CancellationToken cancellationToken)
    {
        string original;
        await using (FileStream file = File.OpenRead(_disk.FilePath))
        {
            original = Convert.ToHexStringLower(await SHA256.HashDataAsync(file, cancellationToken));
        }

        _report.Row("sha-256 of the disk", "", "", original);
        (TimeSpan Elapsed, string Digest)[] digests = await Task.WhenAll(_sites.Select(site => DigestAsync(site, cancellationToken)));
        for (int i = 0; i < _sites.Length; i++)
        {
            _report.Row($"sha-256 of {_sites[i]}'s image", Seconds(digests[i].Elapsed), "", digests[i].Digest);
        }

        bool equal = digests.All(digest => digest.Digest == original);

        if (equal && _disk.IsFileSystem && SystemTools.Find("e2fsck") is { } e2fsck)
        {
            await TimedAsync("e2fsck of site-b's copy", () => SystemTools.RunAsync(e2fsck, cancellationToken, "-f", "-n", Path.Combine(directory, "site-b.raw")));
        }

        return equal;
    }

    private async Task<(TimeSpan Elapsed, string Digest)> DigestAsync(string site, CancellationToken cancellationToken)
    {
        long start = application.Time.GetTimestamp();
        string copy = Path.Combine(directory, $"{site}.raw");
        await _commands.RunAsync(cancellationToken, "rbd", "--cluster", site, "export", "--no-progress", Image, copy);
        await using FileStream file = File.OpenRead(copy);
        string digest = Convert.ToHexStringLower(await SHA256.HashDataAsync(file, cancellationToken));
        return (application.Time.GetElapsedTime(start), digest);
    }

    private void TellHowToGoOn()
    {
        string nacre = Environment.GetEnvironmentVariable("NACRE_COMMAND") is { Length: > 0 } command ? command : "nacre";
        Say($"\nLeft running: {string.Join(", ", _startedSites)}{(_daemon is null ? "" : $" and rbd-mirror (pid {_daemon.Id})")}. Go on with");
        Say($"  cd {directory}");
        Say($"  {nacre} rbd --cluster site-b mirror pool status {Pool} --verbose");
        Say($"  {nacre} rbd --cluster site-a bench --io-type write --io-total 64M --io-pattern rand {Image}");
        Say($"  {nacre} rbd --cluster site-a mirror image snapshot {Image}");
        Say($"  {nacre} rbd --cluster site-b snap ls --all {Image}");
        Say("and end it with");
        string killDaemon = _daemon is null ? "" : $"kill {_daemon.Id}; ";
        string stopSites = string.Join("; ", _startedSites.Select(site => $"{nacre} site stop {directory}/{site}"));
        Say($"  {killDaemon}{stopSites}; rm -r {directory}");
        application.Output.Flush();
    }

    private async Task TimedAsync(string step, Func<Task> action, string moved = "")
    {
        long start = application.Time.GetTimestamp();
        await action();
        _report.Row(step, Seconds(application.Time.GetElapsedTime(start)), moved, "");
    }

    private void AddRow(string step, SyncResult result, string note) =>
        _report.Row(step, Seconds(result.Elapsed), result.Bytes is { } bytes ? ByteSize.Format((ulong)bytes) : "", note);

    private static string Seconds(TimeSpan time) => string.Create(CultureInfo.InvariantCulture, $"{time.TotalSeconds:F1} s");

    private void Say(string line)
    {
        application.Output.WriteLine(line);
        application.Output.Flush();
    }
}
