using Nacre.ObjectClasses.Calls;
using Nacre.ObjectClasses.Encoding;
using Nacre.ObjectClasses.Journal;
using Nacre.ObjectClasses.Lock;
using Nacre.ObjectClasses.Rbd;
using Nacre.Rados.Encoding;
using Nacre.Rados.Objects;

namespace Nacre.ObjectClasses.Tests;

/// <summary>One call of a sequence.</summary>
internal sealed record SequenceStep(string Object, string Class, string Method, ReadOnlyMemory<byte> Input);

/// <summary>
/// Calls chosen under a seed from few names and ids, so that they meet: most succeed, many find something there, gone, stale or in use.
/// </summary>
internal sealed class CallSequence(int seed, ulong callerId)
{
    private readonly Random _random = new(seed);
    private ulong _newest = 1;
    private ulong _tag;

    public IEnumerable<SequenceStep> Take(int count)
    {
        foreach (string header in new[] { "rbd_header.a", "rbd_header.b" })
        {
            yield return Step(header, RbdCalls.Create(1 << 22, 20, RbdFeatures.Default | RbdFeatures.StripingV2, "rbd_data.a"));
        }

        yield return Step(RbdObjects.Mirroring, RbdCalls.SetMirrorUuid("pool-uuid"));
        yield return Step(RbdObjects.Mirroring, RbdCalls.SetMirrorMode(MirrorMode.Image));
        yield return Step("journal.a", JournalCalls.Create(24, 4, -1));
        for (int i = 0; i < count; i++)
        {
            yield return _random.Next(13) switch
            {
                0 or 1 => Image(),
                2 or 3 or 4 => Snapshot(),
                5 => Directory(),
                6 => Trash(),
                7 or 8 => Mirror(),
                9 => Map(),
                10 => Lock(),
                11 => Journal(),
                _ => Family(),
            };
        }
    }

    private static SequenceStep Step(string objectName, ClassWrite call) => new(objectName, call.Class, call.Method, call.Input);

    private static SequenceStep Step<T>(string objectName, ClassRead<T> call) => new(objectName, call.Class, call.Method, call.Input);

    private T One<T>(params ReadOnlySpan<T> choices) => choices[_random.Next(choices.Length)];

    private string Header() => _random.Next(16) == 0 ? "rbd_header.absent" : One("rbd_header.a", "rbd_header.a", "rbd_header.b");

    // One of the newest few, so that it mostly exists.
    private ulong SnapshotNumber() => _newest - (ulong)_random.Next((int)Math.Min(8, _newest));

    private RbdFeatures Features() => (RbdFeatures)(ulong)_random.Next(1 << 13);

    private ulong HeadOrSnapshot() => _random.Next(3) == 0 ? SnapshotId.Head : SnapshotNumber();

    private SequenceStep Image()
    {
        string header = Header();
        return _random.Next(22) switch
        {
            0 => Step(header, RbdCalls.Create((ulong)_random.Next(1000), 20, Features(), One("", "rbd_data.x"), One(-1L, 3L))),
            1 or 2 => Step(header, RbdCalls.SetSize((ulong)_random.Next(1 << 23))),
            3 => Step(header, RbdCalls.GetSize(HeadOrSnapshot())),
            4 => Step(header, RbdCalls.SetFeatures(Features(), Features())),
            5 => Step(header, RbdCalls.SetFeatures(One(RbdFeatures.None, RbdFeatures.Journaling), RbdFeatures.Journaling)),
            6 => Step(header, RbdCalls.GetFeatures(_random.Next(2) == 0)),
            7 => Step(header, RbdCalls.SetFlags((RbdFlags)_random.Next(4), (RbdFlags)_random.Next(4), HeadOrSnapshot())),
            8 => Step(header, RbdCalls.GetFlags(HeadOrSnapshot())),
            9 => Step(header, RbdCalls.SetOperationFeatures((RbdOperationFeatures)_random.Next(16), (RbdOperationFeatures)_random.Next(20))),
            10 => Step(header, RbdCalls.GetOperationFeatures()),
            11 => Step(header, RbdCalls.SetStripeUnitCount(One(0UL, 4096UL, 5000UL, 1UL << 21), One(1UL, 0UL, 4UL))),
            12 => Step(header, RbdCalls.GetStripeUnitCount()),
            13 => Step(header, RbdCalls.GetObjectPrefix()),
            14 => Step(header, RbdCalls.GetDataPool()),
            15 => Step(header, RbdCalls.GetAllFeatures()),
            16 => Step(header, RbdCalls.SetMetadata(One("k1", "k2", "é"), One("", "v", "wert"))),
            17 => Step(header, RbdCalls.RemoveMetadata(One("k1", "k2", "k3"))),
            18 => Step(header, RbdCalls.GetMetadata(One("k1", "k2", "k3"))),
            19 => Step(header, RbdCalls.ListMetadata(One("", "k1", "zz"), One(0UL, 1UL, 64UL))),
            20 => Step(One("rbd_id.a", "rbd_id.b"), One(0, 1) == 0 ? RbdCalls.SetId(One("a1", "", "x-y")) : RbdCalls.CopyUp(ReadOnlyMemory<byte>.Empty)),
            _ => Step(One("rbd_id.a", "rbd_id.b"), RbdCalls.GetId()),
        };
    }

    private SnapshotNamespace Namespace() => _random.Next(6) switch
    {
        0 => new GroupSnapshotNamespace(2, "group", "snap"),
        1 => new TrashSnapshotNamespace("old", SnapshotNamespaceType.User),
        2 => new MirrorSnapshotNamespace { State = MirrorSnapshotState.Primary, Complete = true, PeerUuids = ["p2", "p1"] },
        3 => new MirrorSnapshotNamespace
        {
            State = MirrorSnapshotState.NonPrimary,
            PrimaryMirrorUuid = "there",
            PrimarySnapshotId = 9,
            SnapshotSequences = new Dictionary<ulong, ulong> { [9] = 3, [4] = 1 },
        },
        _ => SnapshotNamespace.User,
    };

    private SequenceStep Snapshot()
    {
        string header = Header();
        ulong id = SnapshotNumber();
        return _random.Next(16) switch
        {
            0 or 1 or 2 or 3 => Step(header, RbdCalls.AddSnapshot(
                _random.Next(8) == 0 ? One(id, SnapshotId.Head) : ++_newest, One("s1", "s2", $"s{id}", $"t{id}"), Namespace())),
            4 or 5 => Step(header, RbdCalls.RemoveSnapshot(id)),
            6 => Step(header, RbdCalls.RenameSnapshot(id, One("s1", "renamed"))),
            7 => Step(header, RbdCalls.TrashSnapshot(id)),
            8 => Step(header, RbdCalls.GetSnapshotContext()),
            9 => Step(header, RbdCalls.GetSnapshot(One(id, id, SnapshotId.Head))),
            10 => Step(header, RbdCalls.GetSnapshotName(id)),
            11 => Step(header, RbdCalls.SetProtectionStatus(One(id, SnapshotId.Head), (ProtectionStatus)_random.Next(4))),
            12 => Step(header, RbdCalls.GetProtectionStatus(One(id, SnapshotId.Head))),
            13 => Step(header, One(0, 1) == 0 ? RbdCalls.SetSnapshotLimit(One(0UL, 4UL, 30UL, ulong.MaxValue)) : RbdCalls.UnlinkMirrorSnapshotPeer(id, One("p1", "p3"))),
            14 => Step(header, RbdCalls.GetSnapshotLimit()),
            _ => Step(header, RbdCalls.SetMirrorSnapshotProgress(id, One(true, false), (ulong)_random.Next(50))),
        };
    }

    private SequenceStep Directory()
    {
        string name = One("n1", "n2", "n3", "");
        string id = One("1", "2", "3", "b-ad");
        string directory = RbdObjects.Directory;
        return _random.Next(9) switch
        {
            0 or 1 => Step(directory, RbdCalls.AddToDirectory(name, id)),
            2 => Step(directory, RbdCalls.RemoveFromDirectory(name, id)),
            3 => Step(directory, RbdCalls.RenameInDirectory(name, One("n1", "n4"), id)),
            4 => Step(directory, RbdCalls.GetDirectoryId(name)),
            5 => Step(directory, RbdCalls.GetDirectoryName(id)),
            6 => Step(directory, RbdCalls.ListDirectory(One("", "n1"), (ulong)_random.Next(4))),
            7 => Step(directory, RbdCalls.SetDirectoryState((DirectoryState)_random.Next(3))),
            _ => Step(directory, RbdCalls.AssertDirectoryState((DirectoryState)_random.Next(2))),
        };
    }

    private SequenceStep Trash()
    {
        string id = One("1", "2", "b-ad");
        var image = new TrashImageSpec(TrashImageSource.User, "name", new CephTimestamp(5, 7), new CephTimestamp(9, 1));
        return _random.Next(9) switch
        {
            0 or 1 => Step(RbdObjects.Trash, RbdCalls.AddToTrash(id, image)),
            2 => Step(RbdObjects.Trash, RbdCalls.RemoveFromTrash(id)),
            3 => Step(RbdObjects.Trash, RbdCalls.GetTrash(id)),
            4 => Step(RbdObjects.Trash, RbdCalls.ListTrash(One("", "1"), (ulong)_random.Next(3))),
            5 => Step(RbdObjects.Trash, RbdCalls.SetTrashState(id, (TrashImageState)_random.Next(3), (TrashImageState)_random.Next(3))),
            6 => Step(RbdObjects.Namespace, RbdCalls.AddNamespace(One("ns1", "ns2"))),
            7 => Step(RbdObjects.Namespace, RbdCalls.RemoveNamespace(One("ns1", "ns2"))),
            _ => Step(RbdObjects.Namespace, RbdCalls.ListNamespaces(One("", "ns1"), (ulong)_random.Next(3))),
        };
    }

    private MirrorPeer Peer() => new()
    {
        Uuid = One("u1", "u2", "pool-uuid"),
        SiteName = One("site-b", "site-c", ""),
        ClientName = One("client.x", ""),
        Direction = (MirrorPeerDirection)_random.Next(3),
        MirrorUuid = One("", "m1", "m2"),
    };

    private SequenceStep Mirror()
    {
        string mirroring = _random.Next(16) == 0 ? "rbd_mirroring.absent" : RbdObjects.Mirroring;
        string image = One("i1", "i2", "i3");
        string global = One("g1", "g2", "g3");
        return _random.Next(27) switch
        {
            0 => Step(mirroring, RbdCalls.SetMirrorUuid(One("", "pool-uuid"))),
            1 => Step(mirroring, RbdCalls.SetMirrorMode((MirrorMode)_random.Next(4))),
            2 => Step(mirroring, RbdCalls.GetMirrorUuid()),
            3 => Step(mirroring, RbdCalls.GetMirrorMode()),
            4 or 5 => Step(mirroring, RbdCalls.AddMirrorPeer(Peer())),
            6 => Step(mirroring, RbdCalls.RemoveMirrorPeer(One("u1", "u2"))),
            7 => Step(mirroring, RbdCalls.SetMirrorPeerClient(One("u1", "u2"), "client.y")),
            8 => Step(mirroring, RbdCalls.SetMirrorPeerSite(One("u1", "u2"), One("site-b", "site-d"))),
            9 => Step(mirroring, RbdCalls.SetMirrorPeerDirection(One("u1", "u2"), (MirrorPeerDirection)_random.Next(3))),
            10 => Step(mirroring, RbdCalls.ListMirrorPeers()),
            11 or 12 or 13 => Step(mirroring, RbdCalls.SetMirrorImage(
                image, new MirrorImage((MirrorImageMode)_random.Next(2), global, (MirrorImageState)_random.Next(3)))),
            14 => Step(mirroring, RbdCalls.RemoveMirrorImage(image)),
            15 => Step(mirroring, RbdCalls.GetMirrorImage(image)),
            16 => Step(mirroring, RbdCalls.GetMirrorImageId(global)),
            17 => Step(mirroring, RbdCalls.ListMirrorImages(One("", "i1"), (ulong)_random.Next(4))),
            18 or 19 => Step(mirroring, RbdCalls.SetMirrorImageStatus(
                global, new MirrorImageSiteStatus(One("", "m1", "m2"), (MirrorImageStatusState)_random.Next(7), One("", "text")))),
            20 => Step(mirroring, RbdCalls.GetMirrorImageStatus(global)),
            21 => Step(mirroring, RbdCalls.ListMirrorImageStatuses(One("", "i1"), (ulong)_random.Next(4))),
            22 => Step(mirroring, RbdCalls.GetMirrorStatusSummary(One(0, 1) == 0 ? [] : [Peer(), Peer()])),
            23 => Step(mirroring, One(0, 1, 2) == 0 ? RbdCalls.RemoveDownMirrorStatuses() : RbdCalls.RemoveMirrorImageStatus(global)),
            24 => Step(mirroring, One(0, 1) == 0 ? RbdCalls.GetMirrorImageInstance(global) : RbdCalls.GetMirrorImageInstance("none")),
            25 => Step(RbdObjects.MirrorLeader, One(0, 1) == 0 ? RbdCalls.AddMirrorInstance(One("1", "2")) : RbdCalls.RemoveMirrorInstance(One("1", "2"))),
            _ => MirrorMap(global),
        };
    }

    private SequenceStep MirrorMap(string global) => _random.Next(4) switch
    {
        0 => Step(RbdObjects.MirrorLeader, RbdCalls.UpdateMirrorImageMap(global, new MirrorImageMap(One("1", "2"), new CephTimestamp(3, 4), new byte[] { 9 }))),
        1 => Step(RbdObjects.MirrorLeader, RbdCalls.RemoveMirrorImageMap(global)),
        2 => Step(RbdObjects.MirrorLeader, RbdCalls.ListMirrorImageMap(One("", "g1"), (ulong)_random.Next(3))),
        _ => Step(RbdObjects.MirrorLeader, RbdCalls.ListMirrorInstances()),
    };

    private SequenceStep Map()
    {
        string map = One("rbd_object_map.a", "rbd_object_map.a", "rbd_object_map.b");
        var state = (ObjectMapState)_random.Next(4);
        ulong start = (ulong)_random.Next(120);
        var given = new ObjectMap((ulong)_random.Next(100));
        given.Resize(given.Count + 20, state);
        return _random.Next(10) switch
        {
            0 or 1 => Step(map, RbdCalls.ResizeObjectMap((ulong)_random.Next(120), state)),
            2 or 3 or 4 or 5 => Step(map, RbdCalls.UpdateObjectMap(
                start, start + (ulong)_random.Next(40), state, One<ObjectMapState?>(null, ObjectMapState.Exists, ObjectMapState.Pending))),
            6 => Step(map, RbdCalls.AddObjectMapSnapshot()),
            7 => Step(map, RbdCalls.RemoveObjectMapSnapshot(given)),
            8 => Step(map, RbdCalls.SaveObjectMap(given)),
            _ => Step(map, RbdCalls.LoadObjectMap()),
        };
    }

    private SequenceStep Lock()
    {
        string target = One("locked", "rbd_header.a");
        var type = (LockType)_random.Next(4);
        string cookie = One("c1", "c2");
        string tag = One("", "tag");
        return _random.Next(8) switch
        {
            0 or 1 or 2 => Step(target, LockCalls.Lock(One("l1", "l2", ""), type, cookie, tag, "text", default, (LockFlags)_random.Next(4))),
            3 => Step(target, LockCalls.Unlock("l1", cookie)),
            4 => Step(target, LockCalls.BreakLock("l1", EntityNumber.Client(One(callerId, 99UL)), cookie)),
            5 => Step(target, LockCalls.GetInfo(One("l1", "l2"))),
            6 => Step(target, LockCalls.AssertLocked("l1", type, cookie, tag)),
            _ => One(0, 1) == 0 ? Step(target, LockCalls.SetCookie("l1", type, cookie, tag, "c3")) : Step(target, LockCalls.ListLocks()),
        };
    }

    private SequenceStep Journal()
    {
        string journal = _random.Next(16) == 0 ? "journal.absent" : "journal.a";
        string client = One("", "peer1", "peer2");
        var position = new JournalPosition(
            [.. Enumerable.Range(0, _random.Next(6)).Select(i => new JournalObjectPosition((ulong)i, (ulong)_random.Next(12), (ulong)_random.Next(5)))]);
        return _random.Next(22) switch
        {
            0 => Step(journal, JournalCalls.Create(24, 4, -1)),
            1 => Step(journal, JournalCalls.SetMinimumSet((ulong)_random.Next(6))),
            2 => Step(journal, JournalCalls.SetActiveSet((ulong)_random.Next(6))),
            3 => Step(journal, One(0, 1) == 0 ? JournalCalls.GetMinimumSet() : JournalCalls.GetActiveSet()),
            4 => Step(journal, One(0, 1) == 0 ? JournalCalls.GetOrder() : JournalCalls.GetSplayWidth()),
            5 => Step(journal, JournalCalls.GetPoolId()),
            6 or 7 => Step(journal, JournalCalls.RegisterClient(client, new byte[] { 1, 2 })),
            8 => Step(journal, JournalCalls.UnregisterClient(client)),
            9 => Step(journal, JournalCalls.UpdateClientData(client, new byte[] { 3 })),
            10 => Step(journal, JournalCalls.UpdateClientState(client, (JournalClientState)_random.Next(2))),
            11 or 12 => Step(journal, JournalCalls.Commit(client, position)),
            13 => Step(journal, JournalCalls.GetClient(client)),
            14 => Step(journal, JournalCalls.ListClients(One("", "peer1"), (ulong)_random.Next(4))),
            15 => Step(journal, JournalCalls.GetNextTagTid()),
            16 or 17 => Step(journal, JournalCalls.CreateTag(_random.Next(5) == 0 ? 3 : _tag++, One(JournalTag.NewClass, 0UL, 1UL), new byte[] { 5 })),
            18 => Step(journal, JournalCalls.GetTag((ulong)_random.Next(12))),
            19 => Step(journal, JournalCalls.ListTags((ulong)_random.Next(4), client, One<ulong?>(null, 0, 1), (ulong)_random.Next(1, 6))),
            20 => Step("journal_data.a.0", JournalCalls.GuardAppend((ulong)_random.Next(40))),
            _ => Step(One("journal_data.a.0", "journal_data.a.1"), JournalCalls.Append((ulong)_random.Next(40), new byte[] { 1, 2, 3 })),
        };
    }

    private SequenceStep Family()
    {
        string header = Header();
        var parent = new ParentImageSpec(One(2L, -1L), One("", "ns"), One("p1", "p2", ""), One(3UL, 4UL));
        var legacy = parent with { PoolId = 2, ImageId = "p1" };
        var child = new ChildImageSpec(One(2L, 3L), One("", "ns"), One("k1", "k2"));
        byte[] data = new byte[_random.Next(64)];
        data.AsSpan(data.Length / 2).Fill((byte)_random.Next(2));
        ulong id = SnapshotNumber();
        return _random.Next(18) switch
        {
            0 or 1 => Step(header, RbdCalls.AttachParent(parent, One(0UL, 1UL << 20, 1UL << 30), One(true, false))),
            2 => Step(header, RbdCalls.DetachParent()),
            3 => Step(header, RbdCalls.GetParentSpec()),
            4 => Step(header, RbdCalls.GetParentOverlap(HeadOrSnapshot())),
            5 => Step(header, RbdCalls.GetParent(HeadOrSnapshot())),
            6 or 7 => Step(header, RbdCalls.AttachChild(id, child)),
            8 => Step(header, RbdCalls.DetachChild(id, child)),
            9 => Step(header, RbdCalls.ListChildren(id)),
            10 => Step(RbdObjects.Children, RbdCalls.AddChild(legacy, child.ImageId)),
            11 => Step(RbdObjects.Children, RbdCalls.RemoveChild(legacy, child.ImageId)),
            12 => Step(RbdObjects.Children, RbdCalls.GetChildren(legacy)),
            13 => Step(header, One(0, 1) == 0 ? RbdCalls.AddImageGroup(new GroupSpec(One("g", "h"), 2)) : RbdCalls.RemoveImageGroup(new GroupSpec("g", 2))),
            14 => Step(header, RbdCalls.GetImageGroup()),
            15 => Step(One("data1", "data2"), RbdCalls.CopyUp(data)),
            16 => Step(One("data1", "data3"), RbdCalls.SparseCopyUp([new Extent(4, 3), new Extent(9, One(1UL, 99UL))], data)),
            _ => Step(One("data1", "data2", "data3"), RbdCalls.Sparsify(One(4UL, 16UL), One(true, false))),
        };
    }
}
