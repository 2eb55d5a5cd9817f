using System.Globalization;
using System.Text;
using Nacre.ObjectClasses.Journal;

namespace Nacre.Mirroring.Daemon.Journals;

/// <summary>
/// What "replaying, {…}" tells of an image in journal mode (src/tools/rbd_mirror/image_replayer/journal/ReplayStatusFormatter.cc). Keys are sorted.
/// </summary>
internal sealed record JournalReplayStatus
{
    /// <summary>The newest entry that the source has committed; null for none.</summary>
    public JournalObjectPosition? Primary { get; init; }

    /// <summary>The newest entry that is committed here; null for none.</summary>
    public JournalObjectPosition? NonPrimary { get; init; }

    /// <summary>Entries between both.</summary>
    public ulong EntriesBehind { get; init; }

    /// <summary>Bytes of entries per second, lately.</summary>
    public double BytesPerSecond { get; init; }

    /// <summary>Entries per second, lately.</summary>
    public double EntriesPerSecond { get; init; }

    /// <summary>
    /// How many entries lie between two positions. Over tags the line of predecessors is followed, as far as the source's own epochs go.
    /// </summary>
    /// <param name="primary">The source's position; null for none.</param>
    /// <param name="nonPrimary">This site's; null for none.</param>
    /// <param name="tagOf">A tag's data; null where it is not known.</param>
    public static ulong CountBehind(JournalObjectPosition? primary, JournalObjectPosition? nonPrimary, Func<ulong, JournalTagData?> tagOf)
    {
        ulong behind = 0;
        if (primary is not { } newest)
        {
            return 0;
        }

        (ulong ourTag, ulong ourEntry) = nonPrimary is { } own ? (own.TagTid, own.EntryTid) : (0, 0);
        (ulong tag, ulong entry) = (newest.TagTid, newest.EntryTid);
        while (tag > ourTag)
        {
            behind += entry;
            JournalTagData? data = tagOf(tag);
            bool isKnown = data is { PredecessorMirrorUuid: JournalTagData.Local or JournalTagData.Orphan } && data.PredecessorTagTid < tag;
            (tag, entry) = isKnown ? (data!.PredecessorTagTid, data.PredecessorEntryTid) : (0, 0);
        }

        return tag == ourTag && entry > ourEntry ? behind + entry - ourEntry : behind;
    }

    /// <summary>The description to publish.</summary>
    public string ToDescription() => "replaying, " + ToJson();

    /// <summary>The JSON.</summary>
    public string ToJson()
    {
        var json = new StringBuilder(256);
        json.Append("{\"bytes_per_second\":").Append(Real(BytesPerSecond));
        json.Append(",\"entries_behind_primary\":").Append(Whole(EntriesBehind));
        json.Append(",\"entries_per_second\":").Append(Real(EntriesPerSecond));
        json.Append(",\"non_primary_position\":").Append(Position(NonPrimary));
        json.Append(",\"primary_position\":").Append(Position(Primary));
        if (EntriesBehind > 0 && EntriesPerSecond > 0)
        {
            json.Append(",\"seconds_until_synced\":").Append(Whole((ulong)Math.Min(ulong.MaxValue, EntriesBehind / EntriesPerSecond)));
        }

        return json.Append('}').ToString();
    }

    private static string Position(JournalObjectPosition? position) => position is not { } known || known == default
        ? "{}"
        : $"{{\"entry_tid\":{Whole(known.EntryTid)},\"object_number\":{Whole(known.ObjectNumber)},\"tag_tid\":{Whole(known.TagTid)}}}";

    private static string Whole(ulong value) => value.ToString(CultureInfo.InvariantCulture);

    // Two places, and at least one is shown.
    private static string Real(double value) => Math.Round(value, 2).ToString("0.0#", CultureInfo.InvariantCulture);
}
