using Nacre.ObjectClasses.Calls;
using Nacre.ObjectClasses.Rbd;
using Nacre.Rados;
using Nacre.Rados.Clusters;
using Nacre.Rados.Objects;
using Nacre.Rbd;
using Nacre.Testing;

namespace Nacre.Mirroring.Daemon.Tests.Sites;

/// <summary>Compares a copy with its source: bytes at the mirror snapshot and at every user snapshot, names, metadata, and object maps with objects.</summary>
internal static class CopyCheck
{
    public static async Task EqualAsync(IPool source, string sourceId, ulong sourceSnapshot, IPool target, string targetId, ulong targetSnapshot)
    {
        Assert.Equal(await ReadAsync(source, sourceId, sourceSnapshot), await ReadAsync(target, targetId, targetSnapshot));
        Assert.Equal(await ReadAsync(source, sourceId, sourceSnapshot), await ReadAsync(target, targetId, SnapshotId.Head));
        await using Image from = await new RbdImages(source).OpenByIdAsync(sourceId, ImageOpenOptions.ForReading);
        await using Image to = await new RbdImages(target).OpenByIdAsync(targetId, ImageOpenOptions.ForReading);
        Assert.Equal(Names(from), Names(to));
        Assert.Equal(await from.ListMetadataAsync(), await to.ListMetadataAsync());
        foreach (ImageSnapshot snapshot in from.Snapshots.Where(s => s.Namespace is UserSnapshotNamespace))
        {
            ulong copied = to.Snapshots.Single(s => s.Namespace is UserSnapshotNamespace && s.Name == snapshot.Name).Id;
            Assert.Equal(await ReadAsync(source, sourceId, snapshot.Id), await ReadAsync(target, targetId, copied));
        }

        foreach (ulong snapshot in to.Snapshots.Select(s => s.Id).Append(SnapshotId.Head))
        {
            await ObjectMapIsExactAsync(target, targetId, snapshot);
        }
    }

    /// <summary>As `rbd object-map check`: what the map says exists does, and nothing else.</summary>
    private static async Task ObjectMapIsExactAsync(IPool pool, string imageId, ulong snapshotId)
    {
        ObjectMap? map = await pool.TryCallAsync(RbdObjects.ObjectMap(imageId, snapshotId), RbdCalls.LoadObjectMap());
        if (map is null)
        {
            // Only a snapshot that the daemon pruned meanwhile has none.
            await Eventually.BecomesAsync(
                async () => await pool.TryCallAsync(RbdObjects.Header(imageId), RbdCalls.GetSnapshot(snapshotId)) is null,
                gone => gone,
                $"snapshot {snapshotId}, which has no object map, is pruned");
            return;
        }

        string prefix = await pool.CallAsync(RbdObjects.Header(imageId), RbdCalls.GetObjectPrefix());
        for (ulong number = 0; number < map.Count; number++)
        {
            using OperationResult stat = await pool.OperateAsync(RbdObjects.Data(prefix, number), new ReadOperation().Stat(), snapshotId);
            bool exists = stat.ReturnCode != -Errno.ENOENT;
            Assert.True(
                exists == (map[number] != ObjectMapState.Nonexistent), $"object {number} at snapshot {snapshotId}: exists {exists}, map says {map[number]}");
        }
    }

    private static async Task<byte[]> ReadAsync(IPool pool, string imageId, ulong snapshotId)
    {
        ImageOpenOptions options = snapshotId == SnapshotId.Head ? ImageOpenOptions.ForReading : new ImageOpenOptions { SnapshotId = snapshotId };
        await using Image image = await new RbdImages(pool).OpenByIdAsync(imageId, options);
        var data = new byte[image.Size];
        await image.ReadAsync(0, data);
        return data;
    }

    private static string[] Names(Image image) => [.. image.Snapshots.Where(s => s.Namespace is UserSnapshotNamespace).Select(s => s.Name)];
}
