using Nacre.Mirroring.Daemon.Planning;
using Nacre.Rados.Objects;

namespace Nacre.Mirroring.Daemon.Tests.Planning;

public class ObjectChangesTests
{
    [Fact]
    public void Object_that_did_not_exist_before_changed_as_a_whole()
    {
        ObjectChanges changes = ObjectChanges.Between(Snapshots(3, Head(8192)), 2, 5);
        Assert.False(changes.Existed);
        Assert.Equal([new Extent(0, 8192)], changes.Extents);
    }

    [Fact]
    public void Only_what_is_not_in_common_changed()
    {
        ObjectSnapshots snapshots = Snapshots(5, Clone(5, [4, 5], 8192, (0, 4096)), Head(8192));
        Assert.Equal([new Extent(4096, 4096)], ObjectChanges.Between(snapshots, 5, 6).Extents);
        Assert.True(ObjectChanges.Between(snapshots, 4, 5).IsEmpty);
    }

    [Fact]
    public void Changes_of_several_states_add_up()
    {
        ObjectSnapshots snapshots = Snapshots(7, Clone(5, [5], 12288, (0, 4096), (8192, 4096)), Clone(7, [7], 12288, (4096, 8192)), Head(12288));
        Assert.Equal([new Extent(0, 8192)], ObjectChanges.Between(snapshots, 5, 8).Extents);
    }

    [Fact]
    public void Removed_object_exists_no_more()
    {
        ObjectChanges changes = ObjectChanges.Between(Snapshots(5, Clone(5, [5], 4096)), 5, 6);
        Assert.True(changes.Existed);
        Assert.False(changes.Exists);
    }

    [Fact]
    public void Object_that_came_later_is_absent_at_both() =>
        Assert.Equal(ObjectChanges.None, ObjectChanges.Between(Snapshots(9, Head(4096)), 5, 9));

    [Fact]
    public void Truncation_and_growth_are_told_by_size()
    {
        ObjectSnapshots snapshots = Snapshots(5, Clone(5, [5], 8192, (0, 4096)), Head(4096));
        ObjectChanges changes = ObjectChanges.Between(snapshots, 5, 6);
        Assert.Equal((8192UL, 4096UL), (changes.SizeBefore, changes.SizeAfter));
        Assert.Empty(changes.Extents);
        Assert.Equal([new Extent(4096, 4096)], ObjectChanges.Between(Snapshots(5, Clone(5, [5], 4096, (0, 4096)), Head(8192)), 5, 6).Extents);
    }

    private static ObjectSnapshots Snapshots(ulong sequence, params ObjectClone[] clones) => new(sequence, clones);

    private static ObjectClone Head(ulong size) => new(SnapshotId.Head, [], [], size);

    private static ObjectClone Clone(ulong id, ulong[] snapshots, ulong size, params (ulong Offset, ulong Length)[] overlap) =>
        new(id, snapshots, [.. overlap.Select(o => new Extent(o.Offset, o.Length))], size);
}
