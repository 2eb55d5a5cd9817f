using System.Text.Json.Nodes;
using Nacre.ObjectClasses.Rbd;
using Nacre.Testing;
using Nacre.Testing.Processes;

namespace Nacre.Rbd.Tests.Interop;

/// <summary>Both libraries have one image open: lock, requests to its owner, notifications.</summary>
public sealed class SharedImageTests(CephFixture engine) : InteropTests(engine)
{
    [Fact]
    public async Task The_lock_goes_to_and_fro_while_rbd_bench_writes()
    {
        (RbdImages images, RbdTool rbd) = await NewAsync();
        await images.CreateAsync("one", 32 * MiB, new ImageCreateOptions { Order = 20 }, Token);
        await using Image image = await images.OpenAsync("one", cancellationToken: Token);
        Task<ProcessResult> bench = rbd.TryAsync(
            "bench", "one", "--io-type", "write", "--io-size", "4K", "--io-threads", "4", "--io-pattern", "rand", "--io-total", "24M");
        await Eventually.BecomesAsync(
            () => image.GetLockOwnerAsync(Token), owner => owner is not null || bench.IsCompleted, "rbd bench owns the lock", cancellationToken: Token);
        Assert.False(image.IsLockOwner);
        ImageSnapshot asked = await image.CreateSnapshotAsync("asked", flags: SnapshotCreateFlags.SkipNotifyQuiesce, cancellationToken: Token);
        int handovers = 0;
        for (int round = 0; round < 50 && !bench.IsCompleted; round++)
        {
            await image.WriteAsync((ulong)round * 4096, Bytes(4096, round), Token);
            handovers++;
        }

        (await bench).EnsureSuccess();
        Assert.True(handovers > 0);
        await image.CreateSnapshotAsync("after", cancellationToken: Token);
        await image.ReleaseLockAsync(Token);
        await rbd.CheckMapsAsync("one");
        Assert.Equal(asked.Name, (string)(await rbd.JsonAsync("snap", "ls", "one"))[0]!["name"]!);
    }

    [Fact]
    public async Task Requests_of_rbd_are_served_while_this_library_owns_the_lock()
    {
        (RbdImages images, RbdTool rbd) = await NewAsync();
        await images.CreateAsync("one", 8 * MiB, new ImageCreateOptions { Order = 20 }, Token);
        await using Image image = await images.OpenAsync("one", cancellationToken: Token);
        using var stop = new CancellationTokenSource();
        Task writing = WriteAsync(image, stop.Token);
        await Eventually.BecomesAsync(() => Task.FromResult(image.IsLockOwner), owner => owner, "the lock is ours", cancellationToken: Token);
        await rbd.RunAsync("snap", "create", "one@a", "--no-progress");
        Assert.True(image.IsLockOwner);
        Assert.NotNull(image.FindSnapshot("a"));
        await rbd.RunAsync("snap", "rename", "one@a", "one@b");
        await rbd.RunAsync("snap", "protect", "one@b");
        Assert.Equal(ProtectionStatus.Protected, image.FindSnapshot("b")!.Protection);
        await rbd.RunAsync("snap", "unprotect", "one@b");
        await rbd.RunAsync("resize", "one", "--size", "12M", "--no-progress");
        Assert.Equal(12 * MiB, image.Size);
        await rbd.RunAsync("resize", "one", "--size", "9M", "--allow-shrink", "--no-progress");
        await rbd.RunAsync("object-map", "rebuild", "one", "--no-progress");
        await rbd.RunAsync("snap", "create", "one@c", "--no-progress");
        await rbd.RunAsync("snap", "rm", "one@b", "--no-progress");
        Assert.Equal(["c"], image.Snapshots.Select(s => s.Name));
        ProcessResult exists = await rbd.TryAsync("snap", "create", "one@c", "--no-progress");
        Assert.Equal(17, exists.ExitCode);
        await rbd.RunAsync("rename", "one", "two");
        await rbd.RunAsync("feature", "disable", "two", "object-map");
        await rbd.RunAsync("feature", "enable", "two", "object-map");
        await rbd.RunAsync("object-map", "rebuild", "two", "--no-progress");
        Assert.True(image.IsLockOwner);
        await stop.CancelAsync();
        await writing;
        await image.ReleaseLockAsync(Token);
        Assert.Equal(await ReadAllAsync(image), await rbd.ExportAsync("two"));
        await rbd.CheckMapsAsync("two");
    }

    [Fact]
    public async Task The_owner_writes_the_state_of_a_mirror_snapshot_that_rbd_asks_for()
    {
        string poolName = Engine.UniqueName("mirrored");
        await Engine.MicroCluster.CreatePoolAsync(poolName);
        Rados.Clusters.IPool pool = await Engine.Cluster.OpenPoolAsync(poolName, Token);
        var rbd = new RbdTool(Engine, pool);
        await Engine.MicroCluster.RbdAsync("mirror", "pool", "enable", poolName, "image");
        await Engine.MicroCluster.RbdAsync("mirror", "pool", "peer", "add", poolName, "client.peer@elsewhere");
        var images = new RbdImages(pool);
        await images.CreateAsync("one", 8 * MiB, cancellationToken: Token);
        await rbd.RunAsync("mirror", "image", "enable", "one", "snapshot");
        await using Image image = await images.OpenAsync("one", cancellationToken: Token);
        await image.WriteAsync(0, Bytes(4096, 1), Token);
        await image.CreateSnapshotAsync("mine", cancellationToken: Token);
        await image.SetMetadataAsync("key", "value", Token);
        Assert.True(image.IsLockOwner);
        await rbd.RunAsync("mirror", "image", "snapshot", "one");
        Assert.True(image.IsLockOwner);
        JsonNode last = (await rbd.JsonAsync("snap", "ls", "--all", "one")).AsArray()[^1]!;
        Assert.Equal(("mirror", true), ((string)last["namespace"]!["type"]!, (bool)last["namespace"]!["complete"]!));
        byte[]? ours = await pool.ReadAllAsync($"rbd_mirror_snapshot.{image.Id}.{last["id"]}.0");
        await image.ReleaseLockAsync(Token);
        await image.DisposeAsync();
        await rbd.RunAsync("mirror", "image", "snapshot", "one");
        JsonNode theirs = (await rbd.JsonAsync("snap", "ls", "--all", "one")).AsArray()[^1]!;
        Assert.Equal(await pool.ReadAllAsync($"rbd_mirror_snapshot.{image.Id}.{theirs["id"]}.0"), ours);
    }

    [Fact]
    public async Task A_killed_librbd_owner_loses_the_lock()
    {
        (RbdImages images, RbdTool rbd) = await NewAsync();
        await images.CreateAsync("one", 32 * MiB, cancellationToken: Token);
        await using Image image = await images.OpenAsync("one", cancellationToken: Token);
        string[] place = ["--cluster", Engine.MicroCluster.Name, "--pool", images.Pool.Name, "--namespace", images.Pool.Namespace];
        ChildProcess bench = ChildProcess.Start(
            "bench", "rbd", [.. place, "bench", "one", "--io-type", "write", "--io-size", "4K", "--io-total", "10G"], Engine.MicroCluster.Directory);
        LockOwner? owner = await Eventually.BecomesAsync(
            () => image.GetLockOwnerAsync(Token), found => found is not null, "rbd bench owns the lock", cancellationToken: Token);
        await bench.SignalAsync("STOP");
        await Eventually.BecomesAsync(
            async () =>
            {
                await Engine.Cluster.BlocklistAsync(owner!.Address, TimeSpan.FromMinutes(5), Token);
                return await image.ListWatchersAsync(Token);
            },
            watchers => watchers.All(w => w.Address != owner!.Address), "the stopped client's watch is gone", cancellationToken: Token);
        await image.WriteAsync(0, Bytes(4096, 1), Token);
        Assert.True(image.IsLockOwner);
        await bench.DisposeAsync();
        await image.ReleaseLockAsync(Token);
        await rbd.CheckMapsAsync("one");
    }

    private static async Task WriteAsync(Image image, CancellationToken stop)
    {
        var random = new Random(1);
        byte[] data = Bytes(8192, 1);
        while (!stop.IsCancellationRequested)
        {
            await image.WriteAsync((ulong)random.Next(1000) * 8192, data, Token);
        }
    }
}

internal static class WholeObject
{
    public static async Task<byte[]?> ReadAllAsync(this Rados.Clusters.IPool pool, string objectName) =>
        await Rados.Clusters.PoolExtensions.ReadAsync(pool, objectName);
}
