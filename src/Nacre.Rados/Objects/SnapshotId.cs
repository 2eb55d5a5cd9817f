namespace Nacre.Rados.Objects;

/// <summary>Special snapshot ids (src/include/rados.h).</summary>
public static class SnapshotId
{
    /// <summary>CEPH_NOSNAP: the object as it is now.</summary>
    public const ulong Head = unchecked((ulong)-2);

    /// <summary>CEPH_SNAPDIR: all of an object's snapshots.</summary>
    public const ulong Directory = unchecked((ulong)-1);
}
