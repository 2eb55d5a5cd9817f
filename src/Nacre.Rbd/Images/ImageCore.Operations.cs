using Nacre.ObjectClasses.Rbd;
using Nacre.Rados;

namespace Nacre.Rbd;

/// <content>Maintenance operations: only the lock's owner carries them out.</content>
internal sealed partial class ImageCore
{
    /// <summary>
    /// Does something that only the lock's owner may do: here, if the lock can be had, or by asking its owner (librbd::Operations' C_InvokeAsyncRequest).
    /// </summary>
    /// <param name="what">For errors.</param>
    /// <param name="local">Does it here.</param>
    /// <param name="remote">Asks the owner; its answer.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <param name="doneBefore">
    /// The error that doing it twice gives: success where it was asked for before, since an owner that fell silent may have done it all the same.
    /// </param>
    public async Task RunOwnedAsync(
        string what, Func<CancellationToken, Task> local, Func<CancellationToken, Task<int>>? remote, CancellationToken cancellationToken,
        int doneBefore = 0)
    {
        bool ask = false;
        bool again = false;
        while (true)
        {
            await RefreshIfStaleAsync(cancellationToken);
            ThrowIfReadOnly(what);
            ReadyLock();
            try
            {
                if (await TryRunHereAsync(local, ask || remote is null, cancellationToken))
                {
                    return;
                }
            }
            catch (RadosException exception) when (again && exception.Code == doneBefore)
            {
                return;
            }
            catch (RadosException exception) when (exception.Code == Errno.EPERM && IsJournalUnusable && remote is not null)
            {
                // As librbd says it of operations that the lock's owner can be asked for.
                throw new RadosException(Errno.EROFS, exception.Attempt, exception);
            }

            if (remote is null)
            {
                continue;
            }

            int answer = await remote(cancellationToken);
            switch (answer)
            {
                case -Errno.ETIMEDOUT or -Errno.ERESTART:
                    // The owner went: perhaps we can own it now.
                    MarkStale();
                    again = true;
                    break;
                case -Errno.EOPNOTSUPP:
                    // The owner does not know how: ask it for the lock instead.
                    ask = true;
                    break;
                default:
                    MarkStale();
                    await RefreshIfStaleAsync(cancellationToken);
                    if (answer < 0 && !(again && answer == -doneBefore))
                    {
                        throw Error(answer, $"{what} by the owner of the lock");
                    }

                    return;
            }
        }
    }

    /// <summary>Does something for another client as the lock's owner; ETIMEDOUT where we are not.</summary>
    public async Task ServeOwnedAsync(Func<CancellationToken, Task> local, CancellationToken cancellationToken)
    {
        if (!await RunHereAsync(Lock, local, cancellationToken))
        {
            throw Error(Errno.ETIMEDOUT, "serving another client: the lock went");
        }
    }

    private async Task<bool> TryRunHereAsync(Func<CancellationToken, Task> local, bool ask, CancellationToken cancellationToken)
    {
        ExclusiveLock? exclusiveLock = State.Has(RbdFeatures.ExclusiveLock) ? Lock : null;
        if (exclusiveLock is { IsOwner: false })
        {
            if (ask)
            {
                await exclusiveLock.AcquireAsync(cancellationToken);
            }
            else if (!await exclusiveLock.TryAcquireAsync(cancellationToken))
            {
                return false;
            }
        }

        return await RunHereAsync(exclusiveLock, local, cancellationToken);
    }

    /// <summary>Does something as the owner; false where the lock went before it could begin.</summary>
    private async Task<bool> RunHereAsync(ExclusiveLock? exclusiveLock, Func<CancellationToken, Task> local, CancellationToken cancellationToken)
    {
        await OneOperation.WaitAsync(cancellationToken);
        try
        {
            await Operations.EnterAsync(cancellationToken);
            try
            {
                if (exclusiveLock is { IsOwner: false })
                {
                    return false;
                }

                await RefreshIfStaleAsync(cancellationToken);
                await local(cancellationToken);
                return true;
            }
            finally
            {
                Operations.Exit();
            }
        }
        finally
        {
            OneOperation.Release();
        }
    }
}
