using Nacre.ObjectClasses.Rbd;
using Nacre.Rbd;

namespace Nacre.Mirroring.Tests.Rules;

/// <summary>Snapshot lists for rules, written as words: P primary, D demoted primary, N copy, n incomplete copy, d copy of a demotion, i incomplete primary, U user's.</summary>
internal static class Snapshots
{
    public static IReadOnlyList<ImageSnapshot> Of(string kinds, params string[] peers) =>
        [.. kinds.Select((kind, index) => Make((ulong)index + 1, kind, peers))];

    public static ImageSnapshot Make(ulong id, char kind, params string[] peers) => new()
    {
        Id = id,
        Name = $"snapshot{id}",
        Size = 1 << 20,
        Namespace = kind switch
        {
            'U' => SnapshotNamespace.User,
            'P' => Mirror(MirrorSnapshotState.Primary, true, peers),
            'i' => Mirror(MirrorSnapshotState.Primary, false, peers),
            'D' => Mirror(MirrorSnapshotState.PrimaryDemoted, true, peers),
            'N' => Mirror(MirrorSnapshotState.NonPrimary, true, []),
            'n' => Mirror(MirrorSnapshotState.NonPrimary, false, []),
            'd' => Mirror(MirrorSnapshotState.NonPrimaryDemoted, true, []),
            'e' => Mirror(MirrorSnapshotState.NonPrimaryDemoted, false, []),
            _ => throw new ArgumentOutOfRangeException(nameof(kind)),
        },
    };

    private static MirrorSnapshotNamespace Mirror(MirrorSnapshotState state, bool complete, string[] peers) => new()
    {
        State = state,
        Complete = complete,
        PeerUuids = peers,
        PrimaryMirrorUuid = state is MirrorSnapshotState.NonPrimary or MirrorSnapshotState.NonPrimaryDemoted ? "there" : "",
    };
}
