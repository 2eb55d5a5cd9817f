namespace Nacre.Mirroring.Daemon.Copying;

/// <summary>Tells data from zeroes.</summary>
internal static class ZeroRuns
{
    /// <summary>Granularity: what a store allocates at least.</summary>
    private const int Block = 4096;

    /// <summary>A shorter run of zeroes amid data is not worth an extent of its own.</summary>
    private const int LeastHole = 4 * Block;

    /// <summary>The next run: its length, and whether it is zero. Runs of zeroes that are too short belong to the data around them.</summary>
    public static int Next(ReadOnlySpan<byte> data, out bool isZero)
    {
        int zero = ZeroLength(data);
        if (zero == data.Length || zero >= LeastHole)
        {
            isZero = true;
            return zero;
        }

        isZero = false;
        int at = zero;
        while (at < data.Length)
        {
            int hole = ZeroLength(data[at..]);
            if (hole >= LeastHole || (hole > 0 && at + hole == data.Length && hole >= Block))
            {
                return at;
            }

            at += hole > 0 ? hole : Math.Min(Block, data.Length - at);
        }

        return data.Length;
    }

    /// <summary>How many whole blocks at the beginning are zero, in bytes.</summary>
    private static int ZeroLength(ReadOnlySpan<byte> data)
    {
        int length = data.IndexOfAnyExcept((byte)0);
        return length < 0 ? data.Length : length / Block * Block;
    }
}
