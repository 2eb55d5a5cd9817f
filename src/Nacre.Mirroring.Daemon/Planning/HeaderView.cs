using Nacre.ObjectClasses.Rbd;
using Nacre.Rados.Objects;
using Nacre.Rbd;

namespace Nacre.Mirroring.Daemon.Planning;

/// <summary>An image's header as it was at one moment.</summary>
internal sealed record HeaderView
{
    /// <summary>The image's id.</summary>
    public required string Id { get; init; }

    /// <summary>Prefix of its data objects' names.</summary>
    public required string ObjectPrefix { get; init; }

    /// <summary>How its bytes lie in objects.</summary>
    public required ImageLayout Layout { get; init; }

    /// <summary>Its features.</summary>
    public required RbdFeatures Features { get; init; }

    /// <summary>Flags of the head.</summary>
    public RbdFlags Flags { get; init; }

    /// <summary>Size of the head, in bytes.</summary>
    public ulong Size { get; init; }

    /// <summary>Pool of its data objects; -1 for the header's own.</summary>
    public long DataPoolId { get; init; } = -1;

    /// <summary>True for a clone.</summary>
    public bool HasParent { get; init; }

    /// <summary>Its snapshots, ascending by id.</summary>
    public IReadOnlyList<SnapshotView> Snapshots { get; init; } = [];

    /// <summary>Snapshot sequence and ids.</summary>
    public SnapshotContext Context { get; init; } = SnapshotContext.Empty;

    /// <summary>True where object maps tell which objects changed.</summary>
    public bool HasFastDiff => Features.HasFlag(RbdFeatures.ObjectMap) && Features.HasFlag(RbdFeatures.FastDiff);

    /// <summary>True where it has object maps.</summary>
    public bool HasObjectMap => Features.HasFlag(RbdFeatures.ObjectMap);

    /// <summary>Its mirror snapshots, ascending.</summary>
    public IEnumerable<SnapshotView> MirrorSnapshots => Snapshots.Where(s => s.Mirror is not null);

    /// <summary>A snapshot; null where there is none of that id.</summary>
    public SnapshotView? Find(ulong id) => Snapshots.FirstOrDefault(s => s.Id == id);

    /// <summary>Whether the image is primary here, by its newest mirror snapshot.</summary>
    public PromotionState Promotion => MirrorImageInfo.ReadPromotion(Snapshots.Select(s => s.Namespace)).Promotion;

    /// <summary>Mirror uuid of the pool that a copy was last copied from; empty where it is none.</summary>
    public string PrimaryMirrorUuid => MirrorSnapshots.LastOrDefault()?.Mirror is { IsNonPrimary: true } mirror ? mirror.PrimaryMirrorUuid : "";
}
