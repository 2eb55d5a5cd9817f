using Nacre.Cli.Output;
using Nacre.Cli.Rbd.Transfer;

namespace Nacre.Cli.Tests;

public sealed class OutputTests
{
    [Theory]
    [InlineData(0, "0 B")]
    [InlineData(1023, "1023 B")]
    [InlineData(1024, "1 KiB")]
    [InlineData(1536, "1.5 KiB")]
    [InlineData(1099522113536, "1.0 TiB")]
    [InlineData(10 << 20, "10 MiB")]
    [InlineData(ulong.MaxValue, "16 EiB")]
    public void Sizes_are_printed_as_Ceph_prints_them(ulong bytes, string text) => Assert.Equal(text, ByteSize.Format(bytes));

    [Theory]
    [InlineData("4096", 4096)]
    [InlineData("4K", 4096)]
    [InlineData("4Ki", 4096)]
    [InlineData("1G", 1UL << 30)]
    [InlineData("7B", 7)]
    public void Sizes_are_read_as_Ceph_reads_them(string text, ulong bytes)
    {
        Assert.True(ByteSize.TryParse(text, out ulong value));
        Assert.Equal(bytes, value);
    }

    [Theory]
    [InlineData("")]
    [InlineData("K")]
    [InlineData("-1")]
    [InlineData("1KB")]
    [InlineData("1.5G")]
    [InlineData("99999999999999999999")]
    [InlineData("16E")]
    public void What_is_no_size_is_refused(string text) => Assert.False(ByteSize.TryParse(text, out _));

    [Fact]
    public void A_size_without_a_unit_takes_the_one_that_is_meant()
    {
        Assert.True(ByteSize.TryParse("10", out ulong value, unitless: 1 << 20));
        Assert.Equal(10UL << 20, value);
    }

    [Fact]
    public void Json_escapes_what_would_break_out_of_its_string()
    {
        using var writer = new StringWriter();
        OutputFormatter formatter = OutputFormatter.Create("json", pretty: false)!;
        formatter.OpenObject("x");
        formatter.Dump("name\"", "a\"b\\c\nd\te\u0001");
        formatter.Dump("rate", 1.5);
        formatter.OpenArray("empty");
        formatter.Close();
        formatter.Close();
        formatter.Flush(writer);
        Assert.Equal("{\"name\\\"\":\"a\\\"b\\\\c\\nd\\te\\u0001\",\"rate\":1.500000,\"empty\":[]}\n", writer.ToString());
    }

    [Fact]
    public void Xml_escapes_markup()
    {
        using var writer = new StringWriter();
        OutputFormatter formatter = OutputFormatter.Create("xml", pretty: false)!;
        formatter.OpenObject("x");
        formatter.Dump("name", "<a & 'b'>");
        formatter.Close();
        formatter.Flush(writer);
        Assert.Equal("<x><name>&lt;a &amp; &apos;b&apos;&gt;</name></x>\n", writer.ToString());
    }

    [Fact]
    public void Progress_shows_each_percent_once_and_how_it_ended()
    {
        using var writer = new StringWriter();
        var progress = new ProgressLine("Exporting image", writer);
        progress.Report(1, 200);
        progress.Report(2, 200);
        progress.Report(3, 200);
        progress.Report(2, 200);
        progress.Report(100, 200);
        progress.Fail();
        Assert.Equal("\rExporting image: 1% complete...\rExporting image: 50% complete...\rExporting image: 50% complete...failed.\n", writer.ToString());
    }

    [Fact]
    public void Runs_of_zeroes_are_left_out_and_data_is_merged()
    {
        byte[] data = new byte[4096 * 4 + 10];
        data[4096] = 1;
        data[(2 * 4096) + 5] = 1;
        data[^1] = 1;
        Assert.Equal([4096..(3 * 4096), (4 * 4096)..data.Length], SparseImageWriter.FindData(data, 4096));
        Assert.Empty(SparseImageWriter.FindData(new byte[10000], 4096));
    }

    [Fact]
    public async Task A_truncated_diff_is_refused_and_so_is_an_absurd_name()
    {
        byte[] record = DiffStream.Name('f', "snapshot");
        Rados.RadosException truncated = await Assert.ThrowsAsync<Rados.RadosException>(
            () => DiffStream.ReadNameAsync(new MemoryStream(record[1..^2]), TestContext.Current.CancellationToken));
        Assert.Equal(Rados.Errno.EINVAL, truncated.Code);
        await Assert.ThrowsAsync<Rados.RadosException>(
            () => DiffStream.ReadNameAsync(new MemoryStream([255, 255, 255, 127]), TestContext.Current.CancellationToken));
        Assert.Equal("snapshot", await DiffStream.ReadNameAsync(new MemoryStream(record[1..]), TestContext.Current.CancellationToken));
    }
}
