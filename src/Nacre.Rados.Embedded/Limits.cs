namespace Nacre.Rados.Embedded;

/// <summary>Ceph's limits, by its option names and defaults.</summary>
internal static class Limits
{
    /// <summary>osd_max_object_size.</summary>
    public const ulong MaximumObjectSize = 128UL << 20;

    /// <summary>osd_max_write_size: all data of one operation, in bytes.</summary>
    public const int MaximumWriteSize = 90 << 20;

    /// <summary>osd_max_object_name_len, in bytes.</summary>
    public const int MaximumObjectNameLength = 2048;

    /// <summary>osd_max_object_namespace_len, in bytes.</summary>
    public const int MaximumNamespaceLength = 256;

    /// <summary>osd_max_attr_name_len, in bytes.</summary>
    public const int MaximumXattrNameLength = 100;

    /// <summary>osd_max_omap_entries_per_request.</summary>
    public const uint MaximumOmapEntries = 1024;

    /// <summary>osd_default_notify_timeout.</summary>
    public static readonly TimeSpan DefaultNotifyTimeout = TimeSpan.FromSeconds(30);

    /// <summary>osd_client_watch_timeout.</summary>
    public static readonly TimeSpan WatchTimeout = TimeSpan.FromSeconds(30);
}
