using System.Text.Json;
using Nacre.Mirroring.Daemon.Tests.Sites;
using Nacre.Testing;
using Nacre.Testing.Ceph;
using Nacre.Testing.Processes;

namespace Nacre.Mirroring.Daemon.Tests;

/// <summary>An embedded site, as a process, mirrored to a real Ceph cluster: how its user outgrows it.</summary>
// One after the other: a daemon at site-b takes every pool that it finds.
[Collection(nameof(CephPair))]
public class MixedMirrorTests(CephPair pair)
{
    private const string Site = "embedded";

    [Fact]
    public async Task Embedded_site_is_mirrored_to_a_Ceph_cluster_and_comes_back_from_an_outage()
    {
        await pair.StartAsync();
        string pool = CephMicroCluster.UniqueName("mixed");
        string image = $"{pool}/disk";
        string sitePath = Path.Combine(pair.WorkingDirectory, Site);
        byte[] disk = new byte[48 << 20];
        new Random(7).NextBytes(disk.AsSpan(0, 20 << 20));
        string file = Path.Combine(pair.WorkingDirectory, "disk.raw");
        await File.WriteAllBytesAsync(file, disk);
        await NacreAsync("site", "create", sitePath);
        await NacreAsync("site", "start", sitePath);
        try
        {
            await NacreAsync("ceph", "--cluster", Site, "osd", "pool", "create", pool);
            await NacreAsync("rbd", "--cluster", Site, "import", "--no-progress", file, image);
            await NacreAsync("rbd", "--cluster", Site, "mirror", "pool", "enable", pool, "image");
            await pair.SiteB.CreatePoolAsync(pool);
            await pair.SiteB.RbdAsync("mirror", "pool", "enable", pool, "image");
            await pair.SiteB.RbdAsync("mirror", "pool", "peer", "add", pool, $"client.admin@{Site}", "--direction", "rx-only");
            await using ChildProcess daemon = pair.StartDaemon();
            await NacreAsync("rbd", "--cluster", Site, "mirror", "image", "enable", image, "snapshot");
            await CheckAsync(image, daemon);

            await NacreAsync("site", "stop", sitePath);
            await Eventually.BecomesAsync(
                () => pair.StatusAsync(image), status => status.State == "up+error", $"the outage is shown; the daemon says: {daemon.OutputTail}");
            await NacreAsync("site", "start", sitePath);
            await NacreAsync("rbd", "--cluster", Site, "bench", image, "--io-type", "write", "--io-total", "2M", "--io-pattern", "rand");
            await NacreAsync("rbd", "--cluster", Site, "mirror", "image", "snapshot", image);
            await CheckAsync(image, daemon);
            Assert.Equal(0, await daemon.TerminateAsync(TimeSpan.FromSeconds(60)));
        }
        finally
        {
            await NacreAsync("site", "stop", sitePath);
            await pair.SiteB.CephAsync("osd", "pool", "delete", pool, pool, "--yes-i-really-really-mean-it");
        }
    }

    private async Task CheckAsync(string image, ChildProcess daemon)
    {
        using JsonDocument list = JsonDocument.Parse(
            await NacreAsync("rbd", "--cluster", Site, "snap", "ls", "--all", "--format", "json", image));
        ulong newest = list.RootElement.EnumerateArray().Last().GetProperty("id").GetUInt64();
        await pair.WaitUntilCopiedAsync(image, newest, daemon);
        string theirs = Path.Combine(pair.WorkingDirectory, "embedded.raw");
        string ours = Path.Combine(pair.WorkingDirectory, "ceph.raw");
        await NacreAsync("rbd", "--cluster", Site, "export", "--no-progress", image, theirs);
        await pair.SiteB.RbdAsync("export", "--no-progress", image, ours);
        byte[] source = await File.ReadAllBytesAsync(theirs);
        byte[] copy = await File.ReadAllBytesAsync(ours);
        Assert.True(source.AsSpan().SequenceEqual(copy), "the copy differs from its source");
        File.Delete(theirs);
        File.Delete(ours);
    }

    private Task<string> NacreAsync(params string[] arguments) => NacreProgram.RunAsync(pair.WorkingDirectory, arguments);
}
