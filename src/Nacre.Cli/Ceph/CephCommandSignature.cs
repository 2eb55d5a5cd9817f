using System.Globalization;
using System.Text.Json;
using Nacre.Cli.Applications;
using Nacre.Rados;

namespace Nacre.Cli.Ceph;

/// <summary>What an argument of a command is.</summary>
internal enum CephArgumentKind
{
    Text,
    Integer,
    Number,
    Choice,
    Flag,
}

/// <summary>One argument of a command.</summary>
internal sealed record CephArgument(string Name, CephArgumentKind Kind, bool Required, bool Many, IReadOnlyList<string> Choices);

/// <summary>A command: fixed words and arguments, and how a command line becomes the JSON that monitors and managers take.</summary>
internal sealed class CephCommandSignature
{
    private readonly IReadOnlyList<CephArgument> _arguments;
    private readonly string _text;

    private CephCommandSignature(string text, IReadOnlyList<string> words, IReadOnlyList<CephArgument> arguments, bool manager)
    {
        _text = text;
        Words = words;
        _arguments = arguments;
        Manager = manager;
    }

    /// <summary>The prefix.</summary>
    public IReadOnlyList<string> Words { get; }

    /// <summary>True where the manager answers it.</summary>
    public bool Manager { get; }

    /// <summary>From <c>osd pool delete &lt;pool&gt; [&lt;pool2&gt;] [--sure]</c>.</summary>
    public static CephCommandSignature Parse(string text, bool manager)
    {
        string[] tokens = text.Split(' ');
        return new CephCommandSignature(
            text, [.. tokens.TakeWhile(t => t[0] is not ('<' or '['))], [.. tokens.SkipWhile(t => t[0] is not ('<' or '[')).Select(Argument)], manager);
    }

    /// <summary>Whether a command line begins with the fixed words.</summary>
    public bool Matches(IReadOnlyList<string> line) => line.Count >= Words.Count && Words.Select((word, i) => line[i] == word).All(same => same);

    /// <summary>The JSON of a command line. A line that does not fit ends with Ceph's text and EINVAL.</summary>
    public void WriteArguments(Utf8JsonWriter writer, IReadOnlyList<string> line)
    {
        List<string> words = [.. line.Skip(Words.Count)];
        foreach (CephArgument argument in _arguments.Where(a => a.Kind == CephArgumentKind.Flag))
        {
            if (words.Remove("--" + argument.Name) || words.Remove("--" + argument.Name.Replace('-', '_')))
            {
                writer.WriteBoolean(argument.Name.Replace('-', '_'), true);
            }
        }

        HashSet<string> given = WriteNamed(writer, words);
        int next = 0;
        foreach (CephArgument argument in _arguments.Where(a => a.Kind != CephArgumentKind.Flag && !given.Contains(a.Name)))
        {
            next = WritePositional(writer, argument, words, next);
        }

        if (next < words.Count)
        {
            throw Invalid($"unused arguments: {string.Join(' ', words.Skip(next).Select(w => $"'{w}'"))}");
        }
    }

    /// <inheritdoc/>
    public override string ToString() => _text;

    private static CephArgument Argument(string token)
    {
        bool required = token[0] == '<';
        string inner = token.Trim('[', ']');
        bool many = inner.EndsWith("...", StringComparison.Ordinal);
        inner = many ? inner[..^3] : inner;
        if (inner.StartsWith("--", StringComparison.Ordinal))
        {
            return new CephArgument(inner[2..], CephArgumentKind.Flag, false, false, []);
        }

        string[] parts = inner.Trim('<', '>').Split(':');
        string type = parts.Length > 1 ? parts[1] : "";
        CephArgumentKind kind = type switch
        {
            "" => CephArgumentKind.Text,
            "int" => CephArgumentKind.Integer,
            "float" => CephArgumentKind.Number,
            _ => CephArgumentKind.Choice,
        };
        return new CephArgument(parts[0], kind, required, many, kind == CephArgumentKind.Choice ? type.Split('|') : []);
    }

    // "--pool images" instead of in its place.
    private HashSet<string> WriteNamed(Utf8JsonWriter writer, List<string> words)
    {
        var given = new HashSet<string>(StringComparer.Ordinal);
        foreach (CephArgument argument in _arguments.Where(a => a.Kind != CephArgumentKind.Flag && !a.Many))
        {
            int at = words.FindIndex(w => w == "--" + argument.Name || w == "--" + argument.Name.Replace('_', '-'));
            if (at < 0)
            {
                continue;
            }

            if (at + 1 >= words.Count || !TryWrite(writer, argument, words[at + 1]))
            {
                throw Invalid($"invalid value for --{argument.Name}");
            }

            words.RemoveRange(at, 2);
            given.Add(argument.Name);
        }

        return given;
    }

    private int WritePositional(Utf8JsonWriter writer, CephArgument argument, List<string> words, int next)
    {
        if (argument.Many)
        {
            if (next >= words.Count && argument.Required)
            {
                throw Invalid($"saw 0 of {argument.Name}(<string>)..., expected at least 1");
            }

            if (next < words.Count)
            {
                writer.WriteStartArray(argument.Name);
                foreach (string word in words.Skip(next))
                {
                    writer.WriteStringValue(word);
                }

                writer.WriteEndArray();
            }

            return words.Count;
        }

        if (next >= words.Count)
        {
            return argument.Required ? throw Invalid($"missing required parameter {argument.Name}(<{TypeName(argument)}>)") : next;
        }

        if (TryWrite(writer, argument, words[next]))
        {
            return next + 1;
        }

        return argument.Required ? throw Invalid($"{words[next]} not in {string.Join('|', argument.Choices)}") : next;
    }

    private static bool TryWrite(Utf8JsonWriter writer, CephArgument argument, string word)
    {
        switch (argument.Kind)
        {
            case CephArgumentKind.Integer when long.TryParse(word, CultureInfo.InvariantCulture, out long integer):
                writer.WriteNumber(argument.Name, integer);
                return true;
            case CephArgumentKind.Number when double.TryParse(word, CultureInfo.InvariantCulture, out double number):
                // Ceph takes a number without a point for an integer, and then misses its float.
                writer.WritePropertyName(argument.Name);
                writer.WriteRawValue(number.ToString("0.0###############", CultureInfo.InvariantCulture));
                return true;
            case CephArgumentKind.Choice when argument.Choices.Contains(word):
            case CephArgumentKind.Text:
                writer.WriteString(argument.Name, word);
                return true;
            default:
                return false;
        }
    }

    private static string TypeName(CephArgument argument) => argument.Kind switch
    {
        CephArgumentKind.Integer => "int",
        CephArgumentKind.Number => "float",
        CephArgumentKind.Choice => string.Join('|', argument.Choices),
        _ => argument.Name.StartsWith("pool", StringComparison.Ordinal) ? "poolname" : "string",
    };

    private CommandFailedException Invalid(string what) =>
        new(Errno.EINVAL, $"Invalid command: {what}\n{_text}\nError EINVAL: invalid command");
}
