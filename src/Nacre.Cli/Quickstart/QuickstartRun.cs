using System.Globalization;
using System.Security.Cryptography;
using Nacre.Cli.Applications;
using Nacre.Cli.Output;
using Nacre.Rados.Clusters;
using Nacre.Rados.Configuration;
using Nacre.Rbd;

namespace Nacre.Cli.Quickstart;

/// <summary>
/// The steps of the quickstart, those of the guide: users, sites, peer, daemon; then the same disk as two images, one mirrored by snapshots and one by its
/// journal: sync, changes, comparison.
/// </summary>
internal sealed class QuickstartRun(QuickstartOptions options, string directory, ApplicationContext application)
{
    private const string Pool = "rbd";
    private const string BySnapshot = "disk";
    private const string ByJournal = "journaled";

    private static readonly string[] _sites = ["site-a", "site-b"];

    private readonly QuickstartCommands _commands = new(directory, application);
    private readonly List<string> _startedSites = [];
    private readonly SampleDisk _disk = new(directory);
    private readonly TextTable _report = new TextTable()
        .Column("STEP").Column("MODE").Column("TIME", Align.Right, Align.Right).Column("MOVED", Align.Right, Align.Right).Column("");
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
        Say("\n4. The disk as two images on site-a, one for each mode");
        await ImportAsync(BySnapshot, cancellationToken);
        await ImportAsync(ByJournal, cancellationToken);
        Say("\n5. Their first sync");
        AddRow("first sync to site-b", BySnapshot, await SnapshotAsync("by snapshot ", ["mirror", "image", "enable", Spec(BySnapshot), "snapshot"], cancellationToken));
        AddRow("first sync to site-b", ByJournal, await EnableJournalAsync(cancellationToken));
        Say("\n6. Changes: a delta of one, the other's writes are replayed by themselves");
        await ChangeAsync(cancellationToken);
        Say("\n7. Both sides");
        Say(await _commands.RunAsync(cancellationToken, "rbd", "--cluster", "site-b", "mirror", "image", "status", Spec(BySnapshot)));
        Say(await _commands.RunAsync(cancellationToken, "rbd", "--cluster", "site-b", "mirror", "image", "status", Spec(ByJournal)));
        bool equal = await CompareAsync(cancellationToken);
        _report.Row("all together", "", Seconds(application.Time.GetElapsedTime(start)), "", "");
        Say("");
        _report.Write(application.Output);
        Say(equal ? "\nsite-b holds the same bytes as site-a, in both modes." : "\nTHE COPIES DIFFER.");
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

    private async Task ImportAsync(string image, CancellationToken cancellationToken)
    {
        long start = application.Time.GetTimestamp();
        await _commands.RunAsync(cancellationToken, "rbd", "--cluster", "site-a", "import", "--no-progress", _disk.FilePath, Spec(image));
        TimeSpan elapsed = application.Time.GetElapsedTime(start);
        string usage = await _commands.QuietAsync(null, cancellationToken, "rbd", "--cluster", "site-a", "du", "--format", "json", Spec(image));
        using System.Text.Json.JsonDocument images = System.Text.Json.JsonDocument.Parse(usage);
        AddRow("import to site-a", image, new SyncResult(elapsed, images.RootElement.GetProperty("images")[0].GetProperty("used_size").GetInt64()));
    }

    private async Task<SyncResult> SnapshotAsync(string label, string[] words, CancellationToken cancellationToken)
    {
        var watcher = new SyncWatcher(_commands, Spec(BySnapshot), _daemon!, application);
        long start = application.Time.GetTimestamp();
        await _commands.RunAsync(cancellationToken, ["rbd", "--cluster", "site-a", .. words]);
        return await watcher.WaitAsync(start, new ProgressBar(label, application.Output, application.ErrorIsTerminal), cancellationToken);
    }

    private async Task<SyncResult> EnableJournalAsync(CancellationToken cancellationToken)
    {
        var watcher = new ReplayWatcher(_commands, Spec(ByJournal), _daemon!, application);
        long start = application.Time.GetTimestamp();
        await _commands.RunAsync(cancellationToken, "rbd", "--cluster", "site-a", "mirror", "image", "enable", Spec(ByJournal), "journal");
        return await watcher.WaitForSyncAsync(start, new ProgressBar("by journal  ", application.Output, application.ErrorIsTerminal), cancellationToken);
    }

    private async Task ChangeAsync(CancellationToken cancellationToken)
    {
        BlockFingerprints before = await BlockFingerprints.TakeAsync(_disk.FilePath, cancellationToken);
        await _disk.ChangeAsync(cancellationToken);
        IReadOnlyList<(ulong Offset, byte[] Data)> changes = await before.FindChangesAsync(_disk.FilePath, cancellationToken);
        long bytes = changes.Sum(change => (long)change.Data.Length);
        string what = _disk.IsFileSystem ? "new files, and files removed" : "random ranges overwritten";
        Say($"  {what}: {changes.Count} ranges, {ByteSize.Format((ulong)bytes)}, written to both images on site-a");
        AddRow("changes written to site-a", BySnapshot, new SyncResult(await WriteAsync(BySnapshot, changes, cancellationToken), bytes));
        AddRow("changes written to site-a", ByJournal, new SyncResult(await WriteAsync(ByJournal, changes, cancellationToken), bytes));

        // The journal's replay began with the first write; the snapshot is the operator's to make.
        (TimeSpan behind, ulong entries) = await new ReplayWatcher(_commands, Spec(ByJournal), _daemon!, application)
            .WaitForReplayAsync(application.Time.GetTimestamp(), cancellationToken);
        SyncResult delta = await SnapshotAsync("delta       ", ["mirror", "image", "snapshot", Spec(BySnapshot)], cancellationToken);
        AddRow("all changes on site-b", BySnapshot, delta, "after the mirror snapshot");
        AddRow("all changes on site-b", ByJournal, new SyncResult(behind, bytes), $"after the last write; {entries} entries");
    }

    private async Task<TimeSpan> WriteAsync(string name, IReadOnlyList<(ulong Offset, byte[] Data)> changes, CancellationToken cancellationToken)
    {
        long start = application.Time.GetTimestamp();
        ClusterConfiguration configuration = await _commands.Configurations.LoadAsync("site-a", EntityName.Admin, null, cancellationToken);
        await using ICluster cluster = await application.Connector.ConnectAsync(
            configuration, new ClusterOptions { Time = application.Time }, cancellationToken);
        IPool pool = await cluster.OpenPoolAsync(Pool, cancellationToken);
        await using Image image = await new RbdImages(pool, application.Time).OpenAsync(name, null, cancellationToken);
        await Parallel.ForEachAsync(
            changes,
            new ParallelOptions { MaxDegreeOfParallelism = 8, CancellationToken = cancellationToken },
            async (change, token) => await image.WriteAsync(change.Offset, change.Data, token));
        await image.FlushAsync(cancellationToken);
        return application.Time.GetElapsedTime(start);
    }

    private async Task<bool> CompareAsync(CancellationToken cancellationToken)
    {
        string original;
        await using (FileStream file = File.OpenRead(_disk.FilePath))
        {
            original = Convert.ToHexStringLower(await SHA256.HashDataAsync(file, cancellationToken));
        }

        _report.Row("sha-256 of the disk", "", "", "", original);
        bool equal = true;
        foreach (string image in (string[])[BySnapshot, ByJournal])
        {
            (TimeSpan Elapsed, string Digest)[] digests = await Task.WhenAll(
                DigestAsync("site-a", image, cancellationToken), DigestAsync("site-b", image, cancellationToken));
            for (int i = 0; i < _sites.Length; i++)
            {
                _report.Row($"sha-256 of {_sites[i]}'s image", Mode(image), Seconds(digests[i].Elapsed), "", digests[i].Digest);
            }

            equal = equal && digests.All(digest => digest.Digest == original);
        }

        if (equal && _disk.IsFileSystem && SystemTools.Find("e2fsck") is { } e2fsck)
        {
            string copy = Path.Combine(directory, "site-b.raw");
            await TimedAsync("e2fsck of site-b's copy", async () =>
            {
                await _commands.RunAsync(cancellationToken, "rbd", "--cluster", "site-b", "export", "--no-progress", Spec(ByJournal), copy);
                await SystemTools.RunAsync(e2fsck, cancellationToken, "-f", "-n", copy);
            });
        }

        return equal;
    }

    private async Task<(TimeSpan Elapsed, string Digest)> DigestAsync(string site, string image, CancellationToken cancellationToken)
    {
        long start = application.Time.GetTimestamp();
        Say($"  $ rbd --cluster {site} export --no-progress {Spec(image)} - | sha256sum");
        using var hash = SHA256.Create();
        await using var sink = new CryptoStream(Stream.Null, hash, CryptoStreamMode.Write, leaveOpen: true);
        await _commands.QuietAsync(sink, cancellationToken, "rbd", "--cluster", site, "export", "--no-progress", Spec(image), "-");
        if (!sink.HasFlushedFinalBlock)
        {
            await sink.FlushFinalBlockAsync(cancellationToken);
        }

        return (application.Time.GetElapsedTime(start), Convert.ToHexStringLower(hash.Hash!));
    }

    private static string Spec(string image) => $"{Pool}/{image}";

    private static string Mode(string image) => image == ByJournal ? "journal" : "snapshot";

    private void TellHowToGoOn()
    {
        string nacre = Environment.GetEnvironmentVariable("NACRE_COMMAND") is { Length: > 0 } command ? command : "nacre";
        Say($"\nLeft running: {string.Join(", ", _startedSites)}{(_daemon is null ? "" : $" and rbd-mirror (pid {_daemon.Id})")}. Go on with");
        Say($"  cd {directory}");
        Say($"  {nacre} rbd --cluster site-b mirror pool status {Pool} --verbose");
        Say($"  {nacre} rbd --cluster site-a bench --io-type write --io-total 64M --io-pattern rand {Spec(ByJournal)}");
        Say($"  {nacre} rbd --cluster site-a journal status --image {Spec(ByJournal)}");
        Say($"  {nacre} rbd --cluster site-a bench --io-type write --io-total 64M --io-pattern rand {Spec(BySnapshot)}");
        Say($"  {nacre} rbd --cluster site-a mirror image snapshot {Spec(BySnapshot)}");
        Say($"  {nacre} rbd --cluster site-b snap ls --all {Spec(BySnapshot)}");
        Say("and end it with");
        string killDaemon = _daemon is null ? "" : $"kill {_daemon.Id}; ";
        string stopSites = string.Join("; ", _startedSites.Select(site => $"{nacre} site stop {directory}/{site}"));
        Say($"  {killDaemon}{stopSites}; rm -r {directory}");
        application.Output.Flush();
    }

    private async Task TimedAsync(string step, Func<Task> action)
    {
        long start = application.Time.GetTimestamp();
        await action();
        _report.Row(step, "", Seconds(application.Time.GetElapsedTime(start)), "", "");
    }

    private void AddRow(string step, string image, SyncResult result, string note = "") =>
        _report.Row(step, Mode(image), Seconds(result.Elapsed), result.Bytes is { } bytes ? ByteSize.Format((ulong)bytes) : "", note);

    private static string Seconds(TimeSpan time) => string.Create(CultureInfo.InvariantCulture, $"{time.TotalSeconds:F1} s");

    private void Say(string line)
    {
        application.Output.WriteLine(line);
        application.Output.Flush();
    }
}
