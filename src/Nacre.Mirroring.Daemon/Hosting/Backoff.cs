namespace Nacre.Mirroring.Daemon.Hosting;

/// <summary>Waits longer after each failure, up to a bound, with some jitter so that daemons do not come back all at once.</summary>
internal sealed class Backoff(TimeProvider time, TimeSpan? first = null, TimeSpan? maximum = null, Random? random = null)
{
    private readonly TimeSpan _first = first ?? TimeSpan.FromMilliseconds(500);
    private readonly TimeSpan _maximum = maximum ?? TimeSpan.FromSeconds(8);
    private readonly Random _random = random ?? Random.Shared;
    private int _failures;

    /// <summary>All is well: the next wait is short again.</summary>
    public void Reset() => _failures = 0;

    /// <summary>How long to wait after one more failure.</summary>
    public TimeSpan Next()
    {
        double factor = Math.Pow(2, Math.Min(_failures++, 20));
        double milliseconds = Math.Min(_maximum.TotalMilliseconds, _first.TotalMilliseconds * factor);
        return TimeSpan.FromMilliseconds(milliseconds * (0.8 + (0.2 * _random.NextDouble())));
    }

    /// <summary>Waits.</summary>
    public Task WaitAsync(CancellationToken cancellationToken) => Task.Delay(Next(), time, cancellationToken);
}
