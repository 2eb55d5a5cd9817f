using System.Globalization;
using Nacre.Rados;

namespace Nacre.Mirroring.Schedules;

/// <summary>
/// A time of day from which a schedule's runs are counted (StartTime of src/pybind/mgr/rbd_support/schedule.py), in ISO form as it stores it: of a zone
/// where it has an offset, else of the site's own.
/// </summary>
/// <param name="Time">Hours and minutes.</param>
/// <param name="Offset">What the zone is ahead of UTC; null for the site's own zone.</param>
public readonly record struct ScheduleStartTime(TimeOnly Time, TimeSpan? Offset)
{
    private static readonly string[] _formats = ["H:mm", "H:mm:ss", "yyyy-MM-dd'T'H:mm", "yyyy-MM-dd'T'H:mm:ss", "yyyy-MM-dd H:mm", "yyyy-MM-dd H:mm:ss"];

    /// <summary>Reads "14:00", "14:00:00", with "Z", "+02:00" or "-0500" behind, also behind a date, which does not count. EINVAL where it is none.</summary>
    public static ScheduleStartTime Parse(string text)
    {
        (string local, TimeSpan? offset) = SplitOffset(text);
        return DateTime.TryParseExact(local, _formats, CultureInfo.InvariantCulture, DateTimeStyles.None, out DateTime time)
            ? new ScheduleStartTime(new TimeOnly(time.Hour, time.Minute), offset)
            : throw new RadosException(Errno.EINVAL, $"Invalid start time {text}: Unknown string format: {text}");
    }

    /// <summary>Where in a day the runs are, in the site's own zone. (Ceph adds the offset where it has to be taken away.)</summary>
    /// <param name="zoneOffset">What the site's zone is ahead of UTC.</param>
    public TimeSpan LocalTime(TimeSpan zoneOffset) => Offset is { } offset ? Time.ToTimeSpan() - offset + zoneOffset : Time.ToTimeSpan();

    /// <summary>As Ceph stores and shows it.</summary>
    public override string ToString()
    {
        string time = Time.ToString("HH':'mm':'ss", CultureInfo.InvariantCulture);
        return Offset is { } offset ? $"{time}{(offset < TimeSpan.Zero ? '-' : '+')}{offset.ToString("hh':'mm", CultureInfo.InvariantCulture)}" : time;
    }

    private static (string Local, TimeSpan? Offset) SplitOffset(string text)
    {
        text = text.Trim();
        if (text.EndsWith('Z') || text.EndsWith('z'))
        {
            return (text[..^1].TrimEnd(), TimeSpan.Zero);
        }

        int colon = text.IndexOf(':', StringComparison.Ordinal);
        int sign = colon < 0 ? -1 : text.IndexOfAny(['+', '-'], colon);
        if (sign < 0)
        {
            return (text, null);
        }

        string offset = text[(sign + 1)..].Replace(":", "", StringComparison.Ordinal);
        offset = offset.Length <= 2 ? offset.PadLeft(2, '0') + "00" : offset;
        return TimeSpan.TryParseExact(offset, "hhmm", CultureInfo.InvariantCulture, out TimeSpan ahead) && ahead < TimeSpan.FromDays(1)
            ? (text[..sign].TrimEnd(), text[sign] == '-' ? -ahead : ahead)
            : (text, null);
    }
}
