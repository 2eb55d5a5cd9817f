using Nacre.ObjectClasses.Rbd;

namespace Nacre.Mirroring.Daemon.Planning;

/// <summary>
/// Decides what to do next from both headers and nothing else. It follows the scans of src/tools/rbd_mirror/image_replayer/snapshot/Replayer.cc, so that
/// either daemon goes on where the other stopped; unlike it, a snapshot made before the source knew this site is asked for.
/// </summary>
internal sealed class ReplayPlanner(string localMirrorUuid, string remoteMirrorUuid, string remotePeerUuid)
{
    /// <summary>The next step.</summary>
    public ReplayStep Next(HeaderView local, HeaderView remote)
    {
        LocalScan scan = ScanLocal(local, out ReplayStep? decided);
        return decided ?? ScanRemote(scan, remote);
    }

    private LocalScan ScanLocal(HeaderView local, out ReplayStep? decided)
    {
        var scan = new LocalScan();
        var unneeded = new SortedSet<ulong>();

        // Whatever is left of a copy before it.
        decided = local.MirrorSnapshots.LastOrDefault()?.Mirror switch
        {
            { IsNonPrimary: true, PrimaryMirrorUuid: "" } => new StopReplay(MirrorImageStatusState.Stopped, "orphan (force promoting)"),
            { State: MirrorSnapshotState.Primary, Complete: true } => new StopReplay(MirrorImageStatusState.Stopped, "force promoted"),
            _ => null,
        };
        if (decided is not null)
        {
            return scan;
        }

        foreach (SnapshotView snapshot in local.MirrorSnapshots)
        {
            MirrorSnapshotNamespace mirror = snapshot.Mirror!;
            scan.Newest = mirror;
            if (mirror.IsPrimary)
            {
                if (!mirror.Complete)
                {
                    decided = new StopReplay(MirrorImageStatusState.Error, "incomplete local primary snapshot");
                    return scan;
                }

                scan.Start = snapshot.Id;
            }
            else if (mirror.Complete)
            {
                scan.Start = snapshot.Id;
                if (mirror.PeerUuids.Count == 0)
                {
                    unneeded.Add(snapshot.Id);
                }
            }
            else if (mirror.LastCopiedObjectNumber == 0 && scan.Start > 0)
            {
                // Its image state or object map may be missing, and few data were copied: make it anew.
                scan.Stillborn = snapshot.Id;
                break;
            }
            else
            {
                scan.End = snapshot.Id;
                break;
            }
        }

        // An image that is not replayed any more keeps all it has: it may be the last common state of both sites.
        unneeded.Remove(scan.Start);
        if (scan.Newest is { IsNonPrimary: true } copy && copy.PrimaryMirrorUuid != remoteMirrorUuid)
        {
            decided = new StopReplay(MirrorImageStatusState.Error, "local image linked to unknown peer");
        }
        else if (scan.Stillborn is { } stillborn)
        {
            decided = new AbandonCopy(stillborn, scan.Start);
        }
        else if (unneeded.Count > 0)
        {
            decided = new PruneLocal(unneeded.Min);
        }

        return scan;
    }

    private ReplayStep ScanRemote(LocalScan scan, HeaderView remote)
    {
        ulong start = scan.Newest is { IsPrimary: false, Complete: true } complete ? complete.PrimarySnapshotId : 0;
        SnapshotView? end = null;
        var unneeded = new SortedSet<ulong>();
        bool splitBrain = false;
        bool demoted = false;
        int pending = 0;
        foreach (SnapshotView snapshot in remote.MirrorSnapshots)
        {
            MirrorSnapshotNamespace mirror = snapshot.Mirror!;
            demoted = mirror.IsDemoted;
            if (!mirror.PeerUuids.Contains(remotePeerUuid))
            {
                continue;
            }

            if (scan.Newest is { IsNonPrimary: true } copy)
            {
                if (end is null)
                {
                    unneeded.Add(snapshot.Id);
                }

                if (copy.Complete ? copy.PrimarySnapshotId >= snapshot.Id : copy.PrimarySnapshotId > snapshot.Id)
                {
                    start = snapshot.Id;
                    continue;
                }
            }
            else if (scan.Newest is { State: MirrorSnapshotState.PrimaryDemoted })
            {
                if (IsCopyOf(mirror, scan.Start))
                {
                    start = snapshot.Id;
                    splitBrain = false;
                    continue;
                }

                if (start == 0)
                {
                    splitBrain = true;
                    continue;
                }
            }
            else if (!mirror.IsPrimary)
            {
                continue;
            }

            pending++;
            end ??= snapshot;
        }

        splitBrain |= start != 0 && remote.Find(start) is null;
        return splitBrain ? SplitBrain() : Decide(scan, remote, start, end, unneeded, pending, demoted);
    }

    private ReplayStep Decide(
        LocalScan scan, HeaderView remote, ulong start, SnapshotView? end, SortedSet<ulong> unneeded, int pending, bool demoted)
    {
        unneeded.Remove(start);
        if (end is not null)
        {
            unneeded.Remove(end.Id);
        }

        if (unneeded.Count > 0)
        {
            return new UnlinkRemote(unneeded.Min);
        }

        if (end is not null)
        {
            if (!end.Mirror!.Complete)
            {
                return new WaitForChange(RemoteIncomplete: true);
            }

            if (scan.End is { } interrupted && scan.Newest!.PrimarySnapshotId != end.Id)
            {
                // Half of a snapshot that is not there any more: begin anew with the one that is.
                return new AbandonCopy(interrupted, scan.Start);
            }

            return new CopySnapshot(start, end.Id, scan.Start, scan.End, pending);
        }

        if (Unlinked(remote, start) is { } forgotten)
        {
            return new LinkRemote(forgotten);
        }

        return demoted ? new StopReplay(MirrorImageStatusState.Unknown, "remote image demoted") : new WaitForChange();
    }

    /// <summary>The newest snapshot, where it is one that this site does not have and that was made before the source knew this site.</summary>
    private ulong? Unlinked(HeaderView remote, ulong start) =>
        remote.MirrorSnapshots.LastOrDefault() is { } newest && newest.Id > start
        && newest.Mirror is { IsPrimary: true, Complete: true } mirror && !mirror.PeerUuids.Contains(remotePeerUuid)
            ? newest.Id
            : null;

    private bool IsCopyOf(MirrorSnapshotNamespace mirror, ulong localSnapshotId) =>
        mirror.State == MirrorSnapshotState.NonPrimaryDemoted && mirror.PrimaryMirrorUuid == localMirrorUuid && mirror.PrimarySnapshotId == localSnapshotId;

    private static StopReplay SplitBrain() => new(MirrorImageStatusState.Error, "split-brain");

    private sealed class LocalScan
    {
        /// <summary>The newest mirror snapshot that counts.</summary>
        public MirrorSnapshotNamespace? Newest { get; set; }

        /// <summary>The newest complete one; 0 for none.</summary>
        public ulong Start { get; set; }

        /// <summary>An interrupted copy's.</summary>
        public ulong? End { get; set; }

        /// <summary>That of one that never got going.</summary>
        public ulong? Stillborn { get; set; }
    }
}
