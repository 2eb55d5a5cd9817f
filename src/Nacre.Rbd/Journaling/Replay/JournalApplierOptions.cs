namespace Nacre.Rbd.Journaling;

/// <summary>How a journal is applied to an image.</summary>
public sealed record JournalApplierOptions
{
    /// <summary>Bytes of entries that are gathered at once. The more, the more writes become one request; as much again may be needed for a moment.</summary>
    public long MaximumBytes { get; init; } = 32 << 20;

    /// <summary>Where several images share memory: how many bytes this one may gather now, asked for each entry; null for <see cref="MaximumBytes"/>.</summary>
    public Func<long>? Share { get; init; }

    /// <summary>Requests to data objects under way at once.</summary>
    public int MaximumRequests { get; init; } = 16;

    /// <summary>
    /// True where the exclusive lock must be owned (EROFS otherwise); false while the image is being recovered by whoever is just taking it.
    /// </summary>
    internal bool RequiresLock { get; init; } = true;

    internal long MaximumNow => Share is { } share ? Math.Min(share(), MaximumBytes) : MaximumBytes;
}
