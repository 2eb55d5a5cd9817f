using System.Text.Json;
using Nacre.Mirroring.Daemon.Hosting;
using Nacre.Mirroring.Daemon.Tests.Sites;
using Nacre.ObjectClasses.Rbd;
using Nacre.Rbd;
using Nacre.Testing;

namespace Nacre.Mirroring.Daemon.Tests;

/// <summary>What is told of a copy in journal mode, on embedded sites.</summary>
public class JournalStatusTests
{
    [Fact]
    public async Task Status_tells_that_all_is_replayed_as_soon_as_it_is_and_not_at_the_next_look()
    {
        await using EmbeddedPair pair = await EmbeddedPair.StartAsync();
        var images = new RbdImages(pair.Source);
        await images.CreateAsync("image", 1 << 20);
        await using Image image = await images.OpenAsync("image");
        await new MirrorImageControl(image).EnableAsync(MirrorImageMode.Journal);
        string globalImageId = (await new MirrorPool(pair.Source).FindImageAsync(image.Id))!.GlobalImageId;
        pair.StartDaemon(
            new DaemonOptions
            {
                ImageCheckInterval = TimeSpan.FromHours(1), StatusInterval = TimeSpan.FromHours(1), JournalCommitInterval = TimeSpan.FromMilliseconds(100),
            },
            TimeProvider.System);
        await WaitAsync(pair, globalImageId, description => description.StartsWith("replaying, ", StringComparison.Ordinal), "the copy follows");
        for (int i = 0; i < 20; i++)
        {
            await image.WriteAsync((ulong)i * 4096, new byte[] { 1, 2, 3 });
        }

        await image.ReleaseLockAsync();
        await WaitAsync(
            pair, globalImageId,
            description =>
            {
                using JsonDocument details = JsonDocument.Parse(description["replaying, ".Length..]);
                JsonElement ours = details.RootElement.GetProperty("non_primary_position");
                return ours.TryGetProperty("entry_tid", out JsonElement entry) && entry.GetUInt64() >= 19
                    && details.RootElement.GetProperty("entries_behind_primary").GetUInt64() == 0;
            },
            "the copy is told to have everything");
    }

    private static Task WaitAsync(EmbeddedPair pair, string globalImageId, Func<string, bool> predicate, string what) => Eventually.BecomesAsync(
        async () => (await new MirrorPool(pair.Target).FindStatusAsync(globalImageId))?.Local,
        status => status is { State: MirrorImageStatusState.Replaying } && predicate(status.Description), $"{what}; log: {pair.Log.Text}");
}
