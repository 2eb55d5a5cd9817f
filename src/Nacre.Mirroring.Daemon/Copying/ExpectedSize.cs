namespace Nacre.Mirroring.Daemon.Copying;

/// <summary>
/// How much memory the next whole object will take, from those before it: an object may hold anything from nothing to its full size, which is known only
/// once it is read. It goes up at once and down slowly, and never below a quarter, so that a wrong guess costs three times the budget at worst.
/// </summary>
internal sealed class ExpectedSize(long objectSize)
{
    private readonly long _least = objectSize / 4;
    private long _expected = objectSize;

    /// <summary>Bytes to set aside.</summary>
    public long Expected => Math.Max(Interlocked.Read(ref _expected), _least);

    /// <summary>Learns from an object.</summary>
    /// <param name="bytes">What it held.</param>
    public void Add(long bytes)
    {
        long before = Interlocked.Read(ref _expected);

        // Two at once may overwrite each other: it stays a guess.
        Interlocked.Exchange(ref _expected, bytes >= before ? bytes : before - ((before - bytes) / 8));
    }
}
