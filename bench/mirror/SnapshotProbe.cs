using System.Diagnostics;
using Nacre.Mirroring;
using Nacre.ObjectClasses.Calls;
using Nacre.ObjectClasses.Rbd;
using Nacre.Rados.Clusters;
using Nacre.Rados.Objects;

namespace Nacre.Bench.Mirror;

/// <summary>Looks at the sites' headers, so often that what is measured is the daemon.</summary>
internal sealed class SnapshotProbe(IPool source, IPool target)
{
    private static readonly TimeSpan _interval = TimeSpan.FromMilliseconds(5);
    private static readonly TimeSpan _patience = TimeSpan.FromMinutes(5);

    /// <summary>The newest complete primary snapshot of an image; 0 for none.</summary>
    public async Task<ulong> NewestPrimaryAsync(string imageId) =>
        (await MirrorSnapshotsAsync(source, imageId)).LastOrDefault(s => s.Mirror is { IsPrimary: true, Complete: true }).Id;

    /// <summary>Waits until the source has a complete snapshot that is newer.</summary>
    public async Task<ulong> WaitForPrimaryAsync(string imageId, ulong after)
    {
        ulong id = 0;
        await UntilAsync(async () => (id = await NewestPrimaryAsync(imageId)) > after);
        return id;
    }

    /// <summary>Waits until the target has that snapshot of the source, complete.</summary>
    public async Task WaitUntilCopiedAsync(string globalImageId, ulong snapshotId)
    {
        string? imageId = null;
        await UntilAsync(async () =>
        {
            imageId ??= await new MirrorPool(target).FindImageIdAsync(globalImageId);
            return imageId is not null && (await MirrorSnapshotsAsync(target, imageId))
                .Any(s => s.Mirror is { IsNonPrimary: true, Complete: true } copy && copy.PrimarySnapshotId >= snapshotId);
        });
    }

    private static async Task UntilAsync(Func<Task<bool>> condition)
    {
        var watch = Stopwatch.StartNew();
        while (!await condition())
        {
            if (watch.Elapsed > _patience)
            {
                throw new TimeoutException("nothing came of it in five minutes");
            }

            await Task.Delay(_interval);
        }
    }

    private static async Task<List<(ulong Id, MirrorSnapshotNamespace Mirror)>> MirrorSnapshotsAsync(IPool pool, string imageId)
    {
        var found = new List<(ulong, MirrorSnapshotNamespace)>();
        SnapshotContext? context = await pool.TryCallAsync(RbdObjects.Header(imageId), RbdCalls.GetSnapshotContext());
        foreach (ulong id in context?.Snapshots.Reverse() ?? [])
        {
            SnapshotInfo? info = await pool.TryCallAsync(RbdObjects.Header(imageId), RbdCalls.GetSnapshot(id));
            if (info?.Namespace is MirrorSnapshotNamespace mirror)
            {
                found.Add((id, mirror));
            }
        }

        return found;
    }
}
