using System.Diagnostics;

namespace Nacre.Testing;

/// <summary>Waits for a state with a generous bound, and says what was last seen when it does not come.</summary>
public static class Eventually
{
    /// <summary>The bound unless a test gives another.</summary>
    public static TimeSpan DefaultBound { get; } = TimeSpan.FromSeconds(90);

    /// <summary>Probes until the predicate holds and returns what was probed.</summary>
    public static async Task<T> BecomesAsync<T>(
        Func<Task<T>> probe, Func<T, bool> predicate, string what, TimeSpan? bound = null, CancellationToken cancellationToken = default)
    {
        var watch = Stopwatch.StartNew();
        while (true)
        {
            T seen = await probe();
            if (predicate(seen))
            {
                return seen;
            }

            if (watch.Elapsed > (bound ?? DefaultBound))
            {
                throw new TimeoutException($"{what}: not within {bound ?? DefaultBound}; last seen: {seen}");
            }

            await Task.Delay(100, cancellationToken);
        }
    }
}
