using Nacre.Cli.Output;
using Nacre.Mirroring;
using Nacre.ObjectClasses.Rbd;
using Nacre.Rbd;

namespace Nacre.Cli.Rbd.Mirror;

/// <summary>An image's mirroring status as rbd shows it, alone or in its pool's.</summary>
internal sealed class MirrorStatusView(
    RbdCommandContext context, IReadOnlyList<MirrorPeer> peers, string name, string globalImageId, MirrorSiteStatuses sites, MirrorDaemon? daemon)
{
    /// <summary>Mirror snapshots to be listed.</summary>
    public IReadOnlyList<ImageSnapshot> Snapshots { get; init; } = [];

    /// <summary>As JSON or XML.</summary>
    public void Show(OutputFormatter formatter)
    {
        formatter.OpenObject("image");
        formatter.Dump("name", name);
        formatter.Dump("global_id", globalImageId);
        if (sites.Local is { } local)
        {
            formatter.Dump("state", MirrorStatusText.Of(local));
            formatter.Dump("description", local.Description);
            if (daemon is not null)
            {
                formatter.OpenObject("daemon_service");
                formatter.Dump("service_id", daemon.ServiceId);
                formatter.Dump("instance_id", daemon.InstanceId);
                formatter.Dump("daemon_id", daemon.ClientId);
                formatter.Dump("hostname", daemon.HostName);
                formatter.Close();
            }

            formatter.Dump("last_update", Time(local));
        }

        ShowPeerSites(formatter);
        ShowSnapshots(formatter);
        formatter.Close();
    }

    /// <summary>As text. In a pool's status each image begins with an empty line, which ends the heading's line first.</summary>
    public void ShowPlain(bool ofPool)
    {
        if (ofPool)
        {
            context.Line();
        }

        context.Line($"{name}:");
        context.Line($"  global_id:   {globalImageId}");
        if (sites.Local is { } local)
        {
            context.Line($"  state:       {MirrorStatusText.Of(local)}");
            context.Line($"  description: {local.Description}");
            if (daemon is not null)
            {
                context.Line($"  service:     {daemon.Description}");
            }

            context.Line($"  last_update: {Time(local)}");
        }

        for (int i = 0; i < sites.Remote.Count; i++)
        {
            MirrorImageSiteStatus site = sites.Remote[i];
            context.Line(i == 0 ? "  peer_sites:" : "");
            context.Line($"    name: {SiteName(site) ?? site.MirrorUuid}");
            context.Line($"    state: {MirrorStatusText.Of(site)}");
            context.Line($"    description: {site.Description}");
            context.Line($"    last_update: {Time(site)}");
        }

        for (int i = 0; i < Snapshots.Count; i++)
        {
            if (i == 0)
            {
                context.Line("  snapshots:");
            }

            var mirror = (MirrorSnapshotNamespace)Snapshots[i].Namespace;
            context.Line(
                $"    {Snapshots[i].Id} {Snapshots[i].Name} ({(mirror.IsDemoted ? "demoted " : "")}peer_uuids:[{string.Join(',', mirror.PeerUuids)}])");
        }
    }

    private void ShowPeerSites(OutputFormatter formatter)
    {
        if (sites.Remote.Count == 0)
        {
            return;
        }

        formatter.OpenArray("peer_sites");
        foreach (MirrorImageSiteStatus site in sites.Remote)
        {
            formatter.OpenObject("peer_site");
            formatter.Dump("site_name", SiteName(site) ?? "");
            formatter.Dump("mirror_uuids", site.MirrorUuid);
            formatter.Dump("state", MirrorStatusText.Of(site));
            formatter.Dump("description", site.Description);
            formatter.Dump("last_update", Time(site));
            formatter.Close();
        }

        formatter.Close();
    }

    private void ShowSnapshots(OutputFormatter formatter)
    {
        if (Snapshots.Count == 0)
        {
            return;
        }

        formatter.OpenArray("snapshots");
        foreach (ImageSnapshot snapshot in Snapshots)
        {
            var mirror = (MirrorSnapshotNamespace)snapshot.Namespace;
            formatter.OpenObject("snapshot");
            formatter.Dump("id", snapshot.Id);
            formatter.Dump("name", snapshot.Name);
            formatter.Dump("demoted", mirror.IsDemoted);
            formatter.DumpArray("mirror_peer_uuids", "peer_uuid", mirror.PeerUuids);
            formatter.Close();
        }

        formatter.Close();
    }

    private string? SiteName(MirrorImageSiteStatus site) =>
        peers.LastOrDefault(peer => peer.MirrorUuid == site.MirrorUuid && peer.SiteName.Length > 0)?.SiteName;

    private string Time(MirrorImageSiteStatus site) => MirrorStatusText.Time(site.LastUpdate, context.Application.Time.LocalTimeZone);
}
