using System.Text.Json;
using Nacre.Mirroring.Daemon.Tests.Sites;
using Nacre.Testing;
using Nacre.Testing.Ceph;
using Nacre.Testing.Processes;

namespace Nacre.Mirroring.Daemon.Tests;

/// <summary>Journal mode between two real Ceph clusters: the journals are Ceph's, and what comes of them is judged by Ceph's own rbd.</summary>
[Collection(nameof(CephPair))]
public class JournalMirrorTests(CephPair pair)
{
    [Fact]
    public async Task Copy_equals_its_source_through_writes_snapshots_resizes_and_a_restart()
    {
        string pool = await pair.CreatePoolAsync();
        string image = $"{pool}/image";
        var random = new Random(11);
        await pair.SiteA.RbdAsync("create", "--size", "64M", image);
        await pair.WriteAsync(pair.SiteA, image, CephPair.RandomDiff(random, 64 << 20, 30));
        await pair.SiteA.RbdAsync("snap", "create", "--no-progress", $"{image}@before");
        await pair.SiteA.RbdAsync("mirror", "image", "enable", image, "journal");
        await using (ChildProcess daemon = pair.StartDaemon())
        {
            await CheckAsync(image, daemon);
            await pair.EqualAsync($"{image}@before");
            await pair.WriteAsync(pair.SiteA, image, CephPair.RandomDiff(random, 64 << 20, 60));
            await pair.SiteA.RbdAsync("snap", "create", "--no-progress", $"{image}@first");
            await pair.SiteA.RbdAsync("snap", "protect", $"{image}@first");
            await pair.SiteA.RbdAsync("resize", "--no-progress", "--size", "100M", image);
            await pair.WriteAsync(pair.SiteA, image, CephPair.RandomDiff(random, 100 << 20, 60));
            await pair.SiteA.RbdAsync("resize", "--no-progress", "--allow-shrink", "--size", "50M", image);
            await pair.SiteA.RbdAsync("image-meta", "set", image, "color", "blue");
            await pair.SiteA.RbdAsync("snap", "rename", $"{image}@before", $"{image}@renamed");
            await CheckAsync(image, daemon);
            await daemon.TerminateAsync(TimeSpan.FromSeconds(60));
        }

        await pair.WriteAsync(pair.SiteA, image, CephPair.RandomDiff(random, 50 << 20, 60));
        await pair.SiteA.RbdAsync("snap", "rollback", "--no-progress", $"{image}@first");
        await pair.WriteAsync(pair.SiteA, image, CephPair.RandomDiff(random, 50 << 20, 20));
        await using ChildProcess again = pair.StartDaemon();
        await CheckAsync(image, again);
        await pair.EqualAsync($"{image}@first");
        await pair.EqualAsync($"{image}@renamed");
        Assert.Equal("blue\n", await pair.SiteB.RbdAsync("image-meta", "get", image, "color"));
        Assert.Equal(Names(await pair.SiteA.RbdAsync("snap", "ls", "--format", "json", image)), Names(await pair.SiteB.RbdAsync("snap", "ls", "--format", "json", image)));
        Assert.DoesNotContain("Syncing", again.OutputTail, StringComparison.Ordinal);
        await EndAsync(pool, again);
    }

    private static string[] Names(string list)
    {
        using JsonDocument parsed = JsonDocument.Parse(list);
        return [.. parsed.RootElement.EnumerateArray().Select(s => $"{s.GetProperty("name").GetString()} {s.GetProperty("protected").GetString()}")];
    }

    private async Task CheckAsync(string image, ChildProcess daemon)
    {
        await WaitUntilReplayedAsync(image, daemon);
        await pair.EqualAsync(image);
    }

    // The source's journal says how far each is; the source's own position is where its last client closed it.
    private async Task WaitUntilReplayedAsync(string image, ChildProcess daemon)
    {
        // A client that is registered begins where the others are, before it has anything.
        await Eventually.BecomesAsync(
            () => pair.StatusAsync(image), status => status.State == "up+replaying", $"{image} is replayed; the daemon says: {daemon.OutputTail}",
            TimeSpan.FromMinutes(3));
        await Eventually.BecomesAsync(
            async () =>
        {
            ProcessResult result = await pair.SiteA.RunAsync("rbd", ["journal", "status", "--format", "json", "--image", image]);
            return result.ExitCode == 0 ? result.Output : result.Error;
        },
        IsReplayed,
        $"the journal of {image} is replayed; the daemon says: {daemon.OutputTail}",
        TimeSpan.FromMinutes(3));
    }

    private static bool IsReplayed(string output)
    {
        if (!output.StartsWith('{'))
        {
            return false;
        }

        using JsonDocument status = JsonDocument.Parse(output);
        JsonElement[] clients = [.. status.RootElement.GetProperty("registered_clients").EnumerateArray()];
        JsonElement? own = clients.Where(c => c.GetProperty("id").GetString() == "").Cast<JsonElement?>().FirstOrDefault();
        JsonElement? peer = clients.Where(c => c.GetProperty("id").GetString() != "").Cast<JsonElement?>().FirstOrDefault();
        return own is { } a && peer is { } b && Position(a) is { } wanted && Position(b) == wanted;
    }

    private static (ulong Tag, ulong Entry)? Position(JsonElement client)
    {
        JsonElement[] positions = [.. client.GetProperty("commit_position").GetProperty("object_positions").EnumerateArray()];
        return positions.Length == 0 ? null : (positions[0].GetProperty("tag_tid").GetUInt64(), positions[0].GetProperty("entry_tid").GetUInt64());
    }

    private async Task EndAsync(string pool, ChildProcess daemon)
    {
        await daemon.TerminateAsync(TimeSpan.FromSeconds(60));
        await pair.DeletePoolAsync(pool);
    }
}
