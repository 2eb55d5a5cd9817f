using System.Text;
using Nacre.Rados;
using Nacre.Rados.Caps;
using Nacre.Rados.Clusters;

namespace Nacre.Site.Commands;

/// <summary><c>config-key set|get|rm|exists|ls|dump</c>: small values that tools leave with the site, such as the peers' addresses and keys.</summary>
internal static class ConfigKeyCommands
{
    private const string Prefix = "config-key/";

    // mon_config_key_max_entry_size
    private const int MaximumValue = 64 << 10;

    public static void AddTo(SiteMonitor site)
    {
        const CapsAccess change = CapsAccess.Read | CapsAccess.Write;
        site.Add(new CommandDescription("config-key get", "config-key", CapsAccess.Read, (c, _) => Task.FromResult(Get(site, c))));
        site.Add(new CommandDescription("config-key set", "config-key", change, (c, t) => SetAsync(site, c, t)));
        site.Add(new CommandDescription("config-key put", "config-key", change, (c, t) => SetAsync(site, c, t)));
        site.Add(new CommandDescription("config-key rm", "config-key", change, (c, t) => RemoveAsync(site, c, t)));
        site.Add(new CommandDescription("config-key del", "config-key", change, (c, t) => RemoveAsync(site, c, t)));
        site.Add(new CommandDescription("config-key exists", "config-key", CapsAccess.Read, (c, _) => Task.FromResult(Exists(site, c))));
        site.Add(new CommandDescription("config-key ls", "config-key", CapsAccess.Read, (c, _) => Task.FromResult(List(site, c))));
        site.Add(new CommandDescription("config-key dump", "config-key", CapsAccess.Read, (c, _) => Task.FromResult(Dump(site, c))));
    }

    private static CommandResult Get(SiteMonitor site, CommandContext context) =>
        site.Store.Metadata.Get(Prefix + context.Required("key")) is { } value
            ? new CommandResult(0, value, "")
            : CommandContext.Fail(Errno.ENOENT, "");

    private static async Task<CommandResult> SetAsync(SiteMonitor site, CommandContext context, CancellationToken cancellationToken)
    {
        string key = context.Required("key");
        byte[] value = context.Text("val") is { } text ? System.Text.Encoding.UTF8.GetBytes(text) : context.Input.ToArray();
        if (value.Length > MaximumValue)
        {
            return CommandContext.Fail(Errno.EFBIG, $"error: entry size limited to {MaximumValue} bytes. Use 'mon config key max entry size' to manually adjust");
        }

        await site.Store.Metadata.ApplyAsync([new(Prefix + key, value)], cancellationToken);
        return CommandContext.Done($"set {key}");
    }

    private static async Task<CommandResult> RemoveAsync(SiteMonitor site, CommandContext context, CancellationToken cancellationToken)
    {
        await site.Store.Metadata.ApplyAsync([new(Prefix + context.Required("key"), null)], cancellationToken);
        return CommandContext.Done("key deleted");
    }

    private static CommandResult Exists(SiteMonitor site, CommandContext context)
    {
        string key = context.Required("key");
        return site.Store.Metadata.Get(Prefix + key) is not null
            ? CommandContext.Done($"key '{key}' exists")
            : CommandContext.Fail(Errno.ENOENT, $"key '{key}' doesn't exist");
    }

    private static CommandResult List(SiteMonitor site, CommandContext context) => context.Json(
        writer =>
        {
            writer.WriteStartArray();
            foreach ((string key, _) in site.Store.Metadata.List(Prefix))
            {
                writer.WriteStringValue(key[Prefix.Length..]);
            }

            writer.WriteEndArray();
        },
        "",
        prettyByDefault: true);

    private static CommandResult Dump(SiteMonitor site, CommandContext context) => context.Json(
        writer =>
        {
            writer.WriteStartObject();
            foreach ((string key, byte[] value) in site.Store.Metadata.List(Prefix + (context.Text("key") ?? "")))
            {
                writer.WriteString(key[Prefix.Length..], Printable(value));
            }

            writer.WriteEndObject();
        },
        "",
        prettyByDefault: true);

    private static string Printable(byte[] value)
    {
        try
        {
            string text = new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(value);
            if (!text.Any(char.IsControl))
            {
                return text;
            }
        }
        catch (DecoderFallbackException)
        {
            // not text
        }

        return $"<<< binary blob of length {value.Length} >>>";
    }
}
