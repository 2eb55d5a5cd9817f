using System.Globalization;
using Nacre.Cli.Commands;
using Nacre.Cli.Output;
using Nacre.Cli.Rbd.Images;
using Nacre.ObjectClasses.Calls;
using Nacre.ObjectClasses.Encoding;
using Nacre.ObjectClasses.Lock;
using Nacre.ObjectClasses.Rbd;
using Nacre.Rados;
using Nacre.Rbd;
using Definition = Nacre.Cli.Commands.CommandDefinition<Nacre.Cli.Rbd.RbdCommandContext>;

namespace Nacre.Cli.Rbd.Maintenance;

/// <summary>feature, image-meta, lock, object-map.</summary>
internal static class MaintenanceCommands
{
    private static readonly CommandPositional _key = new("key", "image meta key");
    private static readonly CommandPositional _features =
        new("features", "image features\n[exclusive-lock, object-map, journaling]") { IsRepeatable = true };

    /// <summary>All of them.</summary>
    public static IReadOnlyList<Definition> All { get; } =
    [
        new("feature enable", "Enable the specified image feature.")
        {
            Positionals = [RbdOptions.ImageSpec, _features],
            Options = [.. RbdOptions.ImageOptions, .. CreateArguments.Options[^3..]],
            RunAsync = (context, token) => UpdateFeaturesAsync(context, enable: true, token),
        },
        new("feature disable", "Disable the specified image feature.")
        {
            Positionals = [RbdOptions.ImageSpec, _features],
            Options = RbdOptions.ImageOptions,
            RunAsync = (context, token) => UpdateFeaturesAsync(context, enable: false, token),
        },
        new("image-meta list", "Image metadata list keys with values.")
        {
            Alias = "image-meta ls",
            Positionals = [RbdOptions.ImageSpec],
            Options = [.. RbdOptions.ImageOptions, .. RbdOptions.Format],
            RunAsync = ListMetadataAsync,
        },
        new("image-meta get", "Image metadata get the value associated with the key.")
        {
            Positionals = [RbdOptions.ImageSpec, _key], Options = RbdOptions.ImageOptions, RunAsync = GetMetadataAsync,
        },
        new("image-meta set", "Image metadata set key with value.")
        {
            Positionals = [RbdOptions.ImageSpec, _key, new("value", "image meta value")],
            Options = RbdOptions.ImageOptions,
            RunAsync = SetMetadataAsync,
        },
        new("image-meta remove", "Image metadata remove the key and value associated.")
        {
            Alias = "image-meta rm", Positionals = [RbdOptions.ImageSpec, _key], Options = RbdOptions.ImageOptions, RunAsync = RemoveMetadataAsync,
        },
        new("lock list", "Show locks held on an image.")
        {
            Alias = "lock ls",
            Positionals = [RbdOptions.ImageSpec],
            Options = [.. RbdOptions.ImageOptions, .. RbdOptions.Format],
            RunAsync = ListLocksAsync,
        },
        new("lock add", "Take a lock on an image.")
        {
            Positionals = [RbdOptions.ImageSpec, new("lock-id", "unique lock id")],
            Options = [.. RbdOptions.ImageOptions, new("shared", "shared lock tag")],
            RunAsync = AddLockAsync,
        },
        new("lock remove", "Release a lock on an image.")
        {
            Alias = "lock rm",
            Positionals = [RbdOptions.ImageSpec, new("lock-id", "unique lock id"), new("locker", "locker client")],
            Options = RbdOptions.ImageOptions,
            RunAsync = RemoveLockAsync,
        },
        new("object-map rebuild", "Rebuild an invalid object map.")
        {
            Positionals = [RbdOptions.ImageOrSnapshotSpec],
            Options = [.. RbdOptions.SnapshotOptions, RbdOptions.NoProgress],
            RunAsync = RebuildObjectMapAsync,
        },
    ];

    private static async Task<int> UpdateFeaturesAsync(RbdCommandContext context, bool enable, CancellationToken cancellationToken)
    {
        RbdImageSpec spec = RbdSpecs.ReadImage(context.Arguments);
        IReadOnlyList<string> names = context.Arguments.Remaining;
        if (names.Count == 0)
        {
            throw RbdCommandContext.Failure("at least one feature name must be specified");
        }

        RbdFeatures features = CreateArguments.ParseFeatures(names)
            ?? throw new Applications.CommandFailedException(1, "rbd: the argument for option is invalid");
        await using Image image = await context.OpenImageAsync(spec, readOnly: false, cancellationToken);
        await context.AttemptAsync(
            "failed to update image features",
            () => enable
                ? image.EnableFeaturesAsync(features, CreateArguments.ReadJournal(context.Arguments), cancellationToken)
                : image.UpdateFeaturesAsync(features, false, cancellationToken));
        return 0;
    }

    private static async Task<int> ListMetadataAsync(RbdCommandContext context, CancellationToken cancellationToken)
    {
        RbdImageSpec spec = RbdSpecs.ReadImage(context.Arguments);
        OutputFormatter? formatter = context.CreateFormatter();
        await using Image image = await context.OpenImageAsync(spec, readOnly: true, cancellationToken);
        IReadOnlyList<KeyValuePair<string, string>> values = await context.AttemptAsync(
            "listing metadata failed", () => image.ListMetadataAsync(cancellationToken));
        if (formatter is not null)
        {
            if (values.Count > 0)
            {
                formatter.OpenObject("metadata");
                foreach ((string key, string value) in values)
                {
                    formatter.Dump(key, value);
                }

                formatter.Close();
                formatter.Flush(context.Output);
            }

            return 0;
        }

        context.Output.Write(values.Count == 1 ? "There is 1 metadatum on this image" : $"There are {values.Count} metadata on this image");
        context.Output.Write(values.Count == 0 ? ".\n" : ":\n\n");
        if (values.Count > 0)
        {
            TextTable table = new TextTable().Column("Key").Column("Value");
            foreach ((string key, string value) in values)
            {
                table.Row(key, value);
            }

            table.Write(context.Output);
        }

        return 0;
    }

    private static string ReadKey(RbdCommandContext context) =>
        context.Arguments.Next() is { Length: > 0 } key ? key : throw RbdCommandContext.Failure("metadata key was not specified");

    private static async Task<int> GetMetadataAsync(RbdCommandContext context, CancellationToken cancellationToken)
    {
        RbdImageSpec spec = RbdSpecs.ReadImage(context.Arguments);
        string key = ReadKey(context);
        await using Image image = await context.OpenImageAsync(spec, readOnly: true, cancellationToken);
        string? value = await context.AttemptAsync("getting metadata failed", () => image.GetMetadataAsync(key, cancellationToken));
        if (value is null)
        {
            string errno = Errno.Describe(Errno.ENOENT);
            throw new Applications.CommandFailedException(
                Errno.ENOENT, $"failed to get metadata {key} of image : {errno}\nrbd: getting metadata failed: {errno}");
        }

        context.Output.Write(value + "\n");
        return 0;
    }

    private static async Task<int> SetMetadataAsync(RbdCommandContext context, CancellationToken cancellationToken)
    {
        RbdImageSpec spec = RbdSpecs.ReadImage(context.Arguments);
        string key = ReadKey(context);
        string value = context.Arguments.Next() is { Length: > 0 } text ? text : throw RbdCommandContext.Failure("metadata value was not specified");
        await using Image image = await context.OpenImageAsync(spec, readOnly: false, cancellationToken);
        await context.AttemptAsync("setting metadata failed", () => image.SetMetadataAsync(key, value, cancellationToken));
        return 0;
    }

    private static async Task<int> RemoveMetadataAsync(RbdCommandContext context, CancellationToken cancellationToken)
    {
        RbdImageSpec spec = RbdSpecs.ReadImage(context.Arguments);
        string key = ReadKey(context);
        await using Image image = await context.OpenImageAsync(spec, readOnly: false, cancellationToken);
        try
        {
            await image.RemoveMetadataAsync(key, cancellationToken);
        }
        catch (RadosException exception) when (exception.Code == Errno.ENOENT)
        {
            string errno = Errno.Describe(Errno.ENOENT);
            throw new Applications.CommandFailedException(
                Errno.ENOENT, $"rbd: no existing metadata key {key} of image : {errno}\nrbd: removing metadata failed: {errno}");
        }

        return 0;
    }

    private static async Task<int> ListLocksAsync(RbdCommandContext context, CancellationToken cancellationToken)
    {
        RbdImageSpec spec = RbdSpecs.ReadImage(context.Arguments);
        OutputFormatter? formatter = context.CreateFormatter();
        await using Image image = await context.OpenImageAsync(spec, readOnly: true, cancellationToken);
        LockInfo info = await image.Pool.TryCallAsync(image.HeaderName, LockCalls.GetInfo(RbdObjects.LockName), cancellationToken) ?? LockInfo.None;
        if (formatter is not null)
        {
            formatter.OpenArray("locks");
            foreach ((LockerId id, LockerInfo locker) in info.Lockers)
            {
                formatter.OpenObject("lock");
                formatter.Dump("id", id.Cookie);
                formatter.Dump("locker", id.Locker.ToString());
                formatter.Dump("address", locker.Address.ToString());
                formatter.Close();
            }

            formatter.Close();
            formatter.Flush(context.Output);
            return 0;
        }

        if (info.Lockers.Count == 0)
        {
            return 0;
        }

        string kind = info.Type == LockType.Shared ? "shared" : "exclusive";
        context.Output.Write(info.Lockers.Count == 1 ? $"There is 1 {kind} lock on this image.\n" : $"There are {info.Lockers.Count} {kind} locks on this image.\n");
        if (info.Type == LockType.Shared)
        {
            context.Output.Write($"Lock tag: {info.Tag}\n");
        }

        TextTable table = new TextTable().Column("Locker").Column("ID").Column("Address");
        foreach ((LockerId id, LockerInfo locker) in info.Lockers)
        {
            table.Row(id.Locker.ToString(), id.Cookie, locker.Address.ToString());
        }

        table.Write(context.Output);
        return 0;
    }

    private static async Task<int> AddLockAsync(RbdCommandContext context, CancellationToken cancellationToken)
    {
        RbdImageSpec spec = RbdSpecs.ReadImage(context.Arguments);
        string cookie = context.Arguments.Next() is { Length: > 0 } text ? text : throw RbdCommandContext.Failure("lock id was not specified");
        string? tag = context.Arguments.Get("shared");
        await using Image image = await context.OpenImageAsync(spec, readOnly: true, cancellationToken);
        int code = await image.Pool.CallForCodeAsync(
            image.HeaderName, LockCalls.Lock(RbdObjects.LockName, tag is null ? LockType.Exclusive : LockType.Shared, cookie, tag ?? ""), cancellationToken);
        return code switch
        {
            >= 0 => 0,
            -Errno.EBUSY or -Errno.EEXIST when tag is null => throw RbdCommandContext.Failure("lock is already held by someone else", code),
            -Errno.EBUSY or -Errno.EEXIST => throw RbdCommandContext.Failure("lock is already held by someone else with a different tag", code),
            _ => throw RbdCommandContext.Failure($"taking lock failed: {Errno.Describe(code)}", code),
        };
    }

    private static async Task<int> RemoveLockAsync(RbdCommandContext context, CancellationToken cancellationToken)
    {
        RbdImageSpec spec = RbdSpecs.ReadImage(context.Arguments);
        string cookie = context.Arguments.Next() is { Length: > 0 } text ? text : throw RbdCommandContext.Failure("lock id was not specified");
        string client = context.Arguments.Next() is { Length: > 0 } name ? name : throw RbdCommandContext.Failure("locker was not specified");
        EntityNumber locker = EntityNumber.TryParse(client) ?? throw RbdCommandContext.Failure($"locker '{client}' is not of the form client.4123");
        await using Image image = await context.OpenImageAsync(spec, readOnly: true, cancellationToken);
        await context.AttemptAsync("releasing lock failed", () => BreakLockAsync(image, locker, cookie, cancellationToken));
        return 0;
    }

    private static async Task BreakLockAsync(Image image, EntityNumber locker, string cookie, CancellationToken cancellationToken)
    {
        LockInfo info = await image.Pool.TryCallAsync(image.HeaderName, LockCalls.GetInfo(RbdObjects.LockName), cancellationToken) ?? LockInfo.None;
        LockerInfo held = info.Lockers.GetValueOrDefault(new LockerId(locker, cookie))
            ?? throw new RadosException(Errno.ENOENT, $"{locker} does not hold the lock {cookie.ToString(CultureInfo.InvariantCulture)}");

        // Who is taken for dead must not write any more once somebody else has the lock.
        if (image.GetOption("rbd_blocklist_on_break_lock") is not ("false" or "0"))
        {
            await image.Pool.Cluster.BlocklistAsync(held.Address.ToString(), null, cancellationToken);
        }

        await image.Pool.CallAsync(image.HeaderName, LockCalls.BreakLock(RbdObjects.LockName, locker, cookie), cancellationToken);
    }

    private static async Task<int> RebuildObjectMapAsync(RbdCommandContext context, CancellationToken cancellationToken)
    {
        RbdImageSpec spec = RbdSpecs.ReadImage(context.Arguments, SnapshotPresence.Permitted);
        await using Image image = await context.OpenImageAsync(spec with { Snapshot = "" }, readOnly: false, cancellationToken);
        await context.WithProgressAsync(
            "Object Map Rebuild", "rebuilding object map failed",
            progress => image.RebuildObjectMapAsync(RbdCommandContext.Adapt(progress), cancellationToken));
        return 0;
    }
}
