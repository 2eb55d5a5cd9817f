using Nacre.ObjectClasses.Encoding;
using Nacre.ObjectClasses.Rbd;
using Nacre.Rados;
using Nacre.Rados.Encoding;

namespace Nacre.ObjectClasses.Tests;

public class ObjectMapTests
{
    private const string Name = "rbd_object_map.1";
    private readonly FakeStore _store = new();

    [Fact]
    public void Every_flipped_bit_of_a_stored_map_is_noticed()
    {
        Assert.Equal(0, _store.Call(Name, RbdCalls.ResizeObjectMap(40_000, ObjectMapState.Exists)));
        byte[] good = _store.Objects[Name].Data;
        for (int at = 0; at < good.Length; at += at < 32 || at > good.Length - 32 ? 1 : 97)
        {
            byte[] damaged = (byte[])good.Clone();
            damaged[at] ^= 0x10;
            Assert.ThrowsAny<CephDecodeException>(() => CephEncodingExtensions.Decode<ObjectMap>(damaged));
        }
    }

    [Fact]
    public void An_update_in_place_leaves_what_a_rewrite_would()
    {
        var random = new Random(7);
        const ulong Count = 50_001;
        var model = new ObjectMap(Count);
        Assert.Equal(0, _store.Call(Name, RbdCalls.ResizeObjectMap(Count, ObjectMapState.Nonexistent)));
        for (int i = 0; i < 300; i++)
        {
            ulong start = (ulong)random.NextInt64((long)Count);
            ulong end = Math.Min(Count, start + 1 + (ulong)random.Next(20_000));
            var state = (ObjectMapState)random.Next(4);
            ObjectMapState? expected = random.Next(2) == 0 ? null : (ObjectMapState)random.Next(4);
            Assert.Equal(0, _store.Call(Name, RbdCalls.UpdateObjectMap(start, end, state, expected)));
            for (ulong o = start; o < end; o++)
            {
                if (expected is null || model[o] == expected || (expected == ObjectMapState.Exists && model[o] == ObjectMapState.ExistsClean))
                {
                    model[o] = state;
                }
            }
        }

        Assert.Equal(model.ToBytes(), _store.Objects[Name].Data);
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(5, 5)]
    [InlineData(6, 5)]
    [InlineData(0, 11)]
    public void An_update_outside_the_map_is_refused(ulong start, ulong end)
    {
        Assert.Equal(0, _store.Call(Name, RbdCalls.ResizeObjectMap(10, ObjectMapState.Nonexistent)));
        Assert.Equal(-Errno.ERANGE, _store.Call(Name, RbdCalls.UpdateObjectMap(start, end, ObjectMapState.Exists, null)));
    }

    [Fact]
    public void A_damaged_block_is_not_updated_over()
    {
        Assert.Equal(0, _store.Call(Name, RbdCalls.ResizeObjectMap(10, ObjectMapState.Nonexistent)));
        _store.Objects[Name].Data[18] ^= 1;
        Assert.Equal(-Errno.EINVAL, _store.Call(Name, RbdCalls.UpdateObjectMap(0, 1, ObjectMapState.Exists, null)));
        Assert.Equal(-Errno.EINVAL, _store.Fail(Name, RbdCalls.LoadObjectMap()));
    }

    [Fact]
    public void Shrinking_over_existing_objects_is_stale()
    {
        Assert.Equal(0, _store.Call(Name, RbdCalls.ResizeObjectMap(10, ObjectMapState.Nonexistent)));
        Assert.Equal(0, _store.Call(Name, RbdCalls.UpdateObjectMap(9, 10, ObjectMapState.Exists, null)));
        Assert.Equal(-Errno.ESTALE, _store.Call(Name, RbdCalls.ResizeObjectMap(9, ObjectMapState.Nonexistent)));
        Assert.Equal(-Errno.EINVAL, _store.Call(Name, RbdCalls.ResizeObjectMap(ObjectMap.MaximumCount + 1, ObjectMapState.Nonexistent)));
    }

    [Fact]
    public void Snapshots_clean_and_dirty_the_map()
    {
        Assert.Equal(0, _store.Call(Name, RbdCalls.ResizeObjectMap(4, ObjectMapState.Exists)));
        Assert.Equal(0, _store.Call(Name, RbdCalls.AddObjectMapSnapshot()));
        ObjectMap map = _store.Call(Name, RbdCalls.LoadObjectMap());
        Assert.All(Enumerable.Range(0, 4), i => Assert.Equal(ObjectMapState.ExistsClean, map[(ulong)i]));
        var removed = new ObjectMap(3) { [0] = ObjectMapState.Exists, [1] = ObjectMapState.ExistsClean };
        Assert.Equal(0, _store.Call(Name, RbdCalls.RemoveObjectMapSnapshot(removed)));
        map = _store.Call(Name, RbdCalls.LoadObjectMap());
        Assert.Equal(
            [ObjectMapState.Exists, ObjectMapState.ExistsClean, ObjectMapState.ExistsClean, ObjectMapState.Exists],
            Enumerable.Range(0, 4).Select(i => map[(ulong)i]));
    }
}
