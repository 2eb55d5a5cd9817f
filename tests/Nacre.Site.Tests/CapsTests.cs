using Nacre.Rados.Caps;

namespace Nacre.Site.Tests;

/// <summary>Caps as Ceph 16.2.15 reads and applies them; the refusals' texts and the mon table were taken from a running cluster.</summary>
public class CapsTests
{
    private static readonly Dictionary<string, string> _none = [];

    [Theory]
    [InlineData("allow *")]
    [InlineData("allow all")]
    [InlineData("allow r")]
    [InlineData("allow rwx")]
    [InlineData("allow rw class-read")]
    [InlineData("allow class-read class-write")]
    [InlineData("allow r, allow w pool=a")]
    [InlineData("allow rwx pool images; allow r pool=b namespace=c")]
    [InlineData("allow rwx pool=images namespace=\"\"")]
    [InlineData("allow rwx namespace=a*")]
    [InlineData("allow pool foo object_prefix bar rwx")]
    [InlineData("allow class rbd metadata_list pool=a")]
    [InlineData("allow rw tag rbd data = *")]
    [InlineData("allow rw namespace=x tag cephfs data=a")]
    [InlineData("allow r network 10.0.0.0/8")]
    [InlineData("profile rbd")]
    [InlineData("profile=rbd pool=images")]
    [InlineData("profile rbd pool='a b' namespace=n, profile rbd-read-only")]
    public void Osd_caps_that_parse(string text) => Assert.True(OsdCaps.TryParse(text, out _, out string? error), error);

    [Theory]
    [InlineData("bogus", "osd capability parse failed, stopped at 'bogus' of 'bogus'")]
    [InlineData("allow", "osd capability parse failed, stopped at 'allow' of 'allow'")]
    [InlineData("allow r, bogus", "osd capability parse failed, stopped at ', bogus' of 'allow r, bogus'")]
    [InlineData("allow rwx pool=", "osd capability parse failed, stopped at ' pool=' of 'allow rwx pool='")]
    public void Osd_caps_that_do_not_parse(string text, string expected)
    {
        Assert.False(OsdCaps.TryParse(text, out _, out string? error));
        Assert.Equal(expected, error);
    }

    [Theory]
    // pool, namespace, object, reads, writes, class calls ("class.method:rw")
    [InlineData("allow *", "p", "", "o", "rw", "x.y:rw", true)]
    [InlineData("allow r", "p", "", "o", "r", "", true)]
    [InlineData("allow r", "p", "", "o", "w", "", false)]
    [InlineData("allow r", "p", "", "o", "", "rbd.get_size:r", false)]
    [InlineData("allow r class-read", "p", "", "o", "r", "rbd.get_size:r", true)]
    [InlineData("allow r class-read", "p", "", "o", "", "rbd.set_size:w", false)]
    [InlineData("allow x", "p", "", "o", "", "rbd.set_size:rw", true)]
    [InlineData("allow x", "p", "", "o", "r", "", false)]
    [InlineData("allow rw pool=a", "p", "", "o", "r", "", false)]
    [InlineData("allow rw pool=a", "a", "n", "o", "rw", "", true)]
    [InlineData("allow rw pool=a namespace=n", "a", "", "o", "r", "", false)]
    [InlineData("allow rw pool=a namespace=n", "a", "n", "o", "r", "", true)]
    [InlineData("allow rw pool=a namespace=''", "a", "n", "o", "r", "", false)]
    [InlineData("allow rw namespace=n*", "a", "nx", "o", "r", "", true)]
    [InlineData("allow rw namespace=n*", "a", "mx", "o", "r", "", false)]
    [InlineData("allow rw object_prefix rbd_", "a", "", "rbd_x", "w", "", true)]
    [InlineData("allow rw object_prefix rbd_", "a", "", "x", "w", "", false)]
    [InlineData("allow rw object_prefix rbd_", "a", "", "", "r", "", false)]
    [InlineData("allow class rbd get_size", "a", "", "o", "", "rbd.get_size:r", true)]
    [InlineData("allow class rbd get_size", "a", "", "o", "", "rbd.set_size:w", false)]
    [InlineData("allow class rbd", "a", "", "o", "", "rbd.set_size:w", true)]
    // A read and a write that no single grant allows together stay refused; class calls add up over grants.
    [InlineData("allow r, allow w", "a", "", "o", "rw", "", false)]
    [InlineData("allow class a, allow class b", "p", "", "o", "", "a.x:w b.y:w", true)]
    [InlineData("allow rw tag rbd *=*", "tagged", "", "o", "rw", "", true)]
    [InlineData("allow rw tag rbd *=*", "p", "", "o", "rw", "", false)]
    [InlineData("profile rbd", "p", "n", "rbd_data.1", "rw", "rbd.x:rw", true)]
    [InlineData("profile rbd pool=a", "p", "", "rbd_header.1", "r", "", false)]
    [InlineData("profile rbd pool=a", "p", "", "rbd_info", "r", "", true)]
    [InlineData("profile rbd pool=a", "p", "", "rbd_children", "", "rbd.get_children:r", true)]
    [InlineData("profile rbd pool=a", "p", "", "rbd_mirroring", "", "rbd.mirror_mode_get:r", true)]
    [InlineData("profile rbd pool=a", "p", "", "rbd_mirroring", "", "rbd.mirror_mode_set:rw", false)]
    [InlineData("profile rbd pool=a namespace=n", "a", "", "rbd_info", "", "rbd.metadata_list:r", true)]
    [InlineData("profile rbd pool=a namespace=n", "a", "", "rbd_directory", "r", "", false)]
    [InlineData("profile rbd-read-only", "p", "", "rbd_header.1", "r", "rbd.get_size:r", true)]
    [InlineData("profile rbd-read-only", "p", "", "rbd_data.1", "w", "", false)]
    [InlineData("profile rbd-read-only", "p", "", "rbd_header.1", "", "rbd.child_attach:rw", true)]
    [InlineData("profile rbd-read-only", "p", "", "rbd_header.1", "", "rbd.set_size:rw", false)]
    [InlineData("profile rbd-read-only pool=a", "p", "", "o", "r", "", false)]
    [InlineData("profile something", "p", "", "o", "r", "", false)]
    [InlineData("allow r network 10.0.0.0/8", "p", "", "o", "r", "", false)]
    [InlineData("allow r network 127.0.0.0/8", "p", "", "o", "r", "", true)]
    public void Osd_caps_apply(string text, string pool, string space, string name, string access, string calls, bool allowed)
    {
        Assert.True(OsdCaps.TryParse(text, out OsdCaps? caps, out string? error), error);
        ClassCall[] classes =
        [
            .. calls.Split(' ', StringSplitOptions.RemoveEmptyEntries)
                .Select(c => c.Split('.', ':'))
                .Select(c => new ClassCall(c[0], c[1], c[2].Contains('r'), c[2].Contains('w'))),
        ];
        var applications = new Dictionary<string, IReadOnlyDictionary<string, string>>();
        if (pool == "tagged")
        {
            applications["rbd"] = new Dictionary<string, string>();
        }

        Assert.Equal(allowed, caps.IsCapable(new OsdAccessRequest(
            pool, space, name, access.Contains('r'), access.Contains('w'), classes, applications, System.Net.IPAddress.Loopback)));
    }

    [Theory]
    [InlineData("allow r, allow w pool=p", "p", true)]
    [InlineData("allow rw namespace=n", "p", false)]
    [InlineData("allow rw pool=p namespace=n", "p", true)]
    [InlineData("profile rbd pool=p namespace=n", "p", true)]
    [InlineData("profile rbd pool=q", "p", false)]
    [InlineData("profile rbd-read-only", "p", false)]
    [InlineData("allow *", "p", true)]
    public void Who_may_write_in_a_pool_at_large(string text, string pool, bool allowed)
    {
        Assert.True(OsdCaps.TryParse(text, out OsdCaps? caps, out string? error), error);
        Assert.Equal(allowed, caps.WritesInPool(pool));
    }

    [Theory]
    [InlineData("foo", "mon capability parse failed, stopped at 'foo' of 'foo'")]
    [InlineData("allow", "mon capability parse failed, stopped at 'allow' of 'allow'")]
    [InlineData("", "mon capability parse failed, stopped at end of ''")]
    public void Mon_caps_that_do_not_parse(string text, string expected)
    {
        Assert.False(MonCaps.TryParse(text, out _, out string? error));
        Assert.Equal(expected, error);
    }

    [Theory]
    [InlineData("allow *", "config-key", "config-key get", "rw", "", true)]
    [InlineData("allow r", "osd", "osd dump", "r", "", true)]
    [InlineData("allow r", "osd", "osd pool create", "rw", "", false)]
    [InlineData("allow rw", "auth", "auth ls", "rx", "", false)]
    [InlineData("allow rwx", "auth", "auth ls", "rx", "", true)]
    [InlineData("allow rwx", "config-key", "config-key get", "r", "", false)]
    [InlineData("allow service config-key r", "config-key", "config-key get", "r", "", true)]
    [InlineData("allow service=osd rw", "osd", "osd pool create", "rw", "", true)]
    [InlineData("allow command \"osd pool create\" with pool=x", "osd", "osd pool create", "rw", "pool=x", true)]
    [InlineData("allow command \"osd pool create\" with pool=x", "osd", "osd pool create", "rw", "pool=y", false)]
    [InlineData("allow command \"osd pool create\" with pool prefix x size regex \"[0-9]+\"", "osd", "osd pool create", "rw", "pool=xy size=12", true)]
    [InlineData("allow command \"osd pool create\" with pool prefix x size regex \"[0-9]+\"", "osd", "osd pool create", "rw", "pool=xy size=1a", false)]
    [InlineData("profile rbd", "osd", "osd blocklist", "rw", "blocklistop=add addr=1.2.3.4:0/1", true)]
    [InlineData("profile rbd", "osd", "osd blocklist", "rw", "blocklistop=add addr=1.2.3.4", false)]
    [InlineData("profile rbd", "osd", "osd blocklist", "rw", "blocklistop=rm addr=1.2.3.4:0/1", false)]
    [InlineData("profile rbd", "osd", "osd pool create", "rw", "pool=zz", false)]
    [InlineData("profile rbd", "mon", "status", "r", "", true)]
    [InlineData("profile rbd", "config", "config get", "r", "", false)]
    [InlineData("profile rbd", "mgr", "mgr module ls", "r", "", false)]
    [InlineData("profile rbd", "config-key", "config-key get", "r", "key=rbd/mirror/foo", false)]
    [InlineData("profile rbd-read-only", "osd", "osd dump", "r", "", true)]
    [InlineData("profile rbd-read-only", "osd", "osd blocklist", "rw", "blocklistop=add addr=1.2.3.4:0/1", true)]
    [InlineData("profile rbd-mirror", "config-key", "config-key get", "r", "key=rbd/mirror/peer/1/u", true)]
    [InlineData("profile rbd-mirror", "config-key", "config-key get", "r", "key=other", false)]
    [InlineData("profile rbd-mirror", "config-key", "config-key set", "rw", "key=rbd/mirror/peer/1/u", false)]
    [InlineData("profile rbd-mirror-peer", "config-key", "config-key get", "r", "key=rbd/mirror/site_name", true)]
    [InlineData("profile rbd-mirror-peer", "config-key", "config-key get", "r", "key=rbd/mirror/peer/1/u", false)]
    [InlineData("profile rbd-mirror-peer", "config-key", "config-key set", "rw", "key=rbd/mirror/peer/1/u", true)]
    [InlineData("profile rbd-mirror-peer", "config-key", "config-key set", "rw", "key=rbd/mirror/peer", false)]
    [InlineData("profile rbd-mirror-peer", "config-key", "config-key exists", "r", "key=rbd/mirror/foo", false)]
    [InlineData("allow profile rbd-mirror-peer", "osd", "osd blocklist", "rw", "blocklistop=add addr=1.2.3.4:0/1", true)]
    public void Mon_caps_apply(string text, string service, string command, string access, string arguments, bool allowed)
    {
        Assert.True(MonCaps.TryParse(text, out MonCaps? caps, out string? error), error);
        Assert.Equal(allowed, caps.IsCapable(new CommandAccessRequest(service, "", command, Arguments(arguments), Access(access))));
    }

    [Theory]
    [InlineData("allow *", "rbd_support", "rbd mirror snapshot schedule add", "rw", "", true)]
    [InlineData("allow r", "", "service dump", "r", "", true)]
    [InlineData("profile rbd", "rbd_support", "rbd mirror snapshot schedule add", "rw", "", true)]
    [InlineData("profile rbd", "", "service dump", "r", "", false)]
    [InlineData("profile rbd-read-only", "rbd_support", "rbd mirror snapshot schedule add", "rw", "", false)]
    [InlineData("profile rbd pool=a", "rbd_support", "", "r", "pool=a", true)]
    [InlineData("profile rbd pool=a", "rbd_support", "", "r", "pool=b", false)]
    [InlineData("allow module rbd_support r", "rbd_support", "x", "r", "", true)]
    public void Mgr_caps_apply(string text, string module, string command, string access, string arguments, bool allowed)
    {
        Assert.True(MgrCaps.TryParse(text, out MgrCaps? caps, out string? error), error);
        Assert.Equal(allowed, caps.IsCapable(new CommandAccessRequest("", module, command, Arguments(arguments), Access(access))));
    }

    [Fact]
    public void Hostile_caps_are_refused_in_little_time()
    {
        string deep = string.Concat(Enumerable.Repeat("allow rw pool=a namespace=b object_prefix c, ", 5000)) + "bogus";
        Assert.False(OsdCaps.TryParse(deep, out _, out _));
        Assert.True(MonCaps.TryParse("allow command x with y regex \"(a+)+$\"", out MonCaps? caps, out _));
        Assert.False(caps.IsCapable(new CommandAccessRequest(
            "mon", "", "x", new Dictionary<string, string> { ["y"] = new string('a', 50_000) + "b" }, CapsAccess.Read)));
    }

    private static CapsAccess Access(string letters) =>
        (letters.Contains('r') ? CapsAccess.Read : 0) | (letters.Contains('w') ? CapsAccess.Write : 0) | (letters.Contains('x') ? CapsAccess.Execute : 0);

    private static Dictionary<string, string> Arguments(string text) =>
        text.Length == 0 ? _none : text.Split(' ').Select(p => p.Split('=', 2)).ToDictionary(p => p[0], p => p[1]);
}
