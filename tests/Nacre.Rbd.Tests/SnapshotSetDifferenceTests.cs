using Nacre.Rados.Objects;

namespace Nacre.Rbd.Tests;

public class SnapshotSetDifferenceTests
{
    [Fact]
    public void An_object_written_since_is_changed_where_the_clone_does_not_overlap()
    {
        ObjectDifference difference = Between(5, SnapshotId.Head, Set(5, Clone([4, 5], 8192, (0, 4096)), Head(8192)));
        Assert.Equal([new Extent(4096, 4096)], difference.Data);
        Assert.Equal([new ObjectDelta(new Extent(4096, 4096), true)], difference.Deltas);
        Assert.True(difference.ExistedBefore && difference.ExistsAfter && !difference.IsEmpty);
    }

    [Fact]
    public void Nothing_changed_between_two_snapshots_of_one_clone()
    {
        ObjectDifference difference = Between(4, 5, Set(5, Clone([4, 5], 8192), Head(8192)));
        Assert.Empty(difference.Deltas);
        Assert.True(difference.IsEmpty && difference.ExistsAfter);
        Assert.Equal((8192UL, 8192UL), (difference.SizeBefore, difference.SizeAfter));
    }

    [Theory]
    [InlineData(5, 0, SnapshotId.Head)]
    [InlineData(3, 2, 5)]
    public void An_object_that_did_not_exist_before_is_changed_as_a_whole(ulong sequence, ulong from, ulong to)
    {
        ObjectDifference difference = Between(from, to, Set(sequence, Head(8192)));
        Assert.Equal([new ObjectDelta(new Extent(0, 8192), true)], difference.Deltas);
        Assert.False(difference.ExistedBefore);
        Assert.Equal((0UL, 8192UL), (difference.SizeBefore, difference.SizeAfter));
    }

    [Fact]
    public void A_new_object_is_changed_as_a_whole_whatever_its_states_have_in_common()
    {
        ObjectDifference difference = Between(2, 8, Set(7, Clone([5], 4096, (0, 4096)), Clone([7], 8192, (0, 8192)), Head(8192)));
        Assert.Equal([new ObjectDelta(new Extent(0, 8192), true)], difference.Deltas);
        Assert.False(difference.ExistedBefore);
    }

    [Fact]
    public void A_new_empty_object_exists_without_data()
    {
        ObjectDifference difference = Between(2, 5, Set(3, Head(0)));
        Assert.Empty(difference.Deltas);
        Assert.True(difference.ExistsAfter && !difference.ExistedBefore && !difference.IsEmpty);
    }

    [Theory]
    [InlineData(3, 7)]
    [InlineData(5, 9)]
    public void An_object_made_after_the_interval_is_not_in_it(ulong from, ulong to) =>
        Assert.Equal(ObjectDifference.None, Between(from, to, Set(9, Head(8192))));

    [Fact]
    public void An_object_made_and_removed_within_the_interval_is_not_in_it() =>
        Assert.Equal(ObjectDifference.None, Between(3, 9, Set(9, Clone([5], 4096))));

    [Theory]
    [InlineData(6)]
    [InlineData(SnapshotId.Head)]
    public void A_removed_object_is_a_hole_over_what_it_held(ulong to)
    {
        ObjectDifference difference = Between(5, to, Set(5, Clone([5], 4096)));
        Assert.Equal([new ObjectDelta(new Extent(0, 4096), false)], difference.Deltas);
        Assert.True(difference.ExistedBefore && !difference.ExistsAfter);
        Assert.Equal((4096UL, 0UL), (difference.SizeBefore, difference.SizeAfter));
    }

    [Fact]
    public void An_object_that_is_absent_at_the_newer_snapshot_and_came_back_later_is_removed()
    {
        ObjectDifference difference = Between(5, 6, Set(7, Clone([5], 4096), Clone([7], 8192), Head(8192)));
        Assert.True(difference.ExistedBefore && !difference.ExistsAfter);
    }

    [Fact]
    public void An_object_that_was_removed_and_came_back_is_changed_as_a_whole()
    {
        ObjectDifference difference = Between(5, 8, Set(7, Clone([5], 4096), Head(8192)));
        Assert.Equal([new Extent(0, 8192)], difference.Data);
        Assert.True(difference.ExistedBefore && difference.ExistsAfter);
    }

    [Fact]
    public void A_shorter_object_is_a_hole_behind_its_end()
    {
        ObjectDifference difference = Between(5, SnapshotId.Head, Set(5, Clone([5], 8192, (0, 2048)), Head(4096)));
        Assert.Equal([new ObjectDelta(new Extent(2048, 2048), true), new ObjectDelta(new Extent(4096, 4096), false)], difference.Deltas);
        Assert.Equal((8192UL, 4096UL), (difference.SizeBefore, difference.SizeAfter));
    }

    [Fact]
    public void Truncation_alone_has_no_data_but_is_a_change()
    {
        ObjectDifference difference = Between(5, 6, Set(5, Clone([5], 8192, (0, 4096)), Head(4096)));
        Assert.Empty(difference.Data);
        Assert.False(difference.IsEmpty);
    }

    [Fact]
    public void Growth_is_changed_behind_the_former_end() =>
        Assert.Equal([new Extent(4096, 4096)], Between(5, 6, Set(5, Clone([5], 4096, (0, 4096)), Head(8192))).Data);

    [Fact]
    public void An_object_that_grew_and_shrank_again_is_the_same()
    {
        ObjectDifference difference = Between(5, 8, Set(7, Clone([5], 4096, (0, 4096)), Clone([7], 8192, (0, 4096)), Head(4096)));
        Assert.True(difference.IsEmpty);
        Assert.Equal([new ObjectDelta(new Extent(4096, 4096), false)], difference.Deltas);
    }

    [Fact]
    public void Changes_of_several_states_add_up()
    {
        ObjectSnapshots set = Set(7, Clone([5], 12288, (0, 4096), (8192, 4096)), Clone([7], 12288, (4096, 8192)), Head(12288));
        Assert.Equal([new Extent(0, 8192)], Between(5, 8, set).Data);
    }

    [Fact]
    public void A_clone_whose_snapshots_are_all_trimmed_is_no_state_to_compare_with()
    {
        ObjectSnapshots set = Set(6, new ObjectClone(4, [], [], 100), Clone([6], 8192, (0, 8192)), Head(8192));
        Assert.True(Between(6, SnapshotId.Head, set).IsEmpty);
    }

    [Fact]
    public void What_was_written_before_a_trimmed_clone_and_after_it_both_counts()
    {
        ObjectSnapshots set = Set(6, Clone([5], 8192, (0, 4096)), new ObjectClone(6, [], [new Extent(2048, 6144)], 8192), Head(8192));
        Assert.Equal([new Extent(0, 2048), new Extent(4096, 4096)], Between(5, SnapshotId.Head, set).Data);
    }

    [Fact]
    public void A_snapshot_between_two_of_a_clone_has_its_state()
    {
        ObjectSnapshots set = Set(7, Clone([4, 7], 8192, (0, 4096)), Head(8192));
        Assert.True(Between(4, 5, set).IsEmpty);
        Assert.Equal([new Extent(4096, 4096)], Between(5, 8, set).Data);
    }

    [Fact]
    public void Overlap_beyond_the_shorter_state_or_out_of_order_hides_nothing()
    {
        Assert.Equal([new Extent(4096, 4096)], Between(5, 6, Set(5, Clone([5], 4096, (0, 8192)), Head(8192))).Data);
        Assert.Equal([new Extent(2048, 2048)], Between(5, 6, Set(5, Clone([5], 8192, (4096, 4096), (0, 2048)), Head(8192))).Data);
        Assert.Equal([new Extent(0, 8192)], Between(5, 6, Set(5, Clone([5], 8192, (ulong.MaxValue, 2)), Head(8192))).Data);
    }

    private static ObjectDifference Between(ulong from, ulong to, ObjectSnapshots set) => SnapshotSetDifference.Calculate(set, from, to);

    private static ObjectSnapshots Set(ulong sequence, params ObjectClone[] clones) => new(sequence, clones);

    private static ObjectClone Head(ulong size) => new(SnapshotId.Head, [], [], size);

    private static ObjectClone Clone(ulong[] snapshots, ulong size, params (ulong Offset, ulong Length)[] overlap) =>
        new(snapshots[^1], snapshots, [.. overlap.Select(o => new Extent(o.Offset, o.Length))], size);
}
