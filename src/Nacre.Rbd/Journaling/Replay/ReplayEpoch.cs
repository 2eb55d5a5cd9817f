namespace Nacre.Rbd.Journaling;

/// <summary>
/// What lies between two flushes of the source: its requests may take effect in any order, and all must have before the next epoch's may.
/// </summary>
internal sealed class ReplayEpoch
{
    private readonly Dictionary<ulong, ObjectLane> _lanes = [];
    private readonly LinkedList<ObjectLane> _waiting = new();
    private readonly Queue<ObjectLane> _complete = new();

    /// <summary>True once a flush has ended it.</summary>
    public bool IsSealed { get; set; }

    /// <summary>The flushes that have ended it: done when it is.</summary>
    public List<ReplayedEntry> Flushes { get; } = [];

    /// <summary>All that came up to this moment is to be sent without waiting for more.</summary>
    public long SendUpTo { get; set; } = -1;

    public bool IsDone => _lanes.Count == 0;

    /// <summary>Objects with something to do, oldest first.</summary>
    public IEnumerable<ObjectLane> Lanes => _lanes.Values;

    /// <summary>True where something of an object is still to be done.</summary>
    public bool Concerns(ulong objectNumber) => _lanes.ContainsKey(objectNumber);

    /// <summary>The lane of an object, to add to.</summary>
    public ObjectLane LaneOf(ulong objectNumber, long now)
    {
        if (!_lanes.TryGetValue(objectNumber, out ObjectLane? lane))
        {
            _lanes[objectNumber] = lane = new ObjectLane(objectNumber);
        }

        if (lane.IsEmpty)
        {
            lane.Since = now;
            if (!lane.IsRunning)
            {
                lane.Node = _waiting.AddLast(lane);
            }
        }

        return lane;
    }

    /// <summary>Something was added to a lane: perhaps waiting for more gains nothing now.</summary>
    public void Added(ObjectLane lane, ulong objectSize)
    {
        if (!lane.IsRunning && lane.IsComplete(objectSize))
        {
            _complete.Enqueue(lane);
        }
    }

    /// <summary>The next lane to send from, taken off the waiting ones; null where all had better wait for more.</summary>
    public ObjectLane? Next(bool isPressed)
    {
        while (_complete.TryDequeue(out ObjectLane? complete))
        {
            if (complete is { IsRunning: false, IsEmpty: false })
            {
                return Begin(complete);
            }
        }

        return _waiting.First?.Value is { } oldest && (isPressed || IsSealed || oldest.Since <= SendUpTo) ? Begin(oldest) : null;
    }

    /// <summary>A lane's request has ended.</summary>
    public void Ended(ObjectLane lane, long now, ulong objectSize)
    {
        lane.IsRunning = false;
        if (lane.IsEmpty)
        {
            _lanes.Remove(lane.ObjectNumber);
            return;
        }

        // It keeps its turn.
        lane.Since = Math.Min(lane.Since, now);
        lane.Node = _waiting.First is { } first && lane.Since < first.Value.Since ? _waiting.AddFirst(lane) : _waiting.AddLast(lane);
        Added(lane, objectSize);
    }

    private ObjectLane Begin(ObjectLane lane)
    {
        if (lane.Node is { } node)
        {
            _waiting.Remove(node);
            lane.Node = null;
        }

        lane.IsRunning = true;
        return lane;
    }
}
