namespace Nacre.Rados.Encoding;

/// <summary>
/// utime_t (src/include/utime.h) as it is stored: unlike <see cref="DateTimeOffset"/> it keeps single nanoseconds, so that what was read
/// can be written back byte for byte.
/// </summary>
/// <param name="Seconds">Since the epoch.</param>
/// <param name="Nanoseconds">Within the second.</param>
public readonly record struct CephTimestamp(uint Seconds, uint Nanoseconds) : IComparable<CephTimestamp>
{
    /// <summary>The time, nanoseconds cut to 100 ns.</summary>
    public DateTimeOffset ToDateTime() => CephTime.ToDateTime(Seconds, Nanoseconds);

    /// <summary>True for "never", which Ceph stores as zero.</summary>
    public bool IsZero => Seconds == 0 && Nanoseconds == 0;

    /// <summary>From a time; before the epoch becomes zero.</summary>
    public static CephTimestamp FromDateTime(DateTimeOffset time)
    {
        (uint seconds, uint nanoseconds) = CephTime.FromDateTime(time);
        return new CephTimestamp(seconds, nanoseconds);
    }

    /// <summary>Reads it.</summary>
    public static CephTimestamp Decode(ref CephReader reader) => new(reader.ReadUInt32(), reader.ReadUInt32());

    /// <summary>Writes it.</summary>
    public void Encode(CephWriter writer)
    {
        writer.Write(Seconds);
        writer.Write(Nanoseconds);
    }

    /// <inheritdoc/>
    public int CompareTo(CephTimestamp other) =>
        Seconds != other.Seconds ? Seconds.CompareTo(other.Seconds) : Nanoseconds.CompareTo(other.Nanoseconds);

    /// <summary>Earlier.</summary>
    public static bool operator <(CephTimestamp left, CephTimestamp right) => left.CompareTo(right) < 0;
    /// <summary>Later.</summary>
    public static bool operator >(CephTimestamp left, CephTimestamp right) => left.CompareTo(right) > 0;
}
