using Nacre.Journal.Committing;
using Nacre.Journal.Formats;
using Nacre.Journal.Reading;
using Nacre.Mirroring.Daemon.Images;
using Nacre.ObjectClasses.Journal;
using Nacre.Rados;
using Nacre.Rbd;
using Nacre.Rbd.Journaling;

namespace Nacre.Mirroring.Daemon.Journals;

/// <summary>
/// Reads the source's journal ahead, applies it to the copy, and commits there what is durable here (src/tools/rbd_mirror/image_replayer/journal/Replayer.cc).
/// </summary>
internal sealed class JournalPump(
    ReplayContext context, SourceJournal source, CopyJournal own, Image copy, RateMeter bytes, RateMeter entries, Action committed)
{
    /// <summary>When nothing was read for so long, what is gathered is written without waiting for more.</summary>
    private static readonly TimeSpan _idle = TimeSpan.FromMilliseconds(100);

    /// <summary>Nothing that was read waits longer than this.</summary>
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(5);

    private static readonly TimeSpan _lastCommit = TimeSpan.FromSeconds(2);

    private readonly CommitTracker _tracker = new(source.Journal, context.LocalMirrorUuid, source.Client!.CommitPosition);
    private long _sent = context.Time.GetTimestamp();
    private ulong _trimmed = ulong.MaxValue;
    private volatile JournalPlayer? _player;
    private bool _isBusy;

    /// <summary>The source's journal has changed: there may be more.</summary>
    public void Wake() => _player?.Wake();

    /// <summary>Replays until the source is demoted, or cancelled.</summary>
    /// <param name="taken">Cancelled where the copy was taken away: then the source is not waited for.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public async Task RunAsync(CancellationToken taken, CancellationToken cancellationToken)
    {
        using var committing = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Task commits = CommitAsync(committing.Token);
        try
        {
            await ReplayAsync(cancellationToken);
        }
        finally
        {
            await committing.CancelAsync();
            await commits;
            if (!taken.IsCancellationRequested)
            {
                await CommitLastAsync();
            }
        }
    }

    private async Task ReplayAsync(CancellationToken cancellationToken)
    {
        int fetchBytes = context.JournalMemory.BeginFollowing();
        try
        {
            await ReplayAsync(fetchBytes, cancellationToken);
        }
        finally
        {
            SetBusy(false);
            context.JournalMemory.EndFollowing();
        }
    }

    private async Task ReplayAsync(int fetchBytes, CancellationToken cancellationToken)
    {
        var following = new JournalPlayerOptions
        {
            Follow = true, PollInterval = context.Options.JournalPollInterval, FetchBytes = fetchBytes, Time = context.Time,
        };
        await using var player = new JournalPlayer(source.Journal, source.Client!.CommitPosition, following);
        await using var applier = new JournalApplier(
            copy, source.Journal, _tracker,
            new JournalApplierOptions { MaximumBytes = context.Options.JournalWindow, Share = () => context.JournalMemory.Share });
        _player = player;
        try
        {
            await PlayAsync(player, applier, cancellationToken);
        }
        catch (RadosException) when (!cancellationToken.IsCancellationRequested)
        {
            // What came before is good, unless it was the store that failed.
            await applier.FlushAsync(cancellationToken);
            throw;
        }
    }

    private async Task PlayAsync(JournalPlayer player, JournalApplier applier, CancellationToken cancellationToken)
    {
        ulong? tag = null;
        bool isDemoted = false;
        while (!isDemoted)
        {
            PlayedEntry entry = await NextAsync(player, applier, cancellationToken);
            if (entry.Entry.TagTid != tag)
            {
                await applier.EndTagAsync(cancellationToken);
                tag = entry.Entry.TagTid;
                JournalTagData data = await source.GetTagAsync(entry.Entry.TagTid, cancellationToken);
                isDemoted = await own.EnterAsync(data, context.LocalMirrorUuid, context.RemoteMirrorUuid, cancellationToken);
            }

            JournalEvent decoded = JournalApplier.Decode(source.Journal, entry);
            await DelayAsync(decoded, applier, cancellationToken);
            int size = entry.Entry.Data.Length;
            await applier.ApplyAsync(entry, decoded, cancellationToken);
            bytes.Add(size);
            entries.Add(1);
        }

        await applier.EndTagAsync(cancellationToken);
    }

    private async ValueTask<PlayedEntry> NextAsync(JournalPlayer player, JournalApplier applier, CancellationToken cancellationToken)
    {
        ValueTask<PlayedEntry?> reading = player.NextAsync(cancellationToken);
        if (reading.IsCompleted)
        {
            if (context.Time.GetElapsedTime(_sent) > _patience)
            {
                SendAll(applier);
            }

            return (await reading)!;
        }

        Task<PlayedEntry?> read = reading.AsTask();
        if (await Task.WhenAny(read, Task.Delay(_idle, context.Time, cancellationToken)) != read)
        {
            SendAll(applier);
            SetBusy(false);
        }

        PlayedEntry next = (await read)!;
        SetBusy(true);
        return next;
    }

    private void SetBusy(bool isBusy)
    {
        if (isBusy != _isBusy)
        {
            _isBusy = isBusy;
            (isBusy ? (Action)context.JournalMemory.BeginBusy : context.JournalMemory.EndBusy)();
        }
    }

    private void SendAll(JournalApplier applier)
    {
        applier.SendAll();
        _sent = context.Time.GetTimestamp();
    }

    // rbd_mirroring_replay_delay: what happened is not repeated before it is so old.
    private async ValueTask DelayAsync(JournalEvent decoded, JournalApplier applier, CancellationToken cancellationToken)
    {
        while (ulong.TryParse(copy.GetOption("rbd_mirroring_replay_delay"), out ulong seconds) && seconds > 0)
        {
            TimeSpan left = decoded.Timestamp.ToDateTime().AddSeconds(Math.Min(seconds, int.MaxValue)) - context.Time.GetUtcNow();
            if (left <= TimeSpan.Zero)
            {
                return;
            }

            SendAll(applier);
            await Task.Delay(left < _patience ? left : _patience, context.Time, cancellationToken);
        }
    }

    private async Task CommitAsync(CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(context.Options.JournalCommitInterval, context.Time);
        JournalPosition written = _tracker.Position;
        try
        {
            while (await timer.WaitForNextTickAsync(cancellationToken))
            {
                JournalPosition position = _tracker.Position;
                if (position.Equals(written))
                {
                    continue;
                }

                try
                {
                    await _tracker.FlushAsync(cancellationToken);
                    written = position;
                    committed();
                    await TellAsync(position, cancellationToken);
                }
                catch (RadosException)
                {
                    // A position only saves work; a real failure the replay meets by itself.
                }
            }
        }
        catch (OperationCanceledException)
        {
            // The replay is over.
        }
    }

    // Whoever writes the source trims its journal then; where nobody does, we do.
    private async Task TellAsync(JournalPosition position, CancellationToken cancellationToken)
    {
        ulong set = position.Positions.Min(p => p.ObjectNumber) / source.Journal.SplayWidth;
        if (set == _trimmed)
        {
            return;
        }

        await source.Journal.NotifyAsync(cancellationToken);
        await JournalTrimmer.TrimAsync(source.Journal, cancellationToken);
        _trimmed = set;
    }

    private async Task CommitLastAsync()
    {
        using var patience = new CancellationTokenSource(_lastCommit, context.Time);
        try
        {
            await _tracker.FlushAsync(patience.Token);
        }
        catch (Exception lost) when (lost is RadosException or OperationCanceledException)
        {
            // Then more is replayed again.
        }
    }
}
