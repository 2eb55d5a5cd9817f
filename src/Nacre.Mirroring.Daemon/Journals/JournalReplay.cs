using Microsoft.Extensions.Logging;
using Nacre.Journal;
using Nacre.Mirroring.Daemon.Hosting;
using Nacre.Mirroring.Daemon.Images;
using Nacre.Mirroring.Daemon.Planning;
using Nacre.ObjectClasses.Journal;
using Nacre.ObjectClasses.Rbd;
using Nacre.Rados;
using Nacre.Rbd;
using Nacre.Rbd.Journaling;

namespace Nacre.Mirroring.Daemon.Journals;

/// <summary>
/// Keeps one image like its source by the source's journal: prepares the copy (src/tools/rbd_mirror/image_replayer/BootstrapRequest.cc), then follows the
/// journal. One look at a time: what is not replayed is told, and looked at anew when something changes.
/// </summary>
internal sealed class JournalReplay(ReplayContext context, string globalImageId, Signal wake, Action<MirrorImageStatusState, string> report)
{
    private readonly CopyCatalog _catalog = new(context);
    private volatile JournalFollower? _follower;

    /// <summary>Publishes the state again, with fresh numbers.</summary>
    public void ReportProgress() => _follower?.Refresh();

    /// <summary>One session with the image, whose source is there; returns when nothing is left to do.</summary>
    public async Task RunAsync(string? localId, string remoteId, CancellationToken cancellationToken)
    {
        Bootstrapping("PREPARE_REMOTE_IMAGE");
        SourceJournal source = await SourceJournal.OpenAsync(context.Remote, remoteId, context.LocalMirrorUuid, cancellationToken);
        Bootstrapping("PREPARE_LOCAL_IMAGE");
        (bool canGoOn, localId) = await FindCopyAsync(localId, cancellationToken);
        if (!canGoOn)
        {
            return;
        }

        bool isNew = localId is null;
        if (localId is null)
        {
            if (!source.Tags.IsLocal)
            {
                report(MirrorImageStatusState.Unknown, "remote image is not primary");
                return;
            }

            localId = await CreateAsync(source, remoteId, cancellationToken);
        }

        var own = new CopyJournal(await ImageJournal.OpenAsync(context.Local, localId, cancellationToken));
        JournalTags tags = await own.ReadTagsAsync(cancellationToken);
        if (tags.IsLocal)
        {
            report(MirrorImageStatusState.Stopped, "local image is primary");
            return;
        }

        if (tags.IsResyncRequested)
        {
            await ResyncAsync(localId, "resync requested", cancellationToken);
            return;
        }

        if (!await PrepareAsync(source, localId, tags.Data, cancellationToken))
        {
            return;
        }

        var sync = new JournalSync(context, source, remoteId, localId, wake, Syncing);
        if (source.Peer!.State == JournalMirrorPeerState.Syncing)
        {
            await sync.RunAsync(isNew, cancellationToken);
        }

        await sync.RemovePointsAsync(cancellationToken);
        await FollowAsync(source, own, localId, cancellationToken);
    }

    /// <summary>The source's record is gone: whether the copy is one of that source, so that it goes too.</summary>
    public async Task<bool> IsCopyOfSourceAsync(string localId, CancellationToken cancellationToken) =>
        await JournalMirroring.FindOwnerAsync(context.Local, localId, cancellationToken) == context.RemoteMirrorUuid;

    // What is there of a copy: half of one is removed, and what is somebody's own is left alone.
    private async Task<(bool CanGoOn, string? LocalId)> FindCopyAsync(string? localId, CancellationToken cancellationToken)
    {
        if (localId is null)
        {
            return (true, null);
        }

        MirrorImage? record = await new MirrorPool(context.Local).FindImageAsync(localId, cancellationToken);
        if (record is { Mode: not MirrorImageMode.Journal })
        {
            report(MirrorImageStatusState.Error, "split-brain detected");
            return (false, localId);
        }

        if (record is { State: MirrorImageState.Disabling } && !await IsLeftoverAsync(localId, cancellationToken))
        {
            report(MirrorImageStatusState.Stopped, "local image mirroring is being disabled");
            return (false, localId);
        }

        if (record is null or { State: MirrorImageState.Enabled })
        {
            return (true, localId);
        }

        await _catalog.RemoveAsync(localId, globalImageId, MirrorImageMode.Journal, cancellationToken);
        return (true, null);
    }

    /// <summary>
    /// Whether a copy that is being disabled is what a daemon left that was killed at removing it: it was to be made anew, or has lost its journal already.
    /// What an operator disables stays.
    /// </summary>
    private async Task<bool> IsLeftoverAsync(string localId, CancellationToken cancellationToken)
    {
        try
        {
            ImageJournal journal = await ImageJournal.OpenAsync(context.Local, localId, cancellationToken);
            return (await JournalTags.ReadAsync(journal, cancellationToken)).IsResyncRequested;
        }
        catch (RadosException absent) when (absent.Code == Errno.ENOENT)
        {
            return true;
        }
    }

    private async Task<string> CreateAsync(SourceJournal source, string remoteId, CancellationToken cancellationToken)
    {
        HeaderView remote = await HeaderLoader.LoadAsync(context.Remote, remoteId, cancellationToken)
            ?? throw new RadosException(Errno.EAGAIN, "the source image is gone");
        if (remote.HasParent)
        {
            throw new RadosException(Errno.EOPNOTSUPP, "the image is a clone: flatten it to have it mirrored");
        }

        // Registered first: from here on the journal is kept for this site.
        string id = new RbdImages(context.Local).GenerateId();
        Bootstrapping("REGISTER_CLIENT");
        await source.RegisterAsync(id, JournalMirrorPeerState.Syncing, cancellationToken);
        Bootstrapping("CREATE_LOCAL_IMAGE");
        await _catalog.CreateJournaledAsync(id, globalImageId, remote, cancellationToken);
        return id;
    }

    // Registers where needed, and decides whether the copy's journal and the source's belong together.
    private async Task<bool> PrepareAsync(SourceJournal source, string localId, JournalTagData local, CancellationToken cancellationToken)
    {
        Bootstrapping("PREPARE_REPLAY");
        if (source.Client is null)
        {
            await source.RegisterAsync(localId, JournalMirrorPeerState.Replaying, cancellationToken);
        }

        if (source.Peer!.ImageId != localId)
        {
            report(MirrorImageStatusState.Error, "split-brain detected");
            return false;
        }

        if (source.Client!.State == JournalClientState.Disconnected)
        {
            await OnDisconnectedAsync(localId, cancellationToken);
            return false;
        }

        bool isFromThere = local.MirrorUuid == context.RemoteMirrorUuid;
        if (!isFromThere && !source.Tags.IsLocal)
        {
            report(MirrorImageStatusState.Unknown, "remote image is not primary");
            return false;
        }

        if (source.Peer.State == JournalMirrorPeerState.Syncing)
        {
            if (isFromThere)
            {
                return true;
            }

            // Promoted by force and demoted again before the first copy was complete.
            await source.UpdateAsync(source.Peer with { State = JournalMirrorPeerState.Replaying }, cancellationToken);
        }

        if (!TagChain.IsLinked(local, context.LocalMirrorUuid, context.RemoteMirrorUuid, await source.ListTagsAsync(cancellationToken)))
        {
            report(MirrorImageStatusState.Error, "split-brain detected");
            return false;
        }

        return true;
    }

    private async Task FollowAsync(SourceJournal source, CopyJournal own, string localId, CancellationToken cancellationToken)
    {
        Bootstrapping("OPEN_LOCAL_IMAGE");
        FollowEnd end;
        await using (var follower = new JournalFollower(context, source, own, localId, report))
        {
            await follower.OpenAsync(cancellationToken);
            _follower = follower;
            try
            {
                end = await follower.RunAsync(cancellationToken);
            }
            finally
            {
                _follower = null;
            }
        }

        switch (end)
        {
            case FollowEnd.Promoted:
                report(MirrorImageStatusState.Stopped, "force promoted");
                break;
            case FollowEnd.ResyncRequested:
                await ResyncAsync(localId, "resync requested", cancellationToken);
                break;
            case FollowEnd.Disconnected:
                await OnDisconnectedAsync(localId, cancellationToken);
                break;
            default:
                // Demoted: what that means is found at the next look.
                wake.Set();
                break;
        }
    }

    private async Task OnDisconnectedAsync(string localId, CancellationToken cancellationToken)
    {
        if (await IsResyncedAfterDisconnectAsync(localId, cancellationToken))
        {
            await ResyncAsync(localId, "disconnected: automatic resync", cancellationToken);
        }
        else
        {
            report(MirrorImageStatusState.Error, "disconnected");
        }
    }

    private async Task<bool> IsResyncedAfterDisconnectAsync(string localId, CancellationToken cancellationToken)
    {
        await using Image image = await new RbdImages(context.Local).OpenByIdAsync(localId, ImageOpenOptions.ForReading, cancellationToken);
        return image.GetOption("rbd_mirroring_resync_after_disconnect") is "true" or "1" or "yes";
    }

    // The copy goes, and the next look makes a new one.
    private async Task ResyncAsync(string localId, string why, CancellationToken cancellationToken)
    {
        context.Log.LogWarning("image {GlobalImageId}: {Why}: the copy is made anew", globalImageId, why);
        report(MirrorImageStatusState.Stopped, why);

        // As an operator's wish: whoever finds half of the copy knows then that the rest may go.
        await JournalMirroring.RequestResyncAsync(context.Local, localId, cancellationToken);
        await _catalog.RemoveAsync(localId, globalImageId, MirrorImageMode.Journal, cancellationToken);
        wake.Set();
    }

    private void Bootstrapping(string step) => report(MirrorImageStatusState.StartingReplay, $"bootstrapping, {step}");

    private void Syncing(string step) => report(MirrorImageStatusState.Syncing, $"bootstrapping, IMAGE_SYNC/{step}");
}
