using System.Diagnostics.CodeAnalysis;

namespace Nacre.Rados.Caps;

/// <summary>
/// Manager capabilities. Grammar, profiles and matching are Ceph's (src/mgr/MgrCap.cc), for instance <c>profile rbd pool=images</c>.
/// </summary>
public sealed class MgrCaps
{
    private readonly IReadOnlyList<CommandGrant> _grants;

    private MgrCaps(string text, IReadOnlyList<CommandGrant> grants)
    {
        Text = text;
        _grants = grants;
    }

    /// <summary>No access at all.</summary>
    public static MgrCaps None { get; } = new("", []);

    /// <summary>As it was given.</summary>
    public string Text { get; }

    /// <summary>True where a grant is <c>allow *</c>.</summary>
    public bool AllowsEverything => _grants.Any(g => g.AllowsEverything);

    /// <summary>Parses; false with Ceph's error text where it cannot.</summary>
    public static bool TryParse(string text, [NotNullWhen(true)] out MgrCaps? caps, [NotNullWhen(false)] out string? error)
    {
        var scanner = new CapsScanner(text);
        List<CommandGrant> grants = scanner.Grants(() => Grant(scanner));
        caps = null;
        if (grants.Count == 0)
        {
            scanner.Position = 0;
        }

        if (grants.Count == 0 || !scanner.AtEnd)
        {
            error = scanner.AtEnd
                ? $"mgr capability parse failed, stopped at end of '{text}'"
                : $"mgr capability parse failed, stopped at '{scanner.Rest}' of '{text}'";
            return false;
        }

        error = grants.Select(ProfileError).FirstOrDefault(e => e is not null);
        caps = error is null ? new MgrCaps(text, grants) : null;
        return error is null;
    }

    /// <summary>Whether a command is allowed; a refused one gets EACCES.</summary>
    public bool IsCapable(in CommandAccessRequest request) => CommandGrant.IsCapable(_grants, request);

    private static string? ProfileError(CommandGrant grant)
    {
        if (grant.Profile is "rbd" or "rbd-read-only" && grant.Arguments.Keys.FirstOrDefault(k => k is not ("pool" or "namespace")) is { } key)
        {
            return $"mgr capability parse failed during profile evaluation: profile '{grant.Profile}' does not recognize key '{key}'";
        }

        return grant.Profile is "" or "read-only" or "read-write" or "crash" or "osd" or "mds" or "rbd" or "rbd-read-only"
            ? null
            : $"mgr capability parse failed during profile evaluation: unrecognized profile '{grant.Profile}'";
    }

    private static IReadOnlyList<CommandGrant> Expand(string profile, Dictionary<string, ArgumentConstraint> arguments) => profile switch
    {
        "read-only" => [new CommandGrant { Allow = CapsAccess.Read }],
        "read-write" => [new CommandGrant { Allow = CapsAccess.Read | CapsAccess.Write }],
        "crash" => [new CommandGrant { Command = "crash post" }],
        "rbd" => [new CommandGrant { Module = "rbd_support", Arguments = arguments, Allow = CapsAccess.Read | CapsAccess.Write }],
        "rbd-read-only" => [new CommandGrant { Module = "rbd_support", Arguments = arguments, Allow = CapsAccess.Read }],
        _ => [],
    };

    private static CommandGrant? Grant(CapsScanner scanner)
    {
        scanner.Spaces();
        CommandGrant? grant = null;
        if (!(scanner.Try(() => (grant = Blanket(scanner)) is not null)
            || scanner.Try(() => (grant = Profile(scanner)) is not null)
            || scanner.Try(() => (grant = Service(scanner)) is not null)
            || scanner.Try(() => (grant = Module(scanner)) is not null)
            || scanner.Try(() => (grant = Command(scanner)) is not null)))
        {
            return null;
        }

        grant = grant! with { Network = scanner.OptionalNetwork() };
        scanner.Spaces();
        return grant;
    }

    private static CommandGrant? Blanket(CapsScanner scanner) =>
        scanner.Literal("allow") && scanner.Spaces() && CommandGrant.Access(scanner) is { } access ? new CommandGrant { Allow = access } : null;

    private static CommandGrant? Profile(CapsScanner scanner)
    {
        scanner.Try(() => scanner.Literal("allow") && scanner.Spaces());
        if (!scanner.Literal("profile") || !scanner.EqualsOrSpaces() || scanner.Text() is not { } name)
        {
            return null;
        }

        Dictionary<string, ArgumentConstraint>? arguments = null;
        scanner.Try(() => scanner.Spaces() && (arguments = ArgumentConstraint.Parse(scanner)) is not null);
        return new CommandGrant { Profile = name, Arguments = arguments ?? [], ProfileGrants = Expand(name, arguments ?? []) };
    }

    private static CommandGrant? Service(CapsScanner scanner) =>
        scanner.Literal("allow") && scanner.SpacedLiteral("service") && scanner.EqualsOrSpaces() && scanner.Text() is { } service
        && scanner.Spaces() && CommandGrant.Access(scanner) is { } access
            ? new CommandGrant { Service = service, Allow = access }
            : null;

    private static CommandGrant? Module(CapsScanner scanner)
    {
        if (!scanner.Literal("allow") || !scanner.SpacedLiteral("module") || !scanner.EqualsOrSpaces() || scanner.Text() is not { } module)
        {
            return null;
        }

        Dictionary<string, ArgumentConstraint>? arguments = Constraints(scanner);
        return scanner.Spaces() && CommandGrant.Access(scanner) is { } access
            ? new CommandGrant { Module = module, Arguments = arguments ?? [], Allow = access }
            : null;
    }

    private static CommandGrant? Command(CapsScanner scanner) =>
        scanner.Literal("allow") && scanner.SpacedLiteral("command") && scanner.EqualsOrSpaces() && scanner.Text() is { } command
            ? new CommandGrant { Command = command, Arguments = Constraints(scanner) ?? [] }
            : null;

    private static Dictionary<string, ArgumentConstraint>? Constraints(CapsScanner scanner)
    {
        Dictionary<string, ArgumentConstraint>? constraints = null;
        scanner.Try(() => scanner.SpacedLiteral("with") && scanner.Spaces() && (constraints = ArgumentConstraint.Parse(scanner)) is not null);
        return constraints;
    }
}
