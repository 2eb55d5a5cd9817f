namespace Nacre.ObjectClasses.Rbd;

/// <summary>cls::rbd::MirrorMode of a pool or namespace.</summary>
public enum MirrorMode : uint
{
    /// <summary>Not mirrored.</summary>
    Disabled = 0,
    /// <summary>Images are enabled one by one.</summary>
    Image = 1,
    /// <summary>Every journaled image is mirrored.</summary>
    Pool = 2,
}

/// <summary>cls::rbd::MirrorPeerDirection.</summary>
public enum MirrorPeerDirection : byte
{
    /// <summary>Images come from the peer.</summary>
    Receive = 0,
    /// <summary>Images go to the peer.</summary>
    Transmit = 1,
    /// <summary>Both.</summary>
    Both = 2,
}

/// <summary>cls::rbd::MirrorImageMode.</summary>
public enum MirrorImageMode : byte
{
    /// <summary>By replaying the image's journal.</summary>
    Journal = 0,
    /// <summary>By copying mirror snapshots.</summary>
    Snapshot = 1,
}

/// <summary>cls::rbd::MirrorImageState.</summary>
public enum MirrorImageState : byte
{
    /// <summary>Mirroring of it is being switched off.</summary>
    Disabling = 0,
    /// <summary>Mirrored.</summary>
    Enabled = 1,
    /// <summary>Not mirrored (only in notifications).</summary>
    Disabled = 2,
    /// <summary>Being created as a copy (16.2.11 and newer).</summary>
    Creating = 3,
}

/// <summary>cls::rbd::MirrorImageStatusState.</summary>
public enum MirrorImageStatusState : byte
{
    /// <summary>Nothing is known.</summary>
    Unknown = 0,
    /// <summary>The daemon failed on it.</summary>
    Error = 1,
    /// <summary>The first full copy is under way.</summary>
    Syncing = 2,
    /// <summary>Replay is starting.</summary>
    StartingReplay = 3,
    /// <summary>Changes are followed.</summary>
    Replaying = 4,
    /// <summary>Replay is stopping.</summary>
    StoppingReplay = 5,
    /// <summary>Nothing is done.</summary>
    Stopped = 6,
}
