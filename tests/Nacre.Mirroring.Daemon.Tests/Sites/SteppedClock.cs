using Microsoft.Extensions.Time.Testing;

namespace Nacre.Mirroring.Daemon.Tests.Sites;

/// <summary>A clock that goes only as far as it must.</summary>
internal sealed class SteppedClock : FakeTimeProvider
{
    private static readonly TimeSpan _step = TimeSpan.FromMilliseconds(250);

    /// <summary>
    /// Goes on in small steps until something is so, and returns by how much it went. After each step others have some real time to do what is due; when all
    /// of the bound has passed on this clock, what is under way may still take its real time.
    /// </summary>
    public async Task<TimeSpan> AdvanceUntilAsync(Func<Task<bool>> predicate, TimeSpan bound, Func<string> what)
    {
        for (TimeSpan passed = TimeSpan.Zero; passed < bound; passed += _step)
        {
            for (int look = 0; look < 5; look++)
            {
                if (await predicate())
                {
                    return passed;
                }

                await Task.Delay(10);
            }

            Advance(_step);
        }

        for (int look = 0; look < 300; look++)
        {
            if (await predicate())
            {
                return bound;
            }

            await Task.Delay(10);
        }

        throw new TimeoutException($"not within {bound}: {what()}");
    }
}
