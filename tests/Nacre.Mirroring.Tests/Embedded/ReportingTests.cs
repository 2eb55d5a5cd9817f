using System.Collections.Concurrent;
using Nacre.ObjectClasses;
using Nacre.ObjectClasses.Rbd;
using Nacre.ObjectClasses.Rbd.Notifications;
using Nacre.Rados;
using Nacre.Rados.Clusters;
using Nacre.Rados.Configuration;
using Nacre.Rados.Embedded;
using Nacre.Rbd;
using Nacre.Testing;

namespace Nacre.Mirroring.Tests.Embedded;

/// <summary>What daemons report, on the embedded engine.</summary>
public sealed class ReportingTests : IAsyncLifetime
{
    private readonly string _directory = Directory.CreateTempSubdirectory("nacre-reporting-").FullName;
    private EmbeddedStore _store = null!;
    private EmbeddedSession _session = null!;
    private IPool _pool = null!;
    private MirrorPool _mirror = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _store = await EmbeddedStore.OpenAsync(_directory, new EmbeddedStoreOptions { Classes = RbdObjectClasses.All }, Token);
        _session = _store.Connect(EntityName.Admin);
        await _session.CreatePoolAsync("rbd", Token);
        _pool = await _session.OpenPoolAsync("rbd", Token);
        _mirror = new MirrorPool(_pool);
    }

    public async ValueTask DisposeAsync()
    {
        await _session.DisposeAsync();
        await _store.DisposeAsync();
        Directory.Delete(_directory, true);
    }

    [Fact]
    public async Task A_report_is_up_while_its_daemon_watches_and_down_when_that_is_gone()
    {
        string global = await EnableAsync("one");
        await using (EmbeddedSession daemon = _store.Connect(EntityName.Admin))
        {
            IPool pool = await daemon.OpenPoolAsync("rbd", Token);
            await using MirroringWatch watch = await MirroringWatch.OpenAsync(pool, _ => { }, _ => { }, Token);
            Assert.Equal(0, watch.Check());
            await new MirrorPool(pool).SetStatusAsync(global, new MirrorImageSiteStatus("", MirrorImageStatusState.Replaying, "replaying"), Token);
            Assert.Equal("up+replaying", await LocalAsync(global));
            Assert.Equal(daemon.InstanceId.ToString(System.Globalization.CultureInfo.InvariantCulture), await _mirror.FindInstanceAsync(global, Token));
            Assert.Equal(1, (await _mirror.GetStatusSummaryAsync(Token))[MirrorImageStatusState.Replaying]);
        }

        await Eventually.BecomesAsync(() => LocalAsync(global), state => state == "down+replaying", "the report is down");
        Assert.Null(await _mirror.FindInstanceAsync(global, Token));
        Assert.Equal(1, (await _mirror.GetStatusSummaryAsync(Token))[MirrorImageStatusState.Unknown]);
        await _mirror.RemoveDownStatusesAsync(Token);
        Assert.Null(await _mirror.FindStatusAsync(global, Token));
    }

    [Fact]
    public async Task A_report_of_an_image_that_is_not_mirrored_is_dropped()
    {
        await EnableAsync("one");
        string global = Guid.NewGuid().ToString();
        await _mirror.SetStatusAsync(global, new MirrorImageSiteStatus("", MirrorImageStatusState.Replaying, ""), Token);
        Assert.Null(await _mirror.FindStatusAsync(global, Token));
    }

    [Fact]
    public async Task Daemons_are_told_of_modes_and_images()
    {
        await _mirror.SetModeAsync(MirrorMode.Image, Token);
        var told = new ConcurrentQueue<MirroringNotification>();
        await using EmbeddedSession daemon = _store.Connect(EntityName.Admin);
        await using MirroringWatch watch = await MirroringWatch.OpenAsync(await daemon.OpenPoolAsync("rbd", Token), told.Enqueue, _ => { }, Token);
        string global = await EnableAsync("two");
        string id = (await new RbdImages(_pool).FindIdAsync("two", Token))!;
        await using (Image image = await new RbdImages(_pool).OpenAsync("two", cancellationToken: Token))
        {
            await new MirrorImageControl(image).DisableAsync(false, Token);
        }

        await _mirror.SetModeAsync(MirrorMode.Disabled, Token);
        Assert.Equal(
            [
                new MirrorImageUpdated(MirrorImageState.Enabled, id, global), new MirrorImageUpdated(MirrorImageState.Disabling, id, global),
                new MirrorImageUpdated(MirrorImageState.Disabled, id, global), new MirrorModeUpdated(MirrorMode.Disabled),
            ],
            told);
    }

    [Fact]
    public async Task A_namespace_is_mirrored_by_itself_with_the_pool_s_peers()
    {
        await _mirror.SetModeAsync(MirrorMode.Image, Token);
        await _mirror.PingAsync("site-b", "there", Token);
        await new RbdImages(_pool).CreateNamespaceAsync("space", Token);
        IPool space = _pool.WithNamespace("space");
        var mirror = new MirrorPool(space);
        Assert.Equal(MirrorMode.Disabled, await mirror.GetModeAsync(Token));
        await mirror.SetModeAsync(MirrorMode.Image, Token);
        Assert.NotEqual(await _mirror.GetMirrorUuidAsync(Token), await mirror.GetMirrorUuidAsync(Token));
        var images = new RbdImages(space);
        await images.CreateAsync("inner", 8 << 20, cancellationToken: Token);
        await using (Image image = await images.OpenAsync("inner", cancellationToken: Token))
        {
            await new MirrorImageControl(image).EnableAsync(MirrorImageMode.Snapshot, Token);
            Assert.Equal(
                (await mirror.ListPeersAsync(Token)).Select(peer => peer.Uuid),
                Assert.IsType<MirrorSnapshotNamespace>(Assert.Single(image.Snapshots).Namespace).PeerUuids);
        }

        // A namespace with mirrored images is not disabled, though the pool's peers are no obstacle there.
        RadosException error = await Assert.ThrowsAsync<RadosException>(() => mirror.SetModeAsync(MirrorMode.Disabled, Token));
        Assert.Equal(Errno.EINVAL, error.Code);
        Assert.Equal(Errno.EBUSY, (await Assert.ThrowsAsync<RadosException>(() => _mirror.SetModeAsync(MirrorMode.Disabled, Token))).Code);
    }

    private async Task<string> EnableAsync(string name)
    {
        await _mirror.SetModeAsync(MirrorMode.Image, Token);
        var images = new RbdImages(_pool);
        await images.CreateAsync(name, 8 << 20, cancellationToken: Token);
        await using Image image = await images.OpenAsync(name, cancellationToken: Token);
        var control = new MirrorImageControl(image);
        await control.EnableAsync(MirrorImageMode.Snapshot, Token);
        return (await control.GetInfoAsync(Token)).Image!.GlobalImageId;
    }

    private async Task<string> LocalAsync(string global) => MirrorStatusText.Of((await _mirror.FindStatusAsync(global, Token))!.Local!);
}
