using Nacre.Journal;
using Nacre.Journal.Formats;
using Nacre.Journal.Reading;
using Nacre.ObjectClasses.Journal;
using Nacre.Rados.Ceph;
using Nacre.Rados.Clusters;
using Nacre.Testing;
using Nacre.Testing.Processes;

namespace Nacre.Cli.Tests;

/// <content>Images with journaling: what they are made of, and what killed writers leave.</content>
public sealed partial class BesideCephTests
{
    private const int ImageSize = 32 << 20;

    [Fact]
    public async Task A_journal_is_made_and_written_byte_for_byte_as_Cephs()
    {
        string pool = await PoolAsync();
        var headers = new List<string>();
        var events = new List<List<string>>();
        foreach (bool ours in (bool[])[false, true])
        {
            // One after the other under one name: events have it in them.
            string spec = $"{pool}/j";
            async Task RunAsync(string command)
            {
                string[] words = string.Format(System.Globalization.CultureInfo.InvariantCulture, command, spec).Split(' ');
                await (ours ? (Task)OursAsync(words) : _cluster.RbdAsync(words));
            }

            await RunAsync("create {0} --size 16M --image-feature exclusive-lock,journaling,object-map,layering --journal-object-size 64K --journal-splay-width 3");
            string id = await ImageIdAsync(spec);
            headers.Add(await _cluster.RadosAsync("-p", pool, "listomapvals", $"journal.{id}"));
            await RegisterAsync(pool, "j", "keeper");
            foreach (string command in (string[])
            [
                "snap create {0}@s --no-progress", "snap rename {0}@s {0}@t", "snap protect {0}@t", "snap unprotect {0}@t", "snap rollback {0}@t --no-progress",
                "snap rm {0}@t --no-progress", "resize {0} --size 20M --no-progress", "resize {0} --size 12M --allow-shrink --no-progress",
                "image-meta set {0} k v", "image-meta rm {0} k", "snap limit set {0} --limit 5", "feature disable {0} object-map",
                "feature enable {0} object-map", "rename {0} {0}2", "rename {0}2 {0}",
            ])
            {
                await RunAsync(command);
            }

            headers.Add(await _cluster.RadosAsync("-p", pool, "listomapvals", $"journal.{id}"));
            events.Add(await DescribeEventsAsync(pool, id));
            await SameAsync($"info {spec} --format json");
            await SameAsync($"info {spec}");
            await RunAsync("journal reset --image {0}");
            headers.Add(await _cluster.RadosAsync("-p", pool, "listomapvals", $"journal.{id}"));
            await RunAsync("rm {0} --no-progress");
            Assert.DoesNotContain("journal", await _cluster.RadosAsync("-p", pool, "ls"), StringComparison.Ordinal);
        }

        Assert.Equal(headers[..3], headers[3..]);
        Assert.Equal(events[0], events[1]);
        Assert.Equal(30, events[0].Count);
    }

    [Theory]
    [InlineData("rbd", "rbd")]
    [InlineData("rbd", "nacre")]
    [InlineData("nacre", "rbd")]
    [InlineData("nacre", "nacre")]
    public async Task A_killed_writers_journal_is_applied_by_the_next_opener(string writer, string opener)
    {
        await _cluster.CephAsync("config", "set", "osd", "osd_client_watch_timeout", "5");
        string pool = await PoolAsync();
        string spec = $"{pool}/j";
        string[] create = ["create", spec, "--size", "32M", "--image-feature", "layering,exclusive-lock,object-map,journaling"];
        await (writer == "rbd" ? (Task)_cluster.RbdAsync(create) : OursAsync(create));
        await using ICluster cluster = await new CephClusterConnector().ConnectAsync(_cluster.Configuration, new ClusterOptions());
        IPool opened = await cluster.OpenPoolAsync(pool);
        ImageJournal journal = await ImageJournal.OpenAsync(opened, await ImageIdAsync(spec));
        await using (ChildProcess killed = StartRbd(writer, BenchArguments(spec, "1G")))
        {
            await Eventually.BecomesAsync(
                async () => (await opened.StatAsync(journal.ObjectName(2)))?.Size ?? 0, size => size > 1 << 20, "the writer has written 4 MiB");
            await killed.KillAsync();
        }

        // What the dead one had under way may arrive until it is shut out; afterwards nothing does.
        ProcessResult opening = await CommandRunner.RunAsync(
            "timeout", ["120", .. CommandOf(opener), "bench", spec, "--io-type", "write", "--io-size", "4K", "--io-total", "4K"], _cluster.Directory);
        opening.EnsureSuccess();
        await CheckAsync(journal, spec, "as opened");
        await SameAsync($"journal status --image {spec}");

        // And it is written on, by both.
        await OursAsync(BenchArguments(spec, "256K"));
        await BenchAsync(spec, "256K");
        await CheckAsync(journal, spec, "as written on");
        await _cluster.RbdAsync("object-map", "check", "--no-progress", spec);
    }

    [Fact]
    public async Task Two_writers_hand_the_journal_to_and_fro()
    {
        string pool = await PoolAsync();
        string spec = $"{pool}/j";
        await OursAsync("create", spec, "--size", "32M", "--image-feature", "layering,exclusive-lock,object-map,journaling");
        await using ICluster cluster = await new CephClusterConnector().ConnectAsync(_cluster.Configuration, new ClusterOptions());
        ImageJournal journal = await ImageJournal.OpenAsync(await cluster.OpenPoolAsync(pool), await ImageIdAsync(spec));
        await Task.WhenAll(BenchAsync(spec, "2M"), OursAsync(BenchArguments(spec, "2M")), BenchAsync(spec, "2M"), OursAsync(BenchArguments(spec, "2M")));
        await CheckAsync(journal, spec, "as written by four");
        JournalClient client = (await journal.FindClientAsync("", TestContext.Current.CancellationToken))!;
        Assert.True(client.CommitPosition.Positions[0].TagTid >= 4, $"{client.CommitPosition.Positions[0]}");
        await _cluster.RbdAsync("object-map", "check", "--no-progress", spec);
    }

    private async Task CheckAsync(ImageJournal journal, string spec, string when)
    {
        byte[] expected = await ModelAsync(journal);
        string file = Path.Combine(_cluster.Directory, Guid.NewGuid().ToString("N"));
        await _cluster.RbdAsync("export", "--no-progress", spec, file);
        byte[] found = await File.ReadAllBytesAsync(file, TestContext.Current.CancellationToken);
        Assert.True(expected.AsSpan().SequenceEqual(found), $"differs at {expected.AsSpan().CommonPrefixLength(found)}, {when}");
    }

    [Fact]
    public async Task What_changes_a_demoted_image_is_refused_alike()
    {
        string pool = await PoolAsync();
        await _cluster.RbdAsync("mirror", "pool", "enable", pool, "image");
        await OursAsync("create", $"{pool}/d", "--size", "8M", "--image-feature", "layering,exclusive-lock,object-map,journaling");
        await OursAsync("snap", "create", "--no-progress", $"{pool}/d@s");
        await _cluster.RbdAsync("mirror", "image", "enable", $"{pool}/d", "journal");
        await SameAsync($"feature disable {pool}/d journaling");
        await _cluster.RbdAsync("mirror", "image", "demote", $"{pool}/d");
        foreach (string command in (string[])
        [
            "snap create {0}/d@t --no-progress", "snap rm {0}/d@s --no-progress", "snap rename {0}/d@s {0}/d@t", "snap protect {0}/d@s",
            "snap rollback {0}/d@s --no-progress", "snap limit set {0}/d --limit 1", "resize {0}/d --size 9M --no-progress", "image-meta set {0}/d k v",
            "feature disable {0}/d object-map", "feature disable {0}/d journaling", "rename {0}/d {0}/e", "rm {0}/d --no-progress", "info {0}/d",
        ])
        {
            await SameAsync(string.Format(System.Globalization.CultureInfo.InvariantCulture, command, pool));
        }
    }

    private string[] CommandOf(string program) => program == "rbd"
        ? ["rbd", "--cluster", _cluster.Name]
        : ["dotnet", Path.Combine(AppContext.BaseDirectory, "nacre.dll"), "rbd", "--cluster", _cluster.Name];

    private ChildProcess StartRbd(string program, string[] arguments)
    {
        string[] command = CommandOf(program);
        return ChildProcess.Start(program, command[0], [.. command[1..], .. arguments], _cluster.Directory);
    }

    // What the image is by its journal, of which nothing is trimmed yet.
    private static async Task<byte[]> ModelAsync(ImageJournal journal)
    {
        byte[] image = new byte[ImageSize];
        await using var player = new JournalPlayer(journal, JournalPosition.None);
        while (await player.NextAsync() is { } entry)
        {
            if (JournalEvent.Decode(entry.Entry.Data).Payload is JournalWrite write)
            {
                Assert.Equal(JournalEventType.Write, write.Type);
                write.Data.CopyTo(image.AsMemory((int)write.Offset));
            }

            entry.Dispose();
        }

        return image;
    }

    // With what is no two journals' alike taken out: times, and ids of snapshots.
    private async Task<List<string>> DescribeEventsAsync(string pool, string id)
    {
        await using ICluster cluster = await new CephClusterConnector().ConnectAsync(_cluster.Configuration, new ClusterOptions());
        ImageJournal journal = await ImageJournal.OpenAsync(await cluster.OpenPoolAsync(pool), id);
        await using var player = new JournalPlayer(journal, JournalPosition.None);
        var events = new List<string>();
        while (await player.NextAsync() is { } entry)
        {
            JournalEvent decoded = JournalEvent.Decode(entry.Entry.Data);
            Assert.Equal(decoded.ToBytes(), entry.Entry.Data.ToArray());
            JournalEventPayload payload = decoded.Payload is JournalSnapRename rename ? rename with { SnapshotId = 0 } : decoded.Payload;
            events.Add($"{entry.Position}: {Convert.ToHexString((decoded with { Payload = payload, Timestamp = default }).ToBytes())}");
        }

        return events;
    }
}
