using Nacre.Mirroring.Daemon.Tests.Sites;
using Nacre.Testing;
using Nacre.Testing.Processes;

namespace Nacre.Mirroring.Daemon.Tests;

/// <summary>Two embedded sites as processes, of which the source is down when the daemon starts; judged by what users see.</summary>
public sealed class SourceDownAtStartTests : IDisposable
{
    private const string Callout = "unable to connect to remote cluster";

    private readonly string _directory = Directory.CreateTempSubdirectory("nacre-down-").FullName;

    [Fact]
    public async Task It_is_told_and_the_daemon_goes_on_when_the_source_is_there()
    {
        try
        {
            await SetUpAsync();

            // Nothing is known yet: the pool's status tells.
            await NacreAsync("site", "stop", "site-a");
            await using (ChildProcess daemon = NacreProgram.StartDaemon(_directory, "site-b"))
            {
                await WaitForPoolAsync(
                    daemon, "ERROR", status => status.Contains($"  callouts: {Callout}\n", StringComparison.Ordinal));
                AssertLogged(daemon);
                await StartSourceAsync(daemon);
            }

            // A copy exists: its status tells, too.
            await NacreAsync("site", "stop", "site-a");
            await using (ChildProcess daemon = NacreProgram.StartDaemon(_directory, "site-b"))
            {
                await WaitForPoolAsync(
                    daemon,
                    "ERROR",
                    status => status.Contains($"  callouts: {Callout}\n", StringComparison.Ordinal)
                        && status.Contains("  state:       up+error\n", StringComparison.Ordinal)
                        && status.Contains($"  description: {Callout}: connecting to https://", StringComparison.Ordinal)
                        && status.Contains("nothing listens there; is the site started?", StringComparison.Ordinal));
                AssertLogged(daemon);
                await StartSourceAsync(daemon);
            }
        }
        finally
        {
            await NacreAsync("site", "stop", "site-a");
            await NacreAsync("site", "stop", "site-b");
        }
    }

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    private async Task SetUpAsync()
    {
        foreach (string site in (string[])["site-a", "site-b"])
        {
            await NacreAsync("site", "create", Path.Combine(_directory, site));
            await NacreAsync("site", "start", site);
            await NacreAsync("ceph", "--cluster", site, "osd", "pool", "create", "rbd");
            await NacreAsync("rbd", "--cluster", site, "mirror", "pool", "enable", "rbd", "image");
        }

        await NacreAsync("rbd", "--cluster", "site-b", "mirror", "pool", "peer", "add", "rbd", "client.admin@site-a", "--direction", "rx-only");
        await NacreAsync("rbd", "--cluster", "site-a", "create", "--size", "4M", "rbd/disk");
        await NacreAsync("rbd", "--cluster", "site-a", "mirror", "image", "enable", "rbd/disk", "snapshot");
    }

    private async Task StartSourceAsync(ChildProcess daemon)
    {
        await NacreAsync("site", "start", "site-a");
        await WaitForPoolAsync(
            daemon,
            "OK",
            status => !status.Contains("callouts", StringComparison.Ordinal) && status.Contains("  state:       up+replaying\n", StringComparison.Ordinal));
        Assert.Equal(0, await daemon.TerminateAsync(TimeSpan.FromSeconds(60)));
    }

    private static void AssertLogged(ChildProcess daemon) =>
        Assert.Matches($"ERROR pool rbd, site 'site-a': {Callout}: connecting to https://.*: nothing listens there; is the site started", daemon.OutputTail);

    private Task WaitForPoolAsync(ChildProcess daemon, string daemonHealth, Func<string, bool> predicate) => Eventually.BecomesAsync(
        () => NacreAsync("rbd", "--cluster", "site-b", "mirror", "pool", "status", "rbd", "--verbose"),
        status => status.StartsWith($"health: {daemonHealth}\ndaemon health: {daemonHealth}\n", StringComparison.Ordinal) && predicate(status),
        $"pool status; the daemon says: {daemon.OutputTail}");

    private Task<string> NacreAsync(params string[] arguments) => NacreProgram.RunAsync(_directory, arguments);
}
