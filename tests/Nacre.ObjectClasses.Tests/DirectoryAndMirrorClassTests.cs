using Nacre.ObjectClasses.Encoding;
using Nacre.ObjectClasses.Lock;
using Nacre.ObjectClasses.Rbd;
using Nacre.Rados;
using Nacre.Rados.Watching;

namespace Nacre.ObjectClasses.Tests;

public class DirectoryAndMirrorClassTests
{
    private const string Mirroring = RbdObjects.Mirroring;
    private readonly FakeStore _store = new();

    [Fact]
    public void The_directory_maps_both_ways()
    {
        const string Directory = RbdObjects.Directory;
        Assert.Equal(0, _store.Call(Directory, RbdCalls.AddToDirectory("a", "1")));
        Assert.Equal(-Errno.EEXIST, _store.Call(Directory, RbdCalls.AddToDirectory("a", "2")));
        Assert.Equal(-Errno.EBADF, _store.Call(Directory, RbdCalls.AddToDirectory("b", "1")));
        Assert.Equal(-Errno.EINVAL, _store.Call(Directory, RbdCalls.AddToDirectory("b", "no-id")));
        Assert.Equal(0, _store.Call(Directory, RbdCalls.RenameInDirectory("a", "b", "1")));
        Assert.Equal("b", _store.Call(Directory, RbdCalls.GetDirectoryName("1")));
        Assert.Equal(-Errno.ENOENT, _store.Fail(Directory, RbdCalls.GetDirectoryId("a")));
        Assert.Equal(-Errno.EBUSY, _store.Call(Directory, RbdCalls.SetDirectoryState(DirectoryState.AddDisabled)));
        Assert.Equal(0, _store.Call(Directory, RbdCalls.RemoveFromDirectory("b", "1")));
        Assert.Equal(0, _store.Call(Directory, RbdCalls.SetDirectoryState(DirectoryState.AddDisabled)));
        Assert.Equal(-Errno.ENOENT, _store.Call(Directory, RbdCalls.AssertDirectoryState(DirectoryState.Ready)));
    }

    [Fact]
    public void Listings_are_paged()
    {
        for (int i = 0; i < 150; i++)
        {
            Assert.Equal(0, _store.Call(RbdObjects.Directory, RbdCalls.AddToDirectory($"i{i:000}", $"{i}")));
        }

        Assert.Equal(150, _store.Call(RbdObjects.Directory, RbdCalls.ListDirectory("")).Count);
        Assert.Equal(["i011", "i012"], _store.Call(RbdObjects.Directory, RbdCalls.ListDirectory("i010", 2)).Keys);
        Assert.Empty(_store.Call(RbdObjects.Directory, RbdCalls.ListDirectory("i149")));
    }

    [Fact]
    public void Mirroring_is_enabled_with_a_uuid_and_disabled_without_peers()
    {
        Assert.Equal(-Errno.EINVAL, _store.Call(Mirroring, RbdCalls.SetMirrorMode(MirrorMode.Image)));
        Assert.Equal(0, _store.Call(Mirroring, RbdCalls.SetMirrorUuid("pool-uuid")));
        Assert.Equal(0, _store.Call(Mirroring, RbdCalls.SetMirrorMode(MirrorMode.Image)));
        Assert.Equal(-Errno.EINVAL, _store.Call(Mirroring, RbdCalls.SetMirrorUuid("other")));
        var peer = new MirrorPeer { Uuid = "p1", SiteName = "site-b", ClientName = "client.x" };
        Assert.Equal(0, _store.Call(Mirroring, RbdCalls.AddMirrorPeer(peer)));
        Assert.Equal(-Errno.ESTALE, _store.Call(Mirroring, RbdCalls.AddMirrorPeer(peer)));
        Assert.Equal(-Errno.EEXIST, _store.Call(Mirroring, RbdCalls.AddMirrorPeer(peer with { Uuid = "p2" })));
        Assert.Equal(-Errno.EINVAL, _store.Call(Mirroring, RbdCalls.AddMirrorPeer(peer with { Uuid = "pool-uuid", SiteName = "c" })));
        Assert.Equal(-Errno.EBUSY, _store.Call(Mirroring, RbdCalls.SetMirrorMode(MirrorMode.Disabled)));
        Assert.Equal(0, _store.Call(Mirroring, RbdCalls.RemoveMirrorPeer("p1")));
        Assert.Equal(0, _store.Call(Mirroring, RbdCalls.SetMirrorMode(MirrorMode.Disabled)));
        Assert.Empty(_store.Objects[Mirroring].Omap);
    }

    [Fact]
    public void A_ping_makes_or_refreshes_a_peer()
    {
        Assert.Equal(0, _store.Call(Mirroring, RbdCalls.SetMirrorUuid("pool-uuid")));
        Assert.Equal(0, _store.Call(Mirroring, RbdCalls.SetMirrorMode(MirrorMode.Image)));
        Assert.Equal(0, _store.Call(Mirroring, RbdCalls.PingMirrorPeer("site-b", "b-uuid")));
        MirrorPeer made = Assert.Single(_store.Call(Mirroring, RbdCalls.ListMirrorPeers()));
        Assert.Equal(MirrorPeerDirection.Transmit, made.Direction);
        Assert.Equal("b-uuid", made.MirrorUuid);
        _store.Now = _store.Now.AddSeconds(9);
        Assert.Equal(0, _store.Call(Mirroring, RbdCalls.PingMirrorPeer("renamed", "b-uuid")));
        MirrorPeer refreshed = Assert.Single(_store.Call(Mirroring, RbdCalls.ListMirrorPeers()));
        Assert.Equal(made.Uuid, refreshed.Uuid);
        Assert.Equal("renamed", refreshed.SiteName);
        Assert.Equal(_store.Now, refreshed.LastSeen.ToDateTime());
    }

    [Fact]
    public void A_status_is_up_while_its_reporter_watches()
    {
        var image = new MirrorImage(MirrorImageMode.Snapshot, "global", MirrorImageState.Enabled);
        var status = new MirrorImageSiteStatus("", MirrorImageStatusState.Replaying, "idle");
        Assert.Equal(0, _store.Call(Mirroring, RbdCalls.SetMirrorImageStatus("global", status)));
        Assert.Equal(0, _store.Call(Mirroring, RbdCalls.SetMirrorImage("1", image)));
        Assert.Equal(-Errno.ENOENT, _store.Fail(Mirroring, RbdCalls.GetMirrorImageStatus("global")));
        Assert.Equal(0, _store.Call(Mirroring, RbdCalls.SetMirrorImageStatus("global", status)));
        Assert.Equal(0, _store.Call(Mirroring, RbdCalls.SetMirrorImageStatus("global", status with { MirrorUuid = "b-uuid" })));
        MirrorImageStatus seen = _store.Call(Mirroring, RbdCalls.GetMirrorImageStatus("global"));
        Assert.All(seen.Sites, site => Assert.False(site.Up));
        Assert.Equal(-Errno.ESTALE, _store.Fail(Mirroring, RbdCalls.GetMirrorImageInstance("global")));

        _store.Watchers.Add(new Watcher(_store.CallerAddress, _store.CallerId, 1, TimeSpan.FromSeconds(30)));
        seen = _store.Call(Mirroring, RbdCalls.GetMirrorImageStatus("global"));
        Assert.True(seen.Local!.Up);
        Assert.True(Assert.Single(seen.Remote).Up);
        Assert.Equal(EntityNumber.Client(_store.CallerId), _store.Call(Mirroring, RbdCalls.GetMirrorImageInstance("global")).Name);
        Assert.Equal(
            new Dictionary<MirrorImageStatusState, int> { [MirrorImageStatusState.Replaying] = 1 },
            _store.Call(Mirroring, RbdCalls.GetMirrorStatusSummary([])));

        _store.Watchers.Clear();
        Assert.Equal(0, _store.Call(Mirroring, RbdCalls.RemoveDownMirrorStatuses()));
        Assert.Equal(-Errno.ENOENT, _store.Fail(Mirroring, RbdCalls.GetMirrorImageStatus("global")));
    }

    [Fact]
    public void An_exclusive_lock_has_one_holder_until_it_expires_or_is_broken()
    {
        Assert.Equal(0, _store.Call("h", LockCalls.Lock("l", LockType.Exclusive, "auto 1", "tag")));
        Assert.Equal(-Errno.EEXIST, _store.Call("h", LockCalls.Lock("l", LockType.Exclusive, "auto 1", "tag")));
        Assert.Equal(0, _store.Call("h", LockCalls.Lock("l", LockType.Exclusive, "auto 1", "tag", flags: LockFlags.MayRenew)));
        Assert.Equal(0, _store.Call("h", LockCalls.AssertLocked("l", LockType.Exclusive, "auto 1", "tag")));
        Assert.Equal(0, _store.Call("h", LockCalls.SetCookie("l", LockType.Exclusive, "auto 1", "tag", "auto 2")));
        ulong first = _store.CallerId++;
        Assert.Equal(-Errno.EBUSY, _store.Call("h", LockCalls.Lock("l", LockType.Exclusive, "auto 1", "tag")));
        Assert.Equal(-Errno.EBUSY, _store.Call("h", LockCalls.AssertLocked("l", LockType.Exclusive, "auto 2", "tag")));
        Assert.Equal(-Errno.ENOENT, _store.Call("h", LockCalls.Unlock("l", "auto 2")));
        LockInfo info = _store.Call("h", LockCalls.GetInfo("l"));
        Assert.Equal("127.0.0.1:0/123456", info.Lockers.Single().Value.Address.ToString());
        Assert.Equal(0, _store.Call("h", LockCalls.BreakLock("l", EntityNumber.Client(first), "auto 2")));
        Assert.Equal(0, _store.Call("h", LockCalls.Lock("l", LockType.Shared, "x", duration: TimeSpan.FromSeconds(5))));
        _store.Now = _store.Now.AddSeconds(6);
        Assert.Equal(-Errno.ENOENT, _store.Call("h", LockCalls.Lock("l", LockType.Shared, "x", flags: LockFlags.MustRenew)));
        Assert.Equal(["l"], _store.Call("h", LockCalls.ListLocks()));
    }
}
