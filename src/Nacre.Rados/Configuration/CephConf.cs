using System.Text;

namespace Nacre.Rados.Configuration;

/// <summary>
/// A <c>ceph.conf</c> (src/common/ConfUtils.cc): sections of <c>name = value</c>. Spaces, dashes and underscores in option names are the
/// same; <c>#</c> and <c>;</c> begin comments; a backslash at a line's end continues it; a section that comes twice is one.
/// </summary>
public sealed class CephConf
{
    private readonly Dictionary<string, Dictionary<string, string>> _sections = new(StringComparer.Ordinal);

    /// <summary>Parses a file's text.</summary>
    /// <param name="text">The text.</param>
    /// <param name="source">Named in errors.</param>
    /// <exception cref="RadosException">EINVAL, with the line, for what is no conf file.</exception>
    public static CephConf Parse(string text, string source)
    {
        var conf = new CephConf();
        string section = "global";
        int number = 0;
        var pending = new StringBuilder();
        foreach (string raw in text.Split('\n'))
        {
            number++;
            string line = raw.TrimEnd('\r');
            if (line.EndsWith('\\'))
            {
                pending.Append(line, 0, line.Length - 1);
                continue;
            }

            pending.Append(line);
            line = pending.ToString().Trim();
            pending.Clear();
            if (line.Length == 0 || line[0] is '#' or ';')
            {
                continue;
            }

            if (line[0] == '[')
            {
                int close = line.IndexOf(']', StringComparison.Ordinal);
                if (close < 2)
                {
                    throw new RadosException(Errno.EINVAL, $"{source}:{number}: a section needs a name in brackets");
                }

                section = line[1..close].Trim();
                continue;
            }

            int equals = line.IndexOf('=', StringComparison.Ordinal);
            if (equals < 1)
            {
                throw new RadosException(Errno.EINVAL, $"{source}:{number}: neither a section nor 'name = value'");
            }

            conf.Section(section)[NormalizeName(line[..equals])] = ParseValue(line[(equals + 1)..].Trim());
        }

        return conf;
    }

    /// <summary>Reads and parses a file.</summary>
    public static async Task<CephConf> LoadAsync(string path, CancellationToken cancellationToken = default) =>
        Parse(await File.ReadAllTextAsync(path, cancellationToken), path);

    /// <summary>An option's name in its one form: <c>mon host</c> and <c>mon-host</c> are <c>mon_host</c>.</summary>
    public static string NormalizeName(string name)
    {
        var normalized = new StringBuilder();
        foreach (char c in name.Trim())
        {
            char mapped = c is ' ' or '-' or '\t' ? '_' : c;
            if (mapped != '_' || normalized.Length == 0 || normalized[^1] != '_')
            {
                normalized.Append(mapped);
            }
        }

        return normalized.ToString();
    }

    /// <summary>The options in effect for an entity: <c>[global]</c>, then <c>[client]</c>, then <c>[client.name]</c>. Metavariables are not yet expanded.</summary>
    public Dictionary<string, string> OptionsFor(EntityName name)
    {
        var options = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (string section in (string[])["global", name.Type, name.ToString()])
        {
            if (_sections.TryGetValue(section, out Dictionary<string, string>? entries))
            {
                foreach ((string option, string value) in entries)
                {
                    options[option] = value;
                }
            }
        }

        return options;
    }

    /// <summary>Replaces <c>$cluster</c>, <c>$name</c>, <c>$type</c>, <c>$id</c>, <c>$pid</c>, <c>$host</c> (also in braces) and other options' names.</summary>
    public static string Expand(string value, string clusterName, EntityName name, IReadOnlyDictionary<string, string>? options = null, int depth = 0)
    {
        if (!value.Contains('$', StringComparison.Ordinal) || depth > 8)
        {
            return value;
        }

        var expanded = new StringBuilder();
        for (int i = 0; i < value.Length;)
        {
            if (value[i] != '$')
            {
                expanded.Append(value[i++]);
                continue;
            }

            bool braces = i + 1 < value.Length && value[i + 1] == '{';
            int start = i + (braces ? 2 : 1);
            int end = start;
            while (end < value.Length && (char.IsAsciiLetterOrDigit(value[end]) || value[end] == '_'))
            {
                end++;
            }

            string variable = value[start..end];
            int next = braces && end < value.Length && value[end] == '}' ? end + 1 : end;
            string? replacement = variable switch
            {
                "cluster" => clusterName,
                "name" => name.ToString(),
                "type" => name.Type,
                "id" => name.Id,
                "num" => name.Id,
                "pid" => Environment.ProcessId.ToString(System.Globalization.CultureInfo.InvariantCulture),
                "host" => Environment.MachineName,
                "home" => Environment.GetFolderPath(Environment.SpecialFolder.UserProfile),
                _ => options?.GetValueOrDefault(variable) is { } other ? Expand(other, clusterName, name, options, depth + 1) : null,
            };
            expanded.Append(replacement ?? value[i..next]);
            i = next;
        }

        return expanded.ToString();
    }

    private static string ParseValue(string text)
    {
        if (text.Length > 0 && text[0] is '"' or '\'')
        {
            int close = text.IndexOf(text[0], 1);
            return close > 0 ? text[1..close] : text[1..];
        }

        // A comment may follow an unquoted value; an escaped '#' or ';' is part of it.
        var value = new StringBuilder();
        for (int i = 0; i < text.Length; i++)
        {
            if (text[i] == '\\' && i + 1 < text.Length)
            {
                value.Append(text[++i]);
            }
            else if (text[i] is '#' or ';')
            {
                break;
            }
            else
            {
                value.Append(text[i]);
            }
        }

        return value.ToString().Trim();
    }

    private Dictionary<string, string> Section(string name)
    {
        if (!_sections.TryGetValue(name, out Dictionary<string, string>? entries))
        {
            _sections[name] = entries = new Dictionary<string, string>(StringComparer.Ordinal);
        }

        return entries;
    }
}
