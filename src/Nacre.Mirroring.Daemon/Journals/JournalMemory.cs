namespace Nacre.Mirroring.Daemon.Journals;

/// <summary>Divides what may be gathered of journals among the images that are being replayed.</summary>
/// <param name="total">Bytes, for all together.</param>
internal sealed class JournalMemory(long total)
{
    private const long LeastShare = 1 << 20;
    private const int LargestRead = (512 << 10) - (32 << 10);
    private const int SmallestRead = 60 << 10;

    private int _followed;
    private int _busy;

    /// <summary>Bytes that a busy image may gather now.</summary>
    public long Share => Math.Max(LeastShare, total / Math.Max(1, Volatile.Read(ref _busy)));

    /// <summary>One more image is followed. How many bytes it should read at once: of each of a journal's objects a few such parts are in memory.</summary>
    public int BeginFollowing()
    {
        int others = Interlocked.Increment(ref _followed) / 4;
        return Math.Max(SmallestRead, LargestRead / Math.Max(1, others));
    }

    /// <summary>One less is.</summary>
    public void EndFollowing() => Interlocked.Decrement(ref _followed);

    /// <summary>An image has entries to apply.</summary>
    public void BeginBusy() => Interlocked.Increment(ref _busy);

    /// <summary>It has none any more.</summary>
    public void EndBusy() => Interlocked.Decrement(ref _busy);
}
