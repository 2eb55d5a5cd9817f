using Nacre.Journal;
using Nacre.Journal.Reading;
using Nacre.ObjectClasses.Journal;
using Nacre.Rados.Ceph;
using Nacre.Rados.Clusters;
using Nacre.Testing;
using Nacre.Testing.Ceph;
using Nacre.Testing.Processes;

namespace Nacre.Cli.Tests;

/// <content>Journals that Ceph's librbd wrote.</content>
public sealed partial class BesideCephTests
{
    [Fact]
    public async Task Journals_are_shown_inspected_exported_and_imported_alike()
    {
        string pool = await PoolAsync();
        string id = await WriteJournalAsync(pool, "j");
        foreach (string command in (string[])
        [
            "journal info --image {0}/j", "journal info -p {0} --image j --format json", "journal info {0}/{1} --format xml --pretty-format",
            "journal status --image {0}/j", "journal status --image {0}/j --format json --pretty-format", "journal status {0}/{1} --format xml",
            "journal inspect --image {0}/j", "journal inspect {0}/{1} --verbose",
        ])
        {
            await SameAsync(string.Format(System.Globalization.CultureInfo.InvariantCulture, command, pool, id));
        }

        string theirs = Path.Combine(_cluster.Directory, pool + ".theirs");
        string ours = Path.Combine(_cluster.Directory, pool + ".ours");
        await _cluster.RbdAsync("journal", "export", $"{pool}/{id}", theirs);
        (_, string output, _, _) = await OursAsync("journal", "export", $"{pool}/{id}", ours);
        byte[] exported = await File.ReadAllBytesAsync(theirs, TestContext.Current.CancellationToken);
        Assert.Equal(exported, await File.ReadAllBytesAsync(ours, TestContext.Current.CancellationToken));
        Assert.True(exported.Length > 200_000, output);
        (_, _, _, byte[] piped) = await OursAsync("journal", "export", "--image", $"{pool}/j", "--journal", $"{pool}/{id}", "-");
        Assert.Equal(exported, piped);
        await SameAsync($"journal export {pool}/{id} {ours}");
        await ImportByBothAsync(pool, ours);
    }

    [Fact]
    public async Task What_is_no_exported_journal_is_refused()
    {
        string pool = await PoolAsync();
        await _cluster.RbdAsync("create", $"{pool}/j", "--size", "8M", "--image-feature", "exclusive-lock,journaling");
        string id = await ImageIdAsync($"{pool}/j");
        string file = Path.Combine(_cluster.Directory, pool + ".bad");
        foreach ((string text, string reason) in ((string, string)[])
        [
            ("x", "(digit expected)"), ("# c\n5x", "(space expected)"), ("0 ", "(zero entry size)"), ("5", "error reading import data"), ("9 {}", "truncated"),
            ("999999999999999999 {}", "too large"), ("2 {}", "error json decoding import data (entry 1)"), ("2 }{", "error parsing input (entry 1)"),
            ("27 {\"tag_id\":1,\"entry\":\"AAAA\"}", "corrupted entry 1: tag_tid=1"),
        ])
        {
            await File.WriteAllTextAsync(file, text, TestContext.Current.CancellationToken);
            (int code, _, string error, _) = await TryOursAsync(["journal", "import", file, "--dest-journal", $"{pool}/{id}"]);
            Assert.Equal(Rados.Errno.EINVAL, code);
            Assert.Contains(reason, error, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Journal_clients_are_disconnected_alike()
    {
        string pool = await PoolAsync();
        await _cluster.RbdAsync("create", $"{pool}/j", "--size", "8M", "--image-feature", "exclusive-lock,journaling");
        await SameAsync($"journal client disconnect --image {pool}/j");
        await RegisterAsync(pool, "j", "one");
        await RegisterAsync(pool, "j", "two");
        await SameAsync($"journal client disconnect --image {pool}/j --client-id one");
        await SameAsync($"journal status --image {pool}/j");
        await SameAsync($"journal client disconnect --image {pool}/j");
        await SameAsync($"journal client disconnect --image {pool}/j --client-id none");
        await SameAsync($"journal status --image {pool}/j --format json");
    }

    [Fact]
    public async Task Failures_of_journal_commands_are_equal()
    {
        string pool = await PoolAsync();
        await _cluster.RbdAsync("create", $"{pool}/plain", "--size", "8M", "--image-feature", "exclusive-lock");
        foreach (string command in (string[])
        [
            "journal info", "journal info {0}/none", "journal info --image {0}/none", "journal info --image {0}/plain", "journal info {0}/a@b",
            "journal info --journal {0}/a@b", "journal info none/x", "journal info {0}/x --pretty-format", "journal status {0}/none",
            "journal inspect {0}/none", "journal export {0}/none", "journal export {0}/none /does/not/exist", "journal export",
            "journal client disconnect {0}/none", "journal import", "journal import /does/not/exist {0}/none", "journal import /dev/null",
            "journal import /dev/null {0}/none", "journal reset {0}/none", "journal reset",
        ])
        {
            await SameAsync(string.Format(System.Globalization.CultureInfo.InvariantCulture, command, pool));
        }
    }

    [Fact]
    public async Task Who_follows_a_journal_of_librbds_sees_what_Ceph_sees_afterwards_though_a_writer_was_killed()
    {
        string pool = await PoolAsync();
        await _cluster.RbdAsync(
            "create", $"{pool}/j", "--size", "16M", "--image-feature", "exclusive-lock,journaling", "--journal-object-size", "64K");
        await RegisterAsync(pool, "j", "keeper");
        await using ICluster cluster = await new CephClusterConnector().ConnectAsync(_cluster.Configuration, new ClusterOptions());
        ImageJournal journal = await ImageJournal.OpenAsync(await cluster.OpenPoolAsync(pool), await ImageIdAsync($"{pool}/j"));
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        var followed = new List<string>();
        Task following = FollowAsync(journal, followed, stop.Token);
        await BenchAsync($"{pool}/j", "1M");
        await using (ChildProcess killed = ChildProcess.Start(
            "bench", "rbd", ["--cluster", _cluster.Name, .. BenchArguments($"{pool}/j", "1G")], _cluster.Directory))
        {
            int before = Count(followed);
            await Eventually.BecomesAsync(() => Task.FromResult(Count(followed)), count => count > before + 50, "the second writer writes");
        }

        await BenchAsync($"{pool}/j", "100K");
        string file = Path.Combine(_cluster.Directory, pool + ".followed");
        await _cluster.RbdAsync("journal", "export", $"{pool}/{journal.Id}", file);
        string[] exported = [.. File.ReadAllLines(file).Skip(1).Select(line =>
        {
            using var entry = System.Text.Json.JsonDocument.Parse(line[line.IndexOf(' ', StringComparison.Ordinal)..]);
            return $"{entry.RootElement.GetProperty("tag_id")} {entry.RootElement.GetProperty("entry").GetString()}";
        })];
        await Eventually.BecomesAsync(() => Task.FromResult(Count(followed)), count => count >= exported.Length, "all was followed");
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => following);
        Assert.Equal(exported, followed);
        Assert.True((await journal.ReadSetsAsync(TestContext.Current.CancellationToken)).Active > 3);
    }

    private static async Task FollowAsync(ImageJournal journal, List<string> followed, CancellationToken cancellationToken)
    {
        JournalClient client = (await journal.FindClientAsync("keeper", cancellationToken))!;
        await using var player = new JournalPlayer(
            journal, client.CommitPosition, new JournalPlayerOptions { Follow = true, PollInterval = TimeSpan.FromMilliseconds(50) });
        await foreach (PlayedEntry entry in player.PlayAsync(cancellationToken))
        {
            lock (followed)
            {
                followed.Add($"{entry.Entry.TagTid} {Convert.ToBase64String(entry.Entry.Data.Span)}");
            }
        }
    }

    private static int Count(List<string> followed)
    {
        lock (followed)
        {
            return followed.Count;
        }
    }

    private static string[] BenchArguments(string spec, string total) =>
        ["bench", spec, "--io-type", "write", "--io-size", "4K", "--io-total", total, "--io-pattern", "rand", "--io-threads", "16"];

    private Task<string> BenchAsync(string spec, string total) => _cluster.RbdAsync(BenchArguments(spec, total));

    [Fact]
    public async Task Damage_in_a_journal_is_found_and_named()
    {
        string pool = await PoolAsync();
        await _cluster.RbdAsync("create", $"{pool}/j", "--size", "8M", "--image-feature", "exclusive-lock,journaling");
        await RegisterAsync(pool, "j", "keeper");
        await _cluster.RbdAsync("bench", $"{pool}/j", "--io-type", "write", "--io-size", "4K", "--io-total", "64K");
        string id = await ImageIdAsync($"{pool}/j");
        await using ICluster cluster = await new CephClusterConnector().ConnectAsync(_cluster.Configuration, new ClusterOptions());
        ImageJournal journal = await ImageJournal.OpenAsync(await cluster.OpenPoolAsync(pool), id);
        byte[] bytes = await journal.DataPool.ReadAsync(journal.ObjectName(1)) ?? [];
        bytes[^10] ^= 1;
        await journal.DataPool.ExecuteAsync(journal.ObjectName(1), new Rados.Objects.WriteOperation().WriteFull(bytes));
        (int code, string output, string error, _) = await TryOursAsync(["journal", "inspect", $"{pool}/{id}"]);
        Assert.Equal(Rados.Errno.EBADMSG, code);
        Assert.Contains("entries inspected", output, StringComparison.Ordinal);
        Assert.Contains($"checksum at byte ", error, StringComparison.Ordinal);
        Assert.Contains($"{pool}/{journal.ObjectName(1)}", error, StringComparison.Ordinal);
        Assert.DoesNotContain((await journal.ReadStateAsync()).Clients, client => client.Id == "INSPECT");
    }

    // What one exported is imported by both; what Ceph exports then must be the same again.
    private async Task ImportByBothAsync(string pool, string file)
    {
        var copies = new List<string>();
        foreach (string copy in (string[])["theirs", "ours"])
        {
            await _cluster.RbdAsync(
                "create", $"{pool}/{copy}", "--size", "16M", "--image-feature", "exclusive-lock,journaling", "--journal-object-size", "64K");
            await RegisterAsync(pool, copy, "keeper");
            copies.Add(await ImageIdAsync($"{pool}/{copy}"));
        }

        string theirs = await _cluster.RbdAsync("journal", "import", file, $"{pool}/{copies[0]}");
        (_, string ours, _, _) = await OursAsync("journal", "import", file, "--dest-journal", $"{pool}/{copies[1]}");
        Assert.Equal(theirs, ours);
        string[] exports = [file, .. copies.Select(copy => $"{file}.{copy}")];
        foreach (string copy in copies)
        {
            await _cluster.RbdAsync("journal", "export", $"{pool}/{copy}", $"{file}.{copy}");
        }

        string[] contents = [.. exports.Select(export => string.Join('\n', File.ReadAllLines(export).Skip(1)))];
        Assert.Equal(contents[1], contents[2]);
        Assert.Equal(contents[0], contents[2]);
    }

    // A client that never commits keeps all entries in the journal.
    private async Task RegisterAsync(string pool, string image, string client)
    {
        await using ICluster cluster = await new CephClusterConnector().ConnectAsync(_cluster.Configuration, new ClusterOptions());
        string id = await ImageIdAsync($"{pool}/{image}");
        ImageJournal journal = await ImageJournal.OpenAsync(await cluster.OpenPoolAsync(pool), id);
        await journal.RegisterClientAsync(client, Nacre.ObjectClasses.Encoding.CephEncodingExtensions.ToBytes<JournalClientData>(new JournalCommandLineClient()));
    }

    private async Task<string> ImageIdAsync(string spec)
    {
        using var document = System.Text.Json.JsonDocument.Parse(await _cluster.RbdAsync("info", spec, "--format", "json"));
        return document.RootElement.GetProperty("id").GetString()!;
    }

    private async Task<string> WriteJournalAsync(string pool, string image)
    {
        await _cluster.RbdAsync(
            "create", $"{pool}/{image}", "--size", "16M", "--image-feature", "exclusive-lock,journaling,object-map,layering", "--journal-object-size", "64K");
        await RegisterAsync(pool, image, "keeper");
        string spec = $"{pool}/{image}";
        foreach (string command in (string[])
        [
            $"bench {spec} --io-type write --io-size 4K --io-total 400K --io-pattern rand --io-threads 4", $"snap create {spec}@s",
            $"snap rename {spec}@s {spec}@t", $"snap protect {spec}@t", $"snap unprotect {spec}@t", $"snap rollback {spec}@t", $"snap rm {spec}@t",
            $"resize {spec} --size 20M", $"image-meta set {spec} k v", $"image-meta rm {spec} k", $"snap limit set {spec} --limit 5",
            $"feature disable {spec} object-map", $"bench {spec} --io-type write --io-size 16K --io-total 64K --io-pattern seq",
        ])
        {
            await _cluster.RbdAsync(command.Split(' '));
        }

        return await ImageIdAsync(spec);
    }
}
