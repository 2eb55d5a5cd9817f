namespace Nacre.Rbd;

/// <summary>Which objects changed between two snapshots, so that only those need a look.</summary>
public sealed class ObjectChangeSet
{
    private readonly byte[]? _changes;

    internal ObjectChangeSet(ulong objectCount, byte[]? changes)
    {
        ObjectCount = objectCount;
        _changes = changes;
    }

    /// <summary>Objects 0 to here, exclusive: as many as the larger of the two images has.</summary>
    public ulong ObjectCount { get; }

    /// <summary>False where object maps are absent, invalid or incomplete: then every object must be looked at.</summary>
    public bool IsExact => _changes is not null;

    /// <summary>What became of an object; <see cref="ObjectChange.Changed"/> for all where not <see cref="IsExact"/>.</summary>
    public ObjectChange this[ulong objectNumber] => _changes is null ? ObjectChange.Changed : (ObjectChange)_changes[objectNumber];

    /// <summary>How many objects must be looked at.</summary>
    public ulong ChangedCount
    {
        get
        {
            if (_changes is null)
            {
                return ObjectCount;
            }

            ulong count = 0;
            foreach (byte change in _changes)
            {
                count += change >= (byte)ObjectChange.Removed ? 1UL : 0UL;
            }

            return count;
        }
    }

    /// <summary>Numbers of the objects that must be looked at, from <paramref name="first"/> on, ascending.</summary>
    public IEnumerable<ulong> Changed(ulong first = 0)
    {
        for (ulong number = first; number < ObjectCount; number++)
        {
            if (_changes is null || _changes[number] >= (byte)ObjectChange.Removed)
            {
                yield return number;
            }
        }
    }
}
