using Nacre.Journal;
using Nacre.ObjectClasses.Journal;
using Nacre.ObjectClasses.Rbd;
using Nacre.Rados.Clusters;
using Nacre.Rbd;
using Nacre.Rbd.Journaling;
using Nacre.Testing;
using Nacre.Testing.Ceph;
using Nacre.Testing.Processes;

namespace Nacre.Mirroring.Tests.Ceph;

/// <summary>Mirroring by journal between two real clusters: enabled by one, replayed and shown by the other.</summary>
public class JournalModeTests(MirroredPair pair)
{
    private static readonly string[] _formats = ["", " --format json --pretty-format", " --format xml --pretty-format"];

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_Ceph_enabled_is_shown_as_Ceph_shows_it_and_disabled()
    {
        await pair.ReadyAsync();
        await pair.SiteA.RbdAsync("create", "theirs", "--size", "8M");
        await pair.SiteA.RbdAsync("mirror", "image", "enable", "theirs");
        await WaitForReplayAsync("theirs");
        foreach (string command in (string[])["info theirs", "mirror image status theirs", "mirror pool status rbd", "mirror pool status rbd --verbose"])
        {
            foreach (string format in _formats)
            {
                await ShownAsCephShowsTests.SameAsync(pair.SiteA, command + format);
                await ShownAsCephShowsTests.SameAsync(pair.SiteB, command + format);
            }
        }

        foreach (string command in (string[])
        [
            "mirror image snapshot theirs", "mirror image enable theirs snapshot", "mirror image enable theirs", "mirror image enable theirs journal",
            "mirror image promote theirs", "mirror image resync theirs", "feature disable theirs journaling",
        ])
        {
            await ShownAsCephShowsTests.SameAsync(pair.SiteA, command);
        }

        await ShownAsCephShowsTests.SameAsync(pair.SiteB, "mirror image disable theirs");
        await ShownAsCephShowsTests.SameAsync(pair.SiteB, "mirror image demote theirs");
        using var details = System.Text.Json.JsonDocument.Parse(await pair.SiteA.RbdAsync("info", "--format", "json", "theirs"));
        string id = details.RootElement.GetProperty("id").GetString()!;
        await SucceedAsync(pair.SiteA, "mirror image disable theirs", "Mirroring disabled\n");
        string info = await pair.SiteA.RbdAsync("info", "theirs");
        Assert.DoesNotContain("mirroring", info, StringComparison.Ordinal);
        Assert.DoesNotContain("journal", info, StringComparison.Ordinal);
        string[] objects = (await pair.SiteA.RadosAsync("-p", "rbd", "ls")).Split('\n');
        Assert.DoesNotContain(objects, name => name.StartsWith("journal", StringComparison.Ordinal) && name.Contains($".{id}", StringComparison.Ordinal));
        Assert.DoesNotContain(".rbd-mirror", await pair.SiteA.RbdAsync("snap", "ls", "--all", "theirs"), StringComparison.Ordinal);
        await Eventually.BecomesAsync(
            () => pair.SiteB.RbdAsync("ls"), output => !output.Split('\n').Contains("theirs"), "the copy goes when its source is mirrored no more");
    }

    [Theory]
    [InlineData("default", "")]
    [InlineData("named", " journal")]
    public async Task What_Nacre_enabled_is_replayed_by_Cephs_daemon(string image, string mode)
    {
        await pair.ReadyAsync();
        await SucceedAsync(pair.SiteA, $"create {image} --size 16M --image-feature layering", "");
        await SucceedAsync(pair.SiteA, $"mirror image enable {image}{mode}", "Mirroring enabled\n");
        string info = await pair.SiteA.RbdAsync("info", image);
        Assert.Contains("features: layering, exclusive-lock, journaling\n", info, StringComparison.Ordinal);
        Assert.Contains("mirroring mode: journal\n", info, StringComparison.Ordinal);
        Assert.Contains("mirroring primary: true\n", info, StringComparison.Ordinal);
        await WaitForReplayAsync(image);
        await pair.SiteA.RbdAsync("bench", "--io-type", "write", "--io-size", "4K", "--io-total", "1M", "--io-pattern", "rand", image);
        await SucceedAsync(pair.SiteA, $"bench --io-type write --io-size 8K --io-total 1M --io-pattern rand {image}", null);
        await EqualAsync(image);
        foreach (string format in _formats)
        {
            await ShownAsCephShowsTests.SameAsync(pair.SiteA, $"info {image}{format}");
        }
    }

    [Fact]
    public async Task A_pool_in_pool_mode_mirrors_every_journaled_image()
    {
        await pair.ReadyAsync();
        await using ICluster cluster = await MirroredPair.ConnectAsync(pair.SiteA);
        await pair.SiteA.CreatePoolAsync("pooled");
        IPool pool = await cluster.OpenPoolAsync("pooled", Token);
        await pair.SiteA.RbdAsync("create", "pooled/before", "--size", "8M", "--image-feature", "exclusive-lock,journaling");
        await pair.SiteA.RbdAsync("create", "pooled/plain", "--size", "8M");
        await SucceedAsync(pair.SiteA, "mirror pool enable pooled pool", "");
        Assert.Equal(["before"], await MirroredAsync(pool));
        await ShownAsCephShowsTests.SameAsync(pair.SiteA, "mirror pool info pooled");
        await ShownAsCephShowsTests.SameAsync(pair.SiteA, "mirror pool status pooled --verbose");
        await ShownAsCephShowsTests.SameAsync(pair.SiteA, "info pooled/before");
        await ShownAsCephShowsTests.SameAsync(pair.SiteA, "mirror image enable pooled/plain");
        await ShownAsCephShowsTests.SameAsync(pair.SiteA, "mirror image enable pooled/before");
        await ShownAsCephShowsTests.SameAsync(pair.SiteA, "mirror image disable pooled/before");

        // Created or given the feature later.
        await SucceedAsync(pair.SiteA, "create pooled/ours --size 8M --image-feature exclusive-lock,journaling", "");
        await pair.SiteA.RbdAsync("create", "pooled/theirs", "--size", "8M", "--image-feature", "exclusive-lock,journaling");
        Assert.Equal(["before", "ours", "theirs"], await MirroredAsync(pool));
        await SucceedAsync(pair.SiteA, "feature enable pooled/plain journaling", "");
        Assert.Equal(["before", "ours", "plain", "theirs"], await MirroredAsync(pool));
        await SucceedAsync(pair.SiteA, "feature disable pooled/theirs journaling", "");
        await pair.SiteA.RbdAsync("feature", "disable", "pooled/ours", "journaling");
        Assert.Equal(["before", "plain"], await MirroredAsync(pool));

        // Images stay mirrored when they are looked after one by one.
        await SucceedAsync(pair.SiteA, "mirror pool enable pooled image", "note: changing mirroring mode from pool to image\n");
        Assert.Equal(["before", "plain"], await MirroredAsync(pool));
        await SucceedAsync(pair.SiteA, "mirror image disable pooled/plain", "Mirroring disabled\n");
        await ShownAsCephShowsTests.SameAsync(pair.SiteA, "mirror pool disable pooled");
        await SucceedAsync(pair.SiteA, "mirror pool enable pooled pool", "note: changing mirroring mode from image to pool\n");
        Assert.Equal(["before"], await MirroredAsync(pool));
        await SucceedAsync(pair.SiteA, "mirror pool disable pooled", "");
        Assert.Empty(await MirroredAsync(pool));
        Assert.DoesNotContain("journaling", await pair.SiteA.RbdAsync("info", "pooled/before"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_demotion_and_a_promotion_move_the_primary()
    {
        await pair.ReadyAsync();
        await EnableAsync("handed");
        await pair.SiteA.RbdAsync("bench", "--io-type", "write", "--io-size", "4K", "--io-total", "256K", "--io-pattern", "rand", "handed");
        await SucceedAsync(pair.SiteA, "mirror image demote handed", "Image demoted to non-primary\n");
        Assert.Contains("mirroring primary: false", await pair.SiteA.RbdAsync("info", "handed"), StringComparison.Ordinal);
        await ShownAsCephShowsTests.SameAsync(pair.SiteA, "mirror image demote handed");
        Assert.NotEqual(0, (await pair.SiteA.RunAsync("rbd", ["bench", "--io-type", "write", "--io-total", "4K", "handed"])).ExitCode);
        Assert.NotEqual(0, (await MirroredPair.NacreRbdAsync(pair.SiteA, "bench", "--io-type", "write", "--io-total", "4K", "handed")).ExitCode);

        // Only once the demotion has arrived.
        ProcessResult promoted = await Eventually.BecomesAsync(
            () => MirroredPair.NacreRbdAsync(pair.SiteB, "mirror", "image", "promote", "handed"), result => result.ExitCode == 0, "promoted without force");
        Assert.Equal("Image promoted to primary\n", promoted.Output);
        await ShownAsCephShowsTests.SameAsync(pair.SiteB, "info handed");
        await EqualAsync("handed");
        await pair.SiteB.RbdAsync("bench", "--io-type", "write", "--io-size", "4K", "--io-total", "64K", "handed");
        await SucceedAsync(pair.SiteB, "bench --io-type write --io-size 4K --io-total 64K handed", null);
    }

    [Fact]
    public async Task Tags_of_demotions_and_promotions_are_Cephs()
    {
        await pair.ReadyAsync();
        await pair.SiteA.RbdAsync("create", "byceph", "--size", "8M", "--image-feature", "exclusive-lock,journaling");
        await SucceedAsync(pair.SiteA, "create bynacre --size 8M --image-feature exclusive-lock,journaling", "");
        foreach (string command in (string[])
        [
            "mirror image enable {0}", "bench --io-type write --io-size 4K --io-total 64K {0}", "mirror image demote {0}", "mirror image promote {0}",
            "bench --io-type write --io-size 4K --io-total 64K {0}", "mirror image demote {0}", "mirror image promote --force {0}", "mirror image demote {0}",
        ])
        {
            await pair.SiteA.RbdAsync(string.Format(System.Globalization.CultureInfo.InvariantCulture, command, "byceph").Split(' '));
            await SucceedAsync(pair.SiteA, string.Format(System.Globalization.CultureInfo.InvariantCulture, command, "bynacre"), null);
        }

        await using ICluster cluster = await MirroredPair.ConnectAsync(pair.SiteA);
        IPool pool = await cluster.OpenPoolAsync("rbd", Token);
        JournalTagData[] expected = await TagsAsync(pool, "byceph");
        Assert.Contains(expected, tag => tag.MirrorUuid == JournalTagData.Orphan);
        Assert.Equal(expected, await TagsAsync(pool, "bynacre"));
        foreach (string image in (string[])["byceph", "bynacre"])
        {
            Assert.Contains(" 0 errors", Shown(await pair.SiteA.RunAsync("rbd", ["journal", "inspect", "--image", image])), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_copy_promoted_by_force_is_demoted_and_copied_anew()
    {
        await pair.ReadyAsync();
        await EnableAsync("forcedj");
        await SucceedAsync(pair.SiteB, "mirror image promote --force forcedj", "Image promoted to primary\n");
        await Eventually.BecomesAsync(
            () => pair.SiteB.RbdAsync("mirror", "image", "status", "forcedj"), o => o.Contains("up+stopped", StringComparison.Ordinal), "the daemon lets go");
        await SucceedAsync(pair.SiteB, "bench --io-type write --io-size 4K --io-total 64K --io-pattern rand forcedj", null);
        await SucceedAsync(pair.SiteB, "mirror image demote forcedj", "Image demoted to non-primary\n");
        await SucceedAsync(pair.SiteB, "mirror image resync forcedj", "Flagged image for resync from primary\n");
        await EqualAsync("forcedj");
        await WaitForReplayAsync("forcedj");
    }

    [Fact]
    public async Task Mirroring_of_a_copy_is_disabled_by_force_and_it_is_the_operators_own()
    {
        await pair.ReadyAsync();
        await EnableAsync("owned");
        await SucceedAsync(pair.SiteB, "mirror image disable --force owned", "Mirroring disabled\n");
        string info = await pair.SiteB.RbdAsync("info", "owned");
        Assert.DoesNotContain("mirroring", info, StringComparison.Ordinal);
        Assert.DoesNotContain("journaling", info, StringComparison.Ordinal);
        await pair.SiteB.RbdAsync("bench", "--io-type", "write", "--io-size", "4K", "--io-total", "64K", "owned");
        await SucceedAsync(pair.SiteA, "mirror image disable owned", "Mirroring disabled\n");
    }

    private async Task EnableAsync(string image)
    {
        await pair.SiteA.RbdAsync("create", image, "--size", "8M");
        await pair.SiteA.RbdAsync("mirror", "image", "enable", image, "journal");
        await WaitForReplayAsync(image);
    }

    private static async Task<JournalTagData[]> TagsAsync(IPool pool, string image)
    {
        ImageJournal journal = await ImageJournal.OpenAsync(pool, (await new RbdImages(pool).FindIdAsync(image, Token))!, Token);

        // How many entries a writer makes of the same writes and flushes is its own business.
        return [.. (await JournalTags.ReadAsync(journal, Token)).Tags
            .Select(tag => JournalTags.Decode(journal, tag))
            .Select(data => data.PredecessorEntryTid > 1 ? data with { PredecessorEntryTid = 16 } : data)];
    }

    private static string Shown(ProcessResult result) => result.Output + result.Error;

    private static async Task<string[]> MirroredAsync(IPool pool)
    {
        var names = new List<string>();
        await foreach (MirrorImageEntry entry in new MirrorPool(pool).ListImagesAsync(Token))
        {
            MirrorImage record = (await new MirrorPool(pool).FindImageAsync(entry.ImageId, Token))!;
            Assert.Equal((MirrorImageMode.Journal, MirrorImageState.Enabled), (record.Mode, record.State));
            names.Add((await new RbdImages(pool).FindNameAsync(entry.ImageId, Token))!);
        }

        return [.. names.Order(StringComparer.Ordinal)];
    }

    private static async Task SucceedAsync(CephMicroCluster site, string command, string? output)
    {
        ProcessResult result = await MirroredPair.NacreRbdAsync(site, command.Split(' '));
        Assert.True(result.ExitCode == 0, $"{command}: {result.Error}");
        if (output is not null)
        {
            Assert.Equal(output, result.Output);
        }
    }

    private Task<string> WaitForReplayAsync(string image) => Eventually.BecomesAsync(
        async () => (await pair.SiteB.RunAsync("rbd", ["mirror", "image", "status", image])).Output,
        output => output.Contains("up+replaying", StringComparison.Ordinal), $"Ceph's daemon replays {image}");

    private async Task EqualAsync(string image)
    {
        string expected = await DigestAsync(pair.SiteA, image);
        await Eventually.BecomesAsync(() => DigestAsync(pair.SiteB, image), digest => digest == expected, $"{image} is equal");
    }

    // Of a copy that is made anew there is none for a while.
    private static async Task<string> DigestAsync(CephMicroCluster site, string image)
    {
        ProcessResult export = await site.RunAsync("rbd", ["export", image, "-"]);
        return export.ExitCode == 0 ? Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(export.OutputBytes)) : export.Error;
    }
}
