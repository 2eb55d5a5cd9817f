using Nacre.ObjectClasses.Rbd;
using Nacre.Rados;
using Nacre.Rados.Clusters;
using Nacre.Rados.Objects;

namespace Nacre.Rbd;

/// <summary>
/// A pool whose writes count as writes of an open image: the exclusive lock goes only after those under way have ended, and without it they fail with EROFS.
/// </summary>
internal sealed class FencedPool(IPool inner, ImageCore core) : PoolDecorator(inner)
{
    public override IPool WithNamespace(string name) => new FencedPool(Inner.WithNamespace(name), core);

    public override async ValueTask<OperationResult> OperateAsync(
        string objectName, WriteOperation operation, SnapshotContext? snapshotContext = null, CancellationToken cancellationToken = default)
    {
        await core.Writes.EnterAsync(cancellationToken);
        try
        {
            if (IsClosed)
            {
                return new OperationResult(-Errno.EROFS, 0, []);
            }

            // Whoever gives up waiting for a write has not stopped it: once begun, its end is waited for.
            OperationResult result = await Inner.OperateAsync(objectName, operation, snapshotContext, CancellationToken.None);
            core.Unsettled.Note(Inner, objectName, result.ReturnCode);
            return result;
        }
        finally
        {
            core.Writes.Exit();
        }
    }

    public override async Task RemoveSnapshotIdAsync(ulong snapshotId, CancellationToken cancellationToken = default)
    {
        await core.Writes.EnterAsync(cancellationToken);
        try
        {
            if (IsClosed)
            {
                throw core.Error(Errno.EROFS, $"removing snapshot id {snapshotId} without the exclusive lock");
            }

            await Inner.RemoveSnapshotIdAsync(snapshotId, CancellationToken.None);
        }
        finally
        {
            core.Writes.Exit();
        }
    }

    // An image without the feature has no lock to own.
    private bool IsClosed => core.IsClosed || (core.State.Has(RbdFeatures.ExclusiveLock) && !core.IsLockOwner);
}
