using System.Text;
using System.Text.Json;
using Nacre.Rados;
using Nacre.Rados.Caps;
using Nacre.Rados.Clusters;
using Nacre.Rados.Configuration;
using Nacre.Site.Users;

namespace Nacre.Site.Commands;

/// <summary><c>auth get|get-key|print-key|export|ls|list</c>: what tells of users.</summary>
internal static class AuthCommands
{
    private static readonly string[] _entityTypes = ["client", "mon", "mgr", "osd", "mds", "auth"];

    public static void AddTo(SiteMonitor site)
    {
        const CapsAccess look = CapsAccess.Read | CapsAccess.Execute;
        site.Add(new CommandDescription("auth get", "auth", look, (c, _) => Task.FromResult(Get(site, c))));
        site.Add(new CommandDescription("auth export", "auth", look, (c, _) => Task.FromResult(Export(site, c))));
        site.Add(new CommandDescription("auth ls", "auth", look, (c, _) => Task.FromResult(List(site, c))));
        site.Add(new CommandDescription("auth list", "auth", look, (c, _) => Task.FromResult(List(site, c))));
        foreach (string prefix in new[] { "auth get-key", "auth print-key", "auth print_key" })
        {
            site.Add(new CommandDescription(prefix, "auth", look, (c, _) => Task.FromResult(GetKey(site, c))));
        }
    }

    /// <summary>The <c>entity</c> argument.</summary>
    public static EntityName Entity(CommandContext context)
    {
        string text = context.Required("entity");
        return EntityName.TryParse(text) is { } name && _entityTypes.Contains(name.Type) && !text.Any(c => char.IsWhiteSpace(c) || c is '[' or ']')
            ? name
            : throw new RadosException(Errno.EINVAL, "bad entity name");
    }

    /// <summary>A user in keyring form: with caps, or as <c>get-or-create</c> gives it, without.</summary>
    public static CommandResult Keyring(CommandContext context, SiteUser user, bool withCaps, string status = "") => context.JsonOr(
        KeyringText(user, withCaps),
        writer =>
        {
            writer.WriteStartArray();
            WriteEntry(writer, user);
            writer.WriteEndArray();
        },
        status);

    /// <summary>A key alone: no line end, so that it can be used in scripts.</summary>
    public static CommandResult Key(CommandContext context, SiteUser user) => context.JsonOr(
        user.Key,
        writer =>
        {
            writer.WriteStartObject();
            writer.WriteString("key", user.Key);
            writer.WriteEndObject();
        });

    private static CommandResult Get(SiteMonitor site, CommandContext context)
    {
        EntityName name = Entity(context);
        return site.Users.Find(name) is { } user
            ? Keyring(context, user, withCaps: true, $"exported keyring for {name}")
            : CommandContext.Fail(Errno.ENOENT, $"failed to find {name} in keyring");
    }

    private static CommandResult GetKey(SiteMonitor site, CommandContext context)
    {
        EntityName name = Entity(context);
        return site.Users.Find(name) is { } user ? Key(context, user) : CommandContext.Fail(Errno.ENOENT, $"don't have {name}");
    }

    private static CommandResult Export(SiteMonitor site, CommandContext context)
    {
        if (context.Text("entity") is not null)
        {
            EntityName name = Entity(context);

            // Ceph's message repeats the key here; a message gets logged, so ours does not.
            return site.Users.Find(name) is { } user
                ? Keyring(context, user, withCaps: true, $"exported keyring for {name}")
                : CommandContext.Fail(Errno.ENOENT, $"no key for {name}");
        }

        return CommandContext.Plain(string.Concat(site.Users.All.Select(u => KeyringText(u, withCaps: true))), "exported master keyring");
    }

    private static CommandResult List(SiteMonitor site, CommandContext context)
    {
        var text = new StringBuilder();
        foreach (SiteUser user in site.Users.All)
        {
            text.Append(System.Globalization.CultureInfo.InvariantCulture, $"{user.Name}\n\tkey: {user.Key}\n");
            foreach ((string service, string caps) in user.Caps)
            {
                text.Append(System.Globalization.CultureInfo.InvariantCulture, $"\tcaps: [{service}] {caps}\n");
            }
        }

        bool json = context.Format is "json" or "json-pretty";
        return context.JsonOr(
            text.ToString(),
            writer =>
            {
                writer.WriteStartObject();
                writer.WriteStartArray("auth_dump");
                foreach (SiteUser user in site.Users.All)
                {
                    WriteEntry(writer, user);
                }

                writer.WriteEndArray();
                writer.WriteEndObject();
            },
            json ? "" : "installed auth entries:\n");
    }

    private static string KeyringText(SiteUser user, bool withCaps)
    {
        var text = new StringBuilder($"[{user.Name}]\n\tkey = {user.Key}\n");
        foreach ((string service, string caps) in withCaps ? user.Caps : [])
        {
            text.Append(System.Globalization.CultureInfo.InvariantCulture, $"\tcaps {service} = \"{caps}\"\n");
        }

        return text.ToString();
    }

    private static void WriteEntry(Utf8JsonWriter writer, SiteUser user)
    {
        writer.WriteStartObject();
        writer.WriteString("entity", user.Name.ToString());
        writer.WriteString("key", user.Key);
        writer.WriteStartObject("caps");
        foreach ((string service, string caps) in user.Caps)
        {
            writer.WriteString(service, caps);
        }

        writer.WriteEndObject();
        writer.WriteEndObject();
    }
}
