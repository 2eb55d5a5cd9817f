namespace Nacre.ObjectClasses.Rbd;

/// <summary>Image features (src/include/rbd/features.h).</summary>
[Flags]
public enum RbdFeatures : ulong
{
    /// <summary>None.</summary>
    None = 0,
    /// <summary>Clones.</summary>
    Layering = 1 << 0,
    /// <summary>Striping other than one object after another.</summary>
    StripingV2 = 1 << 1,
    /// <summary>One writer at a time, by a lock that is handed over on request.</summary>
    ExclusiveLock = 1 << 2,
    /// <summary>A map of the objects that exist.</summary>
    ObjectMap = 1 << 3,
    /// <summary>The map also tells which objects changed since the last snapshot.</summary>
    FastDiff = 1 << 4,
    /// <summary>A snapshot need not keep its parent alive.</summary>
    DeepFlatten = 1 << 5,
    /// <summary>Writes go to a journal first.</summary>
    Journaling = 1 << 6,
    /// <summary>Data objects are in another pool.</summary>
    DataPool = 1 << 7,
    /// <summary>Set while operation features are in use.</summary>
    Operations = 1 << 8,
    /// <summary>The image is being moved.</summary>
    Migrating = 1 << 9,
    /// <summary>Writable only where explicitly asked: the mirrored copy.</summary>
    NonPrimary = 1 << 10,
    /// <summary>Has changes that the cache of this client has not written back.</summary>
    DirtyCache = 1 << 11,

    /// <summary>RBD_FEATURES_ALL of 16.2.</summary>
    All = Layering | StripingV2 | ExclusiveLock | ObjectMap | FastDiff | DeepFlatten | Journaling | DataPool | Operations | Migrating
        | NonPrimary | DirtyCache,
    /// <summary>What a client must understand to use the image at all (RBD_FEATURES_INCOMPATIBLE).</summary>
    Incompatible = Layering | StripingV2 | DataPool | DirtyCache,
    /// <summary>What a client must understand to write (RBD_FEATURES_RW_INCOMPATIBLE).</summary>
    ReadWriteIncompatible = Incompatible | ExclusiveLock | ObjectMap | FastDiff | DeepFlatten | Journaling | Operations | Migrating | NonPrimary,
    /// <summary>What can be changed on an existing image.</summary>
    Mutable = ExclusiveLock | ObjectMap | FastDiff | Journaling | NonPrimary | DirtyCache,
    /// <summary>What can only be switched off.</summary>
    DisableOnly = DeepFlatten,
    /// <summary>What only the library itself switches.</summary>
    Internal = Operations | Migrating,
    /// <summary>What forbids that two clients write at once.</summary>
    SingleClient = ExclusiveLock | ObjectMap | FastDiff | Journaling,
    /// <summary>Switched off by a client that does not ask for them (RBD_FEATURES_IMPLICIT_ENABLE).</summary>
    ImplicitEnable = StripingV2 | DataPool | FastDiff | Operations | Migrating | NonPrimary | DirtyCache,
    /// <summary>Features of a new image unless configured otherwise.</summary>
    Default = Layering | ExclusiveLock | ObjectMap | FastDiff | DeepFlatten,
}

/// <summary>Operation features (RBD_OPERATION_FEATURE_*).</summary>
[Flags]
public enum RbdOperationFeatures : ulong
{
    /// <summary>None.</summary>
    None = 0,
    /// <summary>The image has clone v2 children.</summary>
    CloneParent = 1 << 0,
    /// <summary>The image is a clone v2.</summary>
    CloneChild = 1 << 1,
    /// <summary>The image is in a group.</summary>
    Group = 1 << 2,
    /// <summary>The image has snapshots in the trash.</summary>
    SnapshotTrash = 1 << 3,
    /// <summary>All that 16.2 knows.</summary>
    All = CloneParent | CloneChild | Group | SnapshotTrash,
}

/// <summary>Image flags (RBD_FLAG_*), of the head and of each snapshot.</summary>
[Flags]
public enum RbdFlags : ulong
{
    /// <summary>None.</summary>
    None = 0,
    /// <summary>The object map cannot be relied on.</summary>
    ObjectMapInvalid = 1 << 0,
    /// <summary>The object map's "unchanged" cannot be relied on.</summary>
    FastDiffInvalid = 1 << 1,
}

/// <summary>The names that <c>rbd</c> prints and takes (src/librbd/Features.cc).</summary>
public static class RbdFeatureNames
{
    private static readonly (RbdFeatures Feature, string Name)[] _names =
    [
        (RbdFeatures.Layering, "layering"), (RbdFeatures.StripingV2, "striping"), (RbdFeatures.ExclusiveLock, "exclusive-lock"),
        (RbdFeatures.ObjectMap, "object-map"), (RbdFeatures.FastDiff, "fast-diff"), (RbdFeatures.DeepFlatten, "deep-flatten"),
        (RbdFeatures.Journaling, "journaling"), (RbdFeatures.DataPool, "data-pool"), (RbdFeatures.Operations, "operations"),
        (RbdFeatures.Migrating, "migrating"), (RbdFeatures.NonPrimary, "non-primary"), (RbdFeatures.DirtyCache, "dirty-cache"),
    ];

    /// <summary>Names of the features that are set, by ascending bit.</summary>
    public static IReadOnlyList<string> Of(RbdFeatures features) => [.. _names.Where(n => features.HasFlag(n.Feature)).Select(n => n.Name)];

    /// <summary>The feature of that name; null where there is none.</summary>
    public static RbdFeatures? Parse(string name) =>
        _names.Where(n => n.Name == name).Select(n => (RbdFeatures?)n.Feature).FirstOrDefault();
}
