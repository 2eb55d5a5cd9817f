using Nacre.Rados.ClassMethods;

namespace Nacre.Rados.Embedded.Worker;

/// <summary>A class whose method marks an object in three places.</summary>
public static class Marks
{
    /// <summary>The class.</summary>
    public static ObjectClass Class { get; } = new("marks", [new("set", ClassMethodAccess.Read | ClassMethodAccess.Write, Set)]);

    private static int Set(IClassContext context, ReadOnlySpan<byte> input, Encoding.CephWriter output)
    {
        // The number that the operation's own steps set must be seen here.
        int result = context.OmapGet("sequence", out ReadOnlyMemory<byte> seen);
        if (result < 0 || !seen.Span.SequenceEqual(input))
        {
            return -Errno.ESTALE;
        }

        result = context.SetXattr("mark", input);
        return result < 0 ? result : context.OmapSet($"mark-{History.Number(input) % 50}", input);
    }
}
