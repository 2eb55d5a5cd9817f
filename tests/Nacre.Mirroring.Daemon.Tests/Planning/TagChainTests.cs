using Nacre.Mirroring.Daemon.Journals;
using Nacre.ObjectClasses.Journal;
using Nacre.Rbd.Journaling;

namespace Nacre.Mirroring.Daemon.Tests.Planning;

/// <summary>What lines of tags tell, and how far two positions are from each other.</summary>
public class TagChainTests
{
    private const string Here = "here";
    private const string There = "there";

    [Fact]
    public void A_copy_of_the_source_goes_on()
    {
        Assert.True(IsLinked(Tag(There), (1, Tag("")), (2, Tag("", "", 1, 5))));
        Assert.True(IsLinked(Tag(There, There, 2, 9), (2, Tag("", "", 1, 5)), (3, Tag("", "", 2, 9))));

        // The source keeps no tag that it could go on from.
        Assert.False(IsLinked(Tag(There, There, 9, 0), (2, Tag("", "", 1, 5))));
    }

    [Fact]
    public void A_source_that_took_over_after_a_demotion_is_followed()
    {
        // Demoted here, seen there, promoted there.
        Assert.True(IsLinked(
            Tag(Orphan, "", 4, 7), (3, Tag(Here, Here, 3, 1)), (5, Tag(Orphan, Here, 4, 7)), (6, Tag("", Orphan, 5, 0))));

        // Demoted there, seen here, promoted there again.
        Assert.True(IsLinked(Tag(Orphan, There, 4, 7), (4, Tag("", "", 3, 2)), (5, Tag(Orphan, "", 4, 7)), (6, Tag("", Orphan, 5, 0))));
    }

    [Fact]
    public void A_source_that_did_not_see_the_demotion_is_another_brain()
    {
        Assert.False(IsLinked(Tag(Orphan, "", 4, 7), (3, Tag("", "", 2, 1)), (6, Tag("", "", 3, 0))));
        Assert.False(IsLinked(Tag(Orphan, "", 4, 7), (5, Tag(Orphan, Here, 3, 7)), (6, Tag("", Orphan, 5, 0))));
        Assert.False(IsLinked(Tag(Orphan, "", 4, 7), (5, Tag(Orphan, Here, 4, 7)), (6, Tag("", "", 5, 0)), (7, Tag("", Orphan, 5, 0))));
    }

    [Fact]
    public void Each_site_calls_itself_by_the_empty_uuid()
    {
        Assert.Equal((There, new JournalPredecessor(There, true, 3, 4)), TagChain.Translate(Tag("", "", 3, 4), Here, There));
        Assert.Equal((There, new JournalPredecessor("", true, 3, 4)), TagChain.Translate(Tag("", Here, 3, 4), Here, There));
        Assert.Equal((Orphan, new JournalPredecessor(There, true, 3, 4)), TagChain.Translate(Tag(Orphan, "", 3, 4), Here, There));
    }

    [Fact]
    public void Entries_between_positions_are_counted_over_tags()
    {
        var tags = new Dictionary<ulong, JournalTagData> { [5] = Tag("", "", 4, 100), [4] = Tag("", "", 2, 50), [2] = Tag("", Here, 1, 30) };
        Assert.Equal(0UL, Count(null, null));
        Assert.Equal(0UL, Count((5, 10), (5, 10)));
        Assert.Equal(7UL, Count((5, 10), (5, 3)));
        Assert.Equal(10UL + 40, Count((5, 10), (4, 60)));
        Assert.Equal(10UL + 100 + 49, Count((5, 10), (2, 1)));
        Assert.Equal(10UL + 100 + 50, Count((5, 10), null));
        Assert.Equal(0UL, Count((4, 10), (5, 1)));

        ulong Count((ulong Tag, ulong Entry)? primary, (ulong Tag, ulong Entry)? ours) =>
            JournalReplayStatus.CountBehind(Position(primary), Position(ours), tid => tags.GetValueOrDefault(tid));
    }

    [Fact]
    public void The_status_is_Cephs_json()
    {
        var status = new JournalReplayStatus
        {
            Primary = new JournalObjectPosition(7, 5, 300), NonPrimary = new JournalObjectPosition(2, 5, 100), EntriesBehind = 200, BytesPerSecond = 1024.126,
            EntriesPerSecond = 40,
        };
        Assert.Equal(
            """
            replaying, {"bytes_per_second":1024.13,"entries_behind_primary":200,"entries_per_second":40.0,"non_primary_position":{"entry_tid":100,"object_number":2,"tag_tid":5},"primary_position":{"entry_tid":300,"object_number":7,"tag_tid":5},"seconds_until_synced":5}
            """,
            status.ToDescription());
        Assert.Equal(
            """
            {"bytes_per_second":0.0,"entries_behind_primary":0,"entries_per_second":0.0,"non_primary_position":{},"primary_position":{}}
            """,
            new JournalReplayStatus().ToJson());
    }

    private static string Orphan => JournalTagData.Orphan;

    private static JournalTagData Tag(string owner, string? before = null, ulong tag = 0, ulong entry = 0) =>
        new(owner, before ?? "", before is not null, tag, entry);

    private static bool IsLinked(JournalTagData local, params (ulong Tid, JournalTagData Data)[] source) =>
        TagChain.IsLinked(local, Here, There, source.Select(tag => new SourceTag(tag.Tid, tag.Data)));

    private static JournalObjectPosition? Position((ulong Tag, ulong Entry)? position) =>
        position is { } known ? new JournalObjectPosition(0, known.Tag, known.Entry) : null;
}
