using Nacre.Mirroring.Bootstrap;
using Nacre.Rados;

namespace Nacre.Mirroring.Tests.Rules;

public class BootstrapTokenTests
{
    // Of Ceph 16.2: rbd mirror pool peer bootstrap create.
    private const string Cephs =
        "eyJmc2lkIjoiOGE3NzM5NDctOGQyNC00YWNjLWI5YTUtZTA2NDYxZTYzNDRmIiwiY2xpZW50X2lkIjoicmJkLW1pcnJvci1wZWVyIiwia2V5IjoiQVFEbjh3VnI3WTU1QVJBQXBJQ1MybiUyRng9PSIs"
        + "Im1vbl9ob3N0IjoidjI6MTI3LjAuMC4xOjUwNDMzLzAifQ==";

    [Fact]
    public void Cephs_token_is_read_and_written_alike()
    {
        var token = BootstrapToken.Decode(Cephs + "\n");
        Assert.Equal(("8a773947-8d24-4acc-b9a5-e06461e6344f", "rbd-mirror-peer", "v2:127.0.0.1:50433/0"), (token.Fsid, token.ClientId, token.MonHost));
        Assert.Equal(Cephs, token.Encode());
    }

    [Fact]
    public void It_does_not_print_its_key() => Assert.DoesNotContain("SECRET", $"{new BootstrapToken("f", "c", "SECRET", "m")}", StringComparison.Ordinal);

    [Theory]
    [InlineData("")]
    [InlineData("nonsense")]
    [InlineData("bm9uc2Vuc2U=")]
    [InlineData("W10=")]
    [InlineData("eyJmc2lkIjoxfQ==")]
    [InlineData("eyJmc2lkIjoiYSIsImNsaWVudF9pZCI6ImIiLCJrZXkiOiJjIn0=")]
    public void What_is_no_token_is_refused(string text) =>
        Assert.Equal(Errno.EINVAL, Assert.Throws<RadosException>(() => BootstrapToken.Decode(text)).Code);

    [Fact]
    public void A_torn_token_is_refused_wherever_it_is_torn()
    {
        for (int length = 0; length < Cephs.Length; length++)
        {
            Assert.Equal(Errno.EINVAL, Assert.Throws<RadosException>(() => BootstrapToken.Decode(Cephs[..length])).Code);
        }
    }
}
