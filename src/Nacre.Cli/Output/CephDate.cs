using System.Globalization;

namespace Nacre.Cli.Output;

/// <summary>Times as Ceph's tools print them.</summary>
internal static class CephDate
{
    /// <summary>The C library's ctime, local, without its newline: <c>Tue Nov 24 13:24:30 2026</c>; the day is padded with a space.</summary>
    public static string Format(DateTimeOffset time, TimeProvider clock)
    {
        DateTimeOffset local = TimeZoneInfo.ConvertTime(time, clock.LocalTimeZone);
        return local.ToString("ddd MMM ", CultureInfo.InvariantCulture)
            + local.Day.ToString(CultureInfo.InvariantCulture).PadLeft(2)
            + local.ToString(" HH:mm:ss yyyy", CultureInfo.InvariantCulture);
    }
}
