using System.Globalization;
using System.Text;

namespace Nacre.Cli.Output;

/// <summary>Ceph's JSONFormatter: compact without any space, or four spaces a level.</summary>
internal sealed class JsonOutputFormatter(bool pretty) : OutputFormatter
{
    private readonly Stack<(bool IsArray, int Count)> _sections = new();

    /// <inheritdoc/>
    public override void OpenArray(string name) => Open(name, isArray: true);

    /// <inheritdoc/>
    public override void OpenObject(string name) => Open(name, isArray: false);

    /// <inheritdoc/>
    public override void Close()
    {
        (bool isArray, int count) = _sections.Pop();
        if (pretty && count > 0)
        {
            Text.Append('\n').Append(' ', _sections.Count * 4);
        }

        Text.Append(isArray ? ']' : '}');
    }

    /// <inheritdoc/>
    public override void Dump(string name, string value)
    {
        Name(name);
        Quote(Text, value);
    }

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
        Name(name);
        Text.Append(value);
    }

    /// <summary>A JSON string with Ceph's escapes.</summary>
    public static void Quote(StringBuilder text, string value)
    {
        text.Append('"');
        foreach (char c in value)
        {
            _ = c switch
            {
                '"' => text.Append("\\\""),
                '\\' => text.Append("\\\\"),
                '\t' => text.Append("\\t"),
                '\n' => text.Append("\\n"),
                < ' ' or '\x7f' => text.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}"),
                _ => text.Append(c),
            };
        }

        text.Append('"');
    }

    private void Open(string name, bool isArray)
    {
        Name(name);
        Text.Append(isArray ? '[' : '{');
        _sections.Push((isArray, 0));
    }

    private void Name(string name)
    {
        if (_sections.Count == 0)
        {
            return;
        }

        (bool isArray, int count) = _sections.Pop();
        _sections.Push((isArray, count + 1));
        if (count > 0)
        {
            Text.Append(',');
        }

        if (pretty)
        {
            Text.Append('\n').Append(' ', _sections.Count * 4);
        }

        if (!isArray)
        {
            Quote(Text, name);
            Text.Append(pretty ? ": " : ":");
        }
    }
}
