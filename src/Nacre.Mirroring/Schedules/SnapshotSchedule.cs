using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Nacre.Rados;

namespace Nacre.Mirroring.Schedules;

/// <summary>One entry of a schedule.</summary>
/// <param name="Interval">How often.</param>
/// <param name="StartTime">From when on in a day; null for midnight.</param>
public readonly record struct ScheduleItem(ScheduleInterval Interval, ScheduleStartTime? StartTime);

/// <summary>When mirror snapshots are made, of whatever it is set for (Schedule of src/pybind/mgr/rbd_support/schedule.py). Immutable.</summary>
public sealed class SnapshotSchedule
{
    private static readonly JsonWriterOptions _format = new() { Indented = true, IndentSize = 4, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <param name="items">Its entries; what is there twice counts once.</param>
    public SnapshotSchedule(IEnumerable<ScheduleItem> items) => Items = [.. items.Distinct()];

    /// <summary>One without entries, which never runs.</summary>
    public static SnapshotSchedule Empty { get; } = new([]);

    /// <summary>Its entries.</summary>
    public IReadOnlyList<ScheduleItem> Items { get; }

    /// <summary>With one more.</summary>
    public SnapshotSchedule With(ScheduleItem item) => new(Items.Append(item));

    /// <summary>With one less; without any effect where there is none such.</summary>
    public SnapshotSchedule Without(ScheduleItem item) => new(Items.Where(i => i != item));

    /// <summary>The first run after a moment.</summary>
    /// <param name="now">A moment, in the site's own zone.</param>
    public DateTimeOffset NextRun(DateTimeOffset now) => Items.Min(item => Next(item, now));

    /// <summary>The last run that was due at a moment.</summary>
    /// <param name="now">A moment, in the site's own zone.</param>
    public DateTimeOffset LastRun(DateTimeOffset now) => Items.Max(item => Next(item, now).AddMinutes(-item.Interval.Minutes));

    /// <summary>As Ceph stores it: JSON, four blanks deep.</summary>
    public string ToJson()
    {
        using var buffer = new MemoryStream();
        using (var writer = new Utf8JsonWriter(buffer, _format))
        {
            writer.WriteStartArray();
            foreach (ScheduleItem item in Items)
            {
                Write(writer, item);
            }

            writer.WriteEndArray();
        }

        return Encoding.UTF8.GetString(buffer.ToArray());
    }

    /// <summary>Writes an entry as Ceph stores and lists it.</summary>
    public static void Write(Utf8JsonWriter writer, ScheduleItem item)
    {
        writer.WriteStartObject();
        writer.WriteString("interval", item.Interval.ToString());
        if (item.StartTime is { } start)
        {
            writer.WriteString("start_time", start.ToString());
        }
        else
        {
            writer.WriteNull("start_time");
        }

        writer.WriteEndObject();
    }

    /// <summary>Reads what is stored. EINVAL where it is no schedule.</summary>
    public static SnapshotSchedule FromJson(ReadOnlySpan<byte> json)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(json.ToArray());
            return new SnapshotSchedule(document.RootElement.EnumerateArray().Select(Read).ToArray());
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException or KeyNotFoundException)
        {
            throw new RadosException(Errno.EINVAL, $"Invalid schedule format ({exception.Message})", exception);
        }
    }

    private static ScheduleItem Read(JsonElement item)
    {
        string? start = item.GetProperty("start_time").GetString();
        return new ScheduleItem(
            ScheduleInterval.Parse(item.GetProperty("interval").GetString() ?? ""), string.IsNullOrEmpty(start) ? null : ScheduleStartTime.Parse(start));
    }

    // Runs are counted from the first midnight of 1970, as Ceph counts them, so that every site has them at the same times.
    private static DateTimeOffset Next(ScheduleItem item, DateTimeOffset now)
    {
        DateTime first = DateTime.UnixEpoch + (item.StartTime?.LocalTime(now.Offset) ?? TimeSpan.Zero);
        var period = TimeSpan.FromMinutes(item.Interval.Minutes);
        long runs = (long)Math.Floor((now.DateTime - first) / period) + 1;
        return new DateTimeOffset(DateTime.SpecifyKind(first + (runs * period), DateTimeKind.Unspecified), now.Offset);
    }
}
