namespace Nacre.Cli.Commands;

/// <summary>Options and positionals that many commands share, worded as Ceph's.</summary>
public static class CommonOptions
{
    /// <summary><c>--pool</c>.</summary>
    public static OptionDefinition Pool { get; } = new("pool", "pool name", Short: 'p');
    /// <summary><c>--namespace</c>.</summary>
    public static OptionDefinition Namespace { get; } = new("namespace", "namespace name");
    /// <summary><c>--image</c>.</summary>
    public static OptionDefinition Image { get; } = new("image", "image name");
    /// <summary><c>--snap</c>.</summary>
    public static OptionDefinition Snapshot { get; } = new("snap", "snapshot name");
    /// <summary><c>--format</c>.</summary>
    public static OptionDefinition Format { get; } = new("format", "output format (plain, json, or xml) [default: plain]");
    /// <summary><c>--pretty-format</c>.</summary>
    public static OptionDefinition PrettyFormat { get; } = new("pretty-format", "pretty formatting (json and xml)", TakesValue: false);
    /// <summary><c>--no-progress</c>.</summary>
    public static OptionDefinition NoProgress { get; } = new("no-progress", "disable progress output", TakesValue: false);
    /// <summary>An image.</summary>
    public static PositionalDefinition ImageSpec { get; } =
        new("image-spec", "image specification\n(example: [<pool-name>/[<namespace>/]]<image-name>)", IsOptional: true);
    /// <summary>A snapshot.</summary>
    public static PositionalDefinition SnapshotSpec { get; } =
        new("snap-spec", "snapshot specification\n(example: [<pool-name>/[<namespace>/]]<image-name>@<snapshot-name>)", IsOptional: true);
    /// <summary>An image or snapshot.</summary>
    public static PositionalDefinition ImageOrSnapshotSpec { get; } =
        new("image-or-snap-spec", "image or snapshot specification\n(example: [<pool-name>/[<namespace>/]]<image-name>[@<snap-name>])", IsOptional: true);
    /// <summary>A pool, or a namespace of it.</summary>
    public static PositionalDefinition PoolSpec { get; } =
        new("pool-spec", "pool specification\n(example: <pool-name>[/<namespace>]", IsOptional: true);
    /// <summary>A pool.</summary>
    public static PositionalDefinition PoolName { get; } = new("pool-name", "pool name", IsOptional: true);

    /// <summary>Pool, namespace and image options.</summary>
    public static IReadOnlyList<OptionDefinition> ForImage { get; } = [Pool, Namespace, Image];
    /// <summary>Pool, namespace, image and snapshot options.</summary>
    public static IReadOnlyList<OptionDefinition> ForSnapshot { get; } = [Pool, Namespace, Image, Snapshot];
    /// <summary>Output form options.</summary>
    public static IReadOnlyList<OptionDefinition> ForOutput { get; } = [Format, PrettyFormat];
}
