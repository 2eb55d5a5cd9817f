using System.Globalization;
using System.Text.Json;
using Nacre.Cli.Applications;

namespace Nacre.Cli.Quickstart;

/// <summary>What one sync came to.</summary>
/// <param name="Elapsed">From the mirror snapshot to its complete copy.</param>
/// <param name="Bytes">Moved, as the daemon reports it; null where it did not.</param>
internal readonly record struct SyncResult(TimeSpan Elapsed, long? Bytes);

/// <summary>Waits, as an operator can, until site-b has a complete copy of the newest mirror snapshot of site-a.</summary>
internal sealed class SyncWatcher(QuickstartCommands commands, string image, QuickstartDaemon daemon, ApplicationContext application)
{
    private const ulong ObjectSize = 4 << 20;

    private static readonly TimeSpan _poll = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan _limit = TimeSpan.FromMinutes(10);

    /// <summary>Waits, with a bar.</summary>
    public async Task<SyncResult> WaitAsync(long startedAt, ProgressBar bar, CancellationToken cancellationToken)
    {
        ulong wanted = await NewestPrimarySnapshotAsync(cancellationToken);
        while (true)
        {
            daemon.DemandAlive();
            (bool copied, int percent) = await ReadCopyAsync(wanted, cancellationToken);
            if (copied)
            {
                TimeSpan elapsed = application.Time.GetElapsedTime(startedAt);
                bar.Finish(string.Create(CultureInfo.InvariantCulture, $"{elapsed.TotalSeconds:F1} s"));
                return new SyncResult(elapsed, await MovedBytesAsync(cancellationToken));
            }

            (string state, int published) = await StatusAsync(cancellationToken);
            bar.Report(Math.Min(Math.Max(percent, published), 99), state);
            if (application.Time.GetElapsedTime(startedAt) > _limit)
            {
                throw new CommandFailedException(
                    Rados.Errno.ETIMEDOUT, $"\nnacre quickstart: not copied after {_limit.TotalMinutes} minutes (state {state}); see {daemon.Log}");
            }

            await Task.Delay(_poll, application.Time, cancellationToken);
        }
    }

    private async Task<ulong> NewestPrimarySnapshotAsync(CancellationToken cancellationToken)
    {
        string text = await commands.QuietAsync(
            null, cancellationToken, "rbd", "--cluster", "site-a", "snap", "ls", "--all", "--format", "json", image);
        using JsonDocument snapshots = JsonDocument.Parse(text);
        return snapshots.RootElement.EnumerateArray()
            .Where(snapshot => snapshot.GetProperty("namespace").GetProperty("type").GetString() == "mirror")
            .Max(snapshot => snapshot.GetProperty("id").GetUInt64());
    }

    // The copy's own mark of how far it is moves on more often than the daemon publishes its status.
    private async Task<(bool Copied, int Percent)> ReadCopyAsync(ulong wanted, CancellationToken cancellationToken)
    {
        (int code, string text, _) = await commands.TryAsync(
            null, cancellationToken, "rbd", "--cluster", "site-b", "snap", "ls", "--all", "--format", "json", image);
        if (code != 0)
        {
            // Not created yet.
            return (false, 0);
        }

        using JsonDocument snapshots = JsonDocument.Parse(text);
        foreach (JsonElement snapshot in snapshots.RootElement.EnumerateArray())
        {
            JsonElement mirror = snapshot.GetProperty("namespace");
            if (mirror.TryGetProperty("primary_snap_id", out JsonElement id) && id.GetUInt64() >= wanted)
            {
                ulong done = mirror.GetProperty("last_copied_object_number").GetUInt64();
                return (mirror.GetProperty("complete").GetBoolean(), (int)(done * ObjectSize * 100 / SampleDisk.Size));
            }
        }

        return (false, 0);
    }

    private async Task<(string State, int Percent)> StatusAsync(CancellationToken cancellationToken)
    {
        (string state, JsonElement? details) = await ReadStatusAsync(cancellationToken);
        int percent = details is { } known && known.TryGetProperty("syncing_percent", out JsonElement value) && value.TryGetDouble(out double number)
            ? (int)number
            : 0;
        return (state, percent);
    }

    private async Task<long?> MovedBytesAsync(CancellationToken cancellationToken)
    {
        // The figures follow the copy with the daemon's next status.
        for (int attempt = 0; attempt < 25; attempt++)
        {
            (_, JsonElement? details) = await ReadStatusAsync(cancellationToken);
            if (details is { } known && known.TryGetProperty("last_snapshot_bytes", out JsonElement bytes)
                && known.TryGetProperty("replay_state", out JsonElement replay) && replay.GetString() == "idle")
            {
                return bytes.GetInt64();
            }

            await Task.Delay(_poll, application.Time, cancellationToken);
        }

        return null;
    }

    private async Task<(string State, JsonElement? Details)> ReadStatusAsync(CancellationToken cancellationToken)
    {
        (int code, string text, _) = await commands.TryAsync(
            null, cancellationToken, "rbd", "--cluster", "site-b", "mirror", "image", "status", "--format", "json", image);
        if (code != 0)
        {
            return ("waiting", null);
        }

        using JsonDocument status = JsonDocument.Parse(text);
        string state = status.RootElement.TryGetProperty("state", out JsonElement value) ? value.GetString() ?? "" : "waiting";
        string description = status.RootElement.TryGetProperty("description", out JsonElement words) ? words.GetString() ?? "" : "";
        int brace = description.IndexOf('{', StringComparison.Ordinal);
        if (brace < 0)
        {
            return (state, null);
        }

        try
        {
            using JsonDocument details = JsonDocument.Parse(description[brace..]);
            return (state, details.RootElement.Clone());
        }
        catch (JsonException)
        {
            return (state, null);
        }
    }
}
