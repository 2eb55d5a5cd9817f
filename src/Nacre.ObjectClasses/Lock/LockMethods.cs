using Nacre.ObjectClasses.Encoding;
using Nacre.ObjectClasses.Server;
using Nacre.Rados;
using Nacre.Rados.ClassMethods;
using Nacre.Rados.Encoding;

namespace Nacre.ObjectClasses.Lock;

/// <summary>Methods of the <c>lock</c> class (src/cls/lock/cls_lock.cc).</summary>
internal static class LockMethods
{
    private const string Prefix = "lock.";

    public static ObjectClass Class { get; } = new(LockCalls.ClassName,
    [
        Methods.Write("lock", Lock),
        Methods.Write("unlock", Unlock),
        Methods.Write("break_lock", BreakLock),
        Methods.Read("get_info", GetInfo),
        Methods.Read("list_locks", ListLocks),
        Methods.Read("assert_locked", AssertLocked),
        Methods.Write("set_cookie", SetCookie),
    ]);

    private static bool IsValid(LockType type) => type is LockType.Exclusive or LockType.Shared or LockType.ExclusiveEphemeral;

    private static LockerId Caller(IClassContext context, string cookie) => new(EntityNumber.Client(context.CallerId), cookie);

    private static CephReader Arguments(ReadOnlySpan<byte> input) => new CephReader(input).ReadVersioned(1, out _, "lock arguments");

    private static int Lock(IClassContext context, ReadOnlySpan<byte> input, CephWriter output)
    {
        CephReader arguments = Arguments(input);
        string name = arguments.ReadString();
        var type = (LockType)arguments.ReadByte();
        string cookie = arguments.ReadString();
        string tag = arguments.ReadString();
        string description = arguments.ReadString();
        var duration = CephTimestamp.Decode(ref arguments);
        var flags = (LockFlags)arguments.ReadByte();
        const LockFlags Both = LockFlags.MayRenew | LockFlags.MustRenew;
        if (!IsValid(type) || name.Length == 0 || (flags & Both) == Both)
        {
            return -Errno.EINVAL;
        }

        int code = ReadLock(context, name, out LockInfo info);
        if (code < 0 && code != -Errno.ENOENT)
        {
            return code;
        }

        if (info.Lockers.Count > 0 && tag != info.Tag)
        {
            return -Errno.EBUSY;
        }

        LockerId caller = Caller(context, cookie);
        if (info.Lockers.ContainsKey(caller))
        {
            if (flags == LockFlags.None)
            {
                return -Errno.EEXIST;
            }

            info.Lockers.Remove(caller);
        }
        else if (flags.HasFlag(LockFlags.MustRenew))
        {
            return -Errno.ENOENT;
        }

        if (info.Lockers.Count > 0 && (type != LockType.Shared || info.Type != type))
        {
            return -Errno.EBUSY;
        }

        // The address is stored as of the first protocol whatever the caller speaks, as Ceph does: old clients read it too.
        EntityAddress address = (EntityAddress.TryParse(context.CallerAddress) ?? EntityAddress.Blank) with { Type = EntityAddressType.Legacy };
        CephTimestamp expiration = duration.IsZero ? default : Add(context.Timestamp(), duration);
        info.Lockers[caller] = new LockerInfo(expiration, address, description);
        return WriteLock(context, name, info with { Type = type, Tag = tag });
    }

    private static int Unlock(IClassContext context, ReadOnlySpan<byte> input, CephWriter output)
    {
        CephReader arguments = Arguments(input);
        string name = arguments.ReadString();
        return RemoveLocker(context, name, Caller(context, arguments.ReadString()));
    }

    private static int BreakLock(IClassContext context, ReadOnlySpan<byte> input, CephWriter output)
    {
        CephReader arguments = Arguments(input);
        string name = arguments.ReadString();
        var locker = EntityNumber.Decode(ref arguments);
        return RemoveLocker(context, name, new LockerId(locker, arguments.ReadString()));
    }

    private static int GetInfo(IClassContext context, ReadOnlySpan<byte> input, CephWriter output)
    {
        int code = ReadLock(context, Arguments(input).ReadString(), out LockInfo info);
        if (code == 0)
        {
            info.Encode(output);
        }

        return code;
    }

    private static int ListLocks(IClassContext context, ReadOnlySpan<byte> input, CephWriter output)
    {
        int code = context.GetXattrs(out IReadOnlyList<KeyValuePair<string, ReadOnlyMemory<byte>>> values);
        if (code < 0)
        {
            return code;
        }

        List<string> names = [.. values.Where(v => v.Key.StartsWith(Prefix, StringComparison.Ordinal)).Select(v => v.Key[Prefix.Length..])];
        names.Sort(CephStringComparer.Instance);
        using (output.Versioned(1, 1))
        {
            output.WriteList(names, static (w, name) => w.Write(name));
        }

        return 0;
    }

    private static int AssertLocked(IClassContext context, ReadOnlySpan<byte> input, CephWriter output)
    {
        CephReader arguments = Arguments(input);
        return ReadHeld(context, ref arguments, out _, out _, out _);
    }

    private static int SetCookie(IClassContext context, ReadOnlySpan<byte> input, CephWriter output)
    {
        CephReader arguments = Arguments(input);
        int code = ReadHeld(context, ref arguments, out string name, out LockInfo info, out LockerId holder);
        if (code < 0)
        {
            return code;
        }

        LockerId renamed = holder with { Cookie = arguments.ReadString() };
        if (info.Lockers.ContainsKey(renamed))
        {
            return -Errno.EBUSY;
        }

        info.Lockers.Remove(holder, out LockerInfo? locker);
        info.Lockers[renamed] = locker!;
        return WriteLock(context, name, info);
    }

    // What assert_locked and set_cookie have in common: the caller holds the lock so.
    private static int ReadHeld(IClassContext context, ref CephReader arguments, out string name, out LockInfo info, out LockerId holder)
    {
        name = arguments.ReadString();
        var type = (LockType)arguments.ReadByte();
        holder = Caller(context, arguments.ReadString());
        string tag = arguments.ReadString();
        info = LockInfo.None;
        if (!IsValid(type) || name.Length == 0)
        {
            return -Errno.EINVAL;
        }

        int code = ReadLock(context, name, out info);
        if (code < 0)
        {
            return code;
        }

        bool held = info.Lockers.ContainsKey(holder) && info.Type == type && info.Tag == tag;
        return held ? 0 : -Errno.EBUSY;
    }

    private static int RemoveLocker(IClassContext context, string name, LockerId locker)
    {
        int code = ReadLock(context, name, out LockInfo info);
        if (code < 0)
        {
            return code;
        }

        if (!info.Lockers.Remove(locker))
        {
            return -Errno.ENOENT;
        }

        return info.Type == LockType.ExclusiveEphemeral ? context.Remove() : WriteLock(context, name, info);
    }

    private static int ReadLock(IClassContext context, string name, out LockInfo info)
    {
        info = LockInfo.None;
        int code = context.GetXattr(Prefix + name, out ReadOnlyMemory<byte> bytes);
        if (code < 0)
        {
            return code == -Errno.ENODATA ? 0 : code;
        }

        code = context.TryDecode(Prefix + name, bytes.Span, LockInfo.Decode, out LockInfo stored);
        if (code < 0)
        {
            return code;
        }

        info = stored;
        CephTimestamp now = context.Timestamp();
        foreach (LockerId expired in info.Lockers.Where(l => !l.Value.Expiration.IsZero && l.Value.Expiration < now).Select(l => l.Key).ToList())
        {
            info.Lockers.Remove(expired);
        }

        if (info.Lockers.Count == 0 && info.Type == LockType.ExclusiveEphemeral)
        {
            // As Ceph: the object goes with its lock; a reader cannot remove it, which does no harm.
            _ = context.Remove();
        }

        return 0;
    }

    private static int WriteLock(IClassContext context, string name, LockInfo info) => context.SetXattr(Prefix + name, info.ToBytes());

    private static CephTimestamp Add(CephTimestamp time, CephTimestamp duration)
    {
        uint nanoseconds = time.Nanoseconds + duration.Nanoseconds;
        const uint Second = 1_000_000_000;
        return new CephTimestamp(time.Seconds + duration.Seconds + (nanoseconds / Second), nanoseconds % Second);
    }
}
