using System.Text;
using Nacre.Mirroring.Schedules;
using Nacre.Rados;

namespace Nacre.Mirroring.Tests.Rules;

/// <summary>Intervals, times and levels of schedules; the stored form is what Ceph's manager stored.</summary>
public class ScheduleTests
{
    private const string Stored = "[\n    {\n        \"interval\": \"1h\",\n        \"start_time\": \"14:00:00-05:00\"\n    },\n    {\n        \"interval\": \"2d\",\n        \"start_time\": null\n    }\n]";

    [Theory]
    [InlineData("5m", "5m")]
    [InlineData("60", "1h")]
    [InlineData("61m", "61m")]
    [InlineData("25h", "25h")]
    [InlineData("48h", "2d")]
    public void Intervals_are_shown_in_their_largest_unit(string text, string shown) => Assert.Equal(shown, ScheduleInterval.Parse(text).ToString());

    [Theory]
    [InlineData("")]
    [InlineData("0")]
    [InlineData("0d")]
    [InlineData("m")]
    [InlineData("5x")]
    [InlineData("-5m")]
    [InlineData("1.5h")]
    [InlineData("5mm")]
    [InlineData("99999999999999d")]
    [InlineData("2000000d")]
    public void Intervals_that_are_none_are_refused(string text) =>
        Assert.Equal($"Invalid interval ({text})", Assert.Throws<RadosException>(() => ScheduleInterval.Parse(text)).Attempt);

    [Theory]
    [InlineData("14:00", "14:00:00")]
    [InlineData("7:05", "07:05:00")]
    [InlineData("14:00:59", "14:00:00")]
    [InlineData("14:00:00-05:00", "14:00:00-05:00")]
    [InlineData("14:00+0230", "14:00:00+02:30")]
    [InlineData("14:00Z", "14:00:00+00:00")]
    [InlineData("2026-01-31T23:45:00+02", "23:45:00+02:00")]
    public void Times_are_shown_in_iso_form(string text, string shown) => Assert.Equal(shown, ScheduleStartTime.Parse(text).ToString());

    [Theory]
    [InlineData("25:00")]
    [InlineData("noon")]
    [InlineData("14:00+99:00")]
    [InlineData("14")]
    public void Times_that_are_none_are_refused(string text) => Assert.Equal(Errno.EINVAL, Assert.Throws<RadosException>(() => ScheduleStartTime.Parse(text)).Code);

    [Fact]
    public void What_Ceph_stored_is_read_and_written_alike() => Assert.Equal(Stored, SnapshotSchedule.FromJson(Encoding.UTF8.GetBytes(Stored)).ToJson());

    [Theory]
    [InlineData("")]
    [InlineData("{}")]
    [InlineData("[1]")]
    [InlineData("[{\"interval\":\"1h\"}]")]
    [InlineData("[{\"interval\":\"0h\",\"start_time\":null}]")]
    public void What_is_no_schedule_is_refused(string json) =>
        Assert.Equal(Errno.EINVAL, Assert.Throws<RadosException>(() => SnapshotSchedule.FromJson(Encoding.UTF8.GetBytes(json))).Code);

    [Theory]
    [InlineData("15m", null, "2026-11-24T10:07:30Z", "2026-11-24T10:15:00Z")]
    [InlineData("15m", null, "2026-11-24T10:15:00Z", "2026-11-24T10:30:00Z")]
    [InlineData("1d", null, "2026-11-24T10:15:00+02:00", "2026-11-25T00:00:00+02:00")]
    [InlineData("1d", "14:00", "2026-11-24T15:00:00+02:00", "2026-11-25T14:00:00+02:00")]
    [InlineData("1d", "14:00Z", "2026-11-24T15:00:00+02:00", "2026-11-24T16:00:00+02:00")]
    [InlineData("1d", "14:00-05:00", "2026-11-24T10:00:00Z", "2026-11-24T19:00:00Z")]
    [InlineData("7m", "00:03", "1970-01-01T00:00:00Z", "1970-01-01T00:03:00Z")]
    public void Runs_are_counted_from_the_start_time_in_the_sites_own_zone(string interval, string? start, string now, string next)
    {
        var schedule = new SnapshotSchedule([new ScheduleItem(ScheduleInterval.Parse(interval), start is null ? null : ScheduleStartTime.Parse(start))]);
        DateTimeOffset moment = DateTimeOffset.Parse(now, System.Globalization.CultureInfo.InvariantCulture);
        DateTimeOffset found = schedule.NextRun(moment);
        Assert.Equal(DateTimeOffset.Parse(next, System.Globalization.CultureInfo.InvariantCulture), found);
        Assert.True(schedule.LastRun(moment) <= moment);
        Assert.Equal(found, schedule.NextRun(schedule.LastRun(moment)));
    }

    [Fact]
    public void A_listing_shows_what_is_within_a_level_and_the_nearest_around_it()
    {
        var schedule = new SnapshotSchedule([new ScheduleItem(new ScheduleInterval(60), null)]);
        ScheduleLevel pool = new(2, null, null, "p/");
        ScheduleLevel space = new(2, "ns", null, "p/ns/");
        ScheduleLevel image = new(2, "ns", "abc", "p/ns/i");
        ScheduleLevel other = new(3, null, null, "q/");
        var book = new ScheduleBook([(ScheduleLevel.Global, schedule), (pool, schedule), (image, schedule), (other, schedule)]);
        Assert.Equal([pool, image], book.List(space).Select(e => e.Level));
        Assert.Equal([ScheduleLevel.Global, pool, image, other], book.List(ScheduleLevel.Global).Select(e => e.Level));
        Assert.Equal([pool, image], book.List(pool).Select(e => e.Level));
    }
}
