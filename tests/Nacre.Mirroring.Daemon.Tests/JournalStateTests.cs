using Nacre.Mirroring.Daemon.Tests.Sites;
using Nacre.Testing.Processes;

namespace Nacre.Mirroring.Daemon.Tests;

/// <summary>Journal mode: what becomes of promotion, demotion, split brains, laggards and damage, with Ceph's rbd as the operator's tool.</summary>
[Collection(nameof(CephPair))]
public class JournalStateTests(CephPair pair)
{
    [Fact]
    public async Task Demotion_promotion_and_force_are_followed_and_a_split_brain_is_found_and_mended_by_resync()
    {
        (string pool, string image) = await CreateAsync();
        await using ChildProcess daemon = pair.StartDaemon();
        await BenchAsync(image);
        await pair.EqualAsync(image, daemon);

        // Planned, without coming back here: the source's demotion is replayed.
        await pair.SiteA.RbdAsync("mirror", "image", "demote", image);
        await pair.WaitForStatusAsync(image, "up+unknown", "remote image is not primary", daemon);
        await pair.SiteA.RbdAsync("mirror", "image", "promote", image);
        await BenchAsync(image);
        await pair.EqualAsync(image, daemon);

        // Promoted by force beside a living source, and written.
        await pair.SiteB.RbdAsync("mirror", "image", "promote", "--force", image);
        await pair.SiteB.RbdAsync("bench", "--io-type", "write", "--io-size", "4K", "--io-total", "64K", image);
        await pair.WaitForStatusAsync(image, "up+stopped", "local image is primary", daemon);
        await pair.SiteB.RbdAsync("mirror", "image", "demote", image);
        await pair.WaitForStatusAsync(image, "up+error", "split-brain detected", daemon);
        await pair.SiteB.RbdAsync("mirror", "image", "resync", image);
        await BenchAsync(image);
        await pair.EqualAsync(image, daemon);
        await EndAsync(pool, daemon);
    }

    [Fact]
    public async Task Laggard_is_told_as_disconnected_and_copied_anew_where_the_operator_wants_it()
    {
        (string pool, string image) = await CreateAsync();
        await using ChildProcess daemon = pair.StartDaemon();
        await BenchAsync(image);
        await pair.EqualAsync(image, daemon);
        await pair.SiteA.RbdAsync("journal", "client", "disconnect", "--image", image, "--client-id", await MirrorUuidAsync(pool));
        await pair.WaitForStatusAsync(image, "up+error", "disconnected", daemon);
        await pair.SiteB.RbdAsync("config", "pool", "set", pool, "rbd_mirroring_resync_after_disconnect", "true");
        await BenchAsync(image);
        await pair.EqualAsync(image, daemon);
        await EndAsync(pool, daemon);
    }

    [Fact]
    public async Task Damaged_journal_object_is_told_with_its_offset_and_nothing_behind_it_is_applied()
    {
        (string pool, string image) = await CreateAsync();
        await using (ChildProcess first = pair.StartDaemon())
        {
            await BenchAsync(image);
            await pair.EqualAsync(image, first);
            await first.TerminateAsync(TimeSpan.FromSeconds(60));
        }

        string before = await CephPair.DigestAsync(pair.SiteB, image);
        await BenchAsync(image);

        // The first of what is new: nothing of it may be applied.
        string status = await pair.JournalStatusAsync(image);
        (string name, int offset) = await DamageAsync(pool, status);
        await using ChildProcess daemon = pair.StartDaemon();
        await pair.WaitForStatusAsync(image, "up+error", name, daemon);
        Assert.Matches($"at byte {offset} of journal object {pool}/{name}", (await pair.StatusAsync(image)).Description);
        Assert.Equal(before, await CephPair.DigestAsync(pair.SiteB, image));
        await EndAsync(pool, daemon);
    }

    private async Task<(string Pool, string Image)> CreateAsync()
    {
        string pool = await pair.CreatePoolAsync();
        string image = $"{pool}/image";
        await pair.SiteA.RbdAsync("create", "--size", "64M", image);
        await pair.SiteA.RbdAsync("mirror", "image", "enable", image, "journal");
        return (pool, image);
    }

    private Task BenchAsync(string image) => pair.SiteA.RbdAsync(
        "bench", "--io-type", "write", "--io-size", "4K", "--io-total", "1M", "--io-pattern", "rand", image);

    private async Task<string> MirrorUuidAsync(string pool) =>
        (await pair.SiteB.RadosAsync("-p", pool, "getomapval", "rbd_mirroring", "mirror_uuid", "/dev/stdout")) is { } text
            ? text[(text.LastIndexOf('\n', text.Length - 1) + 1)..].Trim()
            : "";

    // Breaks a byte of the first entry of the newest tag, which begins an object's part of what the writer appended last.
    private async Task<(string Name, int Offset)> DamageAsync(string pool, string status)
    {
        ulong tag = JournalCheck.Parse(status).Own!.Value.Tag;
        byte[] preamble = [0x93, 0x97, 0x58, 0x53, 0x26, 0x59, 0x41, 0x31, 1];
        byte[] wanted = [.. preamble, .. BitConverter.GetBytes(0UL), .. BitConverter.GetBytes(tag)];
        foreach (string name in (await pair.SiteA.RadosAsync("-p", pool, "ls")).Split('\n').Where(n => n.StartsWith("journal_data.", StringComparison.Ordinal)))
        {
            byte[] bytes = (await pair.SiteA.RunAsync("rados", ["-p", pool, "get", name, "-"])).EnsureSuccess().OutputBytes;
            int at = bytes.AsSpan().IndexOf(wanted);
            if (at >= 0)
            {
                bytes[at + 40] ^= 0x55;
                (await pair.SiteA.RunAsync("rados", ["-p", pool, "put", name, "-"], bytes)).EnsureSuccess();
                return (name, at);
            }
        }

        throw new InvalidOperationException($"no entry of tag {tag} in the journal");
    }

    private async Task EndAsync(string pool, ChildProcess daemon)
    {
        await daemon.TerminateAsync(TimeSpan.FromSeconds(60));
        await pair.DeletePoolAsync(pool);
    }
}
