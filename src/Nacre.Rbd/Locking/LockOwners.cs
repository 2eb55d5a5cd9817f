using System.Globalization;
using Nacre.ObjectClasses.Calls;
using Nacre.ObjectClasses.Lock;
using Nacre.ObjectClasses.Rbd;
using Nacre.Rados;
using Nacre.Rados.Watching;

namespace Nacre.Rbd;

/// <summary>Owners of the exclusive lock as the store knows them (librbd/managed_lock/GetLockerRequest.cc, BreakRequest.cc).</summary>
internal static class LockOwners
{
    /// <summary>librbd's tag: locks without it were taken by hand.</summary>
    public const string Tag = "internal";

    private const string CookiePrefix = "auto ";

    /// <summary>Who holds the lock; null for nobody.</summary>
    public static async Task<LockOwner?> ReadAsync(ImageCore core, CancellationToken cancellationToken)
    {
        LockInfo info = await core.Pool.CallAsync(core.HeaderName, LockCalls.GetInfo(RbdObjects.LockName), cancellationToken);
        foreach ((LockerId id, LockerInfo locker) in info.Lockers)
        {
            return new LockOwner(
                id.Locker.ToString(), id.Cookie, locker.Address.ToString(),
                info.Tag == Tag && info.Type == LockType.Exclusive ? Decode(id.Cookie) : 0);
        }

        return null;
    }

    /// <summary>Shuts an owner out of the store and takes its lock away.</summary>
    public static async Task BreakAsync(ImageCore core, LockOwner owner, CancellationToken cancellationToken)
    {
        ObjectClasses.Encoding.EntityNumber entity = ObjectClasses.Encoding.EntityNumber.TryParse(owner.Entity)
            ?? throw core.Error(Errno.EINVAL, $"breaking the lock of '{owner.Entity}'");
        bool ourself = entity.Number == (long)core.Pool.Cluster.InstanceId;
        if (!ourself && core.GetBoolOption("rbd_blocklist_on_break_lock", true))
        {
            ulong seconds = core.GetUInt64Option("rbd_blocklist_expire_seconds", 0);
            await core.Pool.Cluster.BlocklistAsync(owner.Address, seconds == 0 ? null : TimeSpan.FromSeconds(seconds), cancellationToken);
            await core.Pool.Cluster.WaitForLatestMapAsync(cancellationToken);
        }

        int code = await core.Pool.CallForCodeAsync(
            core.HeaderName, LockCalls.BreakLock(RbdObjects.LockName, entity, owner.Cookie), cancellationToken);
        if (code < 0 && code != -Errno.ENOENT)
        {
            throw core.Error(code, $"breaking the lock of {owner.Entity}");
        }
    }

    /// <summary>True while the owner's watch stands.</summary>
    public static async Task<bool> IsAliveAsync(ImageCore core, LockOwner owner, CancellationToken cancellationToken)
    {
        foreach (Watcher other in await core.Pool.ListWatchersAsync(core.HeaderName, cancellationToken))
        {
            if (other.Cookie == owner.WatchCookie && other.Address == owner.Address)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>The cookie that names a watch.</summary>
    public static string Cookie(ulong watch) => string.Create(CultureInfo.InvariantCulture, $"{CookiePrefix}{watch}");

    private static ulong Decode(string cookie) =>
        cookie.StartsWith(CookiePrefix, StringComparison.Ordinal)
        && ulong.TryParse(cookie.AsSpan(CookiePrefix.Length), NumberStyles.None, CultureInfo.InvariantCulture, out ulong watch)
            ? watch
            : 0;
}
