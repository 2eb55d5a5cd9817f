using System.Globalization;
using Microsoft.Extensions.Logging;
using Nacre.Mirroring.Daemon.Hosting;
using Nacre.Mirroring.Daemon.Journals;
using Nacre.Mirroring.Daemon.Planning;
using Nacre.Mirroring.Daemon.Status;
using Nacre.ObjectClasses.Calls;
using Nacre.ObjectClasses.Rbd;
using Nacre.Rados;

namespace Nacre.Mirroring.Daemon.Images;

/// <summary>
/// Keeps one image like its source: prepares the local copy, then copies mirror snapshots as they come. One method that waits, looks, and does what the
/// planner says; watches wake it.
/// </summary>
internal sealed class ImageReplayer
{
    private readonly ReplayContext _context;
    private readonly CopyCatalog _catalog;
    private readonly Signal _wake = new();
    private readonly ReplayRates _rates;
    private readonly Backoff _backoff;
    private readonly JournalReplay _journal;
    private HeaderView? _local;
    private HeaderView? _remote;
    private SnapshotCopy? _copying;
    private CopySnapshot? _step;

    public ImageReplayer(ReplayContext context, string globalImageId)
    {
        _context = context;
        GlobalImageId = globalImageId;
        _catalog = new CopyCatalog(context);
        _rates = new ReplayRates(context.Time);
        _backoff = new Backoff(context.Time, maximum: context.Options.MaximumBackoff);
        _journal = new JournalReplay(context, globalImageId, _wake, Report);
    }

    /// <summary>The image's id at all sites.</summary>
    public string GlobalImageId { get; }

    /// <summary>What was last reported.</summary>
    public MirrorImageStatusState State { get; private set; } = MirrorImageStatusState.StartingReplay;

    /// <summary>Something about the image may have changed.</summary>
    public void Wake() => _wake.Set();

    /// <summary>Replays until cancelled, or until the image is no longer mirrored from there.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        Report(MirrorImageStatusState.StartingReplay, "starting replay");
        while (true)
        {
            TimeSpan patience;
            try
            {
                if (!await ReplayAsync(cancellationToken))
                {
                    _context.Status.Forget(GlobalImageId);
                    return;
                }

                _backoff.Reset();
                patience = _context.Options.ImageCheckInterval;
            }
            catch (RadosException failed)
            {
                cancellationToken.ThrowIfCancellationRequested();
                patience = _backoff.Next();
                if (failed.Code != Errno.EAGAIN)
                {
                    _context.Log.LogError("image {GlobalImageId}: {Error}", GlobalImageId, failed.Message);
                    Report(MirrorImageStatusState.Error, failed.Message);
                }
            }

            await _wake.WaitAsync(patience, _context.Time, cancellationToken);
        }
    }

    /// <summary>Publishes the state again, with fresh numbers.</summary>
    public void ReportProgress()
    {
        _journal.ReportProgress();
        if (_copying is not null || State == MirrorImageStatusState.Replaying)
        {
            ReportReplaying();
        }
    }

    /// <summary>One session with the image; returns when nothing is left to do. False where the image is gone; EAGAIN where the copy was taken away.</summary>
    private async Task<bool> ReplayAsync(CancellationToken cancellationToken)
    {
        (string? localId, string? remoteId) = await FindAsync(cancellationToken);
        if (remoteId is null)
        {
            return await HandleRemoteGoneAsync(localId, cancellationToken);
        }

        if (await new MirrorPool(_context.Remote).FindImageAsync(remoteId, cancellationToken) is { Mode: MirrorImageMode.Journal })
        {
            (_local, _remote) = (null, null);
            await _journal.RunAsync(localId, remoteId, cancellationToken);
            return true;
        }

        _remote = await HeaderLoader.LoadAsync(_context.Remote, remoteId, cancellationToken);
        localId = await PrepareLocalAsync(localId, cancellationToken);
        if (localId is null)
        {
            return true;
        }

        await using var remoteWatch = new HeaderWatch(_context.Remote, remoteId, _wake);

        // Let go first: the source may be dead.
        await using var copy = new HeldCopy(_context, localId, _wake);
        using var session = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, copy.Lost);
        try
        {
            return await FollowAsync(copy, remoteWatch, remoteId, session.Token);
        }
        catch (Exception failed) when (!cancellationToken.IsCancellationRequested && copy.IsTaken(failed))
        {
            _context.Log.LogInformation("image {GlobalImageId}: the local copy was taken away, replay stops", GlobalImageId);
            throw new RadosException(Errno.EAGAIN, $"the local copy of {GlobalImageId}, taken away by another client");
        }
    }

    private async Task<bool> FollowAsync(HeldCopy copy, HeaderWatch remoteWatch, string remoteId, CancellationToken cancellationToken)
    {
        while (true)
        {
            await remoteWatch.EnsureAsync(cancellationToken);
            StopReplay? stop = await CatchUpAsync(copy, remoteId, cancellationToken);
            if (stop is not null)
            {
                // What is not replayed is left to others, and what they make of it is looked at from the beginning.
                await copy.LetGoAsync();
                Report(stop.State, stop.Description);
                return true;
            }

            ReportReplaying();
            _backoff.Reset();
            bool woken = await _wake.WaitAsync(
                _remoteIncomplete ? TimeSpan.FromSeconds(1) : _context.Options.ImageCheckInterval, _context.Time, cancellationToken);
            if (!woken && !await IsStillMirroredAsync(remoteId, cancellationToken))
            {
                _wake.Set();
                return true;
            }
        }
    }

    private bool _remoteIncomplete;

    /// <summary>Does what the planner says until it says to wait or to stop.</summary>
    private async Task<StopReplay?> CatchUpAsync(HeldCopy held, string remoteId, CancellationToken cancellationToken)
    {
        var planner = new ReplayPlanner(_context.LocalMirrorUuid, _context.RemoteMirrorUuid, _context.RemotePeerUuid);
        while (true)
        {
            Task<HeaderView?> loadingRemote = HeaderLoader.LoadAsync(_context.Remote, remoteId, cancellationToken);
            _local = await held.Copy.LoadAsync(cancellationToken);
            _remote = await loadingRemote;
            if (_local is null || _remote is null)
            {
                throw new RadosException(Errno.EAGAIN, $"the {(_local is null ? "local copy" : "source image")} is gone");
            }

            if (!IsSupported(_remote, out string? obstacle))
            {
                return new StopReplay(MirrorImageStatusState.Error, obstacle!);
            }

            ReplayStep next = planner.Next(_local, _remote);
            if (next is StopReplay stop)
            {
                _remoteIncomplete = false;
                return stop;
            }

            if (await held.EnsureAsync(cancellationToken))
            {
                // It may have changed before it was held.
                continue;
            }

            switch (next)
            {
                case PruneLocal prune:
                    await held.Copy.RemoveSnapshotAsync(_local, _local.Find(prune.SnapshotId)!, cancellationToken);
                    break;
                case AbandonCopy abandon:
                    await new AbandonedCopy(_context, held.Copy, _local).TakeBackAsync(abandon.SnapshotId, abandon.LocalStart, cancellationToken);
                    await held.Copy.RemoveSnapshotAsync(_local, _local.Find(abandon.SnapshotId)!, cancellationToken);
                    break;
                case UnlinkRemote unlink:
                    await UnlinkAsync(remoteId, unlink.SnapshotId, cancellationToken);
                    break;
                case LinkRemote link:
                    await SnapshotLink.AddPeerAsync(_context.Remote, remoteId, link.SnapshotId, _context.RemotePeerUuid, cancellationToken);
                    break;
                case CopySnapshot step:
                    await CopyAsync(held.Copy, step, remoteId, cancellationToken);
                    break;
                case WaitForChange wait:
                    _remoteIncomplete = wait.RemoteIncomplete;
                    PrepareForNext(cancellationToken);
                    return null;
            }
        }
    }

    /// <summary>An image without mirror snapshots is copied to from nothing only while its record says that it is a copy: it may be somebody's own by now.</summary>
    private async Task RequireCopyAsync(string localId, CancellationToken cancellationToken)
    {
        MirrorImage? record = await new MirrorPool(_context.Local).FindImageAsync(localId, cancellationToken);
        if (record is not { State: MirrorImageState.Creating or MirrorImageState.Enabled } || record.GlobalImageId != GlobalImageId)
        {
            throw new RadosException(Errno.EAGAIN, $"image {_context.Local.Name}/{localId}, which is a copy of {GlobalImageId} no more");
        }
    }

    private async Task CopyAsync(LocalCopy copy, CopySnapshot step, string remoteId, CancellationToken cancellationToken)
    {
        await _context.SyncThrottle.WaitAsync(cancellationToken);
        try
        {
            if (step.LocalStart == 0)
            {
                await RequireCopyAsync(_local!.Id, cancellationToken);
            }

            _step = step;
            _copying = new SnapshotCopy(_context, copy, GlobalImageId, _local!, _remote!, step, _rates);
            ReportReplaying();
            await _copying.RunAsync(cancellationToken);
        }
        finally
        {
            _copying = null;
            _step = null;
            _context.SyncThrottle.Release();
        }

        _context.Log.LogInformation(
            "image {GlobalImageId}: snapshot {SnapshotId} is copied, {Bytes} bytes read", GlobalImageId, step.RemoteEnd, _rates.Last.Bytes);
        await Task.WhenAll(
            copy.NotifyAsync(cancellationToken),
            step.RemoteStart == 0 ? Task.CompletedTask : UnlinkAsync(remoteId, step.RemoteStart, cancellationToken));
    }

    /// <summary>Has a snapshot id made ahead, now that there is time.</summary>
    private void PrepareForNext(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        long pool = _local!.DataPoolId < 0 ? _context.Local.Id : _local.DataPoolId;
        if (pool == _context.Local.Id)
        {
            _context.SnapshotIds(_context.Local).Refill();
        }
    }

    private async Task UnlinkAsync(string remoteId, ulong snapshotId, CancellationToken cancellationToken)
    {
        const int restart = 85;
        string header = RbdObjects.Header(remoteId);
        int code = await _context.Remote.CallForCodeAsync(
            header, RbdCalls.UnlinkMirrorSnapshotPeer(snapshotId, _context.RemotePeerUuid), cancellationToken);
        if (code is not (-Errno.ENOENT or -restart))
        {
            RadosException.ThrowIfFailed(code, "unlinking this site from a mirror snapshot", _context.Remote.Name, header);
        }
    }

    private async Task<(string? LocalId, string? RemoteId)> FindAsync(CancellationToken cancellationToken)
    {
        Task<string?> findingLocal = new MirrorPool(_context.Local).FindImageIdAsync(GlobalImageId, cancellationToken);
        string? remoteId = await new MirrorPool(_context.Remote).FindImageIdAsync(GlobalImageId, cancellationToken);
        return (await findingLocal, remoteId);
    }

    private async Task<bool> IsStillMirroredAsync(string remoteId, CancellationToken cancellationToken) =>
        await new MirrorPool(_context.Remote).FindImageIdAsync(GlobalImageId, cancellationToken) == remoteId;

    /// <summary>The source's record is gone: so goes the copy, if it is one of that source and the source still mirrors. False ends the replay.</summary>
    private async Task<bool> HandleRemoteGoneAsync(string? localId, CancellationToken cancellationToken)
    {
        if (localId is null)
        {
            return false;
        }

        MirrorImage? record = await new MirrorPool(_context.Local).FindImageAsync(localId, cancellationToken);
        HeaderView? local = await HeaderLoader.LoadAsync(_context.Local, localId, cancellationToken);
        bool leftover = record?.State is MirrorImageState.Disabling or MirrorImageState.Creating;
        bool ofSource = record is { Mode: MirrorImageMode.Journal }
            ? await _journal.IsCopyOfSourceAsync(localId, cancellationToken)
            : local is { Promotion: PromotionState.NonPrimary } && local.PrimaryMirrorUuid == _context.RemoteMirrorUuid;
        if (!leftover && !ofSource)
        {
            Report(MirrorImageStatusState.Stopped, local?.Promotion == PromotionState.Primary ? "local image is primary" : "remote image no longer exists");
            return true;
        }

        // Proof, asked for last: the source answers, is the one that was copied from, mirrors, and does not know the image.
        var remote = new MirrorPool(_context.Remote);
        if (await remote.GetMirrorUuidAsync(cancellationToken) != _context.RemoteMirrorUuid
            || await remote.GetModeAsync(cancellationToken) == MirrorMode.Disabled
            || await remote.FindImageIdAsync(GlobalImageId, cancellationToken) is not null)
        {
            Report(MirrorImageStatusState.Unknown, "remote image no longer exists");
            return true;
        }

        _context.Log.LogWarning("image {GlobalImageId}: remote image no longer exists: removing the copy", GlobalImageId);
        await _catalog.RemoveAsync(localId, GlobalImageId, record?.Mode ?? MirrorImageMode.Snapshot, cancellationToken);
        return false;
    }

    /// <summary>The local image to replay to, created where there is none; null, with the reason reported, where there is nothing to replay.</summary>
    private async Task<string?> PrepareLocalAsync(string? localId, CancellationToken cancellationToken)
    {
        MirrorImage? record = localId is null ? null : await new MirrorPool(_context.Local).FindImageAsync(localId, cancellationToken);
        if (localId is not null && record?.State == MirrorImageState.Disabling && await IsDisabledByOthersAsync(localId, cancellationToken))
        {
            Report(MirrorImageStatusState.Stopped, "local image mirroring is being disabled");
            return null;
        }

        if (localId is not null && record?.State is MirrorImageState.Creating or MirrorImageState.Disabling)
        {
            // Half an image, of a daemon that was killed at creating or removing it.
            await _catalog.RemoveAsync(localId!, GlobalImageId, cancellationToken);
            localId = null;
        }

        HeaderView? local = localId is null ? null : await HeaderLoader.LoadAsync(_context.Local, localId, cancellationToken);
        if (local?.Promotion == PromotionState.Primary)
        {
            Report(MirrorImageStatusState.Stopped, "local image is primary");
            return null;
        }

        bool linked = local is not null && local.Promotion == PromotionState.NonPrimary && local.PrimaryMirrorUuid == _context.RemoteMirrorUuid;
        if (_remote is null || (_remote.Promotion != PromotionState.Primary && !linked))
        {
            Report(MirrorImageStatusState.Unknown, "remote image is not primary");
            return null;
        }

        if (!IsSupported(_remote, out string? obstacle))
        {
            Report(MirrorImageStatusState.Error, obstacle!);
            return null;
        }

        return local?.Id ?? await _catalog.CreateAsync(GlobalImageId, _remote, cancellationToken);
    }

    /// <summary>
    /// Whether an operator ends the mirroring of a copy, which then stays: what a daemon was killed at removing was never a whole copy while its source
    /// still mirrors it, and nobody has it open.
    /// </summary>
    private async Task<bool> IsDisabledByOthersAsync(string localId, CancellationToken cancellationToken)
    {
        HeaderView? local = await HeaderLoader.LoadAsync(_context.Local, localId, cancellationToken);
        return local is not null
            && (local.MirrorSnapshots.Any(s => s.Mirror!.Complete)
                || (await _context.Local.ListWatchersAsync(RbdObjects.Header(localId), cancellationToken)).Count > 0);
    }

    private static bool IsSupported(HeaderView remote, out string? obstacle)
    {
        obstacle = remote.HasParent ? "the image is a clone: flatten it to have it mirrored" : null;
        return obstacle is null;
    }

    private void Report(MirrorImageStatusState state, string description)
    {
        if (state != State)
        {
            _context.Log.LogInformation("image {GlobalImageId}: {State}: {Description}", GlobalImageId, state, description);
        }

        State = state;
        _context.Status.Report(GlobalImageId, state, description);
    }

    private void ReportReplaying()
    {
        if (_local is not { } local || _remote is not { } remote || remote.MirrorSnapshots.LastOrDefault() is not { } newest)
        {
            return;
        }

        ulong copied = local.MirrorSnapshots.LastOrDefault(s => s.Mirror!.Complete)?.Mirror!.PrimarySnapshotId ?? 0;
        SnapshotCopy? copying = _copying;
        CopySnapshot? step = _step;
        var status = new ReplayStatus
        {
            IsSyncing = copying is not null,
            RemoteSnapshotTimestamp = newest.Timestamp.Seconds,
            LocalSnapshotTimestamp = remote.Find(copied)?.Timestamp.Seconds,
            SyncingSnapshotTimestamp = copying is null || step is null ? null : remote.Find(step.RemoteEnd)?.Timestamp.Seconds,
            SyncingPercent = copying?.Percent,
            BytesPerSecond = _rates.BytesPerSecond,
            BytesPerSnapshot = _rates.BytesPerSnapshot,
            LastSnapshotBytes = _rates.Last.Bytes,
            LastSnapshotSyncSeconds = _rates.Last.Seconds,
            PendingSnapshots = step?.Pending ?? 0,
        };
        bool first = step is { LocalStart: 0 } && copying is not null;
        Report(
            first ? MirrorImageStatusState.Syncing : MirrorImageStatusState.Replaying,
            first ? string.Create(CultureInfo.InvariantCulture, $"syncing, {status.ToJson()}") : status.ToDescription());
    }
}
