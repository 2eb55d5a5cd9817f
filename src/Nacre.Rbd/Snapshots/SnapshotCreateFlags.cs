namespace Nacre.Rbd;

/// <summary>SNAP_CREATE_FLAG_* (src/librbd/Types.h), as requests to the lock's owner carry them; librbd's public API numbers them otherwise.</summary>
[Flags]
public enum SnapshotCreateFlags : ulong
{
    /// <summary>Others are asked to quiesce, and a refusal fails the snapshot.</summary>
    None = 0,
    /// <summary>The snapshot gets no object map: the caller makes it.</summary>
    SkipObjectMap = 1 << 0,
    /// <summary>Nobody is asked to quiesce.</summary>
    SkipNotifyQuiesce = 1 << 1,
    /// <summary>A refusal to quiesce is ignored.</summary>
    IgnoreNotifyQuiesceError = 1 << 2,
}
