namespace Nacre.Rados.Objects;

/// <summary>
/// The snapshot context of a write: the newest snapshot id and all existing ones, newest first. An object that was last written
/// under an older sequence is preserved (copied on write) before it changes. (src/common/snap_types.h)
/// </summary>
/// <param name="Sequence">The newest id that was ever made, also when that snapshot is gone.</param>
/// <param name="Snapshots">Existing ids in descending order.</param>
public sealed record SnapshotContext(ulong Sequence, IReadOnlyList<ulong> Snapshots)
{
    /// <summary>No snapshots.</summary>
    public static SnapshotContext Empty { get; } = new(0, []);

    /// <summary>Ceph's SnapContext::is_valid: descending, none above the sequence, and a sequence wherever there are snapshots.</summary>
    public bool IsValid
    {
        get
        {
            ulong previous = Sequence;
            for (int i = 0; i < Snapshots.Count; i++)
            {
                ulong id = Snapshots[i];
                if (id == 0 || id > previous || (i > 0 && id == previous))
                {
                    return false;
                }

                previous = id;
            }

            return true;
        }
    }
}
