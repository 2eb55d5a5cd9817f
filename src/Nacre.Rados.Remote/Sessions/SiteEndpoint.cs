using Nacre.Rados.Configuration;

namespace Nacre.Rados.Remote.Sessions;

/// <summary>Where a site is, and which certificate it must show.</summary>
/// <param name="Address"><c>https://host:port</c></param>
/// <param name="Fingerprint">SHA-256 of the certificate; null where none is pinned, and then the site's proof alone tells that it is the right one.</param>
internal sealed record SiteEndpoint(Uri Address, byte[]? Fingerprint)
{
    /// <summary>From a configuration: <c>mon host</c> and <c>nacre certificate sha256</c>; the fingerprint may also stand behind a <c>#</c> of the address.</summary>
    public static SiteEndpoint From(ClusterConfiguration configuration)
    {
        string first = configuration.MonitorHost.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).FirstOrDefault() ?? "";
        if (!Uri.TryCreate(first, UriKind.Absolute, out Uri? uri) || uri.Scheme != Uri.UriSchemeHttps || uri.Port <= 0)
        {
            throw new RadosException(
                Errno.EINVAL, $"'mon host = {configuration.MonitorHost}' of {Source(configuration)} is no address of an embedded site (https://host:port)");
        }

        string? text = uri.Fragment.Length > 1 ? uri.Fragment[1..] : configuration.CertificateFingerprint;
        return new SiteEndpoint(new Uri(uri.GetLeftPart(UriPartial.Authority)), text is null ? null : ParseFingerprint(text, configuration));
    }

    public override string ToString() => Address.GetLeftPart(UriPartial.Authority);

    private static byte[] ParseFingerprint(string text, ClusterConfiguration configuration)
    {
        try
        {
            byte[] bytes = Convert.FromHexString(text.Replace(":", "", StringComparison.Ordinal).Trim());
            if (bytes.Length == 32)
            {
                return bytes;
            }
        }
        catch (FormatException)
        {
            // said below
        }

        throw new RadosException(Errno.EINVAL, $"'nacre certificate sha256' of {Source(configuration)} is not 64 hex digits");
    }

    private static string Source(ClusterConfiguration configuration) => configuration.FilePath ?? $"cluster {configuration.ClusterName}";
}
