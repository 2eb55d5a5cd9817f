using System.Globalization;
using System.Text;
using Nacre.Cli.Commands;

namespace Nacre.Cli.Output;

/// <summary>
/// Structured output equal to that of Ceph's Formatter (src/common/Formatter.cc): compact JSON, JSON indented by four spaces, or XML, compact
/// or indented by one space.
/// </summary>
public abstract class StructuredOutput
{
    /// <summary>The form that <c>--format</c> and <c>--pretty-format</c> ask for; null for plain.</summary>
    public static StructuredOutput? For(CommandInvocation invocation)
    {
        bool pretty = invocation.Has("pretty-format");
        switch (invocation.Option("format"))
        {
            case null or "plain":
                return pretty ? throw new UsageException("--pretty-format only works when --format is json or xml", Rados.Errno.EINVAL) : null;
            case "json":
                return new JsonOutput(pretty);
            case "json-pretty":
                return new JsonOutput(true);
            case "xml":
                return new XmlOutput(pretty);
            case var other:
                throw new UsageException($"unknown format '{other}'", Rados.Errno.EINVAL);
        }
    }

    /// <summary>Opens an object; the name counts within an object (JSON) or always (XML).</summary>
    public abstract void OpenObject(string name);
    /// <summary>Opens an array.</summary>
    public abstract void OpenArray(string name);
    /// <summary>Closes the innermost object or array.</summary>
    public abstract void Close();
    /// <summary>A string.</summary>
    public abstract void Write(string name, string value);
    /// <summary>A number, bare.</summary>
    public abstract void Write(string name, long value);
    /// <summary>A number, bare.</summary>
    public abstract void Write(string name, ulong value);
    /// <summary>A truth value, as <c>dump_bool</c> writes it.</summary>
    public abstract void Write(string name, bool value);
    /// <summary>All that was written, with the final line end where Ceph has one.</summary>
    public abstract void Flush(TextWriter output);
}

/// <summary>JSON.</summary>
public sealed class JsonOutput(bool pretty) : StructuredOutput
{
    private readonly StringBuilder _text = new();
    private readonly Stack<(bool IsArray, int Count)> _open = new();

    /// <inheritdoc/>
    public override void OpenObject(string name) => Open(name, '{', false);
    /// <inheritdoc/>
    public override void OpenArray(string name) => Open(name, '[', true);
    /// <inheritdoc/>
    public override void Write(string name, string value)
    {
        Begin(name);
        Quote(value);
    }

    /// <inheritdoc/>
    public override void Write(string name, long value)
    {
        Begin(name);
        _text.Append(CultureInfo.InvariantCulture, $"{value}");
    }

    /// <inheritdoc/>
    public override void Write(string name, ulong value)
    {
        Begin(name);
        _text.Append(CultureInfo.InvariantCulture, $"{value}");
    }

    /// <inheritdoc/>
    public override void Write(string name, bool value)
    {
        Begin(name);
        _text.Append(value ? "true" : "false");
    }

    /// <inheritdoc/>
    public override void Close()
    {
        (bool isArray, int count) = _open.Pop();
        if (pretty && count > 0)
        {
            NewLine();
        }

        _text.Append(isArray ? ']' : '}');
    }

    /// <inheritdoc/>
    public override void Flush(TextWriter output)
    {
        output.Write(_text);
        if (pretty)
        {
            output.Write('\n');
        }

        _text.Clear();
    }

    private void Open(string name, char bracket, bool isArray)
    {
        Begin(name);
        _text.Append(bracket);
        _open.Push((isArray, 0));
    }

    private void Begin(string name)
    {
        if (_open.Count == 0)
        {
            return;
        }

        (bool isArray, int count) = _open.Pop();
        _open.Push((isArray, count + 1));
        if (count > 0)
        {
            _text.Append(',');
        }

        if (pretty)
        {
            NewLine();
        }

        if (!isArray)
        {
            Quote(name);
            _text.Append(pretty ? ": " : ":");
        }
    }

    private void NewLine() => _text.Append('\n').Append(' ', _open.Count * 4);

    private void Quote(string value)
    {
        _text.Append('"');
        foreach (char c in value)
        {
            switch (c)
            {
                case '"': _text.Append("\\\""); break;
                case '\\': _text.Append("\\\\"); break;
                case '/': _text.Append("\\/"); break;
                case '\t': _text.Append("\\t"); break;
                case '\n': _text.Append("\\n"); break;
                case '\r': _text.Append("\\r"); break;
                case '\b': _text.Append("\\b"); break;
                case '\f': _text.Append("\\f"); break;
                case < ' ' or '\x7f': _text.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}"); break;
                default: _text.Append(c); break;
            }
        }

        _text.Append('"');
    }
}

/// <summary>XML.</summary>
public sealed class XmlOutput(bool pretty) : StructuredOutput
{
    private readonly StringBuilder _text = new();
    private readonly Stack<string> _open = new();

    /// <inheritdoc/>
    public override void OpenObject(string name)
    {
        Indent();
        _text.Append('<').Append(name).Append('>');
        EndLine();
        _open.Push(name);
    }

    /// <inheritdoc/>
    public override void OpenArray(string name) => OpenObject(name);
    /// <inheritdoc/>
    public override void Write(string name, string value) => Element(name, Escape(value));
    /// <inheritdoc/>
    public override void Write(string name, long value) => Element(name, value.ToString(CultureInfo.InvariantCulture));
    /// <inheritdoc/>
    public override void Write(string name, ulong value) => Element(name, value.ToString(CultureInfo.InvariantCulture));
    /// <inheritdoc/>
    public override void Write(string name, bool value) => Element(name, value ? "true" : "false");

    /// <inheritdoc/>
    public override void Close()
    {
        string name = _open.Pop();
        Indent();
        _text.Append("</").Append(name).Append('>');
        EndLine();
    }

    /// <inheritdoc/>
    public override void Flush(TextWriter output)
    {
        output.Write(_text);
        _text.Clear();
    }

    private void Element(string name, string value)
    {
        Indent();
        _text.Append('<').Append(name).Append('>').Append(value).Append("</").Append(name).Append('>');
        EndLine();
    }

    private void Indent()
    {
        if (pretty)
        {
            _text.Append(' ', _open.Count);
        }
    }

    private void EndLine()
    {
        if (pretty)
        {
            _text.Append('\n');
        }
    }

    private static string Escape(string value) => value
        .Replace("&", "&amp;", StringComparison.Ordinal).Replace("<", "&lt;", StringComparison.Ordinal)
        .Replace(">", "&gt;", StringComparison.Ordinal).Replace("\"", "&quot;", StringComparison.Ordinal)
        .Replace("'", "&apos;", StringComparison.Ordinal);
}
