using Nacre.Cli.Commands;

namespace Nacre.Cli.Rbd;

/// <summary>Options and positional arguments that many commands of rbd share (src/tools/rbd/ArgumentTypes.cc).</summary>
internal static class RbdOptions
{
    private const string ImageExample = "(example: [<pool-name>/[<namespace>/]]<image-name>)";

    /// <summary><c>--pool</c>.</summary>
    public static CommandOption Pool { get; } = new("pool", "pool name") { Short = 'p' };
    /// <summary><c>--namespace</c>.</summary>
    public static CommandOption Namespace { get; } = new("namespace", "namespace name");
    /// <summary><c>--image</c>.</summary>
    public static CommandOption Image { get; } = new("image", "image name");
    /// <summary><c>--image-id</c>.</summary>
    public static CommandOption ImageId { get; } = new("image-id", "image id");
    /// <summary><c>--snap</c>.</summary>
    public static CommandOption Snapshot { get; } = new("snap", "snapshot name");
    /// <summary><c>--snap-id</c>.</summary>
    public static CommandOption SnapshotId { get; } = new("snap-id", "snapshot id");
    /// <summary><c>--no-progress</c>.</summary>
    public static CommandOption NoProgress { get; } = CommandOption.Switch("no-progress", "disable progress output");
    /// <summary><c>--format</c> and <c>--pretty-format</c>.</summary>
    public static CommandOption[] Format { get; } =
    [
        new("format", "output format (plain, json, or xml) [default: plain]"),
        CommandOption.Switch("pretty-format", "pretty formatting (json and xml)"),
    ];

    /// <summary><c>--pool --namespace --image</c>.</summary>
    public static CommandOption[] ImageOptions { get; } = [Pool, Namespace, Image];
    /// <summary><c>--pool --namespace --image --snap</c>.</summary>
    public static CommandOption[] SnapshotOptions { get; } = [Pool, Namespace, Image, Snapshot];
    /// <summary><c>--pool --namespace</c>.</summary>
    public static CommandOption[] PoolOptions { get; } = [Pool, Namespace];
    /// <summary><c>--dest-pool --dest-namespace --dest</c>.</summary>
    public static CommandOption[] DestinationOptions { get; } =
        [new("dest-pool", "destination pool name"), new("dest-namespace", "destination namespace name"), new("dest", "destination image name")];

    /// <summary><c>--pool --namespace --image</c>, described as the source's.</summary>
    public static CommandOption[] SourceImageOptions { get; } = [.. ImageOptions.Select(Source)];
    /// <summary><c>--pool --namespace --image --snap</c>, described as the source's.</summary>
    public static CommandOption[] SourceSnapshotOptions { get; } = [.. SnapshotOptions.Select(Source)];

    /// <summary><c>&lt;image-spec&gt;</c>.</summary>
    public static CommandPositional ImageSpec { get; } = new("image-spec", $"image specification\n{ImageExample}");
    /// <summary><c>&lt;source-image-spec&gt;</c>.</summary>
    public static CommandPositional SourceImageSpec { get; } = new("source-image-spec", $"source image specification\n{ImageExample}");
    /// <summary><c>&lt;dest-image-spec&gt;</c>.</summary>
    public static CommandPositional DestinationImageSpec { get; } = new("dest-image-spec", $"destination image specification\n{ImageExample}");
    /// <summary><c>&lt;snap-spec&gt;</c>.</summary>
    public static CommandPositional SnapshotSpec { get; } =
        new("snap-spec", "snapshot specification\n(example: [<pool-name>/[<namespace>/]]<image-name>@<snap-name>)");
    /// <summary><c>&lt;image-or-snap-spec&gt;</c>.</summary>
    public static CommandPositional ImageOrSnapshotSpec { get; } = new("image-or-snap-spec", ImageOrSnapshotText(""));
    /// <summary><c>&lt;source-image-or-snap-spec&gt;</c>.</summary>
    public static CommandPositional SourceImageOrSnapshotSpec { get; } = new("source-image-or-snap-spec", ImageOrSnapshotText("source "));
    /// <summary><c>&lt;pool-spec&gt;</c>.</summary>
    public static CommandPositional PoolSpec { get; } =
        new("pool-spec", "pool specification\n(example: <pool-name>[/<namespace>]");
    /// <summary><c>&lt;pool-name&gt;</c>.</summary>
    public static CommandPositional PoolName { get; } = new("pool-name", "pool name");
    /// <summary><c>&lt;image-id-spec&gt;</c>.</summary>
    public static CommandPositional ImageIdSpec { get; } =
        new("image-id", "image id\n(example: [<pool-name>/[<namespace>/]]<image-id>)");

    private static string ImageOrSnapshotText(string prefix) =>
        $"{prefix}image or snapshot specification\n(example: [<pool-name>/[<namespace>/]]<image-name>[@<snap-name>])";

    private static CommandOption Source(CommandOption option) => option with { Description = "source " + option.Description };
}
