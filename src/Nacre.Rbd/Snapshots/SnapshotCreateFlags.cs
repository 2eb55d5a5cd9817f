namespace Nacre.Rbd;

/// <summary>SNAP_CREATE_FLAG_* (src/librbd/Types.h).</summary>
[Flags]
public enum SnapshotCreateFlags : ulong
{
    /// <summary>Others are asked to quiesce, and a refusal fails the snapshot.</summary>
    None = 0,
    /// <summary>Nobody is asked.</summary>
    SkipNotifyQuiesce = 1 << 0,
    /// <summary>A refusal is ignored.</summary>
    IgnoreNotifyQuiesceError = 1 << 1,
}
