using System.Text;

namespace Nacre.Rados.Configuration;

/// <summary>One entity of a keyring: its secret and, where the file tells, its caps by service (<c>mon</c>, <c>osd</c>…).</summary>
public sealed record KeyringEntry(EntityName Name, string Key, IReadOnlyDictionary<string, string> Caps)
{
    private bool PrintMembers(StringBuilder builder)
    {
        builder.Append(Name);
        return true;
    }
}

/// <summary>A keyring file (src/auth/KeyRing.cc): a section an entity, with <c>key = …</c> and <c>caps SERVICE = "…"</c>.</summary>
public sealed class Keyring
{
    private readonly SortedDictionary<string, KeyringEntry> _entries = new(StringComparer.Ordinal);

    /// <summary>Its entities, by name.</summary>
    public IReadOnlyCollection<KeyringEntry> Entries => _entries.Values;

    /// <summary>An entity; null where it is not in the keyring.</summary>
    public KeyringEntry? Find(EntityName name) => _entries.GetValueOrDefault(name.ToString());

    /// <summary>Adds or replaces an entity.</summary>
    public void Set(KeyringEntry entry) => _entries[entry.Name.ToString()] = entry;

    /// <summary>Parses a keyring.</summary>
    /// <exception cref="RadosException">EINVAL with source and line; never shows a key.</exception>
    public static Keyring Parse(string text, string source)
    {
        var keyring = new Keyring();
        EntityName? current = null;
        string? key = null;
        var caps = new SortedDictionary<string, string>(StringComparer.Ordinal);
        int number = 0;

        void Finish()
        {
            if (current is { } name)
            {
                keyring.Set(new KeyringEntry(
                    name,
                    key ?? throw new RadosException(Errno.EINVAL, $"{source}: {name} has no key"),
                    new SortedDictionary<string, string>(caps, StringComparer.Ordinal)));
            }
        }

        foreach (string raw in text.Split('\n'))
        {
            number++;
            string line = raw.Trim();
            if (line.Length == 0 || line[0] is '#' or ';')
            {
                continue;
            }

            if (line[0] == '[')
            {
                Finish();
                current = line.EndsWith(']') ? EntityName.TryParse(line[1..^1].Trim()) : null;
                _ = current ?? throw new RadosException(Errno.EINVAL, $"{source}:{number}: not an entity in brackets");
                key = null;
                caps.Clear();
                continue;
            }

            int equals = line.IndexOf('=', StringComparison.Ordinal);
            if (equals < 1 || current is null)
            {
                throw new RadosException(Errno.EINVAL, $"{source}:{number}: not a line of a keyring");
            }

            string name = CephConf.NormalizeName(line[..equals]);
            string value = Unquote(line[(equals + 1)..].Trim());
            if (name == "key")
            {
                key = CephSecret.IsValid(value)
                    ? value
                    : throw new RadosException(Errno.EINVAL, $"{source}:{number}: the key of {current} is not a CephX secret (truncated?)");
            }
            else if (name.StartsWith("caps_", StringComparison.Ordinal))
            {
                caps[name[5..]] = value;
            }
        }

        Finish();
        return keyring;
    }

    /// <summary>The file's text, as <c>ceph-authtool</c> writes it.</summary>
    public override string ToString()
    {
        var text = new StringBuilder();
        foreach (KeyringEntry entry in _entries.Values)
        {
            text.Append('[').Append(entry.Name).Append("]\n\tkey = ").Append(entry.Key).Append('\n');
            foreach ((string service, string caps) in entry.Caps)
            {
                text.Append("\tcaps ").Append(service).Append(" = \"")
                    .Append(caps.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)).Append("\"\n");
            }
        }

        return text.ToString();
    }

    /// <summary>Reads and parses a file.</summary>
    public static async Task<Keyring> LoadAsync(string path, CancellationToken cancellationToken = default) =>
        Parse(await File.ReadAllTextAsync(path, cancellationToken), path);

    /// <summary>Writes it so that a crash leaves the old file or the new, readable by its owner only.</summary>
    public async Task SaveAsync(string path, CancellationToken cancellationToken = default)
    {
        string temporary = $"{path}.{Environment.ProcessId}.tmp";
        var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write, Options = FileOptions.Asynchronous };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        await using (var stream = new FileStream(temporary, options))
        {
            await stream.WriteAsync(System.Text.Encoding.UTF8.GetBytes(ToString()), cancellationToken);
            stream.Flush(flushToDisk: true);
        }

        File.Move(temporary, path, overwrite: true);
    }

    private static string Unquote(string value)
    {
        if (value.Length < 2 || value[0] != '"' || value[^1] != '"')
        {
            return value;
        }

        var text = new StringBuilder();
        for (int i = 1; i < value.Length - 1; i++)
        {
            if (value[i] == '\\' && i + 1 < value.Length - 1)
            {
                i++;
            }

            text.Append(value[i]);
        }

        return text.ToString();
    }
}
