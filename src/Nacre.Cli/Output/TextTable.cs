namespace Nacre.Cli.Output;

/// <summary>How a column's cells sit in it.</summary>
internal enum Align
{
    /// <summary>Left.</summary>
    Left,
    /// <summary>Right.</summary>
    Right,
}

/// <summary>A table as Ceph's TextTable prints it: two spaces between columns, every cell padded to its column's width.</summary>
internal sealed class TextTable
{
    private readonly List<(string Heading, Align HeadingAlign, Align CellAlign)> _columns = [];
    private readonly List<string[]> _rows = [];

    /// <summary>Rows so far.</summary>
    public int Count => _rows.Count;

    /// <summary>Adds a column.</summary>
    public TextTable Column(string heading, Align headingAlign = Align.Left, Align cellAlign = Align.Left)
    {
        _columns.Add((heading, headingAlign, cellAlign));
        return this;
    }

    /// <summary>Adds a row of as many cells as there are columns.</summary>
    public void Row(params string[] cells)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(cells.Length, _columns.Count);
        _rows.Add(cells);
    }

    /// <summary>Prints heading and rows.</summary>
    public void Write(TextWriter writer)
    {
        int[] widths = [.. _columns.Select((column, i) => _rows.Select(row => row[i].Length).Append(column.Heading.Length).Max())];
        writer.Write(string.Join("  ", _columns.Select((column, i) => Pad(column.Heading, widths[i], column.HeadingAlign))));
        writer.Write('\n');
        foreach (string[] row in _rows)
        {
            writer.Write(string.Join("  ", row.Select((cell, i) => Pad(cell, widths[i], _columns[i].CellAlign))));
            writer.Write('\n');
        }
    }

    private static string Pad(string text, int width, Align align) => align == Align.Left ? text.PadRight(width) : text.PadLeft(width);
}
