using System.Globalization;
using System.Text.Json;
using Nacre.Rados;
using Nacre.Rados.Caps;
using Nacre.Rados.Clusters;
using Nacre.Rados.Embedded;
using Nacre.Site.Users;

namespace Nacre.Site.Commands;

/// <summary>One command as it was given, and who gave it.</summary>
internal sealed class CommandContext(EmbeddedSession session, SiteUser user, string prefix, JsonElement arguments, ReadOnlyMemory<byte> input)
{
    public EmbeddedSession Session => session;

    public SiteUser User => user;

    public string Prefix => prefix;

    /// <summary>What was sent along (<c>-i FILE</c>).</summary>
    public ReadOnlyMemory<byte> Input => input;

    /// <summary>"plain", "json", "json-pretty"…</summary>
    public string Format => Text("format") ?? "plain";

    /// <summary>An argument; null where it is absent.</summary>
    public string? Text(string name) => arguments.TryGetProperty(name, out JsonElement value) ? AsText(value) : null;

    /// <summary>An argument that must be there.</summary>
    public string Required(string name) => Text(name)
        ?? throw new RadosException(Errno.EINVAL, $"Invalid command: missing required parameter {name}");

    /// <summary>A list of words; empty where it is absent.</summary>
    public IReadOnlyList<string> List(string name)
    {
        if (!arguments.TryGetProperty(name, out JsonElement value))
        {
            return [];
        }

        return value.ValueKind == JsonValueKind.Array ? [.. value.EnumerateArray().Select(AsText)] : [AsText(value)];
    }

    /// <summary>A number; null where it is absent.</summary>
    public double? Number(string name)
    {
        string? text = Text(name);
        return text is null ? null
            : double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double number) ? number
            : throw new RadosException(Errno.EINVAL, $"Invalid command: {text} doesn't represent a float");
    }

    /// <summary>A flag, <c>true</c> or the words of <c>--yes-i-really-mean-it</c>.</summary>
    public bool Flag(string name) => Text(name) is { } text && (text is "true" or "True" or "1" || text.StartsWith("--", StringComparison.Ordinal));

    /// <summary>Arguments as caps see them: a list of caps is one argument for each, <c>caps_osd</c>.</summary>
    public IReadOnlyDictionary<string, string> ForCaps()
    {
        var all = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (JsonProperty argument in arguments.EnumerateObject())
        {
            if (argument.Name == "caps" && argument.Value.ValueKind == JsonValueKind.Array)
            {
                string[] words = [.. argument.Value.EnumerateArray().Select(AsText)];
                for (int i = 0; i + 1 < words.Length; i += 2)
                {
                    all["caps_" + words[i]] = words[i + 1];
                }
            }
            else if (argument.Name is not ("prefix" or "format"))
            {
                all[argument.Name] = AsText(argument.Value);
            }
        }

        return all;
    }

    /// <summary>JSON, compact or for people as the format says.</summary>
    public CommandResult Json(Action<Utf8JsonWriter> write, string status = "", bool prettyByDefault = false) =>
        new(0, JsonText.Write(write, Format == "json-pretty" || (prettyByDefault && Format != "json")), status);

    /// <summary>JSON where that was asked for, else the plain text.</summary>
    public CommandResult JsonOr(string plain, Action<Utf8JsonWriter> write, string status = "") =>
        Format is "json" or "json-pretty" ? Json(write, status) : Plain(plain, status);

    /// <summary>Text output.</summary>
    public static CommandResult Plain(string output, string status = "") => new(0, System.Text.Encoding.UTF8.GetBytes(output), status);

    /// <summary>No output, a message.</summary>
    public static CommandResult Done(string status) => new(0, default, status);

    /// <summary>A failure with Ceph's text.</summary>
    public static CommandResult Fail(int errno, string status) => new(-errno, default, status);

    /// <summary>Whether the user may do this to a module's thing, with the module's own restrictions (<c>profile rbd pool=images</c>).</summary>
    public bool MayUseModule(string module, IReadOnlyDictionary<string, string> thing, CapsAccess access) =>
        user.Manager.IsCapable(new CommandAccessRequest("", module, "", thing, access));

    private static string AsText(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.String => value.GetString()!,
        JsonValueKind.Array => string.Join(' ', value.EnumerateArray().Select(AsText)),
        JsonValueKind.True => "true",
        JsonValueKind.False => "false",
        _ => value.GetRawText(),
    };
}
