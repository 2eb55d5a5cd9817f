using Nacre.Mirroring.Daemon.Planning;
using Nacre.ObjectClasses.Rbd;
using Nacre.Rados.Objects;
using Nacre.Rbd;

namespace Nacre.Mirroring.Daemon.Tests.Planning;

/// <summary>Headers for tests.</summary>
internal static class Headers
{
    public const string Local = "local-mirror-uuid";
    public const string Remote = "remote-mirror-uuid";
    public const string Peer = "peer-uuid";

    public static HeaderView Header(params SnapshotView[] snapshots) => new()
    {
        Id = "abc",
        ObjectPrefix = "rbd_data.abc",
        Layout = new ImageLayout(22),
        Features = RbdFeatures.Default,
        Size = 64 << 20,
        Snapshots = snapshots,
        Context = new SnapshotContext(snapshots.LastOrDefault()?.Id ?? 0, [.. snapshots.Select(s => s.Id).Reverse()]),
    };

    public static SnapshotView Primary(ulong id, bool linked = true, bool complete = true, bool demoted = false) => Mirror(id, new MirrorSnapshotNamespace
    {
        State = demoted ? MirrorSnapshotState.PrimaryDemoted : MirrorSnapshotState.Primary,
        Complete = complete,
        PeerUuids = linked ? [Peer] : [],
    });

    public static SnapshotView Copy(ulong id, ulong of, bool complete = true, ulong copied = 0, string source = Remote, bool demoted = false) =>
        Mirror(id, new MirrorSnapshotNamespace
        {
            State = demoted ? MirrorSnapshotState.NonPrimaryDemoted : MirrorSnapshotState.NonPrimary,
            Complete = complete,
            PrimaryMirrorUuid = source,
            PrimarySnapshotId = of,
            LastCopiedObjectNumber = copied,
        });

    public static SnapshotView User(ulong id, string name, ulong size = 64 << 20) => new(id, SnapshotNamespace.User, name, size);

    private static SnapshotView Mirror(ulong id, MirrorSnapshotNamespace mirror) => new(id, mirror, $".mirror.{id}", 64 << 20);
}
