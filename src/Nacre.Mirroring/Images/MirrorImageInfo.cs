using Nacre.ObjectClasses.Journal;
using Nacre.ObjectClasses.Rbd;

namespace Nacre.Mirroring;

/// <summary>Whether an image is the one that is written (librbd's mirror::PromotionState).</summary>
public enum PromotionState
{
    /// <summary>Cannot be told: it has no mirror snapshot or no journal, or does not exist yet.</summary>
    Unknown,
    /// <summary>It is the primary.</summary>
    Primary,
    /// <summary>It is a copy of a primary elsewhere.</summary>
    NonPrimary,
    /// <summary>It was demoted, or is the complete copy of a demotion: any site may be promoted.</summary>
    Orphan,
}

/// <summary>How an image is mirrored, and whether it is the primary (src/librbd/mirror/GetInfoRequest.cc).</summary>
/// <param name="Image">Its record; null where it is not mirrored.</param>
/// <param name="Promotion">Whether it is the primary; <see cref="PromotionState.NonPrimary"/> where it is not mirrored, as in Ceph.</param>
/// <param name="PrimaryMirrorUuid">Of a copy: mirror uuid of the pool that it copies from; else empty.</param>
public sealed record MirrorImageInfo(MirrorImage? Image, PromotionState Promotion, string PrimaryMirrorUuid)
{
    /// <summary>State as Ceph tells it; disabled where there is no record.</summary>
    public MirrorImageState State => Image?.State ?? MirrorImageState.Disabled;

    /// <summary>True where the record says enabled.</summary>
    public bool IsEnabled => State == MirrorImageState.Enabled;

    /// <summary>True for the primary.</summary>
    public bool IsPrimary => Promotion == PromotionState.Primary;

    /// <summary>What the owner of an image's journal tells of its promotion.</summary>
    /// <param name="owner">Mirror uuid of the site whose writes the journal takes; null where there is no journal.</param>
    public static (PromotionState Promotion, string PrimaryMirrorUuid) ReadPromotion(string? owner) => owner switch
    {
        null => (PromotionState.Unknown, ""),
        JournalTagData.Local => (PromotionState.Primary, ""),
        JournalTagData.Orphan => (PromotionState.Orphan, ""),
        _ => (PromotionState.NonPrimary, owner),
    };

    /// <summary>What an image's snapshots tell of its promotion.</summary>
    /// <param name="snapshots">Namespaces of its snapshots, by ascending id.</param>
    public static (PromotionState Promotion, string PrimaryMirrorUuid) ReadPromotion(IEnumerable<SnapshotNamespace> snapshots) =>
        snapshots.OfType<MirrorSnapshotNamespace>().LastOrDefault() switch
        {
            { State: MirrorSnapshotState.Primary } => (PromotionState.Primary, ""),
            { State: MirrorSnapshotState.NonPrimary } newest => (PromotionState.NonPrimary, newest.PrimaryMirrorUuid),
            { State: MirrorSnapshotState.PrimaryDemoted } => (PromotionState.Orphan, ""),
            { State: MirrorSnapshotState.NonPrimaryDemoted, Complete: true } => (PromotionState.Orphan, ""),
            { State: MirrorSnapshotState.NonPrimaryDemoted } newest => (PromotionState.NonPrimary, newest.PrimaryMirrorUuid),
            _ => (PromotionState.Unknown, ""),
        };
}
