using System.Globalization;

namespace Nacre.Cli.Output;

/// <summary>Sizes as Ceph prints (src/include/types.h, byte_u_t) and reads (strict_iecstrtoll) them.</summary>
internal static class ByteSize
{
    private static readonly string[] _units = [" B", " KiB", " MiB", " GiB", " TiB", " PiB", " EiB"];

    /// <summary><c>1 GiB</c>, <c>1.5 MiB</c>: whole where it divides evenly, else as many decimals (at most two) as seven characters hold.</summary>
    public static string Format(ulong bytes)
    {
        int unit = 0;
        ulong whole = bytes;
        while (whole >= 1024 && unit < _units.Length - 1)
        {
            whole /= 1024;
            unit++;
        }

        ulong divisor = 1UL << (10 * unit);
        if (bytes % divisor == 0)
        {
            return whole.ToString(CultureInfo.InvariantCulture) + _units[unit];
        }

        for (int decimals = 2; ; decimals--)
        {
            string text = ((double)bytes / divisor).ToString("F" + decimals, CultureInfo.InvariantCulture) + _units[unit];
            if (text.Length <= 7 || decimals == 0)
            {
                return text;
            }
        }
    }

    /// <summary>Reads <c>4096</c>, <c>4K</c>, <c>4Ki</c>, <c>1B</c>…; 1024 is the base whichever way it is written.</summary>
    /// <param name="text">The text.</param>
    /// <param name="bytes">The size.</param>
    /// <param name="unitless">Multiplies a number without any letter: 1 MiB for image sizes.</param>
    public static bool TryParse(string text, out ulong bytes, ulong unitless = 1)
    {
        bytes = 0;
        int digits = 0;
        while (digits < text.Length && char.IsAsciiDigit(text[digits]))
        {
            digits++;
        }

        if (digits == 0 || !ulong.TryParse(text.AsSpan(0, digits), NumberStyles.None, CultureInfo.InvariantCulture, out ulong number))
        {
            return false;
        }

        ulong multiplier = text[digits..] switch
        {
            "" => unitless,
            "B" => 1,
            "K" or "Ki" => 1UL << 10,
            "M" or "Mi" => 1UL << 20,
            "G" or "Gi" => 1UL << 30,
            "T" or "Ti" => 1UL << 40,
            "P" or "Pi" => 1UL << 50,
            "E" or "Ei" => 1UL << 60,
            _ => 0,
        };
        if (multiplier == 0 || number > ulong.MaxValue / multiplier)
        {
            return false;
        }

        bytes = number * multiplier;
        return true;
    }
}
