using System.Text.RegularExpressions;
using Nacre.Cli.Applications;
using Nacre.Cli.Commands;
using Nacre.Rados;

namespace Nacre.Cli.Rbd;

/// <summary>An image by name, as given; an empty pool is the default one, an empty snapshot none.</summary>
internal readonly record struct RbdImageSpec(string Pool, string Namespace, string Image, string Snapshot)
{
    /// <summary>As rbd prints it: <c>[pool/[ns/]]image[@snap]</c>.</summary>
    public override string ToString() =>
        (Pool.Length == 0 ? "" : Pool + "/") + (Namespace.Length == 0 ? "" : Namespace + "/") + Image + (Snapshot.Length == 0 ? "" : "@" + Snapshot);
}

/// <summary>A pool and namespace, as given.</summary>
internal readonly record struct RbdPoolSpec(string Pool, string Namespace);

/// <summary>Whether a command takes a snapshot's name.</summary>
internal enum SnapshotPresence
{
    /// <summary>No.</summary>
    None,
    /// <summary>If given.</summary>
    Permitted,
    /// <summary>Yes.</summary>
    Required,
}

/// <summary>How strict a name is taken: what exists already may have any, what is created may not.</summary>
internal enum SpecValidation
{
    /// <summary>Relaxed.</summary>
    None,
    /// <summary>No slash or at sign in the snapshot's name.</summary>
    Snapshot,
    /// <summary>No slash or at sign in any name.</summary>
    Full,
}

/// <summary>Reads what a command is about from its options and positional arguments, with rbd's error texts (src/tools/rbd/Utils.cc).</summary>
internal static partial class RbdSpecs
{
    private const string InvalidSpec = "rbd: invalid spec '";

    /// <summary>A pool, with its namespace: <c>--pool --namespace</c> or <c>pool[/namespace]</c>.</summary>
    public static RbdPoolSpec ReadPool(CommandArguments arguments, bool takesNamespace = true, bool validate = false)
    {
        string space = takesNamespace ? arguments.Get("namespace") ?? "" : "";
        string? pool = arguments.Get("pool");
        if (pool is null)
        {
            pool = arguments.Next();
            int slash = takesNamespace ? pool.LastIndexOf('/') : -1;
            if (slash >= 0)
            {
                space = pool[(slash + 1)..];
                pool = pool[..slash];
            }
        }

        if (validate && pool.AsSpan().ContainsAny('/', '@'))
        {
            throw Fail($"rbd: invalid pool '{pool}'");
        }

        if (space.AsSpan().ContainsAny('/', '@'))
        {
            throw Fail($"rbd: invalid namespace '{space}'");
        }

        return new RbdPoolSpec(pool, space);
    }

    /// <summary>An image or snapshot: <c>--pool --namespace --image --snap</c> or <c>[pool/[namespace/]]image[@snap]</c>.</summary>
    public static RbdImageSpec ReadImage(
        CommandArguments arguments, SnapshotPresence presence = SnapshotPresence.None, SpecValidation validation = SpecValidation.None,
        bool imageRequired = true) =>
        Read(arguments, "pool", "namespace", "image", "snap", "", presence, validation, imageRequired);

    /// <summary>A destination: <c>--dest-pool --dest-namespace --dest</c> or a spec.</summary>
    public static RbdImageSpec ReadDestination(
        CommandArguments arguments, SnapshotPresence presence = SnapshotPresence.None, SpecValidation validation = SpecValidation.Full,
        bool imageRequired = true) =>
        Read(arguments, "dest-pool", "dest-namespace", "dest", "dest-snap", "destination ", presence, validation, imageRequired);

    /// <summary>An image by id: <c>--pool --namespace --image-id</c> or <c>[pool/[namespace/]]id</c>.</summary>
    public static RbdImageSpec ReadImageId(CommandArguments arguments)
    {
        var spec = new RbdImageSpec(
            arguments.Get("pool") ?? "", arguments.Get("namespace") ?? "", arguments.Get("image-id") ?? "", "");
        if (spec.Image.Length == 0 && arguments.Next() is { Length: > 0 } text)
        {
            spec = Extract(spec, text, SpecValidation.Full);
        }

        return spec.Image.Length == 0 ? throw Fail("rbd: image id was not specified") : spec;
    }

    /// <summary>Splits a spec over what options gave already.</summary>
    public static RbdImageSpec Extract(RbdImageSpec given, string text, SpecValidation validation)
    {
        Regex pattern = validation switch
        {
            SpecValidation.Full => FullPattern(),
            SpecValidation.Snapshot => SnapshotPattern(),
            _ => RelaxedPattern(),
        };
        Match match = pattern.Match(text);
        if (!match.Success)
        {
            throw Fail($"{InvalidSpec}{text}'");
        }

        return new RbdImageSpec(
            match.Groups[1].Success ? match.Groups[1].Value : given.Pool,
            match.Groups[2].Success ? match.Groups[2].Value : given.Namespace,
            match.Groups[3].Value,
            match.Groups[4].Success ? match.Groups[4].Value : given.Snapshot);
    }

    private static RbdImageSpec Read(
        CommandArguments arguments, string poolOption, string namespaceOption, string imageOption, string snapshotOption, string prefix,
        SnapshotPresence presence, SpecValidation validation, bool imageRequired)
    {
        var spec = new RbdImageSpec(
            arguments.Get(poolOption) ?? "", arguments.Get(namespaceOption) ?? "", "", arguments.Get(snapshotOption) ?? "");
        string text = arguments.OptionOrNext(imageOption);
        if (text.Length > 0)
        {
            spec = Extract(spec, text, validation);
        }

        if (imageRequired && spec.Image.Length == 0)
        {
            throw Fail($"rbd: {prefix}image name was not specified");
        }

        if (validation == SpecValidation.Full && spec.Pool.AsSpan().ContainsAny('/', '@'))
        {
            throw Fail($"rbd: invalid pool name '{spec.Pool}'");
        }

        if (spec.Namespace.AsSpan().ContainsAny('/', '@'))
        {
            throw Fail($"rbd: invalid namespace name '{spec.Namespace}'");
        }

        CheckSnapshot(spec.Snapshot, prefix, presence, validation);
        return spec;
    }

    private static void CheckSnapshot(string snapshot, string prefix, SnapshotPresence presence, SpecValidation validation)
    {
        if (presence == SnapshotPresence.None && snapshot.Length > 0)
        {
            throw Fail($"rbd: {prefix}snapshot name specified for a command that doesn't use it");
        }

        if (presence == SnapshotPresence.Required && snapshot.Length == 0)
        {
            throw Fail($"rbd: {prefix}snapshot name was not specified");
        }

        if (validation == SpecValidation.Snapshot && snapshot.AsSpan().ContainsAny('/', '@'))
        {
            throw Fail($"rbd: invalid snap name '{snapshot}'");
        }
    }

    private static CommandFailedException Fail(string line) => new(Errno.EINVAL, line);

    [GeneratedRegex("^(?:([^/@]+)/(?:([^/@]+)/)?)?([^/@]+)(?:@([^/@]+))?$")]
    private static partial Regex FullPattern();

    [GeneratedRegex("^(?:([^/]+)/(?:([^/@]+)/)?)?([^@]+)(?:@([^/@]+))?$")]
    private static partial Regex SnapshotPattern();

    [GeneratedRegex("^(?:([^/]+)/(?:([^/@]+)/)?)?([^@]+)(?:@(.+))?$")]
    private static partial Regex RelaxedPattern();
}
