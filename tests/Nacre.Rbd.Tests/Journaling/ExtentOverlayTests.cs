using Nacre.Rbd.Journaling;

namespace Nacre.Rbd.Tests.Journaling;

public class ExtentOverlayTests
{
    private const int Size = 300;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Of_what_overlaps_the_later_is_left(int seed)
    {
        var random = new Random(seed);
        for (int round = 0; round < 200; round++)
        {
            var overlay = new ExtentOverlay();
            int?[] model = new int?[Size];
            for (int change = 0; change < random.Next(1, 40); change++)
            {
                int offset = random.Next(Size);
                int length = random.Next(1, Size - offset + 1);
                bool isZero = random.Next(4) == 0;
                byte[] data = new byte[length];
                random.NextBytes(data);
                overlay.Add(new OverlayExtent((ulong)offset, (ulong)length, isZero ? default : data));
                for (int i = 0; i < length; i++)
                {
                    model[offset + i] = isZero ? -1 : data[i];
                }

                Assert.Equal((ulong)model.Count(value => value is not null), overlay.Covered);
            }

            Assert.Equal(model, Render(overlay));
        }
    }

    private static int?[] Render(ExtentOverlay overlay)
    {
        int?[] rendered = new int?[Size];
        ulong end = 0;
        foreach (OverlayExtent extent in overlay.Extents)
        {
            Assert.True(extent.Offset >= end && extent.Length > 0);
            end = extent.End;
            for (ulong i = 0; i < extent.Length; i++)
            {
                rendered[extent.Offset + i] = extent.IsZero ? -1 : extent.Data.Span[(int)i];
            }
        }

        return rendered;
    }
}
