using Nacre.ObjectClasses.Encoding;
using Nacre.ObjectClasses.Rbd;

namespace Nacre.Mirroring;

/// <summary>
/// What sites report of an image, as Ceph's tools show it: sites that are expected to report and did not are there as unknown, others are left out
/// (populate_unknown_mirror_image_site_statuses, src/tools/rbd/Utils.cc).
/// </summary>
/// <param name="Local">This site's; null where it only transmits, so that no daemon is expected here.</param>
/// <param name="Remote">Receiving peers', by mirror uuid.</param>
public sealed record MirrorSiteStatuses(MirrorImageSiteStatus? Local, IReadOnlyList<MirrorImageSiteStatus> Remote)
{
    /// <summary>Judges by the pool's peers.</summary>
    /// <param name="peers">The pool's peers.</param>
    /// <param name="status">What was reported; null for nothing.</param>
    public static MirrorSiteStatuses Of(IReadOnlyList<MirrorPeer> peers, MirrorImageStatus? status)
    {
        var missing = new SortedSet<string>(CephStringComparer.Instance);
        foreach (MirrorPeer peer in peers.Where(p => p.MirrorUuid.Length > 0 && p.Direction != MirrorPeerDirection.Transmit))
        {
            missing.Add(peer.MirrorUuid);
        }

        if (peers.Count == 0 || peers.Any(p => p.Direction != MirrorPeerDirection.Transmit))
        {
            missing.Add(MirrorImageSiteStatus.LocalMirrorUuid);
        }

        var shown = new List<MirrorImageSiteStatus>();
        foreach (MirrorImageSiteStatus site in status?.Sites ?? [])
        {
            if (missing.Remove(site.MirrorUuid))
            {
                shown.Add(site);
            }
        }

        shown.AddRange(missing.Select(uuid => new MirrorImageSiteStatus(uuid, MirrorImageStatusState.Unknown, MirrorStatusText.NotFound)));
        return new MirrorSiteStatuses(
            shown.FirstOrDefault(site => site.MirrorUuid.Length == 0), [.. shown.Where(site => site.MirrorUuid.Length > 0)]);
    }
}
