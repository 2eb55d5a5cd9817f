namespace Nacre.Rbd.Journaling;

/// <summary>
/// The changes that were read and are not durable yet. They gather per object until the window is full, a flush has to be kept, or the caller says that
/// nothing more comes soon: then the objects that have waited longest are written, each by one request for all that came for it, many objects at once.
/// Adding is for one caller at a time; the rest is safe for concurrent use.
/// </summary>
internal sealed class ReplayWindow(IReplayTarget target, Func<long> maximumBytes, int maximumRequests) : IAsyncDisposable
{
    private readonly Lock _lock = new();
    private readonly LinkedList<ReplayEpoch> _epochs = new();
    private TaskCompletionSource? _changed;
    private HashSet<ulong>? _beingPrepared;
    private Task _preparing = Task.CompletedTask;
    private Exception? _failure;
    private long _clock;
    private long _bytes;
    private long _sending;
    private int _running;
    private bool _isDisposed;

    // Requests are sent while the window is fuller than this: room for what comes meanwhile.
    private long Pressure => maximumBytes() / 4 * 3;

    // Bytes of requests under way, of which the store's client keeps a copy.
    private long MaximumSending => maximumBytes() / 6;

    /// <summary>Bytes that entries keep in memory, about.</summary>
    public long Bytes => Interlocked.Read(ref _bytes);

    /// <summary>Takes an entry up, once there is room: between this and <see cref="End"/> its changes are added. Throws what ended the replay.</summary>
    public async ValueTask BeginAsync(ReplayedEntry entry, CancellationToken cancellationToken)
    {
        while (true)
        {
            Task changed;
            lock (_lock)
            {
                ThrowIfFailed();
                if (_bytes < maximumBytes())
                {
                    _bytes += entry.Cost;
                    _clock++;
                    return;
                }

                changed = Changed();
            }

            await changed.WaitAsync(cancellationToken);
        }
    }

    /// <summary>True where something of an object is still to be done.</summary>
    public bool Concerns(ulong objectNumber)
    {
        lock (_lock)
        {
            return _epochs.Any(epoch => epoch.Concerns(objectNumber));
        }
    }

    /// <summary>A range of an object gets bytes or becomes zero.</summary>
    public void AddRange(ReplayedEntry entry, ulong objectNumber, OverlayExtent extent)
    {
        lock (_lock)
        {
            ReplayEpoch epoch = Open();
            ObjectLane lane = epoch.LaneOf(objectNumber, _clock);
            lane.AddRange(entry, extent);
            epoch.Added(lane, target.ObjectSize);
        }
    }

    /// <summary>An object is cleared, or compared and written.</summary>
    public void Add(ReplayedEntry entry, ObjectBatch batch)
    {
        lock (_lock)
        {
            ReplayEpoch epoch = Open();
            ObjectLane lane = epoch.LaneOf(batch.ObjectNumber, _clock);
            lane.Add(entry, batch);
            epoch.Added(lane, target.ObjectSize);
        }
    }

    /// <summary>All changes of an entry were added.</summary>
    public void End(ReplayedEntry entry)
    {
        lock (_lock)
        {
            EndPart(entry);
            Send();
        }
    }

    /// <summary>The source flushed: what comes after this entry must not take effect before all that came before it has.</summary>
    public void EndAtFlush(ReplayedEntry entry)
    {
        lock (_lock)
        {
            if (_epochs.Last is { } last)
            {
                last.Value.IsSealed = true;
                last.Value.Flushes.Add(entry);
                entry.AddPart();
            }

            EndPart(entry);
            Send();
        }
    }

    /// <summary>Nothing more comes soon: all that is here is written without waiting for more.</summary>
    public void SendAll()
    {
        lock (_lock)
        {
            if (_epochs.Last is { } last)
            {
                last.Value.SendUpTo = _clock;
            }

            Send();
        }
    }

    /// <summary>Waits until all that was added is durable. Throws what ended the replay.</summary>
    public async Task DrainAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            Task changed;
            lock (_lock)
            {
                ThrowIfFailed();
                if (_epochs.Last is not { } last)
                {
                    return;
                }

                last.Value.IsSealed = true;
                Send();
                if (_epochs.Count == 0)
                {
                    return;
                }

                changed = Changed();
            }

            await changed.WaitAsync(cancellationToken);
        }
    }

    /// <summary>Begins nothing more, and waits for what is under way. What was not begun is given up.</summary>
    public async ValueTask DisposeAsync()
    {
        while (true)
        {
            Task changed;
            lock (_lock)
            {
                _isDisposed = true;
                if (_running == 0)
                {
                    Abandon();
                    return;
                }

                changed = Changed();
            }

            await changed;
        }
    }

    private ReplayEpoch Open()
    {
        if (_epochs.Last is { Value.IsSealed: false } open)
        {
            return open.Value;
        }

        var epoch = new ReplayEpoch();
        _epochs.AddLast(epoch);
        return epoch;
    }

    // Begins requests as long as there is something that had better not wait. Under the lock.
    private void Send()
    {
        while (_failure is null && !_isDisposed && _epochs.First is { } first)
        {
            ReplayEpoch epoch = first.Value;
            if (epoch.IsDone)
            {
                if (!epoch.IsSealed)
                {
                    return;
                }

                _epochs.RemoveFirst();
                epoch.Flushes.ForEach(EndPart);
                Tell();
                continue;
            }

            bool isBusy = _running >= maximumRequests || (_running > 0 && _sending >= MaximumSending);
            if (isBusy || epoch.Next(_bytes >= Pressure) is not { } lane)
            {
                return;
            }

            ObjectBatch batch = lane.Take();
            Task preparing = batch.Creates && !target.IsPrepared(batch.ObjectNumber) ? Prepare(batch.ObjectNumber, epoch) : Task.CompletedTask;
            _running++;
            _sending += (long)batch.Overlay.Covered;

            // Disposal waits for it, by the count.
            _ = WriteAsync(epoch, lane, batch, preparing);
        }
    }

    // The objects of the whole epoch together: mostly they are neighbours, so that one request does.
    private Task Prepare(ulong objectNumber, ReplayEpoch epoch)
    {
        if (!_preparing.IsCompleted && _beingPrepared!.Contains(objectNumber))
        {
            return _preparing;
        }

        var numbers = new List<ulong> { objectNumber };
        numbers.AddRange(epoch.Lanes.Where(lane => lane.Creates && !target.IsPrepared(lane.ObjectNumber)).Select(lane => lane.ObjectNumber));
        _beingPrepared = [.. numbers];
        numbers = [.. _beingPrepared];
        numbers.Sort();
        return _preparing = target.PrepareAsync(numbers);
    }

    private async Task WriteAsync(ReplayEpoch epoch, ObjectLane lane, ObjectBatch batch, Task preparing)
    {
        Exception? failure = null;
        try
        {
            await preparing.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
            await target.WriteAsync(batch);
        }
        catch (Exception exception)
        {
            failure = target.Failed(batch.Entries[0], exception);
        }

        lock (_lock)
        {
            _running--;
            _sending -= (long)batch.Overlay.Covered;
            if (failure is null)
            {
                batch.Entries.ForEach(EndPart);
                epoch.Ended(lane, _clock, target.ObjectSize);
                Send();
            }
            else
            {
                _failure ??= failure;
                batch.Entries.ForEach(entry => entry.Abandon());
            }

            Tell();
        }
    }

    private void EndPart(ReplayedEntry entry)
    {
        if (entry.EndPart())
        {
            _bytes -= entry.Cost;
        }
    }

    private void Abandon()
    {
        foreach (ReplayEpoch epoch in _epochs)
        {
            epoch.Flushes.ForEach(flush => flush.Abandon());
            foreach (ObjectBatch batch in epoch.Lanes.SelectMany(lane => lane.Waiting))
            {
                batch.Entries.ForEach(entry => entry.Abandon());
            }
        }

        _epochs.Clear();
    }

    private void ThrowIfFailed()
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        if (_failure is { } failure)
        {
            System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(failure);
        }
    }

    private Task Changed() => (_changed ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task;

    private void Tell()
    {
        _changed?.SetResult();
        _changed = null;
    }
}
