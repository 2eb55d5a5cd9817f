using Nacre.ObjectClasses.Rbd;
using Nacre.Rbd.Journaling;

namespace Nacre.Rbd;

/// <summary>What a new image is to be; what is null comes from the cluster's <c>rbd_default_*</c> options.</summary>
public sealed record ImageCreateOptions
{
    /// <summary>Everything by default.</summary>
    public static ImageCreateOptions Default { get; } = new();

    /// <summary>Features; null for <c>rbd_default_features</c>. Fast-diff is added to object-map, data-pool and striping as needed, as librbd does.</summary>
    public RbdFeatures? Features { get; init; }

    /// <summary>log2 of the object size, 12 to 25; null for <c>rbd_default_order</c> (22, 4 MiB).</summary>
    public int? Order { get; init; }

    /// <summary>Bytes per stripe unit, a factor of the object size; null or 0 for none. Goes with <see cref="StripeCount"/>.</summary>
    public ulong? StripeUnit { get; init; }

    /// <summary>Objects that a stripe runs over; null or 0 for none.</summary>
    public ulong? StripeCount { get; init; }

    /// <summary>Pool of the data objects; null for <c>rbd_default_data_pool</c>, else the image's own.</summary>
    public string? DataPool { get; init; }

    /// <summary>How the journal of an image with journaling is made.</summary>
    public JournalLayout Journal { get; init; } = JournalLayout.Default;

    /// <summary>The image's id; null generates one as librbd does.</summary>
    public string? Id { get; init; }
}
