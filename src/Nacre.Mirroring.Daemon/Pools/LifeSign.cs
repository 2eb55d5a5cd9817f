using Nacre.ObjectClasses.Rbd;
using Nacre.Rados;
using Nacre.Rados.Clusters;
using Nacre.Rados.Objects;

namespace Nacre.Mirroring.Daemon.Pools;

/// <summary>Tells whether a site still answers.</summary>
internal static class LifeSign
{
    /// <summary>
    /// Asks. ETIMEDOUT where no answer comes in time; ESHUTDOWN where this client was blocklisted; ENOENT where the pool is gone or was never mirrored, which
    /// <paramref name="mayBeAbsent"/> lets pass.
    /// </summary>
    public static async Task RequireAsync(
        IPool pool, string who, bool mayBeAbsent, TimeSpan timeout, TimeProvider time, CancellationToken cancellationToken)
    {
        using var bound = new CancellationTokenSource(timeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(bound.Token, cancellationToken);
        try
        {
            using OperationResult result = await pool.OperateAsync(
                RbdObjects.Mirroring, new ReadOperation().AssertExists(), SnapshotId.Head, either.Token);
            if (result.ReturnCode == -Errno.ENOENT && !mayBeAbsent)
            {
                throw new RadosException(Errno.ENOENT, $"{who} has no mirrored pool {pool.Name} any more");
            }

            if (result.ReturnCode is < 0 and not -Errno.ENOENT)
            {
                throw new RadosException(result.ReturnCode, $"{who} of pool {pool.Name} does not answer");
            }
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new RadosException(Errno.ETIMEDOUT, $"{who} of pool {pool.Name} does not answer");
        }
    }
}
