using Nacre.Testing;
using Nacre.Testing.Ceph;
using Nacre.Testing.Processes;

namespace Nacre.Mirroring.Tests.Ceph;

/// <summary>Nacre's <c>rbd mirror</c> and Ceph's, side by side on the same clusters.</summary>
public class ShownAsCephShowsTests(MirroredPair pair)
{
    private static readonly string[] _formats = ["", " --format json --pretty-format", " --format xml --pretty-format"];

    [Fact]
    public async Task What_Ceph_enabled_is_shown_as_Ceph_shows_it()
    {
        await pair.ReadyAsync();
        await pair.SiteA.RbdAsync("create", "shown", "--size", "8M");
        await pair.SiteA.RbdAsync("mirror", "image", "enable", "shown", "snapshot");
        await pair.IsCopiedAsync("shown");
        await Eventually.BecomesAsync(
            () => pair.SiteB.RbdAsync("mirror", "image", "status", "shown"), o => o.Contains("up+replaying", StringComparison.Ordinal), "replaying");
        await SameAsync(pair.SiteA, "mirror pool info rbd --format json");
        await SameAsync(pair.SiteA, "mirror pool info rbd --format xml");
        foreach (string command in (string[])["mirror pool info rbd --all", "mirror pool status rbd",
            "mirror pool status rbd --verbose", "mirror image status shown"])
        {
            foreach (string format in _formats)
            {
                await SameAsync(pair.SiteA, command + format);
                await SameAsync(pair.SiteB, command + format);
            }
        }
    }

    [Fact]
    public async Task Without_peers_and_without_mirroring()
    {
        await pair.ReadyAsync();
        await pair.SiteA.CreatePoolAsync("lonely");
        await SameAsync(pair.SiteA, "mirror pool info lonely");
        await SameAsync(pair.SiteA, "mirror pool info lonely --format json");
        await pair.SiteA.RbdAsync("mirror", "pool", "enable", "lonely", "image");
        await pair.SiteA.RbdAsync("create", "lonely/one", "--size", "8M");
        await SameAsync(pair.SiteA, "mirror pool status lonely --verbose");
        await pair.SiteA.RbdAsync("mirror", "image", "enable", "lonely/one", "snapshot");
        foreach (string format in _formats)
        {
            await SameAsync(pair.SiteA, "mirror pool info lonely --all" + format);
            await SameAsync(pair.SiteA, "mirror pool status lonely --verbose" + format);
            await SameAsync(pair.SiteA, "mirror image status lonely/one" + format);
        }
    }

    [Fact]
    public async Task Failures_say_the_same_with_the_same_exit_code()
    {
        await pair.ReadyAsync();
        await pair.SiteA.CreatePoolAsync("bare");
        await pair.SiteA.RbdAsync("create", "bare/plain", "--size", "8M");
        await pair.SiteA.RbdAsync("create", "refused", "--size", "8M");
        await pair.SiteA.RbdAsync("mirror", "image", "enable", "refused", "snapshot");
        await pair.IsCopiedAsync("refused");
        foreach (string command in (string[])
        [
            "mirror image status bare/plain", "mirror image snapshot bare/plain", "mirror image disable bare/plain",
            "mirror image enable bare/plain snapshot", "mirror image enable refused bogus", "mirror image enable refused snapshot",
            "mirror image status nosuch", "mirror image promote refused", "mirror image resync refused", "mirror image demote bare/plain",
            "mirror pool info nosuch", "mirror pool status nosuch", "mirror pool status bare", "mirror pool disable bare", "mirror pool disable rbd",
            "mirror pool enable rbd image", "mirror pool enable rbd bogus", "mirror pool peer add bare client.admin@site-b",
            "mirror pool peer add rbd client.admin@site-a", "mirror pool peer add rbd client.admin@site/b", "mirror pool peer add rbd",
            "mirror pool peer remove rbd xxx", "mirror pool peer remove rbd",
            "mirror pool peer remove rbd 00000000-0000-0000-0000-000000000000",
            "mirror pool peer set rbd 00000000-0000-0000-0000-000000000000 client client.x",
            "mirror pool peer set rbd 00000000-0000-0000-0000-000000000000 bogus x",
            "mirror pool peer set rbd 00000000-0000-0000-0000-000000000000 direction foo",
        ])
        {
            await SameAsync(pair.SiteA, command);
        }

        foreach (string command in (string[])
        [
            "mirror image disable refused", "mirror image snapshot refused", "mirror image promote refused", "mirror image demote refused",
            "mirror pool peer add rbd client.admin@site-c", "mirror pool disable rbd",
        ])
        {
            await SameAsync(pair.SiteB, command);
        }
    }

    [Fact]
    public async Task Help_is_the_same()
    {
        await pair.ReadyAsync();
        foreach (string command in (string[])["pool enable", "pool disable", "pool info", "pool status", "pool promote", "pool demote", "pool peer add",
            "pool peer remove", "pool peer set", "image enable", "image disable", "image promote", "image demote", "image resync", "image snapshot", "image status"])
        {
            await SameAsync(pair.SiteA, $"help mirror {command}");
        }
    }

    // Its library's log would land in the middle of the tool's own lines.
    private static readonly string[] _withoutLog = ["--err-to-stderr=false", "--log-to-stderr=false"];

    /// <summary>The same output and exit code from Ceph's rbd and from ours.</summary>
    internal static async Task SameAsync(CephMicroCluster site, string command)
    {
        string[] arguments = command.Split(' ');
        for (int attempt = 0; ; attempt++)
        {
            // What a daemon reports changes by itself: it counts only when Ceph says the same before and after.
            ProcessResult before = await site.RunAsync("rbd", [.. _withoutLog, .. arguments]);
            ProcessResult ours = await MirroredPair.NacreRbdAsync(site, arguments);
            ProcessResult after = await site.RunAsync("rbd", [.. _withoutLog, .. arguments]);
            if (Shown(before) == Shown(after))
            {
                Assert.Equal($"{site.Name}: {command}\n{Shown(after)}", $"{site.Name}: {command}\n{Shown(ours)}");
                return;
            }

            Assert.True(attempt < 10, $"{command} never shows the same twice");
        }
    }

    // Ours say why besides; what the tool itself says begins with its name.
    private static string Shown(ProcessResult result)
    {
        string[] said = [.. result.Error.Split('\n').Where(line => line.StartsWith("rbd: ", StringComparison.Ordinal))];
        bool explains = said.Length > 0 && result.ExitCode != 0;
        return $"{result.Output}\nexit {result.ExitCode}\n{(explains ? Trimmed(said[^1]) : "")}";
    }

    // Where Ceph only logs, we print a line of our own.
    private static string Trimmed(string line) => line.Contains("cannot ", StringComparison.Ordinal)
        || line.Contains("mirror peers still registered", StringComparison.Ordinal)
        || line.Contains("failed to disable mirror mode", StringComparison.Ordinal)
        || line.Contains("add force option", StringComparison.Ordinal) ? "" : line;
}
