using Nacre.Journal.Metadata;
using Nacre.ObjectClasses.Journal;
using Nacre.Rados;

namespace Nacre.Journal.Reading;

/// <summary>
/// Reads a journal's entries strictly in the order of (tag, entry number), from a client's position on, all objects of a set ahead in parallel
/// (src/journal/JournalPlayer.cc). Not safe for concurrent use.
/// </summary>
/// <remarks>
/// <para>The rules, which are Ceph's: entry T is in the objects whose number modulo the width is T modulo the width, so where the next one must be is
/// known. Where a newer tag's entry stands there, or where there is none and no more will come, the tag is at its end: what follows a gap at a
/// writer's crash is dropped, and reading goes on with the newer tag's entry 0. An entry of the same tag that is beyond the expected one means that
/// one is missing: ENOMSG. Damaged bytes are EBADMSG, and only once all entries before them were given out.</para>
/// <para>No more will come where a newer tag exists (its writer has shut out the one before) or, unless entries are followed, at once.</para>
/// </remarks>
public sealed class JournalPlayer : IAsyncDisposable
{
    // Of a lane's objects at most as many as a set has can be absent in a row: each set has an entry, and entries take turns.
    private const int MaximumAbsentObjects = 512;

    private readonly ImageJournal _journal;
    private readonly JournalPosition _from;
    private readonly JournalPlayerOptions _options;
    private readonly CancellationTokenSource _stop = new();
    private readonly SemaphoreSlim _woken = new(0, 1);
    private readonly Lane[] _lanes;
    private JournalSets _sets;
    private bool _isStarted;
    private ulong? _tag;
    private ulong _next;
    private ulong? _superseded;

    /// <param name="journal">The journal.</param>
    /// <param name="from">Position of the client that reads: what it has committed is not given out.</param>
    /// <param name="options">How to read.</param>
    public JournalPlayer(ImageJournal journal, JournalPosition from, JournalPlayerOptions? options = null)
    {
        _journal = journal;
        _from = from;
        _options = options ?? new JournalPlayerOptions();
        _lanes = new Lane[journal.SplayWidth];
        if (from.Positions.Count > 0)
        {
            _tag = from.Positions[0].TagTid;
            _next = from.Positions[0].EntryTid + 1;
        }
    }

    /// <summary>Object sets as they were last seen.</summary>
    public JournalSets Sets => _sets;

    /// <summary>The tag that is being read; null before the first entry.</summary>
    public ulong? ActiveTag => _tag;

    /// <summary>
    /// The next entry, to be disposed; null at the end, unless entries are followed. <see cref="JournalDamagedException"/> where it is missing or
    /// damaged; other errors of the store may be tried again, but not after a cancellation, which is for good.
    /// </summary>
    public async ValueTask<PlayedEntry?> NextAsync(CancellationToken cancellationToken = default)
    {
        if (!_isStarted)
        {
            await StartAsync(cancellationToken);
        }

        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (await TryNextAsync(cancellationToken) is { } entry)
            {
                return entry;
            }

            if (!_options.Follow)
            {
                return null;
            }

            // Only after it is known that nobody writes this tag any more, a last look tells that it is at its end.
            if (_tag is { } tag && _superseded != tag && await _journal.IsSupersededAsync(tag, cancellationToken))
            {
                _superseded = tag;
                continue;
            }

            await PauseAsync(cancellationToken);
        }
    }

    /// <summary>There may be more: whoever waits at the end looks again now. Safe for concurrent use.</summary>
    public void Wake()
    {
        try
        {
            _woken.Release();
        }
        catch (SemaphoreFullException)
        {
            // It looks again already.
        }
    }

    /// <summary>All entries from here on; each is disposed when the next is asked for.</summary>
    public async IAsyncEnumerable<PlayedEntry> PlayAsync(
        [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        while (await NextAsync(cancellationToken) is { } entry)
        {
            using (entry)
            {
                yield return entry;
            }
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        foreach (Lane lane in _lanes)
        {
            await (lane?.DisposeAsync() ?? ValueTask.CompletedTask);
        }

        _stop.Dispose();
    }

    private async Task PauseAsync(CancellationToken cancellationToken)
    {
        using var bound = new CancellationTokenSource(_options.PollInterval, _options.Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(bound.Token, cancellationToken);
        try
        {
            await _woken.WaitAsync(either.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            // Nobody woke it.
        }
    }

    private async Task StartAsync(CancellationToken cancellationToken)
    {
        _sets = await _journal.ReadSetsAsync(cancellationToken);
        for (uint offset = 0; offset < _lanes.Length; offset++)
        {
            JournalObjectPosition? committed = null;
            foreach (JournalObjectPosition position in _from.Positions)
            {
                committed ??= position.ObjectNumber % _journal.SplayWidth == offset ? position : null;
            }

            ulong set = Math.Max(_sets.Minimum, (committed?.ObjectNumber ?? 0) / _journal.SplayWidth);
            _lanes[offset] = new Lane(Open((set * _journal.SplayWidth) + offset), committed);
            _lanes[offset].Current.Prefetch();
        }

        _isStarted = true;
    }

    private ObjectReader Open(ulong number) => new(_journal, number, _options.FetchBytes, _stop.Token);

    // The next entry as far as there are any by now.
    private async ValueTask<PlayedEntry?> TryNextAsync(CancellationToken cancellationToken)
    {
        if (_tag is null)
        {
            if (!await FillAsync(_lanes[0], cancellationToken))
            {
                return null;
            }

            _tag = _lanes[0].Head.Entry.TagTid;
            _next = _lanes[0].Head.Entry.EntryTid;
        }

        while (true)
        {
            Lane lane = _lanes[_next % _journal.SplayWidth];
            bool isOver = !_options.Follow || _superseded == _tag;
            if (await FillAsync(lane, cancellationToken))
            {
                PlayedEntry head = lane.Head;
                (ulong tag, ulong entry) = (head.Entry.TagTid, head.Entry.EntryTid);
                if (tag == _tag && entry == _next)
                {
                    _next++;
                    return lane.Current.Take();
                }

                if (tag < _tag || (tag == _tag && entry < _next))
                {
                    lane.Drop();
                    continue;
                }

                if (tag == _tag)
                {
                    throw lane.Current.Damage(Errno.ENOMSG, $"entry {_tag}/{_next} is missing before entry {tag}/{entry}", head.Offset);
                }

                isOver = true;
            }

            if (!isOver || !await TrySwitchTagAsync(cancellationToken))
            {
                return null;
            }
        }
    }

    // The active tag is at its end: looks for the beginning of the one that follows.
    private async ValueTask<bool> TrySwitchTagAsync(CancellationToken cancellationToken)
    {
        Lane first = _lanes[0];
        while (await FillAsync(first, cancellationToken))
        {
            PlayedEntry head = first.Head;
            (ulong tag, ulong entry) = (head.Entry.TagTid, head.Entry.EntryTid);
            if (tag <= _tag)
            {
                first.Drop();
                continue;
            }

            if (entry != 0)
            {
                throw first.Current.Damage(Errno.ENOMSG, $"entry {tag}/0 is missing before entry {tag}/{entry}", head.Offset);
            }

            _tag = tag;
            _next = 0;
            return true;
        }

        return false;
    }

    // Finds a lane's next entry that was not committed, from object to object, as far as it is there by now.
    private async ValueTask<bool> FillAsync(Lane lane, CancellationToken cancellationToken)
    {
        bool isRefreshed = false;
        while (true)
        {
            if (lane.Current.Set < _sets.Active)
            {
                lane.Ahead ??= Open(lane.Current.Number + _journal.SplayWidth);
                lane.Ahead.Prefetch();
            }

            bool isFinal = lane.Current.Set < _sets.Active;
            if (await FillObjectAsync(lane.Current, cancellationToken))
            {
                lane.Absent = 0;
                if (!lane.IsCommitted)
                {
                    return true;
                }

                lane.Drop();
            }
            else if (isFinal)
            {
                lane.Absent = lane.Current.IsAbsent ? lane.Absent + 1 : 0;
                if (lane.Absent > MaximumAbsentObjects)
                {
                    throw lane.Current.Damage(Errno.ENOMSG, $"{lane.Absent} objects of a journal are missing in a row", 0);
                }

                await lane.AdvanceAsync();
            }
            else if (isRefreshed)
            {
                return false;
            }
            else
            {
                _sets = await _journal.ReadSetsAsync(cancellationToken);
                isRefreshed = true;
            }
        }
    }

    private async ValueTask<bool> FillObjectAsync(ObjectReader reader, CancellationToken cancellationToken)
    {
        if (reader.Head is not null)
        {
            return true;
        }

        ValueTask<bool> filling = reader.FillAsync();
        if (filling.IsCompleted)
        {
            return await filling;
        }

        using (cancellationToken.UnsafeRegister(static stop => ((CancellationTokenSource)stop!).Cancel(), _stop))
        {
            return await filling;
        }
    }

    /// <summary>The objects of one number modulo the width.</summary>
    private sealed class Lane(ObjectReader first, JournalObjectPosition? committed) : IAsyncDisposable
    {
        public ObjectReader Current { get; private set; } = first;

        public ObjectReader? Ahead { get; set; }

        /// <summary>How many objects before the current one were absent in a row.</summary>
        public int Absent { get; set; }

        public PlayedEntry Head => Current.Head!;

        public bool IsCommitted => committed is { } position
            && (Head.Entry.TagTid, Head.Entry.EntryTid).CompareTo((position.TagTid, position.EntryTid)) <= 0;

        public void Drop() => Current.Take().Dispose();

        public async ValueTask AdvanceAsync()
        {
            ObjectReader old = Current;
            Current = Ahead!;
            Ahead = null;
            await old.DisposeAsync();
        }

        public async ValueTask DisposeAsync()
        {
            await Current.DisposeAsync();
            await (Ahead?.DisposeAsync() ?? ValueTask.CompletedTask);
        }
    }
}
