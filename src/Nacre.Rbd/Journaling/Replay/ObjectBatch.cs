namespace Nacre.Rbd.Journaling;

/// <summary>What one request does to an object.</summary>
internal enum ObjectBatchKind
{
    /// <summary>Ranges get bytes or become zero.</summary>
    Ranges,
    /// <summary>The whole object becomes zero.</summary>
    Clear,
    /// <summary>A range gets bytes if it holds others now.</summary>
    CompareAndWrite,
}

/// <summary>One request to one object, made from one or many entries.</summary>
internal sealed class ObjectBatch(ulong objectNumber, ObjectBatchKind kind)
{
    public ulong ObjectNumber => objectNumber;

    public ObjectBatchKind Kind => kind;

    /// <summary>Its ranges, or what is to be written where it compares equal.</summary>
    public ExtentOverlay Overlay { get; } = new();

    /// <summary>What a compare expects.</summary>
    public ReadOnlyMemory<byte> Expected { get; init; }

    /// <summary>The entries that it is made from, each once, in their order.</summary>
    public List<ReplayedEntry> Entries { get; } = [];

    /// <summary>True where the object exists afterwards.</summary>
    public bool Creates => kind == ObjectBatchKind.CompareAndWrite || (kind == ObjectBatchKind.Ranges && Overlay.HasData);

    /// <summary>Notes that an entry is in it.</summary>
    public void Join(ReplayedEntry entry)
    {
        if (Entries.Count == 0 || Entries[^1] != entry)
        {
            Entries.Add(entry);
            entry.AddPart();
        }
    }
}

/// <summary>The requests to one object that wait, and whether one is under way: never two at once.</summary>
internal sealed class ObjectLane(ulong objectNumber)
{
    private readonly Queue<ObjectBatch> _earlier = new();
    private ObjectBatch? _last;

    public ulong ObjectNumber => objectNumber;

    public bool IsRunning { get; set; }

    public bool IsEmpty => _last is null;

    /// <summary>When the oldest of its entries came; counts up.</summary>
    public long Since { get; set; }

    /// <summary>Where it stands in the order of waiting lanes.</summary>
    public LinkedListNode<ObjectLane>? Node { get; set; }

    /// <summary>True where nothing can be added any more to the first request, so that waiting gains nothing.</summary>
    public bool IsComplete(ulong objectSize) =>
        _earlier.Count > 0 || (_last is { } last && (last.Kind != ObjectBatchKind.Ranges || last.Overlay.Covered == objectSize));

    /// <summary>True where the object will exist.</summary>
    public bool Creates => (_last?.Creates ?? false) || _earlier.Any(batch => batch.Creates);

    public void AddRange(ReplayedEntry entry, OverlayExtent extent)
    {
        if (_last is not { Kind: ObjectBatchKind.Ranges })
        {
            Append(new ObjectBatch(objectNumber, ObjectBatchKind.Ranges));
        }

        _last!.Join(entry);
        _last.Overlay.Add(extent);
    }

    public void Add(ReplayedEntry entry, ObjectBatch batch)
    {
        batch.Join(entry);
        Append(batch);
    }

    public ObjectBatch Take()
    {
        if (_earlier.TryDequeue(out ObjectBatch? first))
        {
            return first;
        }

        first = _last!;
        _last = null;
        return first;
    }

    /// <summary>All that waits.</summary>
    public IEnumerable<ObjectBatch> Waiting => _last is null ? _earlier : _earlier.Append(_last);

    private void Append(ObjectBatch batch)
    {
        if (_last is not null)
        {
            _earlier.Enqueue(_last);
        }

        _last = batch;
    }
}
