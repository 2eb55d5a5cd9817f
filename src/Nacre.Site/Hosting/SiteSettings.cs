using System.Net;
using System.Security.Cryptography;
using System.Text.Json;
using Nacre.Rados;

namespace Nacre.Site.Hosting;

/// <summary>What a site was created with, <c>site.json</c>.</summary>
internal sealed record SiteSettings
{
    public const int CurrentFormat = 1;

    private static readonly JsonSerializerOptions _json = new() { WriteIndented = true, PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    public int Format { get; init; } = CurrentFormat;

    public required string Fsid { get; init; }

    /// <summary>Where it listens.</summary>
    public required string Address { get; init; }

    public required int Port { get; init; }

    /// <summary>Signs the resume tokens of sessions.</summary>
    public required byte[] TokenSecret { get; init; }

    [System.Text.Json.Serialization.JsonIgnore]
    public IPEndPoint EndPoint => new(IPAddress.Parse(Address), Port);

    public static SiteSettings New(string address, int port) => new()
    {
        Fsid = Guid.NewGuid().ToString(),
        Address = address,
        Port = port,
        TokenSecret = RandomNumberGenerator.GetBytes(32),
    };

    /// <summary>ENOENT where there is no site, EINVAL where it cannot be read.</summary>
    public static async Task<SiteSettings> LoadAsync(SiteLayout layout, CancellationToken cancellationToken)
    {
        if (!File.Exists(layout.Settings))
        {
            throw new RadosException(Errno.ENOENT, $"there is no site at {layout.Data}; make one with 'nacre site create {layout.Data}'");
        }

        try
        {
            byte[] text = await File.ReadAllBytesAsync(layout.Settings, cancellationToken);
            SiteSettings settings = JsonSerializer.Deserialize<SiteSettings>(text, _json) ?? throw new JsonException("it is empty");
            return settings.Format == CurrentFormat && IPAddress.TryParse(settings.Address, out _)
                ? settings
                : throw new RadosException(Errno.EINVAL, $"{layout.Settings} is of format {settings.Format}, this version reads {CurrentFormat}");
        }
        catch (JsonException e)
        {
            throw new RadosException(Errno.EINVAL, $"{layout.Settings} cannot be read ({e.Message})", e);
        }
    }

    public byte[] ToJson() => JsonSerializer.SerializeToUtf8Bytes(this, _json);
}
