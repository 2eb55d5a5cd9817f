using System.Text.Json;
using Nacre.Testing;
using Nacre.Testing.Processes;

namespace Nacre.Mirroring.Daemon.Tests.Sites;

/// <summary>How far copies in journal mode are, by Ceph's own tools.</summary>
internal static class JournalCheck
{
    /// <summary>Waits until a copy has all of its source, and compares them.</summary>
    public static async Task EqualAsync(this CephPair pair, string image, ChildProcess daemon)
    {
        await pair.WaitUntilReplayedAsync(image, daemon);
        await pair.EqualAsync(image);
    }

    /// <summary>Waits until the position here is where the source's last client closed its journal.</summary>
    public static async Task WaitUntilReplayedAsync(this CephPair pair, string image, ChildProcess daemon)
    {
        // A client that is registered begins where the others are, before it has anything.
        await pair.WaitForStatusAsync(image, "up+replaying", "replaying, {", daemon);
        await Eventually.BecomesAsync(
            () => pair.JournalStatusAsync(image), output => Parse(output) is var (own, peer) && own is not null && own == peer,
            $"the journal of {image} is replayed; the daemon says: {daemon.OutputTail}", TimeSpan.FromMinutes(3));
    }

    /// <summary>Waits for what Ceph's rbd shows of a copy.</summary>
    public static async Task WaitForStatusAsync(this CephPair pair, string image, string state, string description, ChildProcess daemon) =>
        await Eventually.BecomesAsync(
            () => pair.StatusAsync(image),
            status => status.State == state && status.Description.Contains(description, StringComparison.Ordinal),
            $"{image} is {state}: {description}; the daemon says: {daemon.OutputTail}",
            TimeSpan.FromMinutes(3));

    /// <summary>What Ceph's rbd says of the source's journal.</summary>
    public static async Task<string> JournalStatusAsync(this CephPair pair, string image)
    {
        ProcessResult result = await pair.SiteA.RunAsync("rbd", ["journal", "status", "--format", "json", "--image", image]);
        return result.ExitCode == 0 ? result.Output : result.Error;
    }

    /// <summary>The newest committed entry of the source, and of its one peer.</summary>
    public static ((ulong Tag, ulong Entry)? Own, (ulong Tag, ulong Entry)? Peer) Parse(string output)
    {
        if (!output.StartsWith('{'))
        {
            return (null, null);
        }

        using JsonDocument status = JsonDocument.Parse(output);
        JsonElement[] clients = [.. status.RootElement.GetProperty("registered_clients").EnumerateArray()];
        return (Position(clients, client => client.Length == 0), Position(clients, client => client.Length > 0));
    }

    private static (ulong Tag, ulong Entry)? Position(JsonElement[] clients, Func<string, bool> isWanted)
    {
        JsonElement[] positions =
        [
            .. clients.Where(client => isWanted(client.GetProperty("id").GetString()!))
                .SelectMany(client => client.GetProperty("commit_position").GetProperty("object_positions").EnumerateArray()).Take(1),
        ];
        return positions.Length == 0 ? null : (positions[0].GetProperty("tag_tid").GetUInt64(), positions[0].GetProperty("entry_tid").GetUInt64());
    }
}
