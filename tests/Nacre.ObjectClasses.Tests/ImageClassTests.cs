using Nacre.ObjectClasses.Rbd;
using Nacre.Rados;
using Nacre.Rados.Objects;

namespace Nacre.ObjectClasses.Tests;

public class ImageClassTests
{
    private const string Header = "rbd_header.1";
    private readonly FakeStore _store = new();

    private void Create(RbdFeatures features = RbdFeatures.Default) =>
        Assert.Equal(0, _store.Call(Header, RbdCalls.Create(1 << 24, 22, features, "rbd_data.1")));

    [Fact]
    public void An_image_is_created_once()
    {
        Create();
        Assert.Equal(new ImageSize(1 << 24, 22), _store.Call(Header, RbdCalls.GetSize()));
        Assert.Equal(-1, _store.Call(Header, RbdCalls.GetDataPool()));
        Assert.Equal(-Errno.EEXIST, _store.Call(Header, RbdCalls.Create(1, 22, RbdFeatures.Default, "rbd_data.1")));
        Assert.Equal(-Errno.ENOSYS, _store.Call("x", RbdCalls.Create(1, 22, (RbdFeatures)(1UL << 40), "p")));
        Assert.Equal(-Errno.EINVAL, _store.Call("x", RbdCalls.Create(1, 22, RbdFeatures.Default, "")));
        Assert.Equal(-Errno.EINVAL, _store.Call("x", RbdCalls.Create(1, 22, RbdFeatures.Default, "p", 3)));
        Assert.False(_store.Objects.ContainsKey("x"));
    }

    [Fact]
    public void Snapshots_come_back_newest_first_over_many_pages()
    {
        Create();
        for (ulong id = 1; id <= 200; id++)
        {
            Assert.Equal(0, _store.Call(Header, RbdCalls.AddSnapshot(id * 3, $"s{id}", SnapshotNamespace.User)));
        }

        SnapshotContext context = _store.Call(Header, RbdCalls.GetSnapshotContext());
        Assert.Equal(600UL, context.Sequence);
        Assert.Equal(Enumerable.Range(1, 200).Reverse().Select(i => (ulong)i * 3), context.Snapshots);
    }

    [Fact]
    public void A_snapshot_name_is_unique_within_its_namespace_and_ids_only_grow()
    {
        Create();
        Assert.Equal(0, _store.Call(Header, RbdCalls.AddSnapshot(4, "s", SnapshotNamespace.User)));
        Assert.Equal(-Errno.EEXIST, _store.Call(Header, RbdCalls.AddSnapshot(5, "s", SnapshotNamespace.User)));
        Assert.Equal(-Errno.EEXIST, _store.Call(Header, RbdCalls.AddSnapshot(4, "t", SnapshotNamespace.User)));
        Assert.Equal(-Errno.ESTALE, _store.Call(Header, RbdCalls.AddSnapshot(3, "t", SnapshotNamespace.User)));
        Assert.Equal(0, _store.Call(Header, RbdCalls.AddSnapshot(5, "s", new MirrorSnapshotNamespace { State = MirrorSnapshotState.Primary })));
        Assert.Equal(-Errno.EINVAL, _store.Call(Header, RbdCalls.AddSnapshot(6, "u", new UnknownSnapshotNamespace((SnapshotNamespaceType)77, default))));
    }

    [Fact]
    public void A_snapshot_limit_counts()
    {
        Create();
        Assert.Equal(ulong.MaxValue, _store.Call(Header, RbdCalls.GetSnapshotLimit()));
        Assert.Equal(0, _store.Call(Header, RbdCalls.SetSnapshotLimit(1)));
        Assert.Equal(0, _store.Call(Header, RbdCalls.AddSnapshot(1, "a", SnapshotNamespace.User)));
        Assert.Equal(-Errno.EDQUOT, _store.Call(Header, RbdCalls.AddSnapshot(2, "b", SnapshotNamespace.User)));
        Assert.Equal(-Errno.ERANGE, _store.Call(Header, RbdCalls.SetSnapshotLimit(0)));
    }

    [Fact]
    public void A_protected_snapshot_or_one_with_children_stays()
    {
        Create();
        Assert.Equal(0, _store.Call(Header, RbdCalls.AddSnapshot(1, "a", SnapshotNamespace.User)));
        Assert.Equal(0, _store.Call(Header, RbdCalls.SetProtectionStatus(1, ProtectionStatus.Protected)));
        Assert.Equal(-Errno.EBUSY, _store.Call(Header, RbdCalls.RemoveSnapshot(1)));
        Assert.Equal(0, _store.Call(Header, RbdCalls.SetProtectionStatus(1, ProtectionStatus.Unprotected)));
        var child = new ChildImageSpec(2, "ns", "child");
        Assert.Equal(0, _store.Call(Header, RbdCalls.AttachChild(1, child)));
        Assert.Equal(-Errno.EEXIST, _store.Call(Header, RbdCalls.AttachChild(1, child)));
        Assert.Equal(RbdOperationFeatures.CloneParent, _store.Call(Header, RbdCalls.GetOperationFeatures()));
        Assert.Equal(-Errno.EBUSY, _store.Call(Header, RbdCalls.RemoveSnapshot(1)));
        Assert.Equal(child, Assert.Single(_store.Call(Header, RbdCalls.ListChildren(1))));
        Assert.Equal(0, _store.Call(Header, RbdCalls.DetachChild(1, child)));
        Assert.Equal(RbdOperationFeatures.None, _store.Call(Header, RbdCalls.GetOperationFeatures()));
        Assert.Equal(0, _store.Call(Header, RbdCalls.RemoveSnapshot(1)));
        Assert.Equal(-Errno.ENOENT, _store.Call(Header, RbdCalls.RemoveSnapshot(1)));
    }

    [Fact]
    public void Shrinking_a_clone_shrinks_its_overlap_and_snapshots_keep_theirs()
    {
        Create(RbdFeatures.Layering);
        var parent = new ParentImageSpec(2, "", "parent", 9);
        Assert.Equal(0, _store.Call(Header, RbdCalls.AttachParent(parent, 1UL << 30, false)));
        Assert.Equal(1UL << 24, _store.Call(Header, RbdCalls.GetParentOverlap()));
        Assert.Equal(0, _store.Call(Header, RbdCalls.AddSnapshot(1, "a", SnapshotNamespace.User)));
        Assert.Equal(0, _store.Call(Header, RbdCalls.SetSize(100)));
        Assert.Equal(100UL, _store.Call(Header, RbdCalls.GetParentOverlap()));
        Assert.Equal(1UL << 24, _store.Call(Header, RbdCalls.GetParentOverlap(1)));
        Assert.Equal(-Errno.EEXIST, _store.Call(Header, RbdCalls.AttachParent(parent, 1, false)));
        Assert.Equal(0, _store.Call(Header, RbdCalls.DetachParent()));
        Assert.Equal(parent, _store.Call(Header, RbdCalls.GetParentSpec()));
        Assert.Null(_store.Call(Header, RbdCalls.GetParentOverlap()));
        Assert.Equal(0, _store.Call(Header, RbdCalls.RemoveSnapshot(1)));
        Assert.False(_store.Call(Header, RbdCalls.GetParentSpec()).Exists);
    }

    [Fact]
    public void A_snapshot_sequence_is_asserted_against_the_objects()
    {
        Assert.Equal(0, _store.Call("data", RbdCalls.AssertSnapshotSequenceIs(1, AssertSnapshotSequence.GreaterThanObject)));
        Assert.Equal(0, _store.Call("data", RbdCalls.CopyUp(new byte[] { 1 })));
        _store.SnapshotSequence = 5;
        Assert.Equal(-Errno.ERANGE, _store.Call("data", RbdCalls.AssertSnapshotSequenceIs(5, AssertSnapshotSequence.GreaterThanObject)));
        Assert.Equal(0, _store.Call("data", RbdCalls.AssertSnapshotSequenceIs(6, AssertSnapshotSequence.GreaterThanObject)));
        Assert.Equal(0, _store.Call("data", RbdCalls.AssertSnapshotSequenceIs(5, AssertSnapshotSequence.AtMostObject)));
        Assert.Equal(-Errno.ERANGE, _store.Call("data", RbdCalls.AssertSnapshotSequenceIs(6, AssertSnapshotSequence.AtMostObject)));
    }

    [Fact]
    public void Copy_up_never_overwrites_and_sparsify_keeps_what_is_not_zero()
    {
        byte[] data = new byte[40];
        data[3] = 1;
        data[25] = 2;
        Assert.Equal(0, _store.Call("data", RbdCalls.CopyUp(data)));
        Assert.Equal(0, _store.Call("data", RbdCalls.CopyUp(new byte[10])));
        Assert.Equal(0, _store.Call("data", RbdCalls.Sparsify(10, true)));
        Assert.Equal(data[..30], _store.Objects["data"].Data);
        Assert.Equal(0, _store.Call("zero", RbdCalls.CopyUp(new byte[10])));
        Assert.Equal(0, _store.Call("zero", RbdCalls.Sparsify(4, true)));
        Assert.False(_store.Objects.ContainsKey("zero"));
        Assert.Equal(0, _store.Call("sparse", RbdCalls.SparseCopyUp([new Extent(2, 1), new Extent(5, 2)], new byte[] { 7, 8, 9 })));
        Assert.Equal(new byte[] { 0, 0, 7, 0, 0, 8, 9 }, _store.Objects["sparse"].Data);
        Assert.Equal(-Errno.EINVAL, _store.Call("bad", RbdCalls.SparseCopyUp([new Extent(0, 4)], new byte[] { 7 })));
    }
}
