using System.Text.Json;
using Nacre.Mirroring.Schedules;
using Nacre.Rados;
using Nacre.Rados.Caps;
using Nacre.Rados.Clusters;
using Nacre.Site.Scheduling;

namespace Nacre.Site.Commands;

/// <summary><c>rbd mirror snapshot schedule …</c> of the manager module <c>rbd_support</c>, which <c>rbd</c> calls.</summary>
internal static class ScheduleCommands
{
    private const string Module = "rbd_support";

    private delegate Task<CommandResult> Answer(
        SnapshotScheduler scheduler, ScheduleLevel level, CommandContext context, CancellationToken cancellationToken);

    public static void AddTo(SiteMonitor site, SnapshotScheduler scheduler)
    {
        Add(site, scheduler, "add", CapsAccess.Write, AddAsync);
        Add(site, scheduler, "remove", CapsAccess.Write, RemoveAsync);
        Add(site, scheduler, "list", CapsAccess.Read, ListAsync);
        Add(site, scheduler, "status", CapsAccess.Read, StatusAsync);
    }

    private static void Add(SiteMonitor site, SnapshotScheduler scheduler, string verb, CapsAccess access, Answer answer) =>
        site.Add(new CommandDescription($"rbd mirror snapshot schedule {verb}", Module, access, async (context, cancellationToken) =>
            await answer(scheduler, await scheduler.FindLevelAsync(context.Text("level_spec") ?? "", cancellationToken), context, cancellationToken))
        {
            Manager = true, Module = Module,
        });

    private static async Task<CommandResult> AddAsync(
        SnapshotScheduler scheduler, ScheduleLevel level, CommandContext context, CancellationToken cancellationToken)
    {
        await scheduler.AddAsync(level, new ScheduleItem(ScheduleInterval.Parse(context.Required("interval")), Start(context)), cancellationToken);
        return CommandContext.Done("");
    }

    private static async Task<CommandResult> RemoveAsync(
        SnapshotScheduler scheduler, ScheduleLevel level, CommandContext context, CancellationToken cancellationToken)
    {
        ScheduleItem? item = context.Text("interval") is { } interval ? new ScheduleItem(ScheduleInterval.Parse(interval), Start(context)) : null;
        await scheduler.RemoveAsync(level, item, cancellationToken);
        return CommandContext.Done("");
    }

    private static async Task<CommandResult> ListAsync(
        SnapshotScheduler scheduler, ScheduleLevel level, CommandContext context, CancellationToken cancellationToken)
    {
        IReadOnlyList<(ScheduleLevel Level, SnapshotSchedule Schedule)> found = await scheduler.ListAsync(level, cancellationToken);
        return context.Json(
            writer =>
            {
                writer.WriteStartObject();
                foreach ((ScheduleLevel at, SnapshotSchedule schedule) in found.OrderBy(entry => entry.Level.Id, StringComparer.Ordinal))
                {
                    writer.WriteStartObject(at.Id);
                    writer.WriteString("name", at.Name);
                    writer.WriteStartArray("schedule");
                    foreach (ScheduleItem item in schedule.Items)
                    {
                        SnapshotSchedule.Write(writer, item);
                    }

                    writer.WriteEndArray();
                    writer.WriteEndObject();
                }

                writer.WriteEndObject();
            },
            "", true);
    }

    private static async Task<CommandResult> StatusAsync(
        SnapshotScheduler scheduler, ScheduleLevel level, CommandContext context, CancellationToken cancellationToken)
    {
        IReadOnlyList<(string Time, string Image, string? Trouble)> images = await scheduler.StatusAsync(level, cancellationToken);
        return context.Json(
            writer =>
            {
                writer.WriteStartObject();
                writer.WriteStartArray("scheduled_images");
                foreach ((string time, string image, string? trouble) in images)
                {
                    writer.WriteStartObject();
                    writer.WriteString("image", image);
                    writer.WriteString("schedule_time", time);
                    if (trouble is not null)
                    {
                        writer.WriteString("trouble", trouble);
                    }

                    writer.WriteEndObject();
                }

                writer.WriteEndArray();
                writer.WriteEndObject();
            },
            "", true);
    }

    private static ScheduleStartTime? Start(CommandContext context) => context.Text("start_time") is { Length: > 0 } text ? ScheduleStartTime.Parse(text) : null;
}
