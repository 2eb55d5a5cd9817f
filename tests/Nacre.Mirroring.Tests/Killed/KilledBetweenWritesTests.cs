using Nacre.ObjectClasses;
using Nacre.ObjectClasses.Rbd;
using Nacre.Rados;
using Nacre.Rados.Clusters;
using Nacre.Rados.Configuration;
using Nacre.Rados.Embedded;
using Nacre.Rbd;

namespace Nacre.Mirroring.Tests.Killed;

/// <summary>Every command is killed after each of its writes in turn; the same command again must leave what it would have left at once.</summary>
public sealed partial class KilledBetweenWritesTests : IAsyncLifetime
{
    private const string Peer = "there";

    private readonly string _directory = Directory.CreateTempSubdirectory("nacre-killed-").FullName;
    private EmbeddedStore _store = null!;
    private int _images;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _store = await EmbeddedStore.OpenAsync(_directory, new EmbeddedStoreOptions { Classes = RbdObjectClasses.All }, Token);
        await using EmbeddedSession session = _store.Connect(EntityName.Admin);
        await session.CreatePoolAsync("rbd", Token);
        var mirror = new MirrorPool(await session.OpenPoolAsync("rbd", Token));
        await mirror.SetModeAsync(MirrorMode.Image, Token);
        await mirror.PingAsync("site-b", Peer, Token);
    }

    public async ValueTask DisposeAsync()
    {
        await _store.DisposeAsync();
        Directory.Delete(_directory, true);
    }

    [Fact]
    public Task Enabling() => KillAsync(
        _ => Task.CompletedTask,
        control => control.EnableAsync(MirrorImageMode.Snapshot, Token),
        async (image, info) =>
        {
            Assert.Equal((true, PromotionState.Primary), (info.IsEnabled, info.Promotion));
            ImageSnapshot only = Assert.Single(image.Snapshots);
            Assert.True(Mirror(only).Complete);
            Assert.Contains(info.Image!.GlobalImageId, only.Name, StringComparison.Ordinal);
            Assert.Equal(image.Name, (await MirrorSnapshots.ReadStateAsync(image, only.Id, Token)).Name);
        });

    [Fact]
    public Task A_mirror_snapshot_that_displaces_another() => KillAsync(
        async control =>
        {
            await control.EnableAsync(MirrorImageMode.Snapshot, Token);
            for (int i = 1; i < MirrorSnapshots.DefaultMaximum; i++)
            {
                await control.CreateSnapshotAsync(cancellationToken: Token);
            }
        },
        control => control.CreateSnapshotAsync(cancellationToken: Token),
        async (image, info) =>
        {
            Assert.Equal(PromotionState.Primary, info.Promotion);
            Assert.All(image.Snapshots, snapshot => Assert.True(Mirror(snapshot).Complete, $"{snapshot.Name} stays incomplete"));
            Assert.Equal(MirrorSnapshots.DefaultMaximum, image.Snapshots.Count);
            foreach (ImageSnapshot snapshot in image.Snapshots)
            {
                Assert.Single(Mirror(snapshot).PeerUuids);
                await MirrorSnapshots.ReadStateAsync(image, snapshot.Id, Token);
            }
        });

    [Fact]
    public Task Disabling() => KillAsync(
        async control =>
        {
            await control.EnableAsync(MirrorImageMode.Snapshot, Token);
            await control.CreateSnapshotAsync(cancellationToken: Token);
        },
        control => control.DisableAsync(false, Token),
        (image, info) =>
        {
            Assert.Null(info.Image);
            Assert.Empty(image.Snapshots);
            return Task.CompletedTask;
        });

    [Fact]
    public Task Demoting() => KillAsync(
        control => control.EnableAsync(MirrorImageMode.Snapshot, Token),
        control => UnlessDoneAsync(control.DemoteAsync(Token), "image is not primary"),
        (image, info) =>
        {
            Assert.Equal(PromotionState.Orphan, info.Promotion);
            Assert.True(image.Features.HasFlag(RbdFeatures.NonPrimary));
            Assert.True(Mirror(image.Snapshots[^1]).Complete);
            return Task.CompletedTask;
        });

    [Fact]
    public Task Promoting() => KillAsync(
        async control =>
        {
            await control.EnableAsync(MirrorImageMode.Snapshot, Token);
            await control.DemoteAsync(Token);
        },
        control => UnlessDoneAsync(control.PromoteAsync(false, Token), "image is already primary"),
        (image, info) =>
        {
            Assert.Equal(PromotionState.Primary, info.Promotion);
            Assert.False(image.Features.HasFlag(RbdFeatures.NonPrimary));
            Assert.True(Mirror(image.Snapshots[^1]).Complete);
            return Task.CompletedTask;
        });

    // Killed behind its last write it is done already, and says so.
    private static async Task UnlessDoneAsync(Task command, string done)
    {
        try
        {
            await command;
        }
        catch (RadosException exception) when (exception.Attempt == done)
        {
        }
    }

    private static MirrorSnapshotNamespace Mirror(ImageSnapshot snapshot) => Assert.IsType<MirrorSnapshotNamespace>(snapshot.Namespace);

    private static async Task<Image> OpenAsync(ICluster cluster, string name) =>
        await new RbdImages(await cluster.OpenPoolAsync("rbd", Token)).OpenAsync(name, new ImageOpenOptions { IgnoreNonPrimary = true }, Token);

    private async Task KillAsync(
        Func<MirrorImageControl, Task> prepare, Func<MirrorImageControl, Task> command, Func<Image, MirrorImageInfo, Task> check)
    {
        for (int changes = 0; ; changes++)
        {
            Assert.True(changes < 200, "the command never ends");
            string name = $"image{_images++}";
            await PrepareAsync(name, prepare);
            bool killed = await RunKilledAsync(name, changes, command);
            await using EmbeddedSession session = _store.Connect(EntityName.Admin);
            await using Image image = await OpenAsync(session, name);
            var control = new MirrorImageControl(image);
            try
            {
                if (killed)
                {
                    await command(control);
                }

                await image.RefreshAsync(Token);
                await check(image, await control.GetInfoAsync(Token));
                await NoLeftoversAsync(image);
            }
            catch (Exception exception)
            {
                throw new InvalidOperationException($"killed after {changes} changes: {exception.Message}", exception);
            }

            if (!killed)
            {
                Assert.True(changes >= 3, $"only {changes} changes seen: the test kills nothing");
                return;
            }
        }
    }

    private async Task PrepareAsync(string name, Func<MirrorImageControl, Task> prepare)
    {
        await using EmbeddedSession session = _store.Connect(EntityName.Admin);
        await new RbdImages(await session.OpenPoolAsync("rbd", Token)).CreateAsync(name, 8 << 20, cancellationToken: Token);
        await using Image image = await OpenAsync(session, name);
        await image.WriteAsync(4096, new byte[] { 1, 2, 3 }, Token);
        await prepare(new MirrorImageControl(image));
    }

    private async Task<bool> RunKilledAsync(string name, int changes, Func<MirrorImageControl, Task> command)
    {
        // Opening is not what is killed: the count begins with the command.
        var victim = new KillableCluster(_store.Connect(EntityName.Admin), int.MaxValue);
        Image image = await OpenAsync(victim, name);
        victim.Limit(changes);
        try
        {
            Task running = command(new MirrorImageControl(image));
            if (await Task.WhenAny(running, victim.Died) != running)
            {
                return true;
            }

            await running;
            return false;
        }
        catch (Exception) when (victim.IsDead)
        {
            return true;
        }
        finally
        {
            if (victim.IsDead)
            {
                // A dead process closes nothing: its watches go with its session, its lock stays.
                await victim.DisposeAsync();
            }
            else
            {
                victim.Limit(int.MaxValue);
                await image.DisposeAsync();
                await victim.DisposeAsync();
            }
        }
    }

    private static async Task NoLeftoversAsync(Image image)
    {
        string prefix = $"rbd_mirror_snapshot.{image.Id}.";
        await foreach (string name in image.Pool.ListObjectsAsync(Token))
        {
            if (name.StartsWith(prefix, StringComparison.Ordinal))
            {
                ulong id = ulong.Parse(name[prefix.Length..].Split('.')[0], System.Globalization.CultureInfo.InvariantCulture);
                Assert.True(image.FindSnapshot(id) is not null, $"{name} is left of a snapshot that is gone");
            }
        }
    }
}
