using Nacre.Rados.Configuration;
using Nacre.Rados.Embedded;

namespace Nacre.Site.Commands;

/// <summary>One stored option.</summary>
internal readonly record struct ConfigEntry(string Section, string Name, string Value);

/// <summary>The central options (<c>ceph config set</c>), kept under <c>config/SECTION NAME</c>.</summary>
internal sealed class ConfigStore(MetadataStore metadata)
{
    private const string Prefix = "config/";

    public IReadOnlyList<ConfigEntry> All => [.. metadata.List(Prefix).Select(Decode)];

    public Task SetAsync(string section, string name, string? value, CancellationToken cancellationToken) => metadata.ApplyAsync(
        [new($"{Prefix}{section} {Normalize(name)}", value is null ? null : System.Text.Encoding.UTF8.GetBytes(value))], cancellationToken);

    /// <summary>What holds for an entity: global, then its type, then itself.</summary>
    public string? Effective(EntityName name, string option)
    {
        string normalized = Normalize(option);
        return Get(name.ToString(), normalized) ?? Get(name.Type, normalized) ?? Get("global", normalized);
    }

    /// <summary>All options that hold for an entity.</summary>
    public Dictionary<string, ConfigEntry> EffectiveFor(EntityName name)
    {
        var options = new Dictionary<string, ConfigEntry>(StringComparer.Ordinal);
        IReadOnlyList<ConfigEntry> all = All;
        foreach (string section in new[] { "global", name.Type, name.ToString() })
        {
            foreach (ConfigEntry entry in all.Where(e => e.Section == section))
            {
                options[entry.Name] = entry;
            }
        }

        return options;
    }

    // Options of modules ("mgr/rbd_support/…") have paths as names, which stay as they are.
    private static string Normalize(string name) => name.Contains('/', StringComparison.Ordinal) ? name : CephConf.NormalizeName(name);

    private static ConfigEntry Decode(KeyValuePair<string, byte[]> stored)
    {
        string rest = stored.Key[Prefix.Length..];
        int blank = rest.IndexOf(' ', StringComparison.Ordinal);
        return new ConfigEntry(rest[..blank], rest[(blank + 1)..], System.Text.Encoding.UTF8.GetString(stored.Value));
    }

    private string? Get(string section, string name) =>
        metadata.Get($"{Prefix}{section} {name}") is { } value ? System.Text.Encoding.UTF8.GetString(value) : null;
}
