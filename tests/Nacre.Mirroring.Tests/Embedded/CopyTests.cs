using Nacre.ObjectClasses;
using Nacre.ObjectClasses.Rbd;
using Nacre.Rados;
using Nacre.Rados.Clusters;
using Nacre.Rados.Configuration;
using Nacre.Rados.Embedded;
using Nacre.Rbd;

namespace Nacre.Mirroring.Tests.Embedded;

/// <summary>Copies: announced, created, promoted, disabled.</summary>
public sealed class CopyTests : IAsyncLifetime
{
    private readonly string _directory = Directory.CreateTempSubdirectory("nacre-copies-").FullName;
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
    public async Task A_copy_is_known_before_it_exists_and_refuses_writers_afterwards()
    {
        await _mirror.SetModeAsync(MirrorMode.Image, Token);
        string global = Guid.NewGuid().ToString();
        await _mirror.BeginCopyAsync("c0ffee", global, Token);
        Assert.Equal("c0ffee", await _mirror.FindImageIdAsync(global, Token));
        MirrorImageInfo announced = await _mirror.GetImageInfoAsync("c0ffee", Token);
        Assert.Equal((MirrorImageState.Creating, PromotionState.Unknown), (announced.State, announced.Promotion));
        var images = new RbdImages(_pool);
        await images.CreateAsync("copy", 8 << 20, new ImageCreateOptions { Id = "c0ffee" }, Token);
        await _mirror.FinishCopyAsync("c0ffee", global, Token);
        Assert.True((await _mirror.GetImageInfoAsync("c0ffee", Token)).IsEnabled);
        await using (Image image = await images.OpenAsync("copy", cancellationToken: Token))
        {
            RadosException refused = await Assert.ThrowsAsync<RadosException>(async () => await image.WriteAsync(0, new byte[512], Token));
            Assert.Equal(Errno.EROFS, refused.Code);
        }

        await using Image copy = await images.OpenAsync("copy", new ImageOpenOptions { IgnoreNonPrimary = true }, Token);
        var state = new ImageState { Name = "copy", Features = RbdFeatures.Layering };
        ImageSnapshot made = await MirrorSnapshots.CreateNonPrimaryAsync(
            copy, global, false, "there", 7, new SortedDictionary<ulong, ulong> { [7] = 1 }, state, Token);
        Assert.Equal("copy", (await MirrorSnapshots.ReadStateAsync(copy, made.Id, Token)).Name);
        Assert.Equal(Errno.EINVAL, (await Assert.ThrowsAsync<RadosException>(() => MirrorSnapshots.CreateNonPrimaryAsync(
            copy, global, false, "there", 8, new SortedDictionary<ulong, ulong>(), state, Token))).Code);
        await MirrorSnapshots.SetProgressAsync(copy, made.Id, true, 2, Token);
        MirrorImageInfo info = await _mirror.GetImageInfoAsync("c0ffee", Token);
        Assert.Equal((PromotionState.NonPrimary, "there"), (info.Promotion, info.PrimaryMirrorUuid));
        var control = new MirrorImageControl(copy);
        Assert.Equal(Errno.EBUSY, (await Assert.ThrowsAsync<RadosException>(() => control.PromoteAsync(false, Token))).Code);
        Assert.Equal(Errno.EINVAL, (await Assert.ThrowsAsync<RadosException>(() => control.DisableAsync(false, Token))).Code);
        await control.RequestResyncAsync(Token);
        Assert.True(await MirrorImageMeta.IsResyncRequestedAsync(copy, (await _mirror.GetMirrorUuidAsync(Token))!, Token));
        await control.DisableAsync(true, Token);
        Assert.Empty(copy.Snapshots);
        Assert.Null((await control.GetInfoAsync(Token)).Image);
        Assert.False(copy.Features.HasFlag(RbdFeatures.NonPrimary));
        Assert.False(await MirrorImageMeta.IsResyncRequestedAsync(copy, (await _mirror.GetMirrorUuidAsync(Token))!, Token));
    }

    [Fact]
    public async Task A_forced_promotion_goes_back_to_the_last_complete_copy()
    {
        await _mirror.SetModeAsync(MirrorMode.Image, Token);
        string global = Guid.NewGuid().ToString();
        await _mirror.BeginCopyAsync("beef", global, Token);
        var images = new RbdImages(_pool);
        await images.CreateAsync("copy", 8 << 20, new ImageCreateOptions { Id = "beef" }, Token);
        await _mirror.FinishCopyAsync("beef", global, Token);
        await using Image copy = await images.OpenAsync("copy", new ImageOpenOptions { IgnoreNonPrimary = true }, Token);
        byte[] complete = [.. Enumerable.Repeat((byte)1, 8192)];
        await copy.WriteAsync(0, complete, Token);
        await CopiedAsync(copy, global, 1, true);
        ulong before = copy.Snapshots[^1].Id;

        // The next one is half copied when the source is lost: its beginning is here, its end is not.
        await copy.WriteAsync(0, Enumerable.Repeat((byte)2, 4096).ToArray(), Token);
        await copy.ResizeAsync(16 << 20, cancellationToken: Token);
        await CopiedAsync(copy, global, 2, false);
        var control = new MirrorImageControl(copy);
        await control.PromoteAsync(true, Token);
        Assert.True((await control.GetInfoAsync(Token)).IsPrimary);
        Assert.False(control.IsMarkedNonPrimary);
        Assert.Equal(8ul << 20, copy.Size);
        byte[] read = new byte[8192];
        await copy.ReadAsync(0, read, Token);
        Assert.Equal(complete, read);
        Assert.NotNull(copy.FindSnapshot(before));

        // And it is an ordinary image again.
        await using Image user = await images.OpenAsync("copy", cancellationToken: Token);
        await copy.ReleaseLockAsync(Token);
        await user.WriteAsync(0, new byte[512], Token);
    }

    [Fact]
    public async Task A_copy_that_was_never_complete_is_not_promoted()
    {
        await _mirror.SetModeAsync(MirrorMode.Image, Token);
        string global = Guid.NewGuid().ToString();
        await _mirror.BeginCopyAsync("bad", global, Token);
        var images = new RbdImages(_pool);
        await images.CreateAsync("copy", 8 << 20, new ImageCreateOptions { Id = "bad" }, Token);
        await _mirror.FinishCopyAsync("bad", global, Token);
        await using Image copy = await images.OpenAsync("copy", new ImageOpenOptions { IgnoreNonPrimary = true }, Token);
        await CopiedAsync(copy, global, 1, false);
        RadosException error = await Assert.ThrowsAsync<RadosException>(() => new MirrorImageControl(copy).PromoteAsync(true, Token));
        Assert.Equal(Errno.EINVAL, error.Code);
        Assert.True(copy.Features.HasFlag(RbdFeatures.NonPrimary));
        Assert.Single(copy.Snapshots);
    }

    private static async Task CopiedAsync(Image copy, string global, ulong snapshotThere, bool complete)
    {
        ImageSnapshot made = await MirrorSnapshots.CreateNonPrimaryAsync(
            copy, global, false, "there", snapshotThere, new SortedDictionary<ulong, ulong>(), new ImageState { Name = "copy" }, Token);
        await MirrorSnapshots.SetProgressAsync(copy, made.Id, complete, 1, Token);
        await copy.RefreshAsync(Token);
    }
}
