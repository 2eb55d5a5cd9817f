using Nacre.Rados.Objects;

namespace Nacre.Rbd.Tests;

public class ImageLayoutTests
{
    [Theory]
    [InlineData(22, 0UL, 0UL)]
    [InlineData(16, 4096UL, 3UL)]
    [InlineData(12, 4096UL, 5UL)]
    [InlineData(13, 1024UL, 1UL)]
    public void Every_byte_has_one_place_and_comes_back(int order, ulong unit, ulong count)
    {
        var layout = new ImageLayout(order, unit, count);
        ulong size = (layout.Period * 2) + 5000;
        ulong objects = layout.ObjectCount(size);
        ulong total = 0;
        for (ulong number = 0; number < objects + layout.StripeCount; number++)
        {
            ulong length = layout.ObjectLength(number, size);
            Assert.Equal(number < objects, length > 0);
            total += length;
        }

        Assert.Equal(size, total);
        for (ulong at = 0; at < size; at += 777)
        {
            ObjectPiece piece = layout.PieceAt(at);
            Assert.Equal(at, layout.ImageOffset(piece.ObjectNumber, piece.Offset));
        }
    }

    [Fact]
    public void A_striped_range_is_one_request_per_object()
    {
        var layout = new ImageLayout(16, 4096, 4);
        List<ObjectExtent> extents = layout.Map(0, 65536 * 4);
        Assert.Equal(4, extents.Count);
        Assert.All(extents, extent => Assert.Equal(65536UL, extent.Length));
        Assert.Equal(new Extent(16384, 4096), extents[0].InBuffer[1]);
    }

    [Theory]
    [InlineData(0UL, 0UL)]
    [InlineData(1UL, 1UL)]
    [InlineData(4194304UL, 1UL)]
    [InlineData(4194305UL, 2UL)]
    public void Objects_are_counted_as_Ceph_counts(ulong size, ulong expected) => Assert.Equal(expected, new ImageLayout(22).ObjectCount(size));
}
