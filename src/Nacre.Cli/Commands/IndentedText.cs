using System.Text;

namespace Nacre.Cli.Commands;

/// <summary>Text wrapped at a width, every line but the first behind an indent: how rbd lays out its help.</summary>
internal static class IndentedText
{
    /// <summary>Columns of a line.</summary>
    public const int LineWidth = 80;

    /// <summary>Appends text that begins at a column and ends with a newline.</summary>
    /// <param name="output">Where to.</param>
    /// <param name="text">May hold newlines.</param>
    /// <param name="indent">Column of the text.</param>
    /// <param name="column">Where the cursor is now; beyond the indent, a new line is begun first.</param>
    /// <param name="delimiter">Where lines may be broken: before it, or at it where it is a space.</param>
    public static void Append(StringBuilder output, string text, int indent, int column, char delimiter = ' ')
    {
        var line = new StringBuilder();

        void StartLine()
        {
            if (column >= indent)
            {
                output.Append('\n');
                column = 0;
            }

            output.Append(' ', indent - column);
            column = 0;
        }

        foreach (char c in text)
        {
            if (c == '\n')
            {
                StartLine();
                output.Append(line).Append('\n');
                line.Clear();
                continue;
            }

            if (indent + line.Length >= LineWidth)
            {
                string full = line.ToString();
                bool atSpace = delimiter == ' ';
                int at = full.LastIndexOf(delimiter);
                if (at < 0 && !atSpace)
                {
                    at = full.LastIndexOf(' ');
                }

                StartLine();
                output.Append(full, 0, at < 0 ? full.Length : at).Append('\n');
                line.Clear();
                line.Append(at < 0 ? "" : full[(at + (atSpace ? 1 : 0))..]);
            }

            line.Append(c);
        }

        StartLine();
        output.Append(line).Append('\n');
    }
}
