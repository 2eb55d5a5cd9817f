using Nacre.ObjectClasses.Rbd;
using Nacre.Rados;
using Nacre.Rados.Encoding;

namespace Nacre.Mirroring.Tests.Rules;

public class StatusRuleTests
{
    private static readonly MirrorImageStatus _both = new(
    [
        new("", MirrorImageStatusState.Stopped, "local image is primary", new CephTimestamp(1795526480, 0), true),
        new("there", MirrorImageStatusState.Replaying, "replaying", new CephTimestamp(1795526480, 0), true),
    ]);

    [Fact]
    public void Without_peers_this_site_is_expected_to_report() =>
        Assert.Equal(("down+unknown", "status not found"), Describe(MirrorSiteStatuses.Of([], null).Local));

    [Fact]
    public void Where_images_only_leave_nobody_here_reports()
    {
        MirrorSiteStatuses sites = MirrorSiteStatuses.Of([Peer(MirrorPeerDirection.Transmit)], _both);
        Assert.Null(sites.Local);
        Assert.Empty(sites.Remote);
    }

    [Theory]
    [InlineData(MirrorPeerDirection.Both)]
    [InlineData(MirrorPeerDirection.Receive)]
    public void Where_images_arrive_both_sites_report(MirrorPeerDirection direction)
    {
        MirrorSiteStatuses sites = MirrorSiteStatuses.Of([Peer(direction)], _both);
        Assert.Equal("up+stopped", MirrorStatusText.Of(sites.Local!));
        Assert.Equal("up+replaying", MirrorStatusText.Of(Assert.Single(sites.Remote)));
        Assert.Equal(("down+unknown", "status not found"), Describe(Assert.Single(MirrorSiteStatuses.Of([Peer(direction)], null).Remote)));
    }

    [Theory]
    [InlineData("", MirrorHealth.Ok)]
    [InlineData("Replaying Stopped", MirrorHealth.Ok)]
    [InlineData("Replaying Syncing", MirrorHealth.Warning)]
    [InlineData("Unknown", MirrorHealth.Warning)]
    [InlineData("Unknown Error", MirrorHealth.Error)]
    public void Health_is_that_of_the_worst_image(string states, MirrorHealth health) => Assert.Equal(
        health,
        MirrorHealthRules.OfImages(states.Split(' ', StringSplitOptions.RemoveEmptyEntries).ToDictionary(Enum.Parse<MirrorImageStatusState>, _ => 1)));

    [Fact]
    public void Times_are_local_and_never_is_nothing()
    {
        var zone = TimeZoneInfo.CreateCustomTimeZone("two", TimeSpan.FromHours(2), "two", "two");
        Assert.Equal("2026-11-24 15:21:20", MirrorStatusText.Time(new CephTimestamp(1795526480, 5), zone));
        Assert.Equal("", MirrorStatusText.Time(default, zone));
    }

    [Fact]
    public void Peers_secrets_are_written_as_Ceph_writes_them_and_never_printed()
    {
        MirrorPeerAttributes attributes = MirrorPeerAttributes.Empty.With("mon_host", "[v2:10.0.0.1:3300,v1:10.0.0.1:6789]").With("key", "AQBsecret==");
        Assert.Equal("""{"key": "AQBsecret==", "mon_host": "[v2:10.0.0.1:3300,v1:10.0.0.1:6789]"}""", attributes.ToJson());
        Assert.DoesNotContain("AQBsecret", attributes.ToString(), StringComparison.Ordinal);
        Assert.Equal("""{"mon_host": "a"}""", attributes.With("key", "").With("mon_host", "a").ToJson());
        Assert.True(MirrorPeerAttributes.Empty.With("key", null).IsEmpty);
    }

    [Theory]
    [InlineData("""{"key": "AQBsecret==", "x": 5}""")]
    [InlineData("""["AQBsecret=="]""")]
    [InlineData("""{"key": "AQBsecret==""")]
    [InlineData("")]
    public void Damaged_secrets_are_an_error_that_does_not_show_them(string json)
    {
        RadosException error = Assert.Throws<RadosException>(() => ConfigKeys.ParseObject(json, "rbd/mirror/peer/1/u"));
        Assert.Equal(Errno.EINVAL, error.Code);
        Assert.DoesNotContain("AQBsecret", error.ToString(), StringComparison.Ordinal);
    }

    private static MirrorPeer Peer(MirrorPeerDirection direction) =>
        new() { Uuid = "p", SiteName = "site-b", MirrorUuid = "there", Direction = direction };

    private static (string State, string Description) Describe(MirrorImageSiteStatus? status) => (MirrorStatusText.Of(status!), status!.Description);
}
