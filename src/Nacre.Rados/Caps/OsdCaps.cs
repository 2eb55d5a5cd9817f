using System.Diagnostics.CodeAnalysis;

namespace Nacre.Rados.Caps;

/// <summary>
/// OSD capabilities: what a client may do to objects. Grammar, profiles and matching are Ceph's (src/osd/OSDCap.cc), for instance
/// <c>allow rwx pool=images, profile rbd-read-only pool=backup namespace=a</c>.
/// </summary>
public sealed class OsdCaps
{
    private readonly IReadOnlyList<OsdGrant> _grants;

    private OsdCaps(string text, IReadOnlyList<OsdGrant> grants)
    {
        Text = text;
        _grants = grants;
    }

    /// <summary>No access at all.</summary>
    public static OsdCaps None { get; } = new("", []);

    /// <summary>As it was given.</summary>
    public string Text { get; }

    /// <summary>True where a grant is <c>allow *</c> without restriction.</summary>
    public bool AllowsEverything => _grants.Any(g => g.AllowsEverything);

    /// <summary>True where a grant depends on the pool's application metadata (<c>tag</c>): only then need a request carry it.</summary>
    public bool AsksForTags => _grants.Any(g => g.Tag is not null);

    /// <summary>Parses; false with Ceph's error text where it cannot.</summary>
    public static bool TryParse(string text, [NotNullWhen(true)] out OsdCaps? caps, [NotNullWhen(false)] out string? error)
    {
        var scanner = new CapsScanner(text);
        List<OsdGrant> grants = scanner.Grants(() => Grant(scanner));
        int good = scanner.Position;
        scanner.Spaces();
        if (grants.Count == 0 || !scanner.AtEnd)
        {
            scanner.Position = grants.Count == 0 ? 0 : good;
            caps = null;
            error = $"osd capability parse failed, stopped at '{scanner.Rest}' of '{text}'";
            return false;
        }

        caps = new OsdCaps(text, grants);
        error = null;
        return true;
    }

    /// <summary>Whether an operation is allowed; a refused one gets EPERM.</summary>
    public bool IsCapable(in OsdAccessRequest request)
    {
        Span<bool> classAllowed = request.Classes.Count <= 64 ? stackalloc bool[64] : new bool[request.Classes.Count];
        classAllowed.Clear();
        foreach (OsdGrant grant in _grants)
        {
            if (grant.IsCapable(request, classAllowed))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>
    /// Whether a grant without any restriction, or one for that pool by name, allows plain writes: what self-managed snapshot ids need
    /// (src/mon/OSDMonitor.cc).
    /// </summary>
    public bool WritesInPool(string pool) => _grants.Any(g => g.WritesIn(pool));

    private static OsdGrant? Grant(CapsScanner scanner)
    {
        scanner.Spaces();
        OsdGrant? grant = null;
        bool found = scanner.Try(() => scanner.Literal("allow") && (grant = Specification(scanner, new OsdGrant())) is not null
                && (grant = Match(scanner, grant!)) is not null)
            || scanner.Try(() => scanner.Literal("allow") && (grant = Match(scanner, new OsdGrant())) is not null
                && (grant = Specification(scanner, grant!)) is not null)
            || scanner.Try(() => (grant = Profile(scanner)) is not null);
        return found ? grant! with { Network = scanner.OptionalNetwork() } : null;
    }

    private static OsdGrant? Specification(CapsScanner scanner, OsdGrant grant)
    {
        if (scanner.Try(() => scanner.Spaces() && Wildcard(scanner)))
        {
            return grant with { Allow = CapsAccess.Any };
        }

        CapsAccess access = CapsAccess.None;
        scanner.Try(() => scanner.Spaces() && Letters());
        if (scanner.SpacedLiteral("class-read"))
        {
            access |= CapsAccess.ClassRead;
        }

        if (scanner.SpacedLiteral("class-write"))
        {
            access |= CapsAccess.ClassWrite;
        }

        if (access != CapsAccess.None)
        {
            return grant with { Allow = access };
        }

        string? name = null;
        if (!scanner.Try(() => scanner.SpacedLiteral("class") && scanner.Spaces() && (name = scanner.Text()) is not null))
        {
            return null;
        }

        string? method = null;
        scanner.Try(() => scanner.Spaces() && (method = scanner.Text()) is not null);
        return grant with { Class = name!, Method = method ?? "" };

        bool Letters()
        {
            CapsAccess before = access;
            access |= scanner.Literal("r") ? CapsAccess.Read : 0;
            access |= scanner.Literal("w") ? CapsAccess.Write : 0;
            access |= scanner.Literal("x") ? CapsAccess.ClassRead | CapsAccess.ClassWrite : 0;
            return access != before;
        }
    }

    private static OsdGrant? Match(CapsScanner scanner, OsdGrant grant)
    {
        (string, string, string)? tag = null;
        string? space = null;
        if (scanner.Try(() => (tag = Tag(scanner)) is not null)
            || scanner.Try(() => (space = Namespace(scanner)) is not null && (tag = Tag(scanner)) is not null))
        {
            return grant with { Tag = tag, Namespace = space };
        }

        if (scanner.Try(() => scanner.SpacedLiteral("auid") && scanner.Spaces() && scanner.Number() is not null))
        {
            // Owner ids left Ceph long ago; such a grant is read and, as in Ceph, the number restricts nothing.
            return grant with { ObjectPrefix = ObjectPrefix(scanner) };
        }

        string pool = Pool(scanner);
        return grant with { Pool = pool, Namespace = Namespace(scanner), ObjectPrefix = ObjectPrefix(scanner) };
    }

    private static OsdGrant? Profile(CapsScanner scanner)
    {
        if (!scanner.Literal("profile") || !scanner.EqualsOrSpaces() || scanner.Text() is not { } name)
        {
            return null;
        }

        string pool = Pool(scanner);
        string? space = Namespace(scanner);
        return new OsdGrant { Pool = pool, Namespace = space, Profile = OsdGrant.ExpandProfile(name, pool, space) };
    }

    private static bool Wildcard(CapsScanner scanner) => scanner.Literal("*") || scanner.Literal("all");

    private static string Pool(CapsScanner scanner)
    {
        string? pool = null;
        scanner.Try(() => scanner.SpacedLiteral("pool") && scanner.EqualsOrSpaces() && (pool = scanner.Text()) is not null);
        return pool ?? "";
    }

    private static string? Namespace(CapsScanner scanner)
    {
        string? space = null;
        if (!scanner.Try(() => scanner.SpacedLiteral("namespace") && scanner.EqualsOrSpaces() && (space = scanner.Text(emptyAllowed: true)) is not null))
        {
            return null;
        }

        return scanner.Literal("*") ? space + "*" : space;
    }

    private static string ObjectPrefix(CapsScanner scanner)
    {
        string? prefix = null;
        scanner.Try(() => scanner.SpacedLiteral("object_prefix") && scanner.Spaces() && (prefix = scanner.Text()) is not null);
        return prefix ?? "";
    }

    private static (string, string, string)? Tag(CapsScanner scanner)
    {
        if (!scanner.SpacedLiteral("tag") || !scanner.Spaces() || scanner.Text() is not { } application || !scanner.Spaces())
        {
            return null;
        }

        string? key = Wildcard(scanner) ? "*" : scanner.Text();
        scanner.Spaces();
        if (key is null || !scanner.Literal("="))
        {
            return null;
        }

        scanner.Spaces();
        string? value = Wildcard(scanner) ? "*" : scanner.Text();
        return value is null ? null : (application, key, value);
    }
}
