using System.Globalization;
using Nacre.Rados;

namespace Nacre.Mirroring.Schedules;

/// <summary>How often a schedule runs (Interval of src/pybind/mgr/rbd_support/schedule.py).</summary>
/// <param name="Minutes">Minutes, at least one.</param>
public readonly record struct ScheduleInterval(int Minutes)
{
    private const int Hour = 60;
    private const int Day = 24 * Hour;

    /// <summary>Longest that is accepted, ten years: beyond that nothing would ever run.</summary>
    private const int Longest = 3650 * Day;

    /// <summary>Reads "5m", "1h", "2d" or minutes. EINVAL with Ceph's text where it is none; also for zero, which Ceph takes and which stops its scheduler.</summary>
    public static ScheduleInterval Parse(string text)
    {
        int unit = text.Length == 0 ? 0 : text[^1] switch { 'd' => Day, 'h' => Hour, _ => 1 };
        ReadOnlySpan<char> digits = text.AsSpan().TrimEnd("dhm");
        bool isNumber = int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out int count) && text.Length - digits.Length <= 1;
        return isNumber && count > 0 && (long)count * unit <= Longest
            ? new ScheduleInterval(count * unit)
            : throw new RadosException(Errno.EINVAL, $"Invalid interval ({text})");
    }

    /// <summary>In the largest unit that fits, as Ceph stores and shows it.</summary>
    public override string ToString()
    {
        (int count, char unit) = Minutes % Day == 0 ? (Minutes / Day, 'd') : Minutes % Hour == 0 ? (Minutes / Hour, 'h') : (Minutes, 'm');
        return string.Create(CultureInfo.InvariantCulture, $"{count}{unit}");
    }
}
