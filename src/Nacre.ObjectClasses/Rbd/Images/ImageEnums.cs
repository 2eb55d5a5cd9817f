namespace Nacre.ObjectClasses.Rbd;

/// <summary>RBD_PROTECTION_STATUS_* of a snapshot.</summary>
public enum ProtectionStatus : byte
{
    /// <summary>May be removed.</summary>
    Unprotected = 0,
    /// <summary>On its way to unprotected: no new clones.</summary>
    Unprotecting = 1,
    /// <summary>May not be removed.</summary>
    Protected = 2,
}

/// <summary>cls::rbd::DirectoryState: whether a directory takes new images.</summary>
public enum DirectoryState : byte
{
    /// <summary>It does.</summary>
    Ready = 0,
    /// <summary>It does not: its namespace is being removed.</summary>
    AddDisabled = 1,
}

/// <summary>cls::rbd::AssertSnapcSeqState: what is asserted of a snapshot sequence against the object's.</summary>
public enum AssertSnapshotSequence : byte
{
    /// <summary>It is greater than the object's (ERANGE otherwise).</summary>
    GreaterThanObject = 0,
    /// <summary>It is at most the object's.</summary>
    AtMostObject = 1,
}

/// <summary>cls::rbd::TrashImageSource: who moved an image to the trash.</summary>
public enum TrashImageSource : byte
{
    /// <summary>A user.</summary>
    User = 0,
    /// <summary>The mirroring daemon.</summary>
    Mirroring = 1,
    /// <summary>A migration.</summary>
    Migration = 2,
    /// <summary>A removal that was begun.</summary>
    Removing = 3,
    /// <summary>A user, as a clone's parent.</summary>
    UserParent = 4,
}

/// <summary>cls::rbd::TrashImageState.</summary>
public enum TrashImageState : byte
{
    /// <summary>In the trash.</summary>
    Normal = 0,
    /// <summary>On its way into it.</summary>
    Moving = 1,
    /// <summary>Being removed.</summary>
    Removing = 2,
    /// <summary>Being restored.</summary>
    Restoring = 3,
}

/// <summary>Object states in an object map (src/include/rbd/object_map_types.h).</summary>
public enum ObjectMapState : byte
{
    /// <summary>OBJECT_NONEXISTENT.</summary>
    Nonexistent = 0,
    /// <summary>OBJECT_EXISTS: exists and may have changed since the last snapshot.</summary>
    Exists = 1,
    /// <summary>OBJECT_PENDING: a removal is under way.</summary>
    Pending = 2,
    /// <summary>OBJECT_EXISTS_CLEAN: exists and has not changed since the last snapshot.</summary>
    ExistsClean = 3,
}
