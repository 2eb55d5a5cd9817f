namespace Nacre.Mirroring.Daemon.Journals;

/// <summary>How much came per second, over the last thirty.</summary>
internal sealed class RateMeter(TimeProvider time)
{
    private const int Seconds = 30;

    private readonly Lock _lock = new();
    private readonly long[] _amounts = new long[Seconds];
    private readonly long _begun = time.GetTimestamp();
    private long _second;

    /// <summary>So much more came.</summary>
    public void Add(long amount)
    {
        lock (_lock)
        {
            Advance();
            _amounts[_second % Seconds] += amount;
        }
    }

    /// <summary>Per second.</summary>
    public double Rate
    {
        get
        {
            lock (_lock)
            {
                Advance();
                return _amounts.Sum() / (double)Math.Clamp(_second + 1, 1, Seconds);
            }
        }
    }

    private void Advance()
    {
        long now = (long)time.GetElapsedTime(_begun).TotalSeconds;
        for (long second = Math.Max(_second + 1, now - Seconds + 1); second <= now; second++)
        {
            _amounts[second % Seconds] = 0;
        }

        _second = now;
    }
}
