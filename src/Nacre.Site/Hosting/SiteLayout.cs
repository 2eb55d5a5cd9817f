using Nacre.Rados;

namespace Nacre.Site.Hosting;

/// <summary>Where a site's files are (docs/formats/site-directory.md): <c>DIR/NAME/</c> its data, <c>DIR/NAME.conf</c> and keyrings what clients need.</summary>
internal sealed record SiteLayout(string Parent, string Name)
{
    public string Data => Path.Combine(Parent, Name);

    public string Settings => Path.Combine(Data, "site.json");

    public string Store => Path.Combine(Data, "store");

    public string Certificate => Path.Combine(Data, "certificate.pem");

    public string PrivateKey => Path.Combine(Data, "private-key.pem");

    public string Lock => Path.Combine(Data, "site.lock");

    public string Pid => Path.Combine(Data, "site.pid");

    public string Log => Path.Combine(Data, "site.log");

    public string Conf => Path.Combine(Parent, Name + ".conf");

    public string AdminKeyring => Path.Combine(Parent, Name + ".client.admin.keyring");

    /// <summary>From <c>DIR/NAME</c>, or <c>NAME</c> in the working directory. EINVAL where the name cannot be a cluster's.</summary>
    public static SiteLayout From(string path)
    {
        string full = Path.GetFullPath(path.TrimEnd('/'));
        string name = Path.GetFileName(full);
        return name.Length > 0 && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_')
            ? new SiteLayout(Path.GetDirectoryName(full)!, name)
            : throw new RadosException(Errno.EINVAL, $"'{name}' cannot name a site: letters, digits, - and _ can");
    }
}
