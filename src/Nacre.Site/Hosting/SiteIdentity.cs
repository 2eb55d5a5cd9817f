namespace Nacre.Site.Hosting;

/// <summary>What clients recognise the site by.</summary>
/// <param name="CertificateFingerprint">SHA-256 of its certificate.</param>
internal sealed record SiteIdentity(byte[] CertificateFingerprint);
