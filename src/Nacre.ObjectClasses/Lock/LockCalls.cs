using Nacre.ObjectClasses.Calls;
using Nacre.ObjectClasses.Encoding;
using Nacre.Rados.Encoding;

namespace Nacre.ObjectClasses.Lock;

/// <summary>Calls of the <c>lock</c> class: advisory locks on an object (src/cls/lock/cls_lock_client.cc).</summary>
public static class LockCalls
{
    /// <summary>The class.</summary>
    public const string ClassName = "lock";

    /// <summary>
    /// Takes a lock; creates the object where it is absent. EBUSY where others hold it, EEXIST where the caller does, ENOENT where it must renew
    /// and does not hold it.
    /// </summary>
    /// <param name="name">The lock.</param>
    /// <param name="type">How to hold it.</param>
    /// <param name="cookie">The caller's own mark.</param>
    /// <param name="tag">Must be that of the other holders.</param>
    /// <param name="description">Free text.</param>
    /// <param name="duration">For how long; zero for always.</param>
    /// <param name="flags">What if the caller holds it.</param>
    public static ClassWrite Lock(
        string name, LockType type, string cookie, string tag = "", string description = "", TimeSpan duration = default, LockFlags flags = LockFlags.None) =>
        Write("lock", w =>
        {
            w.Write(name);
            w.Write((byte)type);
            w.Write(cookie);
            w.Write(tag);
            w.Write(description);
            w.Write((uint)(duration.Ticks / TimeSpan.TicksPerSecond));
            w.Write((uint)(duration.Ticks % TimeSpan.TicksPerSecond * 100));
            w.Write((byte)flags);
        });

    /// <summary>Lets a lock go. ENOENT where the caller does not hold it with that cookie.</summary>
    public static ClassWrite Unlock(string name, string cookie) => Write("unlock", w =>
    {
        w.Write(name);
        w.Write(cookie);
    });

    /// <summary>Takes a lock from another client. ENOENT where it does not hold it.</summary>
    public static ClassWrite BreakLock(string name, EntityNumber locker, string cookie) => Write("break_lock", w =>
    {
        w.Write(name);
        locker.Encode(w);
        w.Write(cookie);
    });

    /// <summary>Who holds a lock; no lockers where nobody does. ENOENT where the object is absent.</summary>
    public static ClassRead<LockInfo> GetInfo(string name) =>
        new(ClassName, "get_info", Arguments(w => w.Write(name)), LockInfo.Decode);

    /// <summary>Names of the object's locks.</summary>
    public static ClassRead<IReadOnlyList<string>> ListLocks() => new(
        ClassName,
        "list_locks",
        ReadOnlyMemory<byte>.Empty,
        static (ref CephReader r) =>
        {
            CephReader body = r.ReadVersioned(1, out _, "cls_lock_list_locks_reply");
            return body.ReadStrings();
        });

    /// <summary>Asserts, in a compound operation, that the caller holds the lock (EBUSY otherwise).</summary>
    public static ClassWrite AssertLocked(string name, LockType type, string cookie, string tag = "") => Write("assert_locked", w =>
    {
        w.Write(name);
        w.Write((byte)type);
        w.Write(cookie);
        w.Write(tag);
    });

    /// <summary>Replaces the caller's cookie. EBUSY where the caller does not hold the lock with the old one.</summary>
    public static ClassWrite SetCookie(string name, LockType type, string cookie, string tag, string newCookie) => Write("set_cookie", w =>
    {
        w.Write(name);
        w.Write((byte)type);
        w.Write(cookie);
        w.Write(tag);
        w.Write(newCookie);
    });

    private static ClassWrite Write(string method, Action<CephWriter> arguments) => new(ClassName, method, Arguments(arguments));

    // Every argument struct of this class is version 1.
    private static byte[] Arguments(Action<CephWriter> arguments)
    {
        var writer = new CephWriter();
        using (writer.Versioned(1, 1))
        {
            arguments(writer);
        }

        return writer.ToArray();
    }
}
