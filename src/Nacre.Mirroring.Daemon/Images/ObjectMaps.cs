using Nacre.ObjectClasses.Calls;
using Nacre.ObjectClasses.Rbd;
using Nacre.Rados.Clusters;
using Nacre.Rados.Encoding;

namespace Nacre.Mirroring.Daemon.Images;

/// <summary>Reads object maps.</summary>
internal static class ObjectMaps
{
    /// <summary>A map; null where it is absent or damaged, which only costs looking at every object.</summary>
    public static async Task<ObjectMap?> TryLoadAsync(IPool pool, string imageId, ulong snapshotId, CancellationToken cancellationToken)
    {
        try
        {
            return await pool.TryCallAsync(RbdObjects.ObjectMap(imageId, snapshotId), RbdCalls.LoadObjectMap(), cancellationToken);
        }
        catch (CephDecodeException)
        {
            return null;
        }
    }

    /// <summary>Maps by snapshot, of those that are there.</summary>
    public static async Task<Dictionary<ulong, ObjectMap>> LoadAsync(
        IPool pool, string imageId, IEnumerable<ulong> snapshotIds, CancellationToken cancellationToken)
    {
        (ulong Id, Task<ObjectMap?> Loading)[] loads =
            [.. snapshotIds.Select(id => (id, TryLoadAsync(pool, imageId, id, cancellationToken)))];
        await Task.WhenAll(loads.Select(load => load.Loading));
        var maps = new Dictionary<ulong, ObjectMap>();
        foreach ((ulong id, Task<ObjectMap?> loading) in loads)
        {
            if (await loading is { } map)
            {
                maps[id] = map;
            }
        }

        return maps;
    }
}
