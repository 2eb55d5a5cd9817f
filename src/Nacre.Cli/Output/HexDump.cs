using System.Globalization;
using System.Text;

namespace Nacre.Cli.Output;

/// <summary>Bytes as Ceph's bufferlist prints them, which is hexdump -C's way; of rows of zeroes only the first is shown.</summary>
internal static class HexDump
{
    private const int RowSize = 16;

    /// <summary>The rows and a last line with the length; empty for no bytes.</summary>
    public static string Format(ReadOnlySpan<byte> bytes)
    {
        var text = new StringBuilder();
        bool wasZeroes = false;
        bool isStarred = false;
        for (int offset = 0; offset < bytes.Length; offset += RowSize)
        {
            ReadOnlySpan<byte> row = bytes[offset..Math.Min(offset + RowSize, bytes.Length)];
            bool isZeroes = offset + RowSize < bytes.Length && !row.ContainsAnyExcept((byte)0);
            if (isZeroes && wasZeroes)
            {
                text.Append(isStarred ? "" : "*\n");
                isStarred = true;
                continue;
            }

            wasZeroes = isZeroes;
            isStarred = false;
            AppendRow(text, offset, row);
        }

        return text.Append(bytes.Length == 0 ? "" : string.Create(CultureInfo.InvariantCulture, $"{bytes.Length:x8}\n")).ToString();
    }

    private static void AppendRow(StringBuilder text, int offset, ReadOnlySpan<byte> row)
    {
        text.Append(CultureInfo.InvariantCulture, $"{offset:x8} ");
        for (int i = 0; i < RowSize; i++)
        {
            text.Append(i == RowSize / 2 ? " " : "");
            text.Append(i < row.Length ? string.Create(CultureInfo.InvariantCulture, $" {row[i]:x2}") : "   ");
        }

        text.Append("  |");
        foreach (byte value in row)
        {
            text.Append(value is >= 32 and < 127 ? (char)value : '.');
        }

        text.Append("|\n");
    }
}
