using Nacre.ObjectClasses.Rbd;

namespace Nacre.Mirroring.Tests.Rules;

public class SnapshotRuleTests
{
    [Theory]
    [InlineData("", false, false, true)]
    [InlineData("U", false, false, true)]
    [InlineData("PU", false, false, true)]
    [InlineData("PPD", false, false, false)]
    [InlineData("PPD", false, true, true)]
    [InlineData("N", false, false, false)]
    [InlineData("N", false, true, true)]
    [InlineData("N", true, true, false)]
    [InlineData("d", false, false, false)]
    [InlineData("d", false, true, true)]
    [InlineData("n", false, true, false)]
    public void A_primary_snapshot_needs_a_primary_or_force(string kinds, bool demoted, bool force, bool allowed) =>
        Assert.Equal(allowed, PrimarySnapshotCheck.Of(Snapshots.Of(kinds), demoted, force).IsAllowed);

    [Theory]
    [InlineData("N", true, null)]
    [InlineData("d", false, null)]
    [InlineData("NUn", true, 1ul)]
    [InlineData("NNUnn", true, 2ul)]
    [InlineData("PDn", true, 2ul)]
    [InlineData("Ne", false, 1ul)]
    public void A_promotion_goes_back_to_the_newest_complete_copy(string kinds, bool orphan, ulong? rollBackTo)
    {
        PrimarySnapshotCheck check = PrimarySnapshotCheck.Of(Snapshots.Of(kinds), demoted: false, force: true);
        Assert.Equal((true, orphan, rollBackTo), (check.IsAllowed, check.RequiresOrphan, check.RollBackTo));
    }

    [Theory]
    [InlineData("", true)]
    [InlineData("N", true)]
    [InlineData("Nn", false)]
    [InlineData("P", false)]
    [InlineData("PD", true)]
    [InlineData("d", true)]
    public void A_copy_s_snapshot_follows_a_complete_one(string kinds, bool allowed) =>
        Assert.Equal(allowed, PrimarySnapshotCheck.NonPrimaryObstacle(Snapshots.Of(kinds)) is null);

    [Theory]
    [InlineData("", PromotionState.Unknown)]
    [InlineData("U", PromotionState.Unknown)]
    [InlineData("NPU", PromotionState.Primary)]
    [InlineData("PD", PromotionState.Orphan)]
    [InlineData("PDn", PromotionState.NonPrimary)]
    [InlineData("Nd", PromotionState.Orphan)]
    [InlineData("Ne", PromotionState.NonPrimary)]
    public void The_newest_mirror_snapshot_tells_the_promotion(string kinds, PromotionState promotion) =>
        Assert.Equal(promotion, MirrorImageInfo.ReadPromotion(Snapshots.Of(kinds).Select(s => s.Namespace)).Promotion);

    [Fact]
    public void A_copy_names_the_pool_it_comes_from() =>
        Assert.Equal("there", MirrorImageInfo.ReadPromotion(Snapshots.Of("N").Select(s => s.Namespace)).PrimaryMirrorUuid);

    [Fact]
    public void At_capacity_the_newest_but_the_new_one_gives_way()
    {
        // Six wait for the peer, five may: the fifth goes, so that a copy which is under way from an older one can go on.
        Assert.Equal((5ul, "a"), MirrorSnapshots.FindDisplaced(Snapshots.Of("PPPPPP", "a"), 6, ["a"], 5));
        Assert.Null(MirrorSnapshots.FindDisplaced(Snapshots.Of("PPPPP", "a"), 5, ["a"], 5));
    }

    [Fact]
    public void Snapshots_before_the_last_promotion_do_not_count() =>
        Assert.Null(MirrorSnapshots.FindDisplaced(Snapshots.Of("PPPPPDNPPPP", "a"), 11, ["a"], 5));

    [Fact]
    public void What_no_peer_waits_for_goes()
    {
        Assert.Equal((1ul, "a"), MirrorSnapshots.FindDisplaced([Snapshots.Make(1, 'P'), Snapshots.Make(2, 'P', "a")], 2, ["a"], 5));
        Assert.Null(MirrorSnapshots.FindDisplaced([Snapshots.Make(1, 'P', "b"), Snapshots.Make(2, 'P', "a")], 2, ["a"], 5));
    }

    [Fact]
    public void What_a_killed_maker_left_goes_but_not_what_somebody_is_making_now()
    {
        Assert.Equal((1ul, "a"), MirrorSnapshots.FindDisplaced([Snapshots.Make(1, 'i', "a"), Snapshots.Make(2, 'P', "a")], 2, ["a"], 5));
        Assert.Null(MirrorSnapshots.FindDisplaced([Snapshots.Make(1, 'P', "a"), Snapshots.Make(2, 'i', "a")], 1, ["a"], 5));
    }
}
