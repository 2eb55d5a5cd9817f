namespace Nacre.Cli.Output;

/// <summary>A plain table as Ceph's TextTable (src/common/TextTable.cc) lays it out: columns as wide as their widest cell, two spaces between.</summary>
public sealed class TextTable(params (string Heading, bool RightAligned)[] columns)
{
    private readonly List<string[]> _rows = [];

    /// <summary>Adds a row.</summary>
    public void Add(params string[] cells) => _rows.Add(cells);

    /// <summary>Writes headings and rows.</summary>
    public void Write(TextWriter output)
    {
        int[] widths = [.. columns.Select((c, i) => _rows.Select(r => r[i].Length).Append(c.Heading.Length).Max())];
        output.WriteLine(string.Join("  ", columns.Select((c, i) => Pad(c.Heading, widths[i], c.RightAligned && false))).TrimEnd());
        foreach (string[] row in _rows)
        {
            output.WriteLine(string.Join("  ", row.Select((cell, i) => Pad(cell, widths[i], columns[i].RightAligned))).TrimEnd());
        }
    }

    private static string Pad(string cell, int width, bool right) => right ? cell.PadLeft(width) : cell.PadRight(width);
}
