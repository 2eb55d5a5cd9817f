using Nacre.Rados.Configuration;

namespace Nacre.Rados.Tests.Configuration;

public sealed class ConfigurationTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("nacre-conf").FullName;
    private readonly string _secret = CephSecret.Generate(TimeProvider.System);

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public void Sections_apply_from_general_to_particular_and_names_are_normalised()
    {
        CephConf conf = CephConf.Parse(
            "mon host = a # where\n[client]\nrbd-default features = 61\nkeyring = \"/x/$cluster.$name.keyring\"\n[client.b]\nrbd_default_features = 1 ; less\nlong = a\\\nb\n",
            "test");
        Dictionary<string, string> options = conf.OptionsFor(EntityName.Client("b"));
        Assert.Equal("a", options["mon_host"]);
        Assert.Equal("1", options["rbd_default_features"]);
        Assert.Equal("ab", options["long"]);
        Assert.Equal("/x/$cluster.$name.keyring", options["keyring"]);
        Assert.Equal("61", conf.OptionsFor(EntityName.Admin)["rbd_default_features"]);
    }

    [Theory]
    [InlineData("[unclosed\nx = 1")]
    [InlineData("just words")]
    [InlineData("= 3")]
    public void What_is_no_conf_file_is_refused_with_its_line(string text)
    {
        RadosException error = Assert.Throws<RadosException>(() => CephConf.Parse(text, "x.conf"));
        Assert.Equal(Errno.EINVAL, error.Code);
        Assert.Contains("x.conf:1", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_keyring_reads_back_as_it_was_written()
    {
        var keyring = new Keyring();
        keyring.Set(new KeyringEntry(
            EntityName.Client("x"), _secret, new Dictionary<string, string> { ["mon"] = "profile rbd", ["osd"] = "allow command \"a b\"" }));
        Keyring again = Keyring.Parse(keyring.ToString(), "test");
        Assert.Equal(keyring.ToString(), again.ToString());
        Assert.Equal("allow command \"a b\"", again.Find(EntityName.Client("x"))!.Caps["osd"]);
    }

    [Theory]
    [InlineData("[client.a]\n\tkey = AQ==")]
    [InlineData("[client.a]\n")]
    [InlineData("key = x")]
    [InlineData("[client")]
    public void A_truncated_keyring_is_refused(string text)
    {
        Assert.Equal(Errno.EINVAL, Assert.Throws<RadosException>(() => Keyring.Parse(text, "k")).Code);
    }

    [Fact]
    public void No_error_and_no_record_shows_a_key()
    {
        var entry = new KeyringEntry(EntityName.Admin, _secret, new Dictionary<string, string>());
        Assert.DoesNotContain(_secret, entry.ToString(), StringComparison.Ordinal);
        RadosException error = Assert.Throws<RadosException>(() => Keyring.Parse($"[client.a]\nkey = {_secret[..20]}\n", "k"));
        Assert.DoesNotContain(_secret[..20], error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_working_directory_is_searched_and_the_keyring_beside_the_conf_is_found()
    {
        await File.WriteAllTextAsync(Path.Combine(_directory, "site-a.conf"), "[global]\nmon host = https://127.0.0.1:7000\n", TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(
            Path.Combine(_directory, "site-a.client.peer.keyring"), $"[client.peer]\n\tkey = {_secret}\n", TestContext.Current.CancellationToken);
        ClusterConfiguration configuration = await Loader().LoadAsync(
            "site-a", EntityName.Client("peer"), null, TestContext.Current.CancellationToken);
        Assert.Equal(_secret, configuration.Key);
        Assert.True(configuration.IsEmbeddedSite);
        Assert.DoesNotContain(_secret, configuration.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_missing_conf_says_where_it_was_looked_for()
    {
        RadosException error = await Assert.ThrowsAsync<RadosException>(
            () => Loader().LoadAsync("nowhere", EntityName.Admin, null, TestContext.Current.CancellationToken));
        Assert.Equal(Errno.ENOENT, error.Code);
        Assert.Contains("/etc/ceph/nowhere.conf", error.Message, StringComparison.Ordinal);
    }

    private ClusterConfigurationLoader Loader() => new(_directory, _directory, _ => null);
}
