using Nacre.Rados;
using Nacre.Rados.Objects;

namespace Nacre.Conformance;

/// <summary>Steps that guard an operation.</summary>
public abstract class AssertTests(EngineFixture engine) : ConformanceTests(engine)
{
    [Fact]
    public async Task Assert_exists_guards_reads_and_writes()
    {
        Assert.Equal(-Errno.ENOENT, await WriteAsync("o", new WriteOperation().AssertExists().Write(0, Bytes("x"))));
        Assert.Null(await DataAsync("o"));
        await MustWriteAsync("o", new WriteOperation().Create(exclusive: true));
        await MustWriteAsync("o", new WriteOperation().AssertExists().Write(0, Bytes("x")));
        Assert.Equal(0, await CodeOfAsync("o", new ReadOperation().AssertExists()));
    }

    [Fact]
    public async Task A_version_grows_with_each_write_and_guards()
    {
        ulong first = await VersionAfterAsync(new WriteOperation().Write(0, Bytes("1")));
        ulong second = await VersionAfterAsync(new WriteOperation().Write(0, Bytes("2")));
        Assert.True(second > first);
        using (OperationResult read = await ReadAsync("o", new ReadOperation().Read(0, 1)))
        {
            Assert.Equal(second, read.Version);
        }

        Assert.Equal(0, await CodeOfAsync("o", new ReadOperation().AssertVersion(second)));
        Assert.Equal(-Errno.EOVERFLOW, await CodeOfAsync("o", new ReadOperation().AssertVersion(second + 100)));
        Assert.Equal(-Errno.ERANGE, await CodeOfAsync("o", new ReadOperation().AssertVersion(first)));
        Assert.Equal(-Errno.ERANGE, await WriteAsync("o", new WriteOperation().AssertVersion(first).Write(0, Bytes("3"))));
        Assert.Equal("2", Text(await DataAsync("o")));
    }

    [Theory]
    [InlineData("b", Comparison.Equal, true)]
    [InlineData("c", Comparison.Equal, false)]
    [InlineData("c", Comparison.NotEqual, true)]
    [InlineData("b", Comparison.NotEqual, false)]
    [InlineData("c", Comparison.Greater, true)]
    [InlineData("b", Comparison.Greater, false)]
    [InlineData("b", Comparison.GreaterOrEqual, true)]
    [InlineData("a", Comparison.GreaterOrEqual, false)]
    [InlineData("a", Comparison.Less, true)]
    [InlineData("b", Comparison.Less, false)]
    [InlineData("b", Comparison.LessOrEqual, true)]
    [InlineData("c", Comparison.LessOrEqual, false)]
    [InlineData("ba", Comparison.Greater, true)]
    public async Task An_xattr_compares_as_given_OP_stored(string given, Comparison comparison, bool holds)
    {
        await MustWriteAsync("o", new WriteOperation().SetXattr("a", Bytes("b")));
        Assert.Equal(holds ? 0 : -Errno.ECANCELED, Math.Min(0, await CodeOfAsync("o", new ReadOperation().CompareXattr("a", comparison, Bytes(given)))));
        Assert.Equal(holds ? 0 : -Errno.ECANCELED, await WriteAsync("o", new WriteOperation().CompareXattr("a", comparison, Bytes(given)).Write(0, Bytes("x"))));
    }

    [Theory]
    [InlineData("b", Comparison.Equal, true)]
    [InlineData("c", Comparison.Equal, false)]
    [InlineData("c", Comparison.Less, true)]
    [InlineData("a", Comparison.Less, false)]
    [InlineData("a", Comparison.Greater, true)]
    [InlineData("c", Comparison.Greater, false)]
    public async Task An_omap_value_compares_as_stored_OP_given(string given, Comparison comparison, bool holds)
    {
        await MustWriteAsync("o", new WriteOperation().OmapSet(new KeyValuePair<string, ReadOnlyMemory<byte>>("k", Bytes("b"))));
        Assert.Equal(holds ? 0 : -Errno.ECANCELED, await CodeOfAsync("o", new ReadOperation().CompareOmap("k", comparison, Bytes(given))));
    }

    [Fact]
    public async Task What_is_missing_compares_as_empty()
    {
        await MustWriteAsync("o", new WriteOperation().Create(exclusive: true));
        Assert.Equal(0, await CodeOfAsync("o", new ReadOperation().CompareOmap("none", Comparison.Equal, default)));
        Assert.Equal(-Errno.ECANCELED, await CodeOfAsync("o", new ReadOperation().CompareOmap("none", Comparison.Equal, Bytes("x"))));
        Assert.Equal(-Errno.ECANCELED, await CodeOfAsync("o", new ReadOperation().CompareXattr("none", Comparison.Equal, Bytes("x"))));
    }

    private async Task<ulong> VersionAfterAsync(WriteOperation operation)
    {
        using OperationResult result = await Pool.OperateAsync("o", operation, null, Cancellation);
        Assert.Equal(0, result.ReturnCode);
        return result.Version;
    }
}
