namespace Nacre.Rados.Configuration;

/// <summary>
/// All that it takes to connect: from a <c>ceph.conf</c>, a keyring, and what the command line or a stored peer said instead.
/// </summary>
public sealed record ClusterConfiguration
{
    /// <summary>Cluster name: the conf file is <c>NAME.conf</c>.</summary>
    public required string ClusterName { get; init; }

    /// <summary>Whom to connect as.</summary>
    public required EntityName Name { get; init; }

    /// <summary>The conf file that was read; null where there was none (mon host and key then come from elsewhere).</summary>
    public string? FilePath { get; init; }

    /// <summary><c>mon host</c>: Ceph monitor addresses, or an <c>https://host:port</c> address of an embedded site.</summary>
    public required string MonitorHost { get; init; }

    /// <summary>The CephX secret, base64; null where none was found. Never logged.</summary>
    public string? Key { get; init; }

    /// <summary>The keyring the key came from, for error texts.</summary>
    public string? KeyringPath { get; init; }

    /// <summary>Options in effect for this entity: global, then type, then entity sections, then overrides; names normalised (<c>mon_host</c>).</summary>
    public IReadOnlyDictionary<string, string> Options { get; init; } = new Dictionary<string, string>();

    /// <summary>True where <see cref="MonitorHost"/> is an embedded site's address.</summary>
    public bool IsEmbeddedSite => MonitorHost.TrimStart().StartsWith("https://", StringComparison.OrdinalIgnoreCase);

    /// <summary>Pinned SHA-256 fingerprint of an embedded site's certificate (<c>nacre certificate sha256</c>), hex; null on Ceph.</summary>
    public string? CertificateFingerprint => Options.GetValueOrDefault("nacre_certificate_sha256");

    private bool PrintMembers(System.Text.StringBuilder builder)
    {
        // Records print all members by default; the key must not reach a log that way.
        builder.Append(System.Globalization.CultureInfo.InvariantCulture, $"{Name}@{ClusterName}, {FilePath}, {MonitorHost}");
        return true;
    }
}
