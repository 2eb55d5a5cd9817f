using Nacre.Rados;
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
    private readonly HashSet<ulong> _objects = [];

    /// <summary>Notes a write's outcome.</summary>
    public void Note(ulong objectNumber, int code)
    {
        if (code is -Errno.ETIMEDOUT or -Errno.ENOTCONN)
        {
            lock (_sync)
            {
                _objects.Add(objectNumber);
            }
        }
    }

    /// <summary>Waits until every write has taken effect or never will. Writes are held back by the caller. ETIMEDOUT where the store does not answer.</summary>
    public async Task SettleAsync(CancellationToken cancellationToken)
    {
        ulong[] objects;
        lock (_sync)
        {
            objects = [.. _objects];
        }

        foreach (ulong number in objects)
        {
            using OperationResult result = await core.DataPool.OperateAsync(
                core.ObjectName(number), new ReadOperation().Stat(), SnapshotId.Head, cancellationToken);
            if (result.ReturnCode is -Errno.ETIMEDOUT or -Errno.ENOTCONN)
            {
                throw core.Error(result.ReturnCode, $"waiting for an earlier write of object {core.ObjectName(number)}");
            }

            lock (_sync)
            {
                _objects.Remove(number);
            }
        }
    }
}
