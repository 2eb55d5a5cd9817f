namespace Nacre.Rados.Caps;

/// <summary>One grant of <see cref="OsdCaps"/>: where it applies and what it allows, or a profile that stands for several.</summary>
internal sealed record OsdGrant
{
    public string Pool { get; init; } = "";

    /// <summary>Null is any; a trailing <c>*</c> is a prefix.</summary>
    public string? Namespace { get; init; }

    public string ObjectPrefix { get; init; } = "";

    public (string Application, string Key, string Value)? Tag { get; init; }

    public CapsAccess Allow { get; init; }

    public string Class { get; init; } = "";

    public string Method { get; init; } = "";

    public string Network { get; init; } = "";

    /// <summary>Not null for a profile: what it stands for.</summary>
    public IReadOnlyList<OsdGrant>? Profile { get; init; }

    public bool AllowsEverything =>
        Profile is not null ? Profile.Any(g => g.AllowsEverything) : MatchesEverything && Allow == CapsAccess.Any;

    private bool MatchesEverything => Pool.Length == 0 && Namespace is null && ObjectPrefix.Length == 0 && Tag is null;

    /// <summary>What a profile allows (src/osd/OSDCap.cc; checked against what ceph-osd 16.2.15 logs of a session's caps).</summary>
    public static IReadOnlyList<OsdGrant> ExpandProfile(string profile, string pool, string? space)
    {
        var place = new OsdGrant { Pool = pool, Namespace = space };
        OsdGrant poolConfiguration = new() { Pool = pool, Namespace = "", ObjectPrefix = "rbd_info", Class = "rbd", Method = "metadata_list" };
        return profile switch
        {
            "read-only" => [place with { Allow = CapsAccess.Read }],
            "read-write" => [place with { Allow = CapsAccess.Read | CapsAccess.Write }],
            "rbd" =>
            [
                new OsdGrant { ObjectPrefix = "rbd_info", Allow = CapsAccess.Read },
                new OsdGrant { ObjectPrefix = "rbd_children", Allow = CapsAccess.ClassRead },
                new OsdGrant { ObjectPrefix = "rbd_mirroring", Allow = CapsAccess.ClassRead },
                poolConfiguration,
                place with { Allow = CapsAccess.Read | CapsAccess.Write | CapsAccess.ClassRead | CapsAccess.ClassWrite },
            ],
            "rbd-read-only" =>
            [
                poolConfiguration,
                place with { Allow = CapsAccess.Read | CapsAccess.ClassRead },
                place with { ObjectPrefix = "rbd_header.", Class = "rbd", Method = "child_attach" },
                place with { ObjectPrefix = "rbd_header.", Class = "rbd", Method = "child_detach" },
            ],
            _ => [],
        };
    }

    /// <summary>True where this grant, with what earlier ones allowed of the class calls, suffices.</summary>
    public bool IsCapable(in OsdAccessRequest request, Span<bool> classAllowed)
    {
        if (!CapsNetwork.Admits(Network, request.Address))
        {
            return false;
        }

        if (Profile is not null)
        {
            foreach (OsdGrant grant in Profile)
            {
                if (grant.IsCapable(request, classAllowed))
                {
                    return true;
                }
            }

            return false;
        }

        if (!Matches(request)
            || (request.Reads && !Allow.HasFlag(CapsAccess.Read))
            || (request.Writes && !Allow.HasFlag(CapsAccess.Write)))
        {
            return false;
        }

        return request.Classes.Count == 0 || Allow == CapsAccess.Any || AllowsClasses(request.Classes, classAllowed);
    }

    /// <summary>See <see cref="OsdCaps.WritesInPool"/>. A namespace or prefix beside the pool does not matter.</summary>
    public bool WritesIn(string pool) =>
        Profile is not null
            ? Profile.Any(g => g.WritesIn(pool))
            : Allow.HasFlag(CapsAccess.Write) && (MatchesEverything || (Pool.Length > 0 && Pool == pool));

    private bool AllowsClasses(IReadOnlyList<ClassCall> calls, Span<bool> classAllowed)
    {
        bool all = true;
        for (int i = 0; i < calls.Count; i++)
        {
            ClassCall call = calls[i];
            bool byName = Class.Length > 0 && Class == call.Class && (Method.Length == 0 || Method == call.Method);
            bool byAccess = !(call.Reads && !Allow.HasFlag(CapsAccess.ClassRead)) && !(call.Writes && !Allow.HasFlag(CapsAccess.ClassWrite));
            classAllowed[i] |= byName || byAccess;
            all &= classAllowed[i];
        }

        return all;
    }

    private bool Matches(in OsdAccessRequest request) =>
        (Pool.Length == 0 || Pool == request.Pool)
        && (Namespace is null || Namespace == request.Namespace
            || (Namespace.EndsWith('*') && request.Namespace.StartsWith(Namespace[..^1], StringComparison.Ordinal)))
        && (Tag is not { } tag || MatchesTag(tag, request.Applications))
        && request.Object.StartsWith(ObjectPrefix, StringComparison.Ordinal);

    private static bool MatchesTag(
        (string Application, string Key, string Value) tag, IReadOnlyDictionary<string, IReadOnlyDictionary<string, string>>? applications)
    {
        if (applications is null || !applications.TryGetValue(tag.Application, out IReadOnlyDictionary<string, string>? values))
        {
            return false;
        }

        if (tag.Key == "*")
        {
            return tag.Value == "*" || values.Values.Contains(tag.Value);
        }

        return values.TryGetValue(tag.Key, out string? value) && (tag.Value == "*" || value == tag.Value);
    }
}
