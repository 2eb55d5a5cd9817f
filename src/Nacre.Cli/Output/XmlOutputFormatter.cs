using System.Globalization;
using System.Text;

namespace Nacre.Cli.Output;

/// <summary>Ceph's XMLFormatter: one element a value, one space a level when pretty.</summary>
internal sealed class XmlOutputFormatter(bool pretty) : OutputFormatter
{
    private readonly Stack<string> _sections = new();

    /// <inheritdoc/>
    public override void OpenArray(string name) => OpenObject(name);

    /// <inheritdoc/>
    public override void OpenObject(string name)
    {
        Indent();
        Text.Append('<').Append(name).Append('>');
        EndLine();
        _sections.Push(name);
    }

    /// <inheritdoc/>
    public override void Close()
    {
        string name = _sections.Pop();
        Indent();
        Text.Append("</").Append(name).Append('>');
        EndLine();
    }

    /// <inheritdoc/>
    public override void Dump(string name, string value) => DumpRaw(name, Escape(value));

    /// <inheritdoc/>
    public override void Flush(TextWriter writer)
    {
        writer.Write(Text.ToString());

        // Ceph's formatters end every flush so, pretty or not.
        writer.Write('\n');
        Text.Clear();
    }

    /// <inheritdoc/>
    protected override void DumpRaw(string name, string value)
    {
        Indent();
        Text.Append('<').Append(name).Append('>').Append(value).Append("</").Append(name).Append('>');
        EndLine();
    }

    private static string Escape(string value)
    {
        var text = new StringBuilder(value.Length);
        foreach (char c in value)
        {
            _ = c switch
            {
                '<' => text.Append("&lt;"),
                '>' => text.Append("&gt;"),
                '&' => text.Append("&amp;"),
                '"' => text.Append("&quot;"),
                '\'' => text.Append("&apos;"),
                (< ' ' and not ('\t' or '\n')) or '\x7f' => text.Append(CultureInfo.InvariantCulture, $"&#x{(int)c:x2};"),
                _ => text.Append(c),
            };
        }

        return text.ToString();
    }

    private void Indent()
    {
        if (pretty)
        {
            Text.Append(' ', _sections.Count);
        }
    }

    private void EndLine()
    {
        if (pretty)
        {
            Text.Append('\n');
        }
    }
}
