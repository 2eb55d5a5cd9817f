using Nacre.Rados;
using Nacre.Rados.Clusters;
using Nacre.Rados.Objects;

namespace Nacre.Rbd;

/// <summary>
/// Objects with a write whose outcome is unknown (its deadline passed): it may still take effect. Requests of one client to one object keep their order,
/// so once a later one is answered, so was the write. Before a snapshot is made or the lock goes, all must be settled, or the write would fall into the
/// snapshot or into the next owner's hands.
/// </summary>
internal sealed class UnsettledWrites(ImageCore core)
{
    private readonly Lock _sync = new();
    private readonly HashSet<(IPool Pool, string Name)> _objects = [];

    /// <summary>Notes the outcome of a write to a data object.</summary>
    public void Note(ulong objectNumber, int code)
    {
        if (IsUnknown(code))
        {
            Note(core.DataPool, core.ObjectName(objectNumber), code);
        }
    }

    /// <summary>Notes the outcome of a write to whatever object.</summary>
    public void Note(IPool pool, string objectName, int code)
    {
        if (IsUnknown(code))
        {
            lock (_sync)
            {
                _objects.Add((pool, objectName));
            }
        }
    }

    /// <summary>Waits until every write has taken effect or never will. Writes are held back by the caller. ETIMEDOUT where the store does not answer.</summary>
    public async Task SettleAsync(CancellationToken cancellationToken)
    {
        (IPool Pool, string Name)[] objects;
        lock (_sync)
        {
            objects = [.. _objects];
        }

        foreach ((IPool pool, string name) in objects)
        {
            using OperationResult result = await pool.OperateAsync(name, new ReadOperation().Stat(), SnapshotId.Head, cancellationToken);
            if (IsUnknown(result.ReturnCode))
            {
                throw core.Error(result.ReturnCode, $"waiting for an earlier write of object {name}");
            }

            lock (_sync)
            {
                _objects.Remove((pool, name));
            }
        }
    }

    private static bool IsUnknown(int code) => code is -Errno.ETIMEDOUT or -Errno.ENOTCONN;
}
