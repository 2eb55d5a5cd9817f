using System.Globalization;
using System.Text.Json;
using Nacre.Rados;
using Nacre.Rados.Clusters;

namespace Nacre.Mirroring.Bootstrap;

/// <summary>How another site reaches this one.</summary>
internal static class MonitorHosts
{
    /// <summary>The addresses of the monitors as Ceph writes them, or an embedded site's address with the fingerprint of its certificate.</summary>
    public static async Task<string> GetAsync(ICluster cluster, CancellationToken cancellationToken)
    {
        string configured = cluster.GetOption("mon_host") ?? "";
        if (configured.TrimStart().StartsWith("https://", StringComparison.OrdinalIgnoreCase))
        {
            string? fingerprint = cluster.GetOption("nacre_certificate_sha256");
            return fingerprint is null || configured.Contains('#', StringComparison.Ordinal) ? configured : $"{configured}#{fingerprint}";
        }

        CommandResult result = await cluster.MonitorCommandAsync("""{"prefix":"mon dump","format":"json"}""", default, cancellationToken);
        if (result.ReturnCode < 0)
        {
            throw new RadosException(result.ReturnCode, "reading the addresses of the monitors");
        }

        using JsonDocument document = JsonDocument.Parse(result.Output);
        return string.Join(',', document.RootElement.GetProperty("mons").EnumerateArray().Select(monitor => Format(monitor.GetProperty("public_addrs"))));
    }

    // entity_addrvec_t: several addresses of one monitor stand in brackets.
    private static string Format(JsonElement addresses)
    {
        string[] all =
        [
            .. addresses.GetProperty("addrvec").EnumerateArray().Select(address => string.Create(
                CultureInfo.InvariantCulture,
                $"{address.GetProperty("type").GetString()}:{address.GetProperty("addr").GetString()}/{address.GetProperty("nonce").GetUInt32()}")),
        ];
        return all.Length == 1 ? all[0] : $"[{string.Join(',', all)}]";
    }
}
