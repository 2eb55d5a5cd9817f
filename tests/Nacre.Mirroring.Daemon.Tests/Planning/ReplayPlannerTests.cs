using Nacre.Mirroring.Daemon.Planning;
using Nacre.ObjectClasses.Rbd;
using static Nacre.Mirroring.Daemon.Tests.Planning.Headers;

namespace Nacre.Mirroring.Daemon.Tests.Planning;

public class ReplayPlannerTests
{
    [Fact]
    public void First_snapshot_is_copied_from_nothing() =>
        Assert.Equal(new CopySnapshot(0, 5, 0, null, 1), Next(Header(), Header(Primary(5))));

    [Fact]
    public void Snapshots_are_copied_in_order_one_at_a_time() =>
        Assert.Equal(new CopySnapshot(5, 7, 9, null, 2), Next(Header(Copy(9, 5)), Header(Primary(5), Primary(7), Primary(8))));

    [Fact]
    public void Interrupted_first_copy_goes_on_even_without_progress() =>
        Assert.Equal(new CopySnapshot(0, 5, 0, 9, 1), Next(Header(Copy(9, 5, complete: false)), Header(Primary(5))));

    [Fact]
    public void Interrupted_delta_goes_on_where_it_was() =>
        Assert.Equal(new CopySnapshot(5, 7, 9, 10, 1), Next(Header(Copy(9, 5), Copy(10, 7, complete: false, copied: 3)), Header(Primary(5), Primary(7))));

    [Fact]
    public void Delta_without_progress_is_made_anew() =>
        Assert.Equal(new AbandonCopy(10, 9), Next(Header(Copy(9, 5), Copy(10, 7, complete: false)), Header(Primary(5), Primary(7))));

    [Fact]
    public void Half_of_a_snapshot_that_is_gone_is_made_anew() =>
        Assert.Equal(new AbandonCopy(10, 9), Next(Header(Copy(9, 5), Copy(10, 7, complete: false, copied: 3)), Header(Primary(5), Primary(8))));

    [Fact]
    public void Older_local_snapshots_are_pruned_but_not_the_last_complete_one()
    {
        Assert.Equal(new PruneLocal(9), Next(Header(Copy(9, 5), Copy(10, 7)), Header(Primary(5), Primary(7))));
        Assert.Equal(new PruneLocal(9), Next(Header(Copy(9, 5), Copy(10, 7), Copy(11, 8, complete: false, copied: 1)), Header(Primary(7), Primary(8))));
    }

    [Fact]
    public void Source_is_told_which_snapshots_are_not_needed_any_more() =>
        Assert.Equal(new UnlinkRemote(5), Next(Header(Copy(10, 7)), Header(Primary(5), Primary(7), Primary(8))));

    [Fact]
    public void Nothing_is_to_be_done_when_all_is_copied() =>
        Assert.Equal(new WaitForChange(), Next(Header(Copy(10, 7)), Header(Primary(7))));

    [Fact]
    public void Incomplete_source_snapshot_is_waited_for() =>
        Assert.Equal(new WaitForChange(RemoteIncomplete: true), Next(Header(Copy(10, 7)), Header(Primary(7), Primary(8, complete: false))));

    [Fact]
    public void Image_that_is_being_promoted_by_force_is_left_alone() =>
        Assert.Equal(
            new StopReplay(MirrorImageStatusState.Stopped, "orphan (force promoting)"),
            Next(Header(Copy(9, 5), Copy(10, 7, complete: false, copied: 3), Copy(11, 0, source: "")), Header(Primary(5), Primary(7))));

    [Fact]
    public void Image_that_was_promoted_in_a_copy_is_left_alone() =>
        Assert.Equal(
            new StopReplay(MirrorImageStatusState.Stopped, "force promoted"),
            Next(Header(Copy(9, 5), Copy(10, 7, complete: false, copied: 3), Copy(11, 0, source: ""), Primary(12)), Header(Primary(5), Primary(7))));

    [Fact]
    public void Snapshot_from_before_the_peer_was_known_is_asked_for()
    {
        Assert.Equal(new LinkRemote(5), Next(Header(), Header(Primary(5, linked: false))));
        Assert.Equal(new WaitForChange(), Next(Header(Copy(9, 5)), Header(Primary(5, linked: false))));
        Assert.Equal(new WaitForChange(), Next(Header(), Header(Primary(5, linked: false, complete: false))));
    }

    [Fact]
    public void Missing_start_is_a_split_brain() =>
        Assert.Equal(new StopReplay(MirrorImageStatusState.Error, "split-brain"), Next(Header(Copy(10, 7)), Header(Primary(8))));

    [Fact]
    public void Copy_of_another_source_is_left_alone() =>
        Assert.Equal(
            new StopReplay(MirrorImageStatusState.Error, "local image linked to unknown peer"), Next(Header(Copy(10, 7, source: "other")), Header(Primary(8))));

    [Fact]
    public void Force_promoted_image_is_left_alone() =>
        Assert.Equal(
            new StopReplay(MirrorImageStatusState.Stopped, "force promoted"), Next(Header(Copy(10, 7), Primary(11)), Header(Primary(7), Primary(8))));

    [Fact]
    public void Demotion_is_copied_and_then_told()
    {
        Assert.Equal(new CopySnapshot(7, 8, 10, null, 1), Next(Header(Copy(10, 7)), Header(Primary(7), Primary(8, demoted: true))));
        Assert.Equal(
            new StopReplay(MirrorImageStatusState.Unknown, "remote image demoted"),
            Next(Header(Copy(11, 8, demoted: true)), Header(Primary(8, demoted: true))));
    }

    [Fact]
    public void Demoted_image_follows_its_new_primary_from_the_demotion_on() =>
        Assert.Equal(
            new CopySnapshot(20, 21, 11, null, 1),
            Next(Header(Primary(11, demoted: true)), Header(LinkedCopyOf(20, 11), Primary(21))));

    [Fact]
    public void Demoted_image_whose_demotion_the_other_does_not_know_is_a_split_brain() =>
        Assert.Equal(new StopReplay(MirrorImageStatusState.Error, "split-brain"), Next(Header(Primary(11, demoted: true)), Header(Primary(21))));

    private static SnapshotView LinkedCopyOf(ulong id, ulong of)
    {
        SnapshotView copy = Copy(id, of, source: Local, demoted: true);
        return copy with { Namespace = copy.Mirror! with { PeerUuids = [Peer] } };
    }

    private static ReplayStep Next(HeaderView local, HeaderView remote) => new ReplayPlanner(Local, Remote, Peer).Next(local, remote);
}
