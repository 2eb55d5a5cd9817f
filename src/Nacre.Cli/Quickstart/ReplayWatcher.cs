using System.Globalization;
using System.Text.Json;
using Nacre.Cli.Applications;

namespace Nacre.Cli.Quickstart;

/// <summary>Waits, as an operator can, until site-b follows the journal of an image of site-a, and until it has replayed all of it.</summary>
internal sealed class ReplayWatcher(QuickstartCommands commands, string image, QuickstartDaemon daemon, ApplicationContext application)
{
    private static readonly TimeSpan _poll = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan _limit = TimeSpan.FromMinutes(10);

    /// <summary>Waits for the first sync, with a bar.</summary>
    public async Task<SyncResult> WaitForSyncAsync(long startedAt, ProgressBar bar, CancellationToken cancellationToken)
    {
        while (true)
        {
            (string state, string description) = await ReadStatusAsync(cancellationToken);
            if (state == "up+replaying" && description.StartsWith("replaying, ", StringComparison.Ordinal))
            {
                TimeSpan elapsed = application.Time.GetElapsedTime(startedAt);
                bar.Finish(string.Create(CultureInfo.InvariantCulture, $"{elapsed.TotalSeconds:F1} s"));
                return new SyncResult(elapsed, await UsedBytesAsync(cancellationToken));
            }

            bar.Report(Math.Min(Percent(description), 99), state);
            await PauseAsync(startedAt, $"state {state}", cancellationToken);
        }
    }

    /// <summary>Waits until site-b has committed what the image's last writer, which has closed it, has recorded.</summary>
    /// <returns>How long, and how many entries that writer made.</returns>
    public async Task<(TimeSpan Elapsed, ulong Entries)> WaitForReplayAsync(long startedAt, CancellationToken cancellationToken)
    {
        while (true)
        {
            string text = await commands.QuietAsync(
                null, cancellationToken, "rbd", "--cluster", "site-a", "journal", "status", "--format", "json", "--image", image);
            using JsonDocument status = JsonDocument.Parse(text);
            JsonElement[] clients = [.. status.RootElement.GetProperty("registered_clients").EnumerateArray()];
            (ulong Tag, ulong Entry)? written = Position(clients.First(client => client.GetProperty("id").GetString() == ""));
            if (written is { } end && clients.Length > 1 && clients.All(client => Position(client) == written))
            {
                return (application.Time.GetElapsedTime(startedAt), end.Entry + 1);
            }

            await PauseAsync(startedAt, "its journal is not replayed", cancellationToken);
        }
    }

    private async Task PauseAsync(long startedAt, string why, CancellationToken cancellationToken)
    {
        daemon.DemandAlive();
        if (application.Time.GetElapsedTime(startedAt) > _limit)
        {
            throw new CommandFailedException(
                Rados.Errno.ETIMEDOUT, $"\nnacre quickstart: {image} is not equal after {_limit.TotalMinutes} minutes ({why}); see {daemon.Log}");
        }

        await Task.Delay(_poll, application.Time, cancellationToken);
    }

    private async Task<(string State, string Description)> ReadStatusAsync(CancellationToken cancellationToken)
    {
        (int code, string text, _) = await commands.TryAsync(
            null, cancellationToken, "rbd", "--cluster", "site-b", "mirror", "image", "status", "--format", "json", image);
        if (code != 0)
        {
            return ("waiting", "");
        }

        using JsonDocument status = JsonDocument.Parse(text);
        string Read(string name) => status.RootElement.TryGetProperty(name, out JsonElement value) ? value.GetString() ?? "" : "";
        return (Read("state"), Read("description"));
    }

    // The daemon reports no bytes of a first sync by journal: what the copy takes is about what was moved.
    private async Task<long?> UsedBytesAsync(CancellationToken cancellationToken)
    {
        string usage = await commands.QuietAsync(null, cancellationToken, "rbd", "--cluster", "site-b", "du", "--format", "json", image);
        using JsonDocument images = JsonDocument.Parse(usage);
        return images.RootElement.GetProperty("images")[0].GetProperty("used_size").GetInt64();
    }

    // "bootstrapping, IMAGE_SYNC/COPY_IMAGE 45%".
    private static int Percent(string description)
    {
        int space = description.LastIndexOf(' ');
        return description.EndsWith('%') && space > 0
            && int.TryParse(description.AsSpan(space + 1, description.Length - space - 2), NumberStyles.None, CultureInfo.InvariantCulture, out int percent)
                ? percent
                : 0;
    }

    private static (ulong Tag, ulong Entry)? Position(JsonElement client)
    {
        JsonElement positions = client.GetProperty("commit_position").GetProperty("object_positions");
        return positions.GetArrayLength() == 0
            ? null
            : (positions[0].GetProperty("tag_tid").GetUInt64(), positions[0].GetProperty("entry_tid").GetUInt64());
    }
}
