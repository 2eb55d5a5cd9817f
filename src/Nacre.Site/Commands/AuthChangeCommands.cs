using Nacre.Rados;
using Nacre.Rados.Caps;
using Nacre.Rados.Clusters;
using Nacre.Rados.Configuration;
using Nacre.Site.Users;

namespace Nacre.Site.Commands;

/// <summary><c>auth get-or-create|get-or-create-key|add|caps|rm|del|import</c>: what changes users. Texts are Ceph's (src/mon/AuthMonitor.cc).</summary>
internal static class AuthChangeCommands
{
    private const CapsAccess Change = CapsAccess.Read | CapsAccess.Write | CapsAccess.Execute;

    public static void AddTo(SiteMonitor site)
    {
        site.Add(new CommandDescription("auth get-or-create", "auth", Change, (c, t) => GetOrCreateAsync(site, c, keyOnly: false, t)));
        site.Add(new CommandDescription("auth get-or-create-key", "auth", Change, (c, t) => GetOrCreateAsync(site, c, keyOnly: true, t)));
        site.Add(new CommandDescription("auth add", "auth", Change, (c, t) => AddAsync(site, c, t)));
        site.Add(new CommandDescription("auth caps", "auth", Change, (c, t) => SetCapsAsync(site, c, t)));
        site.Add(new CommandDescription("auth rm", "auth", Change, (c, t) => RemoveAsync(site, c, t)));
        site.Add(new CommandDescription("auth del", "auth", Change, (c, t) => RemoveAsync(site, c, t)));
        site.Add(new CommandDescription("auth import", "auth", Change, (c, t) => ImportAsync(site, c, t)));
    }

    private static async Task<CommandResult> GetOrCreateAsync(
        SiteMonitor site, CommandContext context, bool keyOnly, CancellationToken cancellationToken)
    {
        EntityName name = AuthCommands.Entity(context);
        Dictionary<string, string> caps = Caps(context);
        SiteUser? user = await site.Users.ChangeAsync(
            name,
            existing =>
            {
                if (existing is null)
                {
                    return new SiteUser(name, CephSecret.Generate(site.Time), caps);
                }

                // What was asked for must be there as it was asked for; more does not matter.
                string? differs = caps.Keys.FirstOrDefault(service => existing.Caps.GetValueOrDefault(service) != caps[service]);
                return differs is null
                    ? existing
                    : throw new RadosException(Errno.EINVAL, $"key for {name} exists but cap {differs} does not match");
            },
            cancellationToken);
        return keyOnly ? AuthCommands.Key(context, user!) : AuthCommands.Keyring(context, user!, withCaps: false);
    }

    private static async Task<CommandResult> AddAsync(SiteMonitor site, CommandContext context, CancellationToken cancellationToken)
    {
        EntityName name = AuthCommands.Entity(context);
        Dictionary<string, string> caps = Caps(context);
        KeyringEntry? given = null;
        if (!context.Input.IsEmpty)
        {
            given = ParseKeyring(context).Find(name)
                ?? throw new RadosException(Errno.EINVAL, $"key for {name} not found in provided keyring");
            foreach ((string service, string value) in given.Caps)
            {
                Validate(service, value);
                caps.TryAdd(service, value);
            }
        }

        await site.Users.ChangeAsync(
            name,
            existing =>
            {
                if (existing is null)
                {
                    return new SiteUser(name, given?.Key ?? CephSecret.Generate(site.Time), caps);
                }

                if (given is not null && !existing.HasKey(given.Key))
                {
                    throw new RadosException(Errno.EINVAL, $"entity {name} exists but key does not match");
                }

                if (existing.Caps.Count != caps.Count)
                {
                    throw new RadosException(Errno.EINVAL, $"entity {name} exists but caps do not match");
                }

                string? differs = existing.Caps.Keys.FirstOrDefault(service => caps.GetValueOrDefault(service) != existing.Caps[service]);
                return differs is null ? existing : throw new RadosException(Errno.EINVAL, $"entity {name} exists but cap {differs} does not match");
            },
            cancellationToken);
        return CommandContext.Done($"added key for {name}");
    }

    private static async Task<CommandResult> SetCapsAsync(SiteMonitor site, CommandContext context, CancellationToken cancellationToken)
    {
        EntityName name = AuthCommands.Entity(context);
        Dictionary<string, string> caps = Caps(context);
        await site.Users.ChangeAsync(
            name,
            existing => existing is null
                ? throw new RadosException(Errno.ENOENT, $"couldn't find entry {name}")
                : new SiteUser(name, existing.Key, caps),
            cancellationToken);
        return CommandContext.Done($"updated caps for {name}");
    }

    private static async Task<CommandResult> RemoveAsync(SiteMonitor site, CommandContext context, CancellationToken cancellationToken)
    {
        EntityName name = AuthCommands.Entity(context);
        bool there = false;
        await site.Users.ChangeAsync(
            name,
            existing =>
            {
                there = existing is not null;
                return null;
            },
            cancellationToken);
        return CommandContext.Done(there ? "updated" : $"entity {name} does not exist");
    }

    private static async Task<CommandResult> ImportAsync(SiteMonitor site, CommandContext context, CancellationToken cancellationToken)
    {
        if (context.Input.IsEmpty)
        {
            return CommandContext.Fail(Errno.EINVAL, "auth import: no data supplied");
        }

        Keyring keyring = ParseKeyring(context);
        foreach (KeyringEntry entry in keyring.Entries)
        {
            foreach ((string service, string value) in entry.Caps)
            {
                Validate(service, value);
            }
        }

        foreach (KeyringEntry entry in keyring.Entries)
        {
            await site.Users.ChangeAsync(entry.Name, _ => new SiteUser(entry.Name, entry.Key, entry.Caps), cancellationToken);
        }

        return CommandContext.Done("imported keyring");
    }

    private static Keyring ParseKeyring(CommandContext context)
    {
        Keyring keyring;
        try
        {
            keyring = Keyring.Parse(System.Text.Encoding.UTF8.GetString(context.Input.Span), "the given keyring");
        }
        catch (RadosException)
        {
            throw new RadosException(Errno.EINVAL, "error decoding keyring");
        }

        return keyring.Entries.All(e => CephSecret.IsValid(e.Key))
            ? keyring
            : throw new RadosException(Errno.EINVAL, "error decoding keyring: a key in it is not a CephX secret");
    }

    private static Dictionary<string, string> Caps(CommandContext context)
    {
        IReadOnlyList<string> words = context.List("caps");
        if (words.Count % 2 != 0)
        {
            throw new RadosException(Errno.EINVAL, "bad capabilities request; odd number of arguments");
        }

        var caps = new Dictionary<string, string>(StringComparer.Ordinal);
        for (int i = 0; i < words.Count; i += 2)
        {
            Validate(words[i], words[i + 1]);
            caps[words[i]] = words[i + 1];
        }

        return caps;
    }

    private static void Validate(string service, string caps)
    {
        string? error = service switch
        {
            "mon" => MonCaps.TryParse(caps, out _, out string? text) ? null : text,
            "osd" => OsdCaps.TryParse(caps, out _, out string? text) ? null : text,
            "mgr" => MgrCaps.TryParse(caps, out _, out string? text) ? null : text,
            "mds" => caps.StartsWith("allow", StringComparison.Ordinal) ? null : $"mds capability parse failed, stopped at '{caps}' of '{caps}'",
            _ => $"unknown cap type '{service}'",
        };
        if (error is not null)
        {
            throw new RadosException(Errno.EINVAL, error);
        }
    }
}
