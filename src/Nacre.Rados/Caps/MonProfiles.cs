namespace Nacre.Rados.Caps;

/// <summary>What the monitor profiles stand for (src/mon/MonCap.cc; those of rbd checked command by command against 16.2.15).</summary>
internal static class MonProfiles
{
    private const string ClientAddress = "^[^/]+/[0-9]+$";

    public static IReadOnlyList<CommandGrant> Expand(string profile) => profile switch
    {
        "read-only" => [new CommandGrant { Allow = CapsAccess.Read }],
        "read-write" => [new CommandGrant { Allow = CapsAccess.Read | CapsAccess.Write }],
        "fs-client" => [Read("mon"), Read("mds"), Read("osd"), Read("pg")],
        "simple-rados-client" => [.. Maps()],
        "simple-rados-client-with-blocklist" or "simple-rados-client-with-blacklist" => [.. Maps(), .. Blocklist()],
        "rbd" or "rbd-read-only" => [.. Maps(), .. Blocklist()],
        "rbd-mirror" => [.. Maps(), .. Blocklist(), ConfigKey("get", ConstraintKind.Prefix, "rbd/mirror/")],

        // A peer may read what every site publishes under rbd/mirror/, and leave its own address and key as a peer's, but read nobody's.
        "rbd-mirror-peer" =>
        [
            .. Maps(), .. Blocklist(), ConfigKey("get", ConstraintKind.Regex, "rbd/mirror/[^/]+"),
            ConfigKey("set", ConstraintKind.Prefix, "rbd/mirror/peer/"),
        ],
        "crash" => [Read("mon")],
        "role-definer" => [Read("mon"), new CommandGrant { Service = "auth", Allow = CapsAccess.Read | CapsAccess.Write | CapsAccess.Execute }],
        "bootstrap-rbd" => [Read("mon"), CreateUser("profile rbd")],
        "bootstrap-rbd-mirror" => [Read("mon"), CreateUser("profile rbd-mirror")],
        _ => [],
    };

    private static CommandGrant Read(string service) => new() { Service = service, Allow = CapsAccess.Read };

    private static CommandGrant[] Maps() => [Read("mon"), Read("osd"), Read("pg")];

    // The owner of a dead lock is shut out: one client, never a whole host, and no taking back.
    private static CommandGrant[] Blocklist() =>
        [BlocklistAdd("osd blocklist", "blocklistop"), BlocklistAdd("osd blacklist", "blacklistop")];

    private static CommandGrant BlocklistAdd(string command, string operation) => new()
    {
        Command = command,
        Arguments = new Dictionary<string, ArgumentConstraint>
        {
            [operation] = new(ConstraintKind.Equal, "add"),
            ["addr"] = new(ConstraintKind.Regex, ClientAddress),
        },
    };

    private static CommandGrant ConfigKey(string verb, ConstraintKind kind, string key) => new()
    {
        Command = $"config-key {verb}",
        Arguments = new Dictionary<string, ArgumentConstraint> { ["key"] = new(kind, key) },
    };

    private static CommandGrant CreateUser(string monitorCaps) => new()
    {
        Command = "auth get-or-create",
        Arguments = new Dictionary<string, ArgumentConstraint>
        {
            ["entity"] = new(ConstraintKind.Prefix, "client."),
            ["caps_mon"] = new(ConstraintKind.Equal, monitorCaps),
            ["caps_osd"] = new(
                ConstraintKind.Regex,
                """^([ ,]*profile(=|[ ]+)['"]?rbd[^ ,'"]*['"]?([ ]+pool(=|[ ]+)['"]?[^,'"]+['"]?)?)+$"""),
        },
    };
}
