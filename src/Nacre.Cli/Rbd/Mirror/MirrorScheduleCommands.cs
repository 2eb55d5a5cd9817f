using System.Text.Json;
using System.Text.Json.Nodes;
using Nacre.Cli.Applications;
using Nacre.Cli.Commands;
using Nacre.Cli.Output;
using Nacre.Rados;
using Nacre.Rados.Clusters;

namespace Nacre.Cli.Rbd.Mirror;

/// <summary>
/// <c>rbd mirror snapshot schedule …</c> (src/tools/rbd/action/MirrorSnapshotSchedule.cc, src/tools/rbd/Schedule.cc). The schedules are the manager's: of
/// a Ceph cluster, or of an embedded site, which answers the same commands.
/// </summary>
internal static class MirrorScheduleCommands
{
    private const string Prefix = "rbd mirror snapshot schedule ";
    private static readonly CommandPositional _interval = new("interval", "schedule interval");
    private static readonly CommandPositional _startTime = new("start-time", "schedule start time") { IsOptional = true };

    /// <summary>All of them.</summary>
    public static IReadOnlyList<CommandDefinition<RbdCommandContext>> All { get; } =
    [
        new("mirror snapshot schedule add", "Add mirror snapshot schedule.")
        {
            Positionals = [_interval, _startTime],
            Options = RbdOptions.ImageOptions,
            RunAsync = AddAsync,
        },
        new("mirror snapshot schedule list", "List mirror snapshot schedule.")
        {
            Alias = "mirror snapshot schedule ls",
            Options =
            [
                .. RbdOptions.ImageOptions, CommandOption.Switch("recursive", "list all schedules") with { Short = 'R' }, .. RbdOptions.Format,
            ],
            RunAsync = ListAsync,
        },
        new("mirror snapshot schedule remove", "Remove mirror snapshot schedule.")
        {
            Alias = "mirror snapshot schedule rm",
            Positionals = [_interval with { IsOptional = true }, _startTime],
            Options = RbdOptions.ImageOptions,
            RunAsync = RemoveAsync,
        },
        new("mirror snapshot schedule status", "Show mirror snapshot schedule status.")
        {
            Options = [.. RbdOptions.ImageOptions, .. RbdOptions.Format],
            RunAsync = StatusAsync,
        },
    ];

    private static async Task<int> AddAsync(RbdCommandContext context, CancellationToken cancellationToken)
    {
        string level = await ReadLevelAsync(context, cancellationToken);
        string interval = context.Arguments.Next();
        if (interval.Length == 0)
        {
            throw RbdCommandContext.Failure("missing 'interval' argument");
        }

        if (interval.AsSpan().TrimEnd("dhm").Trim('0').IsEmpty)
        {
            // Ceph's manager takes it, and makes no scheduled snapshot at all from then on.
            throw Failed("add", Errno.EINVAL, $"Invalid interval ({interval})");
        }

        await CallAsync(context, "add", level, interval, context.Arguments.Next(), cancellationToken);
        return 0;
    }

    private static async Task<int> RemoveAsync(RbdCommandContext context, CancellationToken cancellationToken)
    {
        string level = await ReadLevelAsync(context, cancellationToken);
        await CallAsync(context, "remove", level, context.Arguments.Next(), context.Arguments.Next(), cancellationToken);
        return 0;
    }

    private static async Task<int> ListAsync(RbdCommandContext context, CancellationToken cancellationToken)
    {
        OutputFormatter? formatter = context.CreateFormatter();
        string level = await ReadLevelAsync(context, cancellationToken);
        JsonElement schedules = await CallAsync(context, "list", level, "", "", cancellationToken);
        (string Name, JsonElement Items)[] all =
            [.. schedules.EnumerateObject().Select(entry => (entry.Value.GetProperty("name").GetString()!, entry.Value.GetProperty("schedule")))];
        if (context.Arguments.Has("recursive"))
        {
            ListAll(context, formatter, all);
            return 0;
        }

        (string Name, JsonElement Items)[] own = [.. all.Where(entry => entry.Name == level)];
        if (own.Length == 0)
        {
            return Errno.ENOENT;
        }

        if (formatter is null)
        {
            context.Line(Text(own[0].Items));
            return 0;
        }

        DumpItems(formatter, "items", own[0].Items);
        formatter.Flush(context.Output);
        return 0;
    }

    private static void ListAll(RbdCommandContext context, OutputFormatter? formatter, (string Name, JsonElement Items)[] all)
    {
        TextTable table = new TextTable().Column("POOL").Column("NAMESPACE").Column("IMAGE").Column("SCHEDULE");
        formatter?.OpenArray("schedules");
        foreach ((string name, JsonElement items) in all)
        {
            (string pool, string inNamespace, string image) = Split(name);
            if (formatter is null)
            {
                table.Row(pool, inNamespace, image, Text(items));
                continue;
            }

            formatter.OpenObject("schedule");
            formatter.Dump("pool", pool);
            formatter.Dump("namespace", inNamespace);
            formatter.Dump("image", image);
            DumpItems(formatter, "items", items);
            formatter.Close();
        }

        formatter?.Close();
        if (formatter is null)
        {
            table.Write(context.Output);
        }
        else
        {
            formatter.Flush(context.Output);
        }
    }

    private static async Task<int> StatusAsync(RbdCommandContext context, CancellationToken cancellationToken)
    {
        OutputFormatter? formatter = context.CreateFormatter();
        string level = await ReadLevelAsync(context, cancellationToken);
        JsonElement status = await CallAsync(context, "status", level, "", "", cancellationToken);
        (string Time, string Image, string? Trouble)[] images =
        [
            .. status.GetProperty("scheduled_images").EnumerateArray().Select(image => (
                image.GetProperty("schedule_time").GetString()!, image.GetProperty("image").GetString()!,
                image.TryGetProperty("trouble", out JsonElement trouble) ? trouble.GetString() : null)),
        ];
        if (formatter is not null)
        {
            DumpStatus(formatter, images);
            formatter.Flush(context.Output);
            return 0;
        }

        // The third column only where there is something to tell: Ceph has none.
        bool hasTrouble = images.Any(image => image.Trouble is not null);
        TextTable table = new TextTable().Column("SCHEDULE TIME").Column("IMAGE");
        table = hasTrouble ? table.Column("TROUBLE") : table;
        foreach ((string time, string image, string? trouble) in images)
        {
            table.Row(hasTrouble ? [time, image, trouble ?? ""] : [time, image]);
        }

        table.Write(context.Output);
        return 0;
    }

    private static void DumpStatus(OutputFormatter formatter, (string Time, string Image, string? Trouble)[] images)
    {
        formatter.OpenArray("scheduled_images");
        foreach ((string time, string image, string? trouble) in images)
        {
            formatter.OpenObject("image");
            formatter.Dump("schedule_time", time);
            formatter.Dump("image", image);
            if (trouble is not null)
            {
                formatter.Dump("trouble", trouble);
            }

            formatter.Close();
        }

        formatter.Close();
    }

    private static void DumpItems(OutputFormatter formatter, string name, JsonElement items)
    {
        formatter.OpenArray(name);
        foreach (JsonElement item in items.EnumerateArray())
        {
            formatter.OpenObject("item");
            formatter.Dump("interval", item.GetProperty("interval").GetString()!);
            formatter.Dump("start_time", item.GetProperty("start_time").GetString() ?? "");
            formatter.Close();
        }

        formatter.Close();
    }

    private static string Text(JsonElement items) => string.Join(", ", items.EnumerateArray().Select(item =>
        $"every {item.GetProperty("interval").GetString()}{(item.GetProperty("start_time").GetString() is { Length: > 0 } start ? $" starting at {start}" : "")}"));

    /// <summary>What the manager calls a level: everything, "pool/", "pool/namespace/", "pool/image", "pool/namespace/image".</summary>
    private static async Task<string> ReadLevelAsync(RbdCommandContext context, CancellationToken cancellationToken)
    {
        CommandArguments arguments = context.Arguments;
        string pool = arguments.Get("pool") ?? "";
        string inNamespace = arguments.Get("namespace") ?? "";
        string image = arguments.Get("image") ?? "";
        string[] parts = image.Split('/');
        if (parts.Length > 1)
        {
            if (pool.Length > 0 || (parts.Length > 2 && inNamespace.Length > 0))
            {
                string both = pool.Length > 0 ? "pool" : "namespace";
                throw RbdCommandContext.Failure($"{both} is specified both via {both} and image options");
            }

            (pool, inNamespace, image) = (parts[0], parts.Length > 2 ? parts[1] : inNamespace, parts[^1]);
        }
        else if (pool.IndexOf('/', StringComparison.Ordinal) is >= 0 and int slash)
        {
            (pool, inNamespace) = (pool[..slash], pool[(slash + 1)..]);
        }

        if (pool.Length == 0 && inNamespace.Length == 0 && image.Length == 0)
        {
            return "";
        }

        pool = pool.Length > 0 ? pool : (await context.ConnectAsync(cancellationToken)).GetOption("rbd_default_pool") ?? "rbd";
        return $"{pool}/{(inNamespace.Length > 0 ? inNamespace + "/" : "")}{image}";
    }

    private static (string Pool, string Namespace, string Image) Split(string name)
    {
        string[] parts = name.Split('/');
        string OrDash(string part) => part.Length > 0 ? part : "-";
        return parts switch
        {
            [""] => ("-", "-", "-"),
            [var pool, ""] => (pool, "-", "-"),
            [var pool, var image] => (pool, "", image),
            [var pool, var inNamespace, var image] => (pool, inNamespace, OrDash(image)),
            _ => (name, "-", "-"),
        };
    }

    private static CommandFailedException Failed(string verb, int errno, string status) =>
        new(errno, $"rbd: {Prefix}{verb} failed: {Errno.Describe(errno)}{(status.Length > 0 ? ": " + status : "")}");

    private static async Task<JsonElement> CallAsync(
        RbdCommandContext context, string verb, string level, string interval, string startTime, CancellationToken cancellationToken)
    {
        ICluster cluster = await context.ConnectAsync(cancellationToken);
        var command = new JsonObject { ["prefix"] = Prefix + verb, ["level_spec"] = level, ["format"] = "json" };
        if (interval.Length > 0)
        {
            command["interval"] = interval;
        }

        if (startTime.Length > 0)
        {
            command["start_time"] = startTime;
        }

        CommandResult result = await cluster.ManagerCommandAsync(command.ToJsonString(), default, cancellationToken);
        if (result.ReturnCode == -Errno.EOPNOTSUPP)
        {
            throw RbdCommandContext.Failure("'rbd_support' mgr module is not enabled.", Errno.EOPNOTSUPP);
        }

        if (result.ReturnCode < 0)
        {
            throw Failed(verb, -result.ReturnCode, result.Status);
        }

        if (verb is "add" or "remove")
        {
            return default;
        }

        try
        {
            using JsonDocument answer = JsonDocument.Parse(result.Output);
            return answer.RootElement.Clone();
        }
        catch (JsonException)
        {
            throw RbdCommandContext.Failure($"invalid schedule {verb} JSON received", Errno.EBADMSG);
        }
    }
}
