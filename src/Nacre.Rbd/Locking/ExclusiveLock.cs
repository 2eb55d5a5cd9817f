using Nacre.ObjectClasses.Calls;
using Nacre.ObjectClasses.Lock;
using Nacre.ObjectClasses.Rbd;
using Nacre.ObjectClasses.Rbd.Notifications;
using Nacre.Rados;

namespace Nacre.Rbd;

/// <summary>
/// An image's exclusive lock (librbd::ExclusiveLock, ManagedLock): an advisory lock on the header whose cookie names the owner's watch. Who wants it asks the
/// owner by notification; an owner whose watch is gone is shut out of the store and its lock broken.
/// </summary>
internal sealed class ExclusiveLock(ImageCore core, ImageWatcher watcher)
{
    private static readonly TimeSpan _askAgain = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan _retry = TimeSpan.FromSeconds(1);

    private readonly SemaphoreSlim _transition = new(1, 1);
    private volatile bool _owned;
    private volatile TaskCompletionSource _peer = NewSource();
    private int _releasing;
    private string _cookie = "";

    private enum Attempt
    {
        Acquired,
        OwnerAlive,
    }

    /// <summary>True while this client holds it and its object map is open.</summary>
    public bool IsOwner => _owned;

    /// <summary>An owner came or went.</summary>
    public void OnPeer() => Interlocked.Exchange(ref _peer, NewSource()).TrySetResult();

    /// <summary>Takes the lock, asking its owner for it until it is given. EROFS where the owner will not give it.</summary>
    public async Task AcquireAsync(CancellationToken cancellationToken)
    {
        await _transition.WaitAsync(cancellationToken);
        try
        {
            while (!_owned)
            {
                Task peer = _peer.Task;
                if (await TryOnceAsync(cancellationToken) == Attempt.Acquired)
                {
                    return;
                }

                await AskAsync(peer, cancellationToken);
            }
        }
        finally
        {
            _transition.Release();
        }
    }

    /// <summary>Takes the lock if nobody alive holds it.</summary>
    public async Task<bool> TryAcquireAsync(CancellationToken cancellationToken)
    {
        await _transition.WaitAsync(cancellationToken);
        try
        {
            return _owned || await TryOnceAsync(cancellationToken) == Attempt.Acquired;
        }
        finally
        {
            _transition.Release();
        }
    }

    /// <summary>Gives the lock up once what needs it has ended.</summary>
    public async Task ReleaseAsync(CancellationToken cancellationToken)
    {
        await _transition.WaitAsync(cancellationToken);
        try
        {
            if (_owned)
            {
                await ReleaseOwnedAsync(cancellationToken);
            }
        }
        finally
        {
            _transition.Release();
        }
    }

    /// <summary>Begins to give the lock up: another client wants it.</summary>
    public void ReleaseSoon()
    {
        if (Interlocked.Exchange(ref _releasing, 1) == 0)
        {
            core.TellLockGoing();
            core.Background.Start("giving the lock up", async stopping =>
            {
                try
                {
                    await ReleaseAsync(stopping);
                }
                finally
                {
                    Interlocked.Exchange(ref _releasing, 0);
                }
            });
        }
    }

    /// <summary>The watch is a new one: so must the cookie be, or others take us for dead.</summary>
    public async Task RenewAsync(CancellationToken cancellationToken)
    {
        await _transition.WaitAsync(cancellationToken);
        try
        {
            ulong watch = watcher.Cookie;
            string cookie = LockOwners.Cookie(watch);
            if (!_owned || watch == 0 || cookie == _cookie)
            {
                return;
            }

            int code = await core.Pool.CallForCodeAsync(
                core.HeaderName, LockCalls.SetCookie(RbdObjects.LockName, LockType.Exclusive, _cookie, LockOwners.Tag, cookie), cancellationToken);
            if (code < 0)
            {
                core.Log($"the lock was taken away: {Errno.Describe(code)}");
                await LoseAsync();
                return;
            }

            _cookie = cookie;
        }
        finally
        {
            _transition.Release();
        }

        watcher.NotifySoon(new LockOwnerPayload(NotifyOperation.AcquiredLock, watcher.Self));
    }

    /// <summary>The lock is not ours any more, without our doing.</summary>
    public async Task ForgetAsync()
    {
        await _transition.WaitAsync(CancellationToken.None);
        try
        {
            await LoseAsync();
        }
        finally
        {
            _transition.Release();
        }
    }

    private static TaskCompletionSource NewSource() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private async Task<Attempt> TryOnceAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            string cookie = LockOwners.Cookie(await watcher.WaitForCookieAsync(cancellationToken));
            int code = await core.Pool.CallForCodeAsync(
                core.HeaderName, LockCalls.Lock(RbdObjects.LockName, LockType.Exclusive, cookie, LockOwners.Tag), cancellationToken);
            if (code == 0 || code == -Errno.EEXIST)
            {
                // EEXIST: an earlier attempt of ours whose answer was lost.
                _cookie = cookie;
                await TakeOverAsync(cancellationToken);
                return Attempt.Acquired;
            }

            if (code != -Errno.EBUSY)
            {
                throw core.Error(code, "taking the exclusive lock");
            }

            LockOwner? owner = await LockOwners.ReadAsync(core, cancellationToken);
            if (owner is null)
            {
                continue;
            }

            if (owner.WatchCookie == 0)
            {
                throw core.Error(Errno.EBUSY, $"taking the exclusive lock, which {owner.Entity} holds by hand as '{owner.Cookie}' (rbd lock rm frees it),");
            }

            if (await LockOwners.IsAliveAsync(core, owner, cancellationToken))
            {
                return Attempt.OwnerAlive;
            }

            // Only if it is still the one that was seen dead.
            if (await LockOwners.ReadAsync(core, cancellationToken) == owner)
            {
                core.Log($"breaking the lock of {owner.Entity} at {owner.Address}, whose watch is gone");
                await LockOwners.BreakAsync(core, owner, cancellationToken);
            }
        }
    }

    // The header may have changed while another owned it, the object map is the owner's to load, and the journal's entries are its to apply.
    private async Task TakeOverAsync(CancellationToken cancellationToken)
    {
        try
        {
            await core.RefreshAsync(cancellationToken);
            await core.OpenObjectMapAsync(cancellationToken);
            await core.OpenJournalAsync(cancellationToken);
        }
        catch (Exception exception)
        {
            core.Log($"giving the lock back: {exception.Message}");
            await core.CloseJournalAsync(isLost: false);
            await core.CloseObjectMapAsync(unlock: true, CancellationToken.None);
            await core.Pool.CallForCodeAsync(core.HeaderName, LockCalls.Unlock(RbdObjects.LockName, _cookie), CancellationToken.None);
            throw;
        }

        _owned = true;
        watcher.SetOwner(watcher.Self);
        watcher.NotifySoon(new LockOwnerPayload(NotifyOperation.AcquiredLock, watcher.Self));
    }

    private async Task AskAsync(Task peer, CancellationToken cancellationToken)
    {
        if (core.Options.KeepLock)
        {
            throw core.Error(Errno.EBUSY, "taking the exclusive lock, which another client holds,");
        }

        int answer = await watcher.AskOwnerAsync(new RequestLockPayload(watcher.Self, false), cancellationToken);
        switch (answer)
        {
            case -Errno.ETIMEDOUT:
                // Nobody called itself the owner: it may be gone or just going.
                await WaitAsync(peer, _retry, cancellationToken);
                break;
            case -Errno.EROFS:
                throw core.Error(Errno.EROFS, "taking the exclusive lock, which its owner will not give,");
            case < 0:
                core.Log($"asking for the lock: {Errno.Describe(answer)}");
                await WaitAsync(peer, _retry, cancellationToken);
                break;
            default:
                await WaitAsync(peer, _askAgain, cancellationToken);
                break;
        }
    }

    private async Task WaitAsync(Task peer, TimeSpan limit, CancellationToken cancellationToken)
    {
        try
        {
            await peer.WaitAsync(limit, core.Options.Time, cancellationToken);
        }
        catch (TimeoutException)
        {
            // Ask again.
        }
    }

    private async Task ReleaseOwnedAsync(CancellationToken cancellationToken)
    {
        await core.Operations.BlockAsync(cancellationToken);
        try
        {
            await core.Writes.BlockAsync(cancellationToken);
            try
            {
                await core.Unsettled.SettleAsync(cancellationToken);

                // Not to be given up half way: from here on without the caller's token.
                await core.CloseJournalAsync(isLost: false);
                _owned = false;
                await core.CloseObjectMapAsync(unlock: true, CancellationToken.None);
                int code = await core.Pool.CallForCodeAsync(core.HeaderName, LockCalls.Unlock(RbdObjects.LockName, _cookie), CancellationToken.None);
                if (code < 0 && code != -Errno.ENOENT)
                {
                    core.Log($"giving the lock up: {Errno.Describe(code)}");
                }
            }
            finally
            {
                core.Writes.Unblock();
            }
        }
        finally
        {
            core.Operations.Unblock();
        }

        watcher.SetOwner(default);
        await NotifyReleasedAsync(cancellationToken);
    }

    private async Task NotifyReleasedAsync(CancellationToken cancellationToken)
    {
        try
        {
            await watcher.NotifyAsync(new LockOwnerPayload(NotifyOperation.ReleasedLock, watcher.Self), cancellationToken);
        }
        catch (RadosException exception)
        {
            core.Log($"telling that the lock is free: {exception.Message}");
        }
    }

    private async Task LoseAsync()
    {
        if (!_owned)
        {
            return;
        }

        _owned = false;
        core.TellLockGoing();
        watcher.SetOwner(default);
        await core.CloseJournalAsync(isLost: true);
        await core.CloseObjectMapAsync(unlock: false, CancellationToken.None);
    }
}
