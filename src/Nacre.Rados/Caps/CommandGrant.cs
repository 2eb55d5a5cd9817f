namespace Nacre.Rados.Caps;

/// <summary>One grant of mon or mgr caps.</summary>
internal sealed record CommandGrant
{
    private static readonly Dictionary<string, ArgumentConstraint> _none = [];

    public string Service { get; init; } = "";

    public string Module { get; init; } = "";

    public string Command { get; init; } = "";

    public string Profile { get; init; } = "";

    public IReadOnlyDictionary<string, ArgumentConstraint> Arguments { get; init; } = _none;

    public CapsAccess Allow { get; init; }

    public string Network { get; init; } = "";

    /// <summary>What a profile stands for.</summary>
    public IReadOnlyList<CommandGrant> ProfileGrants { get; init; } = [];

    public bool AllowsEverything =>
        Allow == CapsAccess.Any && Service.Length == 0 && Module.Length == 0 && Command.Length == 0 && Profile.Length == 0;

    /// <summary>Whether all that is needed is allowed by the grants together.</summary>
    public static bool IsCapable(IReadOnlyList<CommandGrant> grants, in CommandAccessRequest request)
    {
        CapsAccess allowed = CapsAccess.None;
        foreach (CommandGrant grant in grants)
        {
            if (!CapsNetwork.Admits(grant.Network, request.Address))
            {
                continue;
            }

            if (grant.AllowsEverything)
            {
                return true;
            }

            allowed |= grant.Allowed(request);
            if ((request.Access & ~allowed) == CapsAccess.None)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary><c>*</c>, <c>all</c> or some of <c>rwx</c> in that order; null where there is none.</summary>
    public static CapsAccess? Access(CapsScanner scanner)
    {
        if (scanner.Literal("*") || scanner.Literal("all"))
        {
            return CapsAccess.Any;
        }

        CapsAccess access = scanner.Literal("r") ? CapsAccess.Read : CapsAccess.None;
        access |= scanner.Literal("w") ? CapsAccess.Write : CapsAccess.None;
        access |= scanner.Literal("x") ? CapsAccess.Execute : CapsAccess.None;
        return access == CapsAccess.None ? null : access;
    }

    private CapsAccess Allowed(in CommandAccessRequest request)
    {
        if (Profile.Length > 0)
        {
            CapsAccess sum = CapsAccess.None;
            foreach (CommandGrant grant in ProfileGrants)
            {
                sum |= grant.Allowed(request);
            }

            return sum;
        }

        if (Service.Length > 0)
        {
            return Service == request.Service ? Allow : CapsAccess.None;
        }

        if (Module.Length > 0)
        {
            // A module's argument restrictions hold where the module itself asks (no command named), since only it knows what a command touches.
            return Module == request.Module && (request.Command.Length > 0 || ArgumentConstraint.Hold(Arguments, request.Arguments))
                ? Allow
                : CapsAccess.None;
        }

        if (Command.Length > 0)
        {
            return Command == request.Command && ArgumentConstraint.Hold(Arguments, request.Arguments)
                ? CapsAccess.Read | CapsAccess.Write | CapsAccess.Execute
                : CapsAccess.None;
        }

        // Stored keys are opened by "*" or by name only, never by a blanket "r" or "rw".
        return request.Service == "config-key" ? CapsAccess.None : Allow;
    }
}
