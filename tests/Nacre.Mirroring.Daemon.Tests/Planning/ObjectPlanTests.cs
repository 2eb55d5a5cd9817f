using Nacre.Mirroring.Daemon.Planning;
using Nacre.ObjectClasses.Rbd;
using static Nacre.Mirroring.Daemon.Tests.Planning.Headers;

namespace Nacre.Mirroring.Daemon.Tests.Planning;

public class ObjectPlanTests
{
    private static readonly CopyStep _fromNothing = new(0, 5, [], 9, 64 << 20);
    private static readonly CopyStep _delta = new(5, 7, [9], 10, 64 << 20);

    [Fact]
    public void From_nothing_all_that_exist_are_looked_at()
    {
        ObjectPlan plan = ObjectPlan.Create([_fromNothing], Header(Primary(5)), Maps((5, "ECN.")), localMayHoldMore: false);
        Assert.Equal([ObjectFate.Created, ObjectFate.Created, ObjectFate.Absent, ObjectFate.Absent], Fates(plan, 4));
        Assert.Equal(2UL, plan.LookCount);
    }

    [Fact]
    public void Delta_looks_at_what_changed_or_went()
    {
        ObjectPlan plan = ObjectPlan.Create([_delta], Header(Primary(5), Primary(7)), Maps((5, "EEEN"), (7, "ECNC")), localMayHoldMore: false);
        Assert.Equal([ObjectFate.Changed, ObjectFate.Unchanged, ObjectFate.Removed, ObjectFate.Created], Fates(plan, 4));
    }

    [Fact]
    public void Change_before_a_snapshot_in_between_counts()
    {
        ObjectPlan plan = ObjectPlan.Create(
            [_delta], Header(Primary(5), User(6, "u"), Primary(7)), Maps((5, "EE"), (6, "EC"), (7, "CC")), localMayHoldMore: false);
        Assert.Equal([ObjectFate.Changed, ObjectFate.Unchanged], Fates(plan, 2));
    }

    [Fact]
    public void Missing_map_makes_everything_worth_a_look()
    {
        ObjectPlan plan = ObjectPlan.Create([_delta], Header(Primary(5), User(6, "u"), Primary(7)), Maps((5, "EE"), (7, "CC")), localMayHoldMore: false);
        Assert.False(plan.IsExact(0));
        Assert.Equal(16UL, plan.LookCount);
    }

    [Fact]
    public void Invalid_map_is_not_relied_on()
    {
        HeaderView remote = Header(Primary(5), Primary(7) with { Flags = RbdFlags.FastDiffInvalid });
        Assert.False(ObjectPlan.Create([_delta], remote, Maps((5, "EE"), (7, "CC")), localMayHoldMore: false).IsExact(0));
    }

    [Fact]
    public void Map_that_is_too_small_for_its_image_is_not_relied_on()
    {
        var maps = new Dictionary<ulong, ObjectMap> { [5] = new(16), [7] = new(3) };
        Assert.False(ObjectPlan.Create([_delta], Header(Primary(5), Primary(7)), maps, localMayHoldMore: false).IsExact(0));
    }

    [Fact]
    public void Where_more_may_be_here_everything_is_looked_at() =>
        Assert.False(ObjectPlan.Create([_fromNothing], Header(Primary(5)), Maps((5, "ECN.")), localMayHoldMore: true).IsExact(0));

    private static ObjectFate[] Fates(ObjectPlan plan, int count) => [.. Enumerable.Range(0, count).Select(i => plan[0, (ulong)i])];

    private static Dictionary<ulong, ObjectMap> Maps(params (ulong Id, string States)[] maps) => maps.ToDictionary(map => map.Id, map =>
    {
        var objects = new ObjectMap(16);
        for (int i = 0; i < map.States.Length; i++)
        {
            objects[(ulong)i] = map.States[i] switch
            {
                'E' => ObjectMapState.Exists,
                'C' => ObjectMapState.ExistsClean,
                _ => ObjectMapState.Nonexistent,
            };
        }

        return objects;
    });
}
