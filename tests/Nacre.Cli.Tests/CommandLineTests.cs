using Nacre.Cli.Applications;
using Nacre.Cli.Commands;
using Nacre.Cli.Rbd;
using Nacre.Rados;
using Nacre.Rados.Configuration;

namespace Nacre.Cli.Tests;

public sealed class CommandLineTests
{
    private static readonly HashSet<string> _own = ["pool", "size", "journal-pool"];

    [Fact]
    public void Common_options_are_taken_out_wherever_they_stand()
    {
        GlobalOptions options = GlobalOptions.Parse(
            "rbd", ["--cluster", "site-a", "ls", "-n", "client.x", "--conf=/c", "-k", "/k", "--rbd_cache", "false", "-p", "pool"], _ => null,
            shortId: true, _own, out List<string> rest);
        Assert.Equal(["ls", "-p", "pool"], rest);
        Assert.Equal("site-a", options.ClusterName);
        Assert.Equal(EntityName.Client("x"), options.Name);
        Assert.Equal("/c", options.Overrides.ConfPath);
        Assert.Equal("/k", options.Overrides.KeyringPath);
        Assert.Equal("false", options.Overrides.Options["rbd_cache"]);
    }

    [Fact]
    public void Ceph_args_come_first_and_own_options_are_left_alone()
    {
        GlobalOptions options = GlobalOptions.Parse(
            "rbd", ["--cluster", "b", "--journal-pool", "x", "--", "--cluster", "c"], name => name == "CEPH_ARGS" ? "--cluster a --id me" : null,
            shortId: true, _own, out List<string> rest);
        Assert.Equal("b", options.ClusterName);
        Assert.Equal(EntityName.Client("me"), options.Name);
        Assert.Equal(["--journal-pool", "x", "--", "--cluster", "c"], rest);
    }

    [Theory]
    [InlineData("--cluster")]
    [InlineData("-n", "nodot")]
    public void A_common_option_without_a_sensible_value_ends_the_command(params string[] arguments) =>
        Assert.Equal(1, Assert.Throws<CommandFailedException>(
            () => GlobalOptions.Parse("rbd", arguments, _ => null, true, _own, out _)).ExitCode);

    [Theory]
    [InlineData("disk", "", "", "disk", "")]
    [InlineData("p/disk", "p", "", "disk", "")]
    [InlineData("p/n/disk@s", "p", "n", "disk", "s")]
    [InlineData("disk@s", "", "", "disk", "s")]
    public void Specs_are_split(string text, string pool, string space, string image, string snapshot)
    {
        RbdImageSpec spec = RbdSpecs.ReadImage(Parse("info", text), SnapshotPresence.Permitted);
        Assert.Equal(new RbdImageSpec(pool, space, image, snapshot), spec);
        Assert.Equal(text, spec.ToString());
    }

    [Fact]
    public void Options_do_for_positional_arguments()
    {
        Assert.Equal(new RbdImageSpec("p", "n", "i", "s"), RbdSpecs.ReadImage(
            Parse("info", "--pool", "p", "--namespace", "n", "--image", "i", "--snap", "s"), SnapshotPresence.Permitted));
        Assert.Equal(new RbdPoolSpec("p", "n"), RbdSpecs.ReadPool(Parse("ls", "p/n")));
    }

    [Theory]
    [InlineData(SnapshotPresence.None, "i@s", "rbd: snapshot name specified for a command that doesn't use it")]
    [InlineData(SnapshotPresence.Required, "i", "rbd: snapshot name was not specified")]
    [InlineData(SnapshotPresence.None, "i@", "rbd: invalid spec 'i@'")]
    public void Specs_that_do_not_fit_are_refused_in_Cephs_words(object presence, string text, string line)
    {
        CommandFailedException error = Assert.Throws<CommandFailedException>(() => RbdSpecs.ReadImage(Parse("info", text), (SnapshotPresence)presence));
        Assert.Equal(line, error.Line);
        Assert.Equal(Errno.EINVAL, error.ExitCode);
    }

    [Fact]
    public void The_command_with_the_most_words_wins()
    {
        Assert.Equal("mirror pool peer add", RbdApplet.Parser.Find(["mirror", "pool", "peer", "add", "rbd"], out int length)!.Name);
        Assert.Equal(4, length);
        Assert.Equal("snap list", RbdApplet.Parser.Find(["snap", "ls", "x"], out _)!.Name);
        Assert.Null(RbdApplet.Parser.Find(["snap"], out _));
    }

    [Fact]
    public void No_two_commands_have_the_same_words()
    {
        string[] names = [.. RbdApplet.Parser.Commands.SelectMany(c => (string?[])[c.Name, c.Alias]).OfType<string>()];
        Assert.Equal(names.Length, names.Distinct().Count());
    }

    private static CommandArguments Parse(params string[] line)
    {
        CommandDefinition<RbdCommandContext> command = RbdApplet.Parser.Find(RbdApplet.Parser.Words(line), out int length)!;
        return RbdApplet.Parser.Parse(command, length, line);
    }
}
