using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Nacre.Rados;

namespace Nacre.Mirroring.Bootstrap;

/// <summary>
/// All that another site needs to mirror from this one: base64 of a JSON object (peer_bootstrap_create in src/librbd/api/Mirror.cc). It holds a key, so it
/// does not print itself.
/// </summary>
/// <param name="Fsid">The site's cluster.</param>
/// <param name="ClientId">Whom to connect as, without <c>client.</c>.</param>
/// <param name="Key">That user's secret, base64.</param>
/// <param name="MonHost">Ceph monitors, or an embedded site's address with its certificate's fingerprint behind a <c>#</c>.</param>
public sealed record BootstrapToken(string Fsid, string ClientId, string Key, string MonHost)
{
    /// <summary>More than any real one has.</summary>
    private const int MaximumLength = 64 << 10;

    /// <summary>The token as it is handed over.</summary>
    public string Encode() => Convert.ToBase64String(Encoding.UTF8.GetBytes(
        $$"""{"fsid":"{{Escape(Fsid)}}","client_id":"{{Escape(ClientId)}}","key":"{{Escape(Key)}}","mon_host":"{{Escape(MonHost)}}"}"""));

    /// <summary>Reads one. EINVAL where it is none.</summary>
    public static BootstrapToken Decode(string text)
    {
        text = text.Trim();
        var bytes = new byte[Math.Min(text.Length, MaximumLength)];
        if (text.Length > MaximumLength || !Convert.TryFromBase64String(text, bytes, out int length))
        {
            throw new RadosException(Errno.EINVAL, "the token is no base64: copy it whole, as 'peer bootstrap create' printed it");
        }

        try
        {
            using JsonDocument document = JsonDocument.Parse(bytes.AsMemory(0, length));
            return new BootstrapToken(
                Read(document.RootElement, "fsid"), Read(document.RootElement, "client_id"), Read(document.RootElement, "key"), Read(document.RootElement, "mon_host"));
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            // Not the parser's message: it may quote the key.
            throw new RadosException(Errno.EINVAL, "invalid bootstrap token JSON received");
        }
    }

    /// <inheritdoc/>
    public override string ToString() => $"token of client.{ClientId} of {Fsid} at {MonHost}";

    private static string Read(JsonElement root, string name) =>
        root.ValueKind == JsonValueKind.Object && root.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.String
            && value.GetString() is { Length: > 0 } text && !text.AsSpan().ContainsAny('\n', '\r', '\0')
                ? text
                : throw new JsonException(name);

    private static string Escape(string text) => JsonEncodedText.Encode(text, JavaScriptEncoder.UnsafeRelaxedJsonEscaping).ToString();
}
