namespace Nacre.ObjectClasses.Encoding;

/// <summary>
/// Orders strings by their UTF-8 bytes, as std::map and omap do. Ordinal UTF-16 order differs from it beyond the basic plane, and the order of
/// an encoded map is part of its bytes.
/// </summary>
public sealed class CephStringComparer : IComparer<string>
{
    /// <summary>The comparer.</summary>
    public static CephStringComparer Instance { get; } = new();

    /// <inheritdoc/>
    public int Compare(string? x, string? y)
    {
        if (x is null || y is null)
        {
            return x is null ? (y is null ? 0 : -1) : 1;
        }

        int common = Math.Min(x.Length, y.Length);
        for (int i = 0; i < common; i++)
        {
            if (x[i] != y[i])
            {
                return Weight(x[i]).CompareTo(Weight(y[i]));
            }
        }

        return x.Length.CompareTo(y.Length);
    }

    // Surrogates stand for code points above every other 16-bit unit.
    private static int Weight(char unit) => char.IsSurrogate(unit) ? unit + 0x10000 : unit;
}
