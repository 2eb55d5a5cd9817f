using System.Diagnostics.CodeAnalysis;

namespace Nacre.Rados.Caps;

/// <summary>
/// Monitor capabilities: which commands a client may give. Grammar, profiles and matching are Ceph's (src/mon/MonCap.cc), for instance
/// <c>profile rbd-mirror</c> or <c>allow r, allow command "osd pool create" with pool prefix test-</c>.
/// </summary>
public sealed class MonCaps
{
    private readonly IReadOnlyList<CommandGrant> _grants;

    private MonCaps(string text, IReadOnlyList<CommandGrant> grants)
    {
        Text = text;
        _grants = grants;
    }

    /// <summary>No access at all.</summary>
    public static MonCaps None { get; } = new("", []);

    /// <summary>As it was given.</summary>
    public string Text { get; }

    /// <summary>True where a grant is <c>allow *</c>.</summary>
    public bool AllowsEverything => _grants.Any(g => g.AllowsEverything);

    /// <summary>Parses; false with Ceph's error text where it cannot.</summary>
    public static bool TryParse(string text, [NotNullWhen(true)] out MonCaps? caps, [NotNullWhen(false)] out string? error)
    {
        var scanner = new CapsScanner(text);
        List<CommandGrant> grants = scanner.Grants(() => Grant(scanner));
        if (grants.Count == 0)
        {
            scanner.Position = 0;
        }

        if (grants.Count == 0 || !scanner.AtEnd)
        {
            caps = null;
            error = scanner.AtEnd
                ? $"mon capability parse failed, stopped at end of '{text}'"
                : $"mon capability parse failed, stopped at '{scanner.Rest}' of '{text}'";
            return false;
        }

        caps = new MonCaps(text, grants);
        error = null;
        return true;
    }

    /// <summary>Whether a command is allowed; a refused one gets EACCES.</summary>
    public bool IsCapable(in CommandAccessRequest request) => CommandGrant.IsCapable(_grants, request);

    private static CommandGrant? Grant(CapsScanner scanner)
    {
        scanner.Spaces();
        CommandGrant? grant = null;
        if (!(scanner.Try(() => (grant = Blanket(scanner)) is not null)
            || scanner.Try(() => (grant = Profile(scanner)) is not null)
            || scanner.Try(() => (grant = Service(scanner)) is not null)
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
        return scanner.Literal("profile") && scanner.EqualsOrSpaces() && scanner.Text() is { } name
            ? new CommandGrant { Profile = name, ProfileGrants = MonProfiles.Expand(name) }
            : null;
    }

    private static CommandGrant? Service(CapsScanner scanner) =>
        scanner.Literal("allow") && scanner.SpacedLiteral("service") && scanner.EqualsOrSpaces() && scanner.Text() is { } service
        && scanner.Spaces() && CommandGrant.Access(scanner) is { } access
            ? new CommandGrant { Service = service, Allow = access }
            : null;

    private static CommandGrant? Command(CapsScanner scanner)
    {
        if (!scanner.Literal("allow") || !scanner.SpacedLiteral("command") || !scanner.EqualsOrSpaces() || scanner.Text() is not { } command)
        {
            return null;
        }

        Dictionary<string, ArgumentConstraint>? constraints = null;
        scanner.Try(() => scanner.SpacedLiteral("with") && scanner.Spaces() && (constraints = ArgumentConstraint.Parse(scanner)) is not null);
        return new CommandGrant { Command = command, Arguments = constraints ?? [] };
    }
}
