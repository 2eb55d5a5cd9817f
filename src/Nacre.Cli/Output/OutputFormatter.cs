using System.Globalization;
using System.Text;

namespace Nacre.Cli.Output;

/// <summary>
/// Structured output as Ceph's Formatter prints it (src/common/Formatter.cc): sections are opened and closed in order, values are
/// dumped with a name that JSON arrays ignore. Nothing appears before <see cref="Flush"/>.
/// </summary>
internal abstract class OutputFormatter
{
    /// <summary>Output so far.</summary>
    protected StringBuilder Text { get; } = new();

    /// <summary>A formatter for <c>json</c> or <c>xml</c>; null for <c>plain</c>.</summary>
    public static OutputFormatter? Create(string format, bool pretty) => format switch
    {
        "json" => new JsonOutputFormatter(pretty),
        "xml" => new XmlOutputFormatter(pretty),
        _ => null,
    };

    /// <summary>Begins an array; in XML an element.</summary>
    public abstract void OpenArray(string name);

    /// <summary>Begins an object; in XML an element.</summary>
    public abstract void OpenObject(string name);

    /// <summary>Ends the innermost section.</summary>
    public abstract void Close();

    /// <summary>A string.</summary>
    public abstract void Dump(string name, string value);

    /// <summary>A number or other bare word.</summary>
    protected abstract void DumpRaw(string name, string value);

    /// <summary>An unsigned number.</summary>
    public void Dump(string name, ulong value) => DumpRaw(name, value.ToString(CultureInfo.InvariantCulture));

    /// <summary>A signed number.</summary>
    public void Dump(string name, long value) => DumpRaw(name, value.ToString(CultureInfo.InvariantCulture));

    /// <summary>A number with six decimals.</summary>
    public void Dump(string name, double value) => DumpRaw(name, value.ToString("F6", CultureInfo.InvariantCulture));

    /// <summary>True or false.</summary>
    public void Dump(string name, bool value) => DumpRaw(name, value ? "true" : "false");

    /// <summary>Writes all out and ends the line.</summary>
    public abstract void Flush(TextWriter writer);

    /// <summary>An array of strings.</summary>
    public void DumpArray(string name, string element, IEnumerable<string> values)
    {
        OpenArray(name);
        foreach (string value in values)
        {
            Dump(element, value);
        }

        Close();
    }
}
