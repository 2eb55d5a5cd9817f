using Nacre.ObjectClasses.Rbd;
using Nacre.Rados.Objects;

namespace Nacre.Rbd;

/// <summary>The parent of the head or of a snapshot.</summary>
internal sealed record ParentLink(ParentImageSpec Spec, ulong Overlap);

/// <summary>What the header said when it was last read; replaced as a whole by each refresh, never changed.</summary>
internal sealed record HeaderState
{
    public required ulong Size { get; init; }

    public required RbdFeatures Features { get; init; }

    public RbdOperationFeatures OperationFeatures { get; init; }

    public RbdFlags Flags { get; init; }

    public SnapshotContext SnapshotContext { get; init; } = SnapshotContext.Empty;

    /// <summary>By ascending id.</summary>
    public IReadOnlyList<ImageSnapshot> Snapshots { get; init; } = [];

    public ParentLink? Parent { get; init; }

    public GroupSpec? Group { get; init; }

    public DateTimeOffset CreatedAt { get; init; }

    public DateTimeOffset AccessedAt { get; init; }

    public DateTimeOffset ModifiedAt { get; init; }

    public IReadOnlyDictionary<string, string> Metadata { get; init; } = new Dictionary<string, string>();

    public bool Has(RbdFeatures feature) => (Features & feature) == feature;

    public ImageSnapshot? FindSnapshot(ulong id)
    {
        for (int i = Snapshots.Count - 1; i >= 0; i--)
        {
            if (Snapshots[i].Id == id)
            {
                return Snapshots[i];
            }
        }

        return null;
    }
}
