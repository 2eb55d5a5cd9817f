using Microsoft.Extensions.Logging;
using Nacre.Journal;
using Nacre.Mirroring.Daemon.Hosting;
using Nacre.Mirroring.Daemon.Images;
using Nacre.ObjectClasses.Journal;
using Nacre.ObjectClasses.Rbd;
using Nacre.Rados;
using Nacre.Rbd;
using Nacre.Rbd.Journaling;

namespace Nacre.Mirroring.Daemon.Journals;

/// <summary>Why following a journal ended.</summary>
internal enum FollowEnd
{
    /// <summary>The source was demoted, and all of its writes are here.</summary>
    Demoted,
    /// <summary>The copy was promoted by force.</summary>
    Promoted,
    /// <summary>An operator wants the copy made anew.</summary>
    ResyncRequested,
    /// <summary>The source keeps its journal for this site no more: it was too far behind.</summary>
    Disconnected,
}

/// <summary>
/// Follows the source's journal while the copy is held with its exclusive lock. Both journals' headers are watched: here for promotion, there for positions
/// and for being disconnected. Neither watch waits for the other site.
/// </summary>
internal sealed class JournalFollower(
    ReplayContext context, SourceJournal source, CopyJournal own, string localId, Action<MirrorImageStatusState, string> report) : IAsyncDisposable
{
    /// <summary>How often positions are looked at while entries come.</summary>
    private static readonly TimeSpan _busyInterval = TimeSpan.FromSeconds(2);

    private readonly Signal _localChanged = new();
    private readonly Signal _remoteChanged = new();
    private readonly RateMeter _bytes = new(context.Time);
    private readonly RateMeter _entries = new(context.Time);
    private readonly Dictionary<ulong, JournalTagData?> _tags = [];
    private Image? _image;
    private JournalPump? _pump;

    /// <summary>Publishes positions and rates anew.</summary>
    public void Refresh() => _remoteChanged.Set();

    /// <summary>Opens the copy and takes its lock.</summary>
    public async Task OpenAsync(CancellationToken cancellationToken)
    {
        _image = await HeldCopy.OpenAsync(context, localId, isJournaled: true, cancellationToken);
        await _image.AcquireLockAsync(cancellationToken);
        _pump = new JournalPump(context, source, own, _image, _bytes, _entries, _remoteChanged.Set);
    }

    /// <summary>Follows until there is a reason to stop.</summary>
    public async Task<FollowEnd> RunAsync(CancellationToken cancellationToken)
    {
        using var taken = new CancellationTokenSource();
        using var stopping = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Task<FollowEnd> local = WatchLocalAsync(taken, stopping.Token);
        Task<FollowEnd> remote = WatchRemoteAsync(stopping.Token);
        Task<FollowEnd> pumping = PumpAsync(taken.Token, stopping.Token);
        Task<FollowEnd> first = await Task.WhenAny(local, remote, pumping);
        await stopping.CancelAsync();
        foreach (Task other in (Task[])[pumping, local, remote])
        {
            await other.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        cancellationToken.ThrowIfCancellationRequested();
        if (local.IsCompletedSuccessfully && await local is FollowEnd.Promoted or FollowEnd.ResyncRequested)
        {
            // Whatever else failed, it may have come of that.
            return await local;
        }

        return await first;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_image is { } image)
        {
            await image.DisposeAsync();
        }
    }

    private async Task<FollowEnd> PumpAsync(CancellationToken taken, CancellationToken cancellationToken)
    {
        await _pump!.RunAsync(taken, cancellationToken);
        return FollowEnd.Demoted;
    }

    private async Task<FollowEnd> WatchLocalAsync(CancellationTokenSource taken, CancellationToken cancellationToken)
    {
        await using var watch = new HeaderWatch(context.Local, localId, _localChanged, ImageJournal.HeaderOf(localId));
        while (true)
        {
            await watch.EnsureAsync(cancellationToken);
            JournalTags tags = await own.ReadTagsAsync(cancellationToken);
            if (tags.IsLocal || tags.IsResyncRequested)
            {
                await taken.CancelAsync();
                return tags.IsLocal ? FollowEnd.Promoted : FollowEnd.ResyncRequested;
            }

            await _localChanged.WaitAsync(context.Options.ImageCheckInterval, context.Time, cancellationToken);
        }
    }

    private async Task<FollowEnd> WatchRemoteAsync(CancellationToken cancellationToken)
    {
        await using var watch = new HeaderWatch(context.Remote, source.Journal.Id, _remoteChanged, source.Journal.HeaderName);
        while (true)
        {
            await watch.EnsureAsync(cancellationToken);
            IReadOnlyList<JournalClient> clients = await source.Journal.ListClientsAsync(cancellationToken);
            JournalClient? self = clients.FirstOrDefault(client => client.Id == context.LocalMirrorUuid);
            if (self is null or { State: JournalClientState.Disconnected })
            {
                return self is null
                    ? throw new RadosException(Errno.EAGAIN, $"this site, unregistered from journal {source.Journal.HeaderName} of the source")
                    : FollowEnd.Disconnected;
            }

            await ReportAsync(
                clients.FirstOrDefault(client => client.Id == JournalTags.ImageClientId)?.CommitPosition ?? JournalPosition.None, self.CommitPosition,
                cancellationToken);
            if (await _remoteChanged.WaitAsync(
                _entries.Rate > 0 ? _busyInterval : context.Options.ImageCheckInterval, context.Time, cancellationToken))
            {
                _pump!.Wake();
            }
        }
    }

    private async Task ReportAsync(JournalPosition primary, JournalPosition ours, CancellationToken cancellationToken)
    {
        JournalObjectPosition? newest = primary.Positions.Count > 0 ? primary.Positions[0] : null;
        JournalObjectPosition? reached = ours.Positions.Count > 0 ? ours.Positions[0] : null;
        await LearnTagsAsync(newest?.TagTid ?? 0, reached?.TagTid ?? 0, cancellationToken);
        var status = new JournalReplayStatus
        {
            Primary = newest,
            NonPrimary = reached,
            EntriesBehind = JournalReplayStatus.CountBehind(newest, reached, tid => _tags.GetValueOrDefault(tid)),
            BytesPerSecond = _bytes.Rate,
            EntriesPerSecond = _entries.Rate,
        };
        report(MirrorImageStatusState.Replaying, status.ToDescription());
    }

    private async Task LearnTagsAsync(ulong tid, ulong known, CancellationToken cancellationToken)
    {
        while (tid > known)
        {
            if (!_tags.TryGetValue(tid, out JournalTagData? data))
            {
                try
                {
                    data = await source.GetTagAsync(tid, cancellationToken);
                }
                catch (RadosException gone) when (gone.Code == Errno.ENOENT)
                {
                    data = null;
                }

                _tags[tid] = data;
            }

            tid = data is null || data.PredecessorTagTid >= tid ? 0 : data.PredecessorTagTid;
        }
    }
}
