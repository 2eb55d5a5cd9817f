using System.Security.Cryptography;
using Nacre.ObjectClasses.Rbd;
using Nacre.ObjectClasses.Rbd.Notifications;
using Nacre.Rados.Clusters;
using Nacre.Rbd;
using Nacre.Testing;

namespace Nacre.Mirroring.Tests.Ceph;

/// <summary>Images made, written and mirrored by Nacre, copied by Ceph's own rbd-mirror.</summary>
public class CopiedByCephTests(MirroredPair pair)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_image_of_Nacre_is_copied_by_Cephs_daemon_and_so_are_its_changes()
    {
        await pair.ReadyAsync();
        await using ICluster cluster = await MirroredPair.ConnectAsync(pair.SiteA);
        IPool pool = await cluster.OpenPoolAsync("rbd", Token);
        var images = new RbdImages(pool);
        await images.CreateAsync("ours", 32 << 20, cancellationToken: Token);
        await using Image image = await images.OpenAsync("ours", cancellationToken: Token);
        await WriteAsync(image, 0, 3 << 20);
        var control = new MirrorImageControl(image);
        await control.EnableAsync(MirrorImageMode.Snapshot, Token);
        Assert.True((await control.GetInfoAsync(Token)).IsPrimary);
        Assert.Contains("mirroring primary: true", await pair.SiteA.RbdAsync("info", "ours"), StringComparison.Ordinal);
        await pair.IsCopiedAsync("ours");
        await EqualAsync("ours");

        await image.SetMetadataAsync("colour", "nacre", Token);
        await image.CreateSnapshotAsync("mine", cancellationToken: Token);
        for (int round = 0; round < 7; round++)
        {
            await WriteAsync(image, (ulong)round * 4_111_111, 100_000);
            await control.CreateSnapshotAsync(cancellationToken: Token);
        }

        await pair.IsCopiedAsync("ours");
        await EqualAsync("ours");
        Assert.Equal("nacre", (await pair.SiteB.RbdAsync("image-meta", "get", "ours", "colour")).Trim());
        Assert.Contains("mine", await pair.SiteB.RbdAsync("snap", "ls", "ours"), StringComparison.Ordinal);

        // No more wait for the peer than may; what it has copied is gone but for the newest.
        Assert.InRange(image.Snapshots.Count(s => s.Namespace is MirrorSnapshotNamespace), 1, MirrorSnapshots.DefaultMaximum + 1);
        await control.DisableAsync(false, Token);
        Assert.DoesNotContain("mirror", await pair.SiteA.RbdAsync("snap", "ls", "--all", "ours"), StringComparison.Ordinal);
        Assert.DoesNotContain("rbd_mirror_snapshot." + image.Id, await pair.SiteA.RadosAsync("-p", "rbd", "ls"), StringComparison.Ordinal);
        await Eventually.BecomesAsync(
            () => pair.SiteB.RbdAsync("ls"), output => !output.Split('\n').Contains("ours"), "the copy goes when its source is mirrored no more");
    }

    [Fact]
    public async Task An_image_enabled_before_its_peer_is_copied_from_the_next_mirror_snapshot()
    {
        await pair.ReadyAsync();
        await pair.SiteA.CreatePoolAsync("early");
        await pair.SiteB.CreatePoolAsync("early");
        await using ICluster cluster = await MirroredPair.ConnectAsync(pair.SiteA);
        IPool pool = await cluster.OpenPoolAsync("early", Token);
        var mirror = new MirrorPool(pool);
        await mirror.SetModeAsync(MirrorMode.Image, Token);
        var images = new RbdImages(pool);
        await images.CreateAsync("early", 8 << 20, cancellationToken: Token);
        await using Image image = await images.OpenAsync("early", cancellationToken: Token);
        await WriteAsync(image, 12345, 1 << 20);
        var control = new MirrorImageControl(image);
        await control.EnableAsync(MirrorImageMode.Snapshot, Token);
        Assert.Empty(Assert.IsType<MirrorSnapshotNamespace>(Assert.Single(image.Snapshots).Namespace).PeerUuids);

        await using ICluster other = await MirroredPair.ConnectAsync(pair.SiteB);
        IPool otherPool = await other.OpenPoolAsync("early", Token);
        var otherMirror = new MirrorPool(otherPool);
        await otherMirror.SetModeAsync(MirrorMode.Image, Token);
        await otherMirror.AddPeerAsync(MirrorPeerDirection.Receive, "site-a", "client.admin", Token);
        await mirror.PingAsync("site-b", (await otherMirror.GetMirrorUuidAsync(Token))!, Token);
        MirrorPeer peer = Assert.Single(await mirror.ListPeersAsync(Token));

        // Ceph's daemon waits for the next mirror snapshot; that displaces the one that nobody waits for.
        ImageSnapshot next = await control.CreateSnapshotAsync(cancellationToken: Token);
        Assert.Equal([peer.Uuid], Assert.IsType<MirrorSnapshotNamespace>(next.Namespace).PeerUuids);
        Assert.Single(image.Snapshots);
        await pair.IsCopiedAsync("early/early");
        await EqualAsync("early/early");
    }

    [Fact]
    public async Task A_demotion_and_a_promotion_by_Nacre_move_the_primary()
    {
        await pair.ReadyAsync();
        await pair.SiteA.RbdAsync("create", "moved", "--size", "8M");
        await pair.SiteA.RbdAsync("mirror", "image", "enable", "moved", "snapshot");
        await pair.IsCopiedAsync("moved");
        Assert.Equal((0, "Image demoted to non-primary\n"), await RunAsync(pair.SiteA, "mirror image demote moved"));
        Assert.Contains("mirroring primary: false", await pair.SiteA.RbdAsync("info", "moved"), StringComparison.Ordinal);
        await Eventually.BecomesAsync(
            () => pair.SiteB.RbdAsync("snap", "ls", "--all", "moved"),
            output => output.Contains("demoted", StringComparison.Ordinal) && output.Trim().EndsWith("copied)", StringComparison.Ordinal),
            "the demotion is copied");
        Assert.Equal((0, "Image promoted to primary\n"), await RunAsync(pair.SiteB, "mirror image promote moved"));
        string info = await pair.SiteB.RbdAsync("info", "moved");
        Assert.Contains("mirroring primary: true", info, StringComparison.Ordinal);
        Assert.DoesNotContain("non-primary", info, StringComparison.Ordinal);
        await pair.SiteB.RbdAsync("bench", "--io-type", "write", "--io-size", "4K", "--io-total", "64K", "moved");
    }

    [Fact]
    public async Task A_copy_is_promoted_by_force_while_its_daemon_runs()
    {
        await pair.ReadyAsync();
        await pair.SiteA.RbdAsync("create", "forced", "--size", "8M");
        await pair.SiteA.RbdAsync("mirror", "image", "enable", "forced", "snapshot");
        await pair.IsCopiedAsync("forced");
        Assert.Equal((0, "Image promoted to primary\n"), await RunAsync(pair.SiteB, "mirror image promote --force forced"));
        Assert.Contains("mirroring primary: true", await pair.SiteB.RbdAsync("info", "forced"), StringComparison.Ordinal);
        await Eventually.BecomesAsync(
            () => pair.SiteB.RbdAsync("mirror", "image", "status", "forced"), o => o.Contains("up+stopped", StringComparison.Ordinal), "the daemon lets go");
    }

    [Fact]
    public async Task Peers_of_Nacre_are_Cephs_peers()
    {
        await pair.ReadyAsync();
        await pair.SiteA.CreatePoolAsync("peered");
        Assert.Equal((0, ""), await RunAsync(pair.SiteA, "mirror pool enable peered image"));
        string keyFile = Path.Combine(pair.SiteA.Directory, "peer.key");
        await File.WriteAllTextAsync(keyFile, "AQBsecret==\n", Token);
        (int code, string uuid) = await RunAsync(
            pair.SiteA, $"mirror pool peer add peered client.x@site-z --remote-mon-host 1.2.3.4 --remote-key-file {keyFile} --direction rx-only");
        Assert.Equal(0, code);
        string info = await pair.SiteA.RbdAsync("mirror", "pool", "info", "peered", "--all", "--format", "json");
        Assert.Contains($"\"uuid\":\"{uuid.Trim()}\",\"direction\":\"rx-only\",\"site_name\":\"site-z\"", info, StringComparison.Ordinal);
        Assert.Contains("\"key\":\"AQBsecret==\",\"mon_host\":\"1.2.3.4\"", info, StringComparison.Ordinal);
        foreach (string change in (string[])["direction rx-tx", "site-name site-y", "client client.y", "mon-host 5.6.7.8"])
        {
            Assert.Equal((0, ""), await RunAsync(pair.SiteA, $"mirror pool peer set peered {uuid.Trim()} {change}"));
        }

        info = await pair.SiteA.RbdAsync("mirror", "pool", "info", "peered", "--all", "--format", "json");
        Assert.Contains("\"direction\":\"rx-tx\",\"site_name\":\"site-y\",\"mirror_uuid\":\"\",\"client_name\":\"client.y\"", info, StringComparison.Ordinal);
        Assert.Contains("\"mon_host\":\"5.6.7.8\"", info, StringComparison.Ordinal);
        // Two mirror snapshots wait for the peer: with it the older goes, the newest stays to copy changes from.
        await pair.SiteA.RbdAsync("create", "peered/one", "--size", "8M");
        Assert.Equal((0, "Mirroring enabled\n"), await RunAsync(pair.SiteA, "mirror image enable peered/one snapshot"));
        Assert.StartsWith("Snapshot ID: ", (await RunAsync(pair.SiteA, "mirror image snapshot peered/one --skip-quiesce")).Output, StringComparison.Ordinal);
        Assert.Equal(2, (await pair.SiteA.RbdAsync("snap", "ls", "--all", "peered/one")).Split(uuid.Trim()).Length - 1);
        Assert.Equal((0, ""), await RunAsync(pair.SiteA, $"mirror pool peer remove peered {uuid.Trim()}"));
        string left = await pair.SiteA.RbdAsync("snap", "ls", "--all", "peered/one");
        Assert.Equal(1, left.Split("mirror (primary peer_uuids:[])").Length - 1);
        Assert.DoesNotContain(uuid.Trim(), left, StringComparison.Ordinal);
        Assert.Equal((0, "Mirroring disabled\n"), await RunAsync(pair.SiteA, "mirror image disable peered/one"));
        Assert.DoesNotContain(uuid.Trim(), await pair.SiteA.CephAsync("config-key", "ls"), StringComparison.Ordinal);
        Assert.Equal((0, ""), await RunAsync(pair.SiteA, "mirror pool disable peered"));
        Assert.Equal("Mode: disabled\n", await pair.SiteA.RbdAsync("mirror", "pool", "info", "peered"));
    }

    [Fact]
    public async Task Cephs_notifications_and_statuses_are_ours()
    {
        await pair.ReadyAsync();
        await using ICluster cluster = await MirroredPair.ConnectAsync(pair.SiteA);
        IPool pool = await cluster.OpenPoolAsync("rbd", Token);
        var told = new System.Collections.Concurrent.ConcurrentQueue<MirroringNotification>();
        await using MirroringWatch watch = await MirroringWatch.OpenAsync(pool, told.Enqueue, _ => { }, Token);
        await pair.SiteA.RbdAsync("create", "told", "--size", "8M");
        await pair.SiteA.RbdAsync("mirror", "image", "enable", "told", "snapshot");
        string id = (await new RbdImages(pool).FindIdAsync("told", Token))!;
        var mirror = new MirrorPool(pool);
        MirrorImage record = (await mirror.FindImageAsync(id, Token))!;
        Assert.Contains(new MirrorImageUpdated(MirrorImageState.Enabled, id, record.GlobalImageId), told);

        // A report of ours, on a site whose daemon is Ceph's: Ceph shows it up while we watch.
        await pair.IsCopiedAsync("told");
        await mirror.SetStatusAsync(record.GlobalImageId, new MirrorImageSiteStatus("", MirrorImageStatusState.Stopped, "local image is primary"), Token);
        Assert.True((await mirror.FindStatusAsync(record.GlobalImageId, Token))!.Local!.Up);
        await watch.DisposeAsync();
        await Eventually.BecomesAsync(
            async () => (await mirror.FindStatusAsync(record.GlobalImageId, Token))!.Local!.Up, up => !up, "the report is down with its watch");
    }

    private static async Task<(int Code, string Output)> RunAsync(Testing.Ceph.CephMicroCluster site, string command)
    {
        Testing.Processes.ProcessResult result = await MirroredPair.NacreRbdAsync(site, command.Split(' '));
        Assert.True(result.ExitCode == 0, $"{command}: {result.Error}");
        return (result.ExitCode, result.Output);
    }

    private static ValueTask WriteAsync(Image image, ulong offset, int length)
    {
        byte[] data = new byte[length];
        RandomNumberGenerator.Fill(data);
        return image.WriteAsync(offset, data, Token);
    }

    private async Task EqualAsync(string image)
    {
        string[] digests = await Task.WhenAll(((Testing.Ceph.CephMicroCluster[])[pair.SiteA, pair.SiteB]).Select(async site =>
        {
            Testing.Processes.ProcessResult export = (await site.RunAsync("rbd", ["export", image, "-"])).EnsureSuccess();
            return Convert.ToHexString(SHA256.HashData(export.OutputBytes));
        }));
        Assert.Equal(digests[0], digests[1]);
    }
}
