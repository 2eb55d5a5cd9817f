using Nacre.ObjectClasses.Rbd;
using Nacre.Rados.Objects;

namespace Nacre.Mirroring.Daemon.Planning;

/// <summary>
/// Which local snapshot is the copy of which of the source (snap_seqs). User snapshots between two mirror snapshots are copied with them
/// (src/librbd/deep_copy/SnapshotCopyRequest.cc).
/// </summary>
internal static class SnapshotMapping
{
    /// <summary>User snapshots of the source that a copy must make, ascending.</summary>
    public static IReadOnlyList<SnapshotView> ToCreate(HeaderView remote, CopySnapshot copy) =>
        [.. remote.Snapshots.Where(s => s.IsUser && s.Id > copy.RemoteStart && s.Id < copy.RemoteEnd)];

    /// <summary>Local user snapshots that an attempt left which was killed before it could tell whose copies they are.</summary>
    public static IReadOnlyList<SnapshotView> Leftovers(HeaderView local, CopySnapshot copy) =>
        [.. local.Snapshots.Where(s => s.IsUser && s.Id > copy.LocalStart)];

    /// <summary>
    /// The mapping of older user snapshots, from the local snapshot that the copy starts from. After a demotion here there is none, and names tell.
    /// </summary>
    public static SortedDictionary<ulong, ulong> Inherited(HeaderView local, HeaderView remote, CopySnapshot copy)
    {
        var mapping = new SortedDictionary<ulong, ulong>();
        MirrorSnapshotNamespace? start = local.Find(copy.LocalStart)?.Mirror;
        if (start is null)
        {
            return mapping;
        }

        bool byName = start.IsDemoted && remote.Find(copy.RemoteEnd)?.Mirror?.IsDemoted == false;
        foreach (SnapshotView snapshot in remote.Snapshots.Where(s => s.IsUser && s.Id < copy.RemoteEnd))
        {
            if (byName)
            {
                if (local.Snapshots.FirstOrDefault(s => s.IsUser && s.Name == snapshot.Name) is { } same)
                {
                    mapping[snapshot.Id] = same.Id;
                }
            }
            else if (start.SnapshotSequences.TryGetValue(snapshot.Id, out ulong localId) && localId != SnapshotId.Head)
            {
                mapping[snapshot.Id] = localId;
            }
        }

        return mapping;
    }

    /// <summary>The states to write, in order.</summary>
    /// <param name="local">Ids of the local snapshots, those made for this copy included.</param>
    /// <param name="remote">The source's header.</param>
    /// <param name="copy">The copy.</param>
    /// <param name="mapping">The mapping, with the new snapshots.</param>
    /// <param name="localEnd">The local mirror snapshot.</param>
    public static IReadOnlyList<CopyStep> Steps(
        IEnumerable<ulong> local, HeaderView remote, CopySnapshot copy, IReadOnlyDictionary<ulong, ulong> mapping, ulong localEnd)
    {
        ulong[] descending = [.. local.Order().Reverse()];
        var steps = new List<CopyStep>();
        ulong from = copy.RemoteStart;
        foreach (SnapshotView snapshot in ToCreate(remote, copy))
        {
            if (mapping.TryGetValue(snapshot.Id, out ulong target) && descending.Contains(target))
            {
                steps.Add(new CopyStep(from, snapshot.Id, [.. descending.Where(id => id < target)], target, snapshot.Size));
                from = snapshot.Id;
            }
        }

        ulong size = remote.Find(copy.RemoteEnd)?.Size ?? 0;
        steps.Add(new CopyStep(from, copy.RemoteEnd, [.. descending.Where(id => id < localEnd)], localEnd, size));
        return steps;
    }
}
