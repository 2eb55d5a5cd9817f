using Nacre.ObjectClasses.Rbd;
using Nacre.Rados.Objects;

namespace Nacre.Rbd.Tests.Interop;

/// <summary>This library finds what Ceph's rbd made.</summary>
public sealed class CephWritesTests(CephFixture engine) : InteropTests(engine)
{
    [Fact]
    public async Task An_imported_image_is_read_changed_and_removed()
    {
        (RbdImages images, RbdTool rbd) = await NewAsync();
        byte[] data = Bytes(5_000_000, 1);
        await rbd.ImportAsync("one", data, "--object-size", "1M");
        await rbd.RunAsync("snap", "create", "one@a", "--no-progress");
        await rbd.RunAsync("image-meta", "set", "one", "key", "value");
        await using (Image image = await images.OpenAsync("one", cancellationToken: Token))
        {
            Assert.Equal(data, await ReadAllAsync(image));
            Assert.Equal("value", await image.GetMetadataAsync("key", Token));
            Assert.Equal("a", Assert.Single(image.Snapshots).Name);
            await image.WriteAsync(100, new byte[3_000_000], Token);
            data.AsSpan(100, 3_000_000).Clear();
        }

        Assert.Equal(data, await rbd.ExportAsync("one"));
        await rbd.CheckMapsAsync("one");
        await rbd.RunAsync("snap", "rm", "one@a", "--no-progress");
        await images.RemoveAsync("one", cancellationToken: Token);
        Assert.Equal("[]", (await rbd.JsonAsync("ls")).ToJsonString());
        Assert.Equal("[]", (await rbd.JsonAsync("trash", "ls", "--all")).ToJsonString());
    }

    [Theory]
    [InlineData("1")]
    [InlineData("2")]
    public async Task A_clone_reads_through_its_parent_and_copies_up(string cloneFormat)
    {
        (RbdImages images, RbdTool rbd) = await NewAsync();
        byte[] data = Bytes(6_000_000, 2);
        data.AsSpan(2_000_000, 1_500_000).Clear();
        await rbd.ImportAsync("parent", data, "--object-size", "1M");
        await rbd.RunAsync("snap", "create", "parent@s", "--no-progress");
        await rbd.RunAsync("snap", "protect", "parent@s");
        await rbd.CloneAsync("parent@s", "child", cloneFormat);
        await rbd.RunAsync("resize", "child", "--size", "8M", "--no-progress");
        byte[] expected = new byte[8 * MiB];
        data.CopyTo(expected, 0);
        var random = new Random(9);
        await using (Image child = await images.OpenAsync("child", cancellationToken: Token))
        {
            Assert.Equal(6_000_000UL, child.ParentOverlap);
            Assert.Equal(expected, await ReadAllAsync(child));
            await ScribbleAsync(child, expected, random, 3);
            await child.CreateSnapshotAsync("mine", cancellationToken: Token);
            byte[] atSnapshot = [.. expected];
            await ScribbleAsync(child, expected, random, 8);
            await child.CompareAndWriteAsync(4096, expected.AsMemory(4096, 512), Bytes(512, 3), Token);
            Bytes(512, 3).CopyTo(expected, 4096);
            Assert.Equal(expected, await ReadAllAsync(child));
            await using Image then = await images.OpenAsync("child", new ImageOpenOptions { SnapshotName = "mine" }, Token);
            Assert.Equal(atSnapshot, await ReadAllAsync(then));
            Assert.Equal(atSnapshot, await rbd.ExportAsync("child", "mine"));
        }

        Assert.Equal(expected, await rbd.ExportAsync("child"));
        Assert.Equal(data, await rbd.ExportAsync("parent"));
        await rbd.CheckMapsAsync("child");
        await rbd.RunAsync("snap", "purge", "child", "--no-progress");
        await images.RemoveAsync("child", cancellationToken: Token);
        await using Image parent = await images.OpenAsync("parent", cancellationToken: Token);
        await parent.UnprotectSnapshotAsync("s", Token);
        await parent.RemoveSnapshotAsync("s", cancellationToken: Token);
    }

    [Fact]
    public async Task A_snapshot_with_clones_is_not_unprotected()
    {
        (RbdImages images, RbdTool rbd) = await NewAsync();
        await images.CreateAsync("parent", MiB, cancellationToken: Token);
        await using Image parent = await images.OpenAsync("parent", cancellationToken: Token);
        await parent.CreateSnapshotAsync("s", cancellationToken: Token);
        await parent.ProtectSnapshotAsync("s", Token);
        await rbd.CloneAsync("parent@s", "child", "2");
        await parent.RefreshAsync(Token);
        Assert.Equal(1U, parent.FindSnapshot("s")!.ChildCount);
        Assert.True(parent.OperationFeatures.HasFlag(RbdOperationFeatures.CloneParent));
        Assert.True(parent.OpenedSnapshotId == SnapshotId.Head);
    }
}
