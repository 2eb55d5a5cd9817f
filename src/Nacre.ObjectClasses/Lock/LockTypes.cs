using Nacre.ObjectClasses.Encoding;
using Nacre.Rados.Encoding;

namespace Nacre.ObjectClasses.Lock;

/// <summary>ClsLockType.</summary>
public enum LockType : byte
{
    /// <summary>No lock.</summary>
    None = 0,
    /// <summary>One holder.</summary>
    Exclusive = 1,
    /// <summary>Any number of holders.</summary>
    Shared = 2,
    /// <summary>One holder; the object is removed with the lock.</summary>
    ExclusiveEphemeral = 3,
}

/// <summary>LOCK_FLAG_*.</summary>
[Flags]
public enum LockFlags : byte
{
    /// <summary>Fail with EEXIST where the caller holds it.</summary>
    None = 0,
    /// <summary>Renew it where the caller holds it.</summary>
    MayRenew = 1,
    /// <summary>Fail with ENOENT unless the caller holds it.</summary>
    MustRenew = 2,
}

/// <summary>locker_id_t: who holds a lock, unique within the lock.</summary>
/// <param name="Locker">The client.</param>
/// <param name="Cookie">The client's own mark.</param>
public sealed record LockerId(EntityNumber Locker, string Cookie) : ICephEncodable<LockerId>, IComparable<LockerId>
{
    /// <inheritdoc/>
    public void Encode(CephWriter writer)
    {
        using (writer.Versioned(1, 1))
        {
            Locker.Encode(writer);
            writer.Write(Cookie);
        }
    }

    /// <inheritdoc/>
    public static LockerId Decode(ref CephReader reader)
    {
        CephReader body = reader.ReadVersioned(1, out _, nameof(LockerId));
        return new LockerId(EntityNumber.Decode(ref body), body.ReadString());
    }

    /// <inheritdoc/>
    public int CompareTo(LockerId? other)
    {
        if (other is null)
        {
            return 1;
        }

        int order = Locker.CompareTo(other.Locker);
        return order != 0 ? order : CephStringComparer.Instance.Compare(Cookie, other.Cookie);
    }
}

/// <summary>locker_info_t: more about a holder.</summary>
/// <param name="Expiration">Until when it holds; zero for always.</param>
/// <param name="Address">Where it is: what to blocklist.</param>
/// <param name="Description">Its own words.</param>
public sealed record LockerInfo(CephTimestamp Expiration, EntityAddress Address, string Description) : ICephEncodable<LockerInfo>
{
    /// <inheritdoc/>
    public void Encode(CephWriter writer)
    {
        using (writer.Versioned(1, 1))
        {
            Expiration.Encode(writer);
            Address.Encode(writer);
            writer.Write(Description);
        }
    }

    /// <inheritdoc/>
    public static LockerInfo Decode(ref CephReader reader)
    {
        CephReader body = reader.ReadVersioned(1, out _, nameof(LockerInfo));
        return new LockerInfo(body.ReadTimestamp(), EntityAddress.Decode(ref body), body.ReadString());
    }
}

/// <summary>lock_info_t, the value of xattr <c>lock.NAME</c>, which get_info also returns.</summary>
/// <param name="Lockers">Who holds it, in order.</param>
/// <param name="Type">How.</param>
/// <param name="Tag">Only lockers with the same tag may join.</param>
public sealed record LockInfo(SortedDictionary<LockerId, LockerInfo> Lockers, LockType Type, string Tag) : ICephEncodable<LockInfo>
{
    /// <summary>No lock.</summary>
    public static LockInfo None => new([], LockType.None, "");

    /// <inheritdoc/>
    public void Encode(CephWriter writer)
    {
        using (writer.Versioned(1, 1))
        {
            writer.WriteMap(Lockers, static (w, id) => id.Encode(w), static (w, info) => info.Encode(w));
            writer.Write((byte)Type);
            writer.Write(Tag);
        }
    }

    /// <inheritdoc/>
    public static LockInfo Decode(ref CephReader reader)
    {
        CephReader body = reader.ReadVersioned(1, out _, nameof(LockInfo));
        var lockers = new SortedDictionary<LockerId, LockerInfo>();
        for (int i = body.ReadCount(12); i > 0; i--)
        {
            var id = LockerId.Decode(ref body);
            lockers[id] = LockerInfo.Decode(ref body);
        }

        return new LockInfo(lockers, (LockType)body.ReadByte(), body.ReadString());
    }
}
