using System.Security.Cryptography;
using Nacre.Rados.Caps;
using Nacre.Rados.Configuration;

namespace Nacre.Site.Users;

/// <summary>A user of the site, as <c>ceph auth</c> knows it.</summary>
internal sealed class SiteUser
{
    public SiteUser(EntityName name, string key, IReadOnlyDictionary<string, string> caps)
    {
        Name = name;
        Key = key;
        Caps = new SortedDictionary<string, string>(caps.ToDictionary(), StringComparer.Ordinal);

        // Caps were validated before they were stored; should one not parse all the same, it allows nothing.
        Monitor = MonCaps.TryParse(Caps.GetValueOrDefault("mon", ""), out MonCaps? monitor, out _) ? monitor : MonCaps.None;
        Objects = OsdCaps.TryParse(Caps.GetValueOrDefault("osd", ""), out OsdCaps? objects, out _) ? objects : OsdCaps.None;
        Manager = MgrCaps.TryParse(Caps.GetValueOrDefault("mgr", ""), out MgrCaps? manager, out _) ? manager : MgrCaps.None;
    }

    public EntityName Name { get; }

    /// <summary>The CephX secret, base64. Never logged.</summary>
    public string Key { get; }

    /// <summary>Caps by service, in order of the services' names.</summary>
    public SortedDictionary<string, string> Caps { get; }

    public MonCaps Monitor { get; }

    public OsdCaps Objects { get; }

    public MgrCaps Manager { get; }

    public bool HasKey(string other) =>
        CryptographicOperations.FixedTimeEquals(System.Text.Encoding.UTF8.GetBytes(Key), System.Text.Encoding.UTF8.GetBytes(other));

    /// <summary>Never the key.</summary>
    public override string ToString() => Name.ToString();
}
