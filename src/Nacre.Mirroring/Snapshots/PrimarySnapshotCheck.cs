using Nacre.ObjectClasses.Rbd;
using Nacre.Rbd;

namespace Nacre.Mirroring;

/// <summary>Whether a primary mirror snapshot may be made now (util::can_create_primary_snapshot, src/librbd/mirror/snapshot/Utils.cc).</summary>
/// <param name="Obstacle">Why not; null where it may.</param>
/// <param name="RequiresOrphan">An orphan snapshot must come first, so that the daemon lets go of the copy.</param>
/// <param name="RollBackTo">The copy is incomplete: snapshot that it must be set back to; null for none.</param>
public sealed record PrimarySnapshotCheck(string? Obstacle, bool RequiresOrphan, ulong? RollBackTo)
{
    /// <summary>True where it may.</summary>
    public bool IsAllowed => Obstacle is null;

    /// <summary>Judges by an image's snapshots.</summary>
    /// <param name="snapshots">By ascending id.</param>
    /// <param name="demoted">The snapshot is to be a demotion.</param>
    /// <param name="force">Also where the image is not the primary.</param>
    public static PrimarySnapshotCheck Of(IReadOnlyList<ImageSnapshot> snapshots, bool demoted, bool force)
    {
        (ulong Id, MirrorSnapshotNamespace Mirror)[] mirrored =
            [.. snapshots.Where(s => s.Namespace is MirrorSnapshotNamespace).Select(s => (s.Id, (MirrorSnapshotNamespace)s.Namespace))];
        if (mirrored.Length == 0)
        {
            return new PrimarySnapshotCheck(null, false, null);
        }

        MirrorSnapshotNamespace newest = mirrored[^1].Mirror;
        if (newest.IsDemoted && !force)
        {
            return Refused("trying to create primary snapshot without force when previous primary snapshot is demoted");
        }

        if (!newest.IsNonPrimary)
        {
            return new PrimarySnapshotCheck(null, false, null);
        }

        if (!force)
        {
            return Refused("trying to create primary snapshot without force when previous snapshot is non-primary");
        }

        if (demoted)
        {
            return Refused("trying to create primary demoted snapshot when previous snapshot is non-primary");
        }

        if (newest.Complete)
        {
            return new PrimarySnapshotCheck(null, !newest.IsDemoted, null);
        }

        for (int i = mirrored.Length - 2; i >= 0; i--)
        {
            if (!mirrored[i].Mirror.IsNonPrimary || mirrored[i].Mirror.Complete)
            {
                return new PrimarySnapshotCheck(null, !newest.IsDemoted, mirrored[i].Id);
            }
        }

        return Refused("cannot rollback: no complete mirror snapshot is left");
    }

    /// <summary>
    /// Why a copy's snapshot may not be made now, of an image with these snapshots; null where it may (util::can_create_non_primary_snapshot).
    /// </summary>
    public static string? NonPrimaryObstacle(IReadOnlyList<ImageSnapshot> snapshots) =>
        snapshots.Select(s => s.Namespace).OfType<MirrorSnapshotNamespace>().LastOrDefault() switch
        {
            { State: MirrorSnapshotState.NonPrimary, Complete: false } =>
                "trying to create non-primary snapshot when previous non-primary snapshot is not copied yet",
            { State: MirrorSnapshotState.Primary } => "trying to create non-primary snapshot when previous primary snapshot is not in demoted state",
            _ => null,
        };

    private static PrimarySnapshotCheck Refused(string why) => new(why, false, null);
}
