namespace Nacre.Rbd.Journaling;

/// <summary>How a new journal lies in objects; what is null comes from the image's, the pool's or the cluster's <c>rbd_journal_*</c> options.</summary>
public sealed record JournalLayout
{
    /// <summary>Everything from the options.</summary>
    public static JournalLayout Default { get; } = new();

    /// <summary>log2 of its objects' size, 12 to 26 (EDOM otherwise); <c>rbd_journal_order</c> (24, 16 MiB).</summary>
    public int? Order { get; init; }

    /// <summary>Objects that are written in turn, 1 to 255 (EINVAL otherwise); <c>rbd_journal_splay_width</c> (4).</summary>
    public int? SplayWidth { get; init; }

    /// <summary>Pool of its objects; <c>rbd_journal_pool</c>, else the image's own.</summary>
    public string? Pool { get; init; }

    /// <summary>Mirror uuid of the site that writes the image, the first tag's owner: empty for this one, another's for a mirrored copy.</summary>
    public string Owner { get; init; } = "";
}
