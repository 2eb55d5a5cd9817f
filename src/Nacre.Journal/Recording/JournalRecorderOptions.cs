namespace Nacre.Journal.Recording;

/// <summary>How entries are appended.</summary>
public sealed record JournalRecorderOptions
{
    /// <summary>Appends under way at once to one object (rbd_journal_object_max_in_flight_appends). Entries that come meanwhile go together.</summary>
    public int MaximumAppendsPerObject { get; init; } = 1;

    /// <summary>Bytes of entries that one append takes at most, unless a single one is longer (rbd_journal_object_flush_bytes).</summary>
    public int MaximumAppendBytes { get; init; } = 1 << 20;
}
