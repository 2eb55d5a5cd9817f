using Nacre.Mirroring.Daemon.Copying;

namespace Nacre.Mirroring.Daemon.Tests.Planning;

public class ZeroRunsTests
{
    [Fact]
    public void Runs_cover_the_data_and_hold_what_they_say()
    {
        var random = new Random(7);
        for (int round = 0; round < 200; round++)
        {
            var data = new byte[random.Next(1, 200_000)];
            for (int i = random.Next(12); i > 0; i--)
            {
                int from = random.Next(data.Length);
                random.NextBytes(data.AsSpan(from, random.Next(1, data.Length - from + 1)));
            }

            int at = 0;
            while (at < data.Length)
            {
                int length = ZeroRuns.Next(data.AsSpan(at), out bool isZero);
                Assert.InRange(length, 1, data.Length - at);
                Assert.True(!isZero || !data.AsSpan(at, length).ContainsAnyExcept((byte)0));
                at += length;
            }
        }
    }

    [Fact]
    public void Long_zeroes_are_a_run_of_their_own()
    {
        var data = new byte[1 << 20];
        data[0] = 1;
        data[^1] = 1;
        Assert.Equal(4096, ZeroRuns.Next(data, out bool zero));
        Assert.False(zero);
        Assert.Equal(data.Length - 8192, ZeroRuns.Next(data.AsSpan(4096), out zero));
        Assert.True(zero);
    }
}
