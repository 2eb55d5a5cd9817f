using System.Globalization;
using Nacre.Rados;
using Nacre.Rados.Caps;
using Nacre.Rados.Clusters;
using Nacre.Rados.Embedded;

namespace Nacre.Site.Commands;

/// <summary><c>osd blocklist add|rm|ls|clear</c>, also under their older name.</summary>
internal static class BlocklistCommands
{
    private static readonly TimeSpan _defaultExpiry = TimeSpan.FromHours(1);

    public static void AddTo(SiteMonitor site)
    {
        foreach ((string prefix, string operation) in new[] { ("osd blocklist", "blocklistop"), ("osd blacklist", "blacklistop") })
        {
            site.Add(new CommandDescription(prefix, "osd", CapsAccess.Read | CapsAccess.Write, (c, t) => ChangeAsync(site, c, operation, t)));
            site.Add(new CommandDescription($"{prefix} ls", "osd", CapsAccess.Read, (c, _) => Task.FromResult(List(site, c))));
            site.Add(new CommandDescription($"{prefix} clear", "osd", CapsAccess.Read | CapsAccess.Write, (c, t) => ClearAsync(site, t)));
        }
    }

    private static async Task<CommandResult> ChangeAsync(SiteMonitor site, CommandContext context, string operation, CancellationToken cancellationToken)
    {
        string address = context.Required("addr");
        if (!IsAddress(address))
        {
            return CommandContext.Fail(Errno.EINVAL, $"Invalid command: {address} not valid IPv6 address");
        }

        if (!address.Contains('/', StringComparison.Ordinal))
        {
            address += address.Contains(':', StringComparison.Ordinal) ? "/0" : ":0/0";
        }

        switch (context.Required(operation))
        {
            case "add":
                TimeSpan expiry = context.Number("expire") is { } seconds && seconds > 0 ? TimeSpan.FromSeconds(seconds) : _defaultExpiry;
                await site.Store.BlocklistAsync(address, expiry, cancellationToken);
                string until = JsonText.Time(site.Time.GetUtcNow() + expiry);
                return CommandContext.Done(
                    string.Create(CultureInfo.InvariantCulture, $"blocklisting {address} until {until} ({expiry.TotalSeconds:0.######} sec)"));
            case "rm":
                return CommandContext.Done(
                    await site.Store.UnblocklistAsync(address, cancellationToken) ? $"un-blocklisting {address}" : $"{address} isn't blocklisted");
            default:
                return CommandContext.Fail(Errno.EINVAL, "Invalid command: blocklistop must be add or rm");
        }
    }

    private static async Task<CommandResult> ClearAsync(SiteMonitor site, CancellationToken cancellationToken)
    {
        foreach (BlocklistEntry entry in site.Store.Blocklist)
        {
            await site.Store.UnblocklistAsync(entry.Address, cancellationToken);
        }

        return CommandContext.Done(" removed all blocklist entries");
    }

    private static CommandResult List(SiteMonitor site, CommandContext context)
    {
        IReadOnlyList<BlocklistEntry> entries = [.. site.Store.Blocklist.OrderBy(e => e.Address, StringComparer.Ordinal)];
        string plain = string.Concat(entries.Select(e => $"{e.Address} {JsonText.Time(e.Until)}\n"));
        return context.JsonOr(
            plain,
            writer =>
            {
                writer.WriteStartArray();
                foreach (BlocklistEntry entry in entries)
                {
                    writer.WriteStartObject();
                    writer.WriteString("addr", entry.Address);
                    writer.WriteString("until", JsonText.Time(entry.Until));
                    writer.WriteEndObject();
                }

                writer.WriteEndArray();
            },
            $"listed {entries.Count} entries");
    }

    // "127.0.0.1:0/123", "[::1]:0/5", "127.0.0.1"
    private static bool IsAddress(string text)
    {
        int slash = text.IndexOf('/', StringComparison.Ordinal);
        string host = slash < 0 ? text : text[..slash];
        return (slash < 0 || uint.TryParse(text[(slash + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out _))
            && (System.Net.IPEndPoint.TryParse(host, out _) || System.Net.IPAddress.TryParse(host, out _));
    }
}
