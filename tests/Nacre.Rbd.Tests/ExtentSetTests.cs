using Nacre.Rados.Objects;

namespace Nacre.Rbd.Tests;

public class ExtentSetTests
{
    [Fact]
    public void It_is_the_set_of_bytes_that_were_added()
    {
        var random = new Random(7);
        for (int round = 0; round < 200; round++)
        {
            var set = new ExtentSet();
            bool[] bytes = new bool[64];
            for (int i = 0; i < 8; i++)
            {
                int offset = random.Next(60);
                int length = random.Next(64 - offset);
                set.Add((ulong)offset, (ulong)length);
                bytes.AsSpan(offset, length).Fill(true);
            }

            bool[] seen = new bool[64];
            ulong last = 0;
            foreach (Extent extent in set.Extents)
            {
                Assert.True(extent.Length > 0 && (extent.Offset > last || last == 0));
                last = extent.End;
                seen.AsSpan((int)extent.Offset, (int)extent.Length).Fill(true);
            }

            Assert.Equal(bytes, seen);
        }
    }

    [Fact]
    public void Everything_but_the_given_ranges_is_added()
    {
        var set = new ExtentSet();
        set.AddExcept(100, [new Extent(50, 10), new Extent(0, 20), new Extent(90, 50)]);
        Assert.Equal([new Extent(20, 30), new Extent(60, 30)], set.Extents);
    }
}
