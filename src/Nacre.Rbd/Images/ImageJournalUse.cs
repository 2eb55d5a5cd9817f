namespace Nacre.Rbd;

/// <summary>What an open image does with its own journal (librbd::journal::Policy).</summary>
public enum ImageJournalUse
{
    /// <summary>
    /// Whenever the lock is taken, what a killed writer has left in the journal is applied, a new tag is made, and then every change is recorded before
    /// it is made. EPERM where another site's writer owns the journal (a mirrored copy).
    /// </summary>
    Record,

    /// <summary>
    /// For the daemon that applies another site's journal to this image: what a killed local writer has left is applied when the lock is taken, but no
    /// tag is made, whoever owns the journal, and changes and operations are not recorded. Goes with <see cref="ImageOpenOptions.IgnoreNonPrimary"/> and
    /// <see cref="ImageOpenOptions.KeepLock"/>.
    /// </summary>
    Bypass,

    /// <summary>The journal is not opened, be it damaged or absent: to remove it, or the image.</summary>
    Ignore,
}
