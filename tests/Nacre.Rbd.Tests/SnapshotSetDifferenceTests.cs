using Nacre.Rados.Objects;

namespace Nacre.Rbd.Tests;

public class SnapshotSetDifferenceTests
{
    private static readonly ObjectClone _head = new(SnapshotId.Head, [], [], 8192);

    [Fact]
    public void An_object_written_since_is_changed_where_the_clone_does_not_overlap()
    {
        var set = new ObjectSnapshots(5, [new ObjectClone(5, [4, 5], [new Extent(0, 4096)], 8192), _head]);
        ObjectDifference difference = SnapshotSetDifference.Calculate(set, 5, SnapshotId.Head);
        Assert.Equal([new ObjectDelta(new Extent(4096, 4096), true)], difference.Deltas);
        Assert.True(difference.ExistedBefore && difference.ExistsAfter);
    }

    [Fact]
    public void Nothing_changed_between_two_snapshots_of_one_clone() =>
        Assert.Empty(SnapshotSetDifference.Calculate(new ObjectSnapshots(5, [new ObjectClone(5, [4, 5], [], 8192), _head]), 4, 5).Deltas);

    [Fact]
    public void From_the_beginning_all_data_count()
    {
        ObjectDifference difference = SnapshotSetDifference.Calculate(new ObjectSnapshots(5, [_head]), 0, SnapshotId.Head);
        Assert.Equal([new ObjectDelta(new Extent(0, 8192), true)], difference.Deltas);
        Assert.False(difference.ExistedBefore);
    }

    [Fact]
    public void An_object_made_after_the_interval_is_not_in_it()
    {
        ObjectDifference difference = SnapshotSetDifference.Calculate(new ObjectSnapshots(9, [_head]), 3, 7);
        Assert.Empty(difference.Deltas);
        Assert.False(difference.ExistsAfter);
    }

    [Fact]
    public void A_removed_object_is_a_hole_over_what_it_held()
    {
        var set = new ObjectSnapshots(5, [new ObjectClone(5, [5], [], 4096)]);
        ObjectDifference difference = SnapshotSetDifference.Calculate(set, 5, SnapshotId.Head);
        Assert.Equal([new ObjectDelta(new Extent(0, 4096), false)], difference.Deltas);
        Assert.True(difference.ExistedBefore && !difference.ExistsAfter);
    }

    [Fact]
    public void A_shorter_object_is_a_hole_behind_its_end()
    {
        var set = new ObjectSnapshots(5, [new ObjectClone(5, [5], [new Extent(0, 2048)], 8192), _head with { Size = 4096 }]);
        ObjectDifference difference = SnapshotSetDifference.Calculate(set, 5, SnapshotId.Head);
        Assert.Equal([new ObjectDelta(new Extent(2048, 2048), true), new ObjectDelta(new Extent(4096, 4096), false)], difference.Deltas);
        Assert.Equal(4096UL, difference.SizeAfter);
    }

    [Fact]
    public void A_clone_whose_snapshots_are_all_trimmed_is_skipped()
    {
        var set = new ObjectSnapshots(6, [new ObjectClone(4, [], [], 100), new ObjectClone(6, [6], [new Extent(0, 8192)], 8192), _head]);
        Assert.Empty(SnapshotSetDifference.Calculate(set, 6, SnapshotId.Head).Deltas);
    }
}
