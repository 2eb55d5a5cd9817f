namespace Nacre.Cli.Ceph;

/// <summary>The commands of <c>ceph</c> that are parsed word by word (src/mon/MonCommands.h, src/mgr/MgrCommands.h of 16.2); others go as they are.</summary>
internal static class CephCommandTable
{
    private static readonly string[] _monitor =
    [
        "status",
        "health [<detail:detail>]",
        "fsid",
        "version",
        "versions",
        "df [<detail:detail>]",
        "mon dump",
        "mon stat",
        "quorum_status",
        "osd dump",
        "osd stat",
        "osd lspools",
        "osd pool create <pool> [<pg_num:int>] [<pgp_num:int>] [<pool_type:replicated|erasure>] [<erasure_code_profile>] [<rule>]"
            + " [<expected_num_objects:int>] [<size:int>] [<pg_num_min:int>] [<pg_num_max:int>] [<autoscale_mode:on|off|warn>]",
        "osd pool delete <pool> [<pool2>] [--yes-i-really-really-mean-it] [--yes-i-really-really-mean-it-not-faking]",
        "osd pool rm <pool> [<pool2>] [--yes-i-really-really-mean-it] [--yes-i-really-really-mean-it-not-faking]",
        "osd pool rename <srcpool> <destpool>",
        "osd pool ls [<detail:detail>]",
        "osd pool get <pool> <var>",
        "osd pool set <pool> <var> <val> [--yes-i-really-mean-it]",
        "osd pool application enable <pool> <app> [--yes-i-really-mean-it]",
        "osd pool application disable <pool> <app> [--yes-i-really-mean-it]",
        "osd pool application set <pool> <app> <key> <value>",
        "osd pool application rm <pool> <app> <key>",
        "osd pool application get [<pool>] [<app>] [<key>]",
        "osd blocklist ls",
        "osd blocklist clear",
        "osd blocklist <blocklistop:add|rm> <addr> [<expire:float>]",
        "osd blacklist ls",
        "osd blacklist clear",
        "osd blacklist <blacklistop:add|rm> <addr> [<expire:float>]",
        "auth ls",
        "auth list",
        "auth get <entity>",
        "auth get-key <entity>",
        "auth print-key <entity>",
        "auth print_key <entity>",
        "auth export [<entity>]",
        "auth import",
        "auth add <entity> [<caps>...]",
        "auth get-or-create <entity> [<caps>...]",
        "auth get-or-create-key <entity> [<caps>...]",
        "auth caps <entity> <caps>...",
        "auth rm <entity>",
        "auth del <entity>",
        "config-key get <key>",
        "config-key set <key> [<val>]",
        "config-key put <key> [<val>]",
        "config-key rm <key>",
        "config-key del <key>",
        "config-key exists <key>",
        "config-key ls",
        "config-key dump [<key>]",
        "config set <who> <name> <value> [--force]",
        "config rm <who> <name>",
        "config get <who> [<key>]",
        "config dump",
        "mgr module ls",
        "mgr module enable <module> [--force]",
        "mgr module disable <module>",
        "mgr dump [<epoch:int>]",
    ];

    private static readonly string[] _manager =
    [
        "service dump",
        "service status",
        "config show <who> [<key>]",
        "osd pool stats [<pool_name>]",
        "rbd mirror snapshot schedule add <level_spec> <interval> [<start_time>]",
        "rbd mirror snapshot schedule remove <level_spec> [<interval>] [<start_time>]",
        "rbd mirror snapshot schedule list [<level_spec>]",
        "rbd mirror snapshot schedule status [<level_spec>]",
    ];

    /// <summary>All signatures, those with more fixed words first.</summary>
    public static IReadOnlyList<CephCommandSignature> All { get; } =
    [
        .. _monitor.Select(text => CephCommandSignature.Parse(text, manager: false))
            .Concat(_manager.Select(text => CephCommandSignature.Parse(text, manager: true)))
            .OrderByDescending(signature => signature.Words.Count),
    ];
}
