namespace Nacre.Rados.Encoding;

/// <summary>utime_t (src/include/utime.h): seconds since the epoch and nanoseconds, each u32.</summary>
public static class CephTime
{
    /// <summary>From the pair; nanoseconds are cut to 100 ns.</summary>
    public static DateTimeOffset ToDateTime(uint seconds, uint nanoseconds) =>
        DateTimeOffset.UnixEpoch.AddTicks((seconds * TimeSpan.TicksPerSecond) + (nanoseconds / 100));

    /// <summary>To the pair; times before the epoch become zero.</summary>
    public static (uint Seconds, uint Nanoseconds) FromDateTime(DateTimeOffset time)
    {
        long ticks = Math.Max(0, (time - DateTimeOffset.UnixEpoch).Ticks);
        return ((uint)(ticks / TimeSpan.TicksPerSecond), (uint)(ticks % TimeSpan.TicksPerSecond * 100));
    }
}
