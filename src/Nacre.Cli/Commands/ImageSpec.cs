using Nacre.Rados;

namespace Nacre.Cli.Commands;

/// <summary>What <c>[pool/[namespace/]]image[@snap]</c> names.</summary>
/// <param name="Pool">Pool name.</param>
/// <param name="Namespace">Namespace; empty for the default one.</param>
/// <param name="Image">Image name; null where none was given.</param>
/// <param name="Snapshot">Snapshot name; null where none was given.</param>
public sealed record ImageSpec(string Pool, string Namespace, string? Image, string? Snapshot)
{
    /// <summary>As it is printed: <c>pool/image@snap</c>.</summary>
    public override string ToString() =>
        $"{Pool}/{(Namespace.Length > 0 ? Namespace + "/" : "")}{Image}{(Snapshot is null ? "" : "@" + Snapshot)}";

    /// <summary>The image name, which must be there.</summary>
    public string RequiredImage => Image ?? throw new UsageException("image name was not specified", Errno.EINVAL);

    /// <summary>The snapshot name, which must be there.</summary>
    public string RequiredSnapshot => Snapshot ?? throw new UsageException("snap name was not specified", Errno.EINVAL);

    /// <summary>From a positional, else from <c>--pool</c>, <c>--namespace</c>, <c>--image</c> and <c>--snap</c>, else the default pool.</summary>
    public static ImageSpec From(CommandInvocation invocation, int positional = 0) =>
        Parse(invocation.Positional(positional), invocation.Option("pool"), invocation.Option("namespace"), invocation.Option("image"), invocation.Option("snap"));

    /// <summary>Parses a spec; what it leaves out comes from the options.</summary>
    public static ImageSpec Parse(string? spec, string? pool = null, string? @namespace = null, string? image = null, string? snapshot = null)
    {
        if (spec is not null)
        {
            int at = spec.IndexOf('@', StringComparison.Ordinal);
            string path = at < 0 ? spec : spec[..at];
            if (at >= 0)
            {
                snapshot = spec[(at + 1)..];
            }

            string[] parts = path.Split('/');
            if (parts.Length > 3 || parts.Any(p => p.Length == 0) || snapshot is "")
            {
                throw new UsageException($"invalid spec '{spec}'", Errno.EINVAL);
            }

            image = parts[^1];
            pool = parts.Length > 1 ? parts[0] : pool;
            @namespace = parts.Length > 2 ? parts[1] : @namespace;
        }

        return new ImageSpec(pool ?? "rbd", @namespace ?? "", image, snapshot);
    }

    /// <summary>A pool, or a namespace of it, from a positional <c>pool[/namespace]</c>, else from the options.</summary>
    public static ImageSpec PoolFrom(CommandInvocation invocation, int positional = 0)
    {
        string? spec = invocation.Positional(positional);
        if (spec is null)
        {
            return new ImageSpec(invocation.Option("pool") ?? "rbd", invocation.Option("namespace") ?? "", null, null);
        }

        string[] parts = spec.Split('/');
        return parts.Length <= 2 && parts.All(p => p.Length > 0)
            ? new ImageSpec(parts[0], parts.Length > 1 ? parts[1] : invocation.Option("namespace") ?? "", null, null)
            : throw new UsageException($"invalid spec '{spec}'", Errno.EINVAL);
    }
}
