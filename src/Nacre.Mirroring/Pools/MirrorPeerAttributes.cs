using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Nacre.Mirroring;

/// <summary>
/// How a peer is reached when no conf file of its name does: config-key <c>rbd/mirror/peer/POOL-ID/PEER-UUID</c>, a JSON object. Does not print its key.
/// </summary>
public sealed record MirrorPeerAttributes
{
    /// <summary>Nothing set.</summary>
    public static MirrorPeerAttributes Empty { get; } = new();

    /// <summary>The peer's monitors (<c>mon_host</c>); null where unset.</summary>
    public string? MonHost { get; init; }

    /// <summary>The secret of the peer's client (<c>key</c>); null where unset.</summary>
    public string? Key { get; init; }

    /// <summary>Other values that something else has put there; kept.</summary>
    public IReadOnlyDictionary<string, string> Other { get; init; } = new SortedDictionary<string, string>(StringComparer.Ordinal);

    /// <summary>True where nothing is set.</summary>
    public bool IsEmpty => All.Count == 0;

    /// <summary>All set values by name, as Ceph lists them: in order of names.</summary>
    public IReadOnlyDictionary<string, string> All
    {
        get
        {
            var all = new SortedDictionary<string, string>(Other.ToDictionary(), StringComparer.Ordinal);
            if (!string.IsNullOrEmpty(MonHost))
            {
                all["mon_host"] = MonHost;
            }

            if (!string.IsNullOrEmpty(Key))
            {
                all["key"] = Key;
            }

            return all;
        }
    }

    /// <summary>One value changed; null or empty unsets it.</summary>
    /// <param name="name"><c>mon_host</c>, <c>key</c> or another.</param>
    /// <param name="value">The value.</param>
    public MirrorPeerAttributes With(string name, string? value)
    {
        var all = new SortedDictionary<string, string>(All.ToDictionary(), StringComparer.Ordinal);
        all.Remove(name);
        if (!string.IsNullOrEmpty(value))
        {
            all[name] = value;
        }

        return From(all);
    }

    /// <inheritdoc/>
    public override string ToString() => $"mon_host={MonHost}, key={(Key is null ? "unset" : "set")}";

    internal static MirrorPeerAttributes From(SortedDictionary<string, string> all)
    {
        string? monHost = all.GetValueOrDefault("mon_host");
        string? key = all.GetValueOrDefault("key");
        var other = new SortedDictionary<string, string>(all, StringComparer.Ordinal);
        other.Remove("mon_host");
        other.Remove("key");
        return new MirrorPeerAttributes { MonHost = monHost, Key = key, Other = other };
    }

    // Ceph's own spacing, so that what it wrote and what we write compare equal.
    internal string ToJson()
    {
        var json = new StringBuilder("{");
        string separator = "";
        foreach ((string name, string value) in All)
        {
            json.Append(separator).Append(Quote(name)).Append(": ").Append(Quote(value));
            separator = ", ";
        }

        return json.Append('}').ToString();
    }

    private static string Quote(string text) => $"\"{JsonEncodedText.Encode(text, JavaScriptEncoder.UnsafeRelaxedJsonEscaping)}\"";
}
