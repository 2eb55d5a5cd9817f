namespace Nacre.ObjectClasses.Rbd.Server;

/// <summary>One word for an image's statuses of all sites, as pool status counts them.</summary>
internal static class MirrorStatusSummary
{
    /// <summary>
    /// Where images only come here, this site's state; where they only go from here, the worst of the other sites'; else both. Unknown where a site
    /// that should report does not.
    /// </summary>
    public static MirrorImageStatusState Compute(IReadOnlyList<MirrorPeer> peers, MirrorImageStatus status)
    {
        MirrorPeerDirection direction = CombinedDirection(peers);
        MirrorImageStatusState? state = null;
        if (direction != MirrorPeerDirection.Transmit && status.Local is { Up: true } local)
        {
            state = local.State;
        }

        int silent = 0;
        if (direction != MirrorPeerDirection.Receive)
        {
            var expected = peers.Where(peer => peer.Direction != MirrorPeerDirection.Receive).Select(peer => peer.MirrorUuid).ToHashSet();
            silent = expected.Count;
            foreach (MirrorImageSiteStatus remote in status.Remote)
            {
                silent -= silent > 0 && expected.Contains(remote.MirrorUuid) ? 1 : 0;
                state = Combine(state, remote);
            }
        }

        return state is null || silent > 0 ? MirrorImageStatusState.Unknown : state.Value;
    }

    private static MirrorImageStatusState Combine(MirrorImageStatusState? state, MirrorImageSiteStatus remote)
    {
        if (remote.State == MirrorImageStatusState.Error)
        {
            return MirrorImageStatusState.Error;
        }

        MirrorImageStatusState remoteState = remote.Up ? remote.State : MirrorImageStatusState.Unknown;
        return state switch
        {
            null => remoteState,
            MirrorImageStatusState.Error => MirrorImageStatusState.Error,
            { } known => (MirrorImageStatusState)Math.Min((byte)known, (byte)remoteState),
        };
    }

    private static MirrorPeerDirection CombinedDirection(IReadOnlyList<MirrorPeer> peers)
    {
        MirrorPeerDirection direction = peers.Count > 0 ? peers[0].Direction : MirrorPeerDirection.Receive;
        return peers.Any(peer => peer.Direction != MirrorPeerDirection.Receive && peer.Direction != direction) ? MirrorPeerDirection.Both : direction;
    }
}
