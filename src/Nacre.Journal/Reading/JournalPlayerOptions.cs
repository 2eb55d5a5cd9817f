namespace Nacre.Journal.Reading;

/// <summary>How a journal is read.</summary>
public sealed record JournalPlayerOptions
{
    /// <summary>True to wait for further entries at the end instead of ending there.</summary>
    public bool Follow { get; init; }

    /// <summary>How long to wait at the end before looking again (rbd_mirror_journal_poll_age is Ceph's).</summary>
    public TimeSpan PollInterval { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>
    /// Bytes of one read; of each object of a set one is under way while the one before is used. With what is left of the one before they fill a buffer,
    /// and buffers come in powers of two.
    /// </summary>
    public int FetchBytes { get; init; } = (1 << 20) - (64 << 10);

    /// <summary>The clock.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;
}
