using Nacre.Rados.Encoding;

namespace Nacre.Rados.Tests;

public class CephEncodingTests
{
    [Fact]
    public void A_versioned_struct_is_version_compat_length_body()
    {
        var writer = new CephWriter();
        using (writer.Versioned(2, 1))
        {
            writer.Write("ab");
        }

        Assert.Equal(new byte[] { 2, 1, 6, 0, 0, 0, 2, 0, 0, 0, (byte)'a', (byte)'b' }, writer.ToArray());
    }

    [Fact]
    public void Fields_that_a_newer_version_appended_are_skipped()
    {
        var writer = new CephWriter();
        using (writer.Versioned(9, 1))
        {
            writer.Write(7u);
            writer.Write("from the future");
        }

        writer.Write((byte)42);
        var reader = new CephReader(writer.WrittenSpan);
        CephReader body = reader.ReadVersioned(1, out byte version, "test");
        Assert.Equal(9, version);
        Assert.Equal(7u, body.ReadUInt32());
        Assert.Equal(42, reader.ReadByte());
    }

    [Theory]
    [InlineData(new byte[] { 1 })]
    [InlineData(new byte[] { 9, 9, 0, 0, 0, 0 })]
    [InlineData(new byte[] { 1, 1, 255, 255, 255, 255 })]
    public void Truncated_incompatible_or_absurd_input_is_a_decode_error(byte[] bytes)
    {
        Assert.Throws<CephDecodeException>(() => new CephReader(bytes).ReadVersioned(1, out _, "test"));
    }

    [Fact]
    public void A_count_that_cannot_fit_is_refused_before_anything_is_allocated()
    {
        Assert.Throws<CephDecodeException>(() => new CephReader([255, 255, 255, 127, 0]).ReadCount(4));
    }
}
