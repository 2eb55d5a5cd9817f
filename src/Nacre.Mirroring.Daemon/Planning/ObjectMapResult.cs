using Nacre.ObjectClasses.Rbd;

namespace Nacre.Mirroring.Daemon.Planning;

/// <summary>
/// The object maps of a copy's states. While data are copied they say "exists" of all that may come to exist; at the end they say exactly what does, and
/// what changed since the snapshot before. (Ceph's own daemon leaves the map of the mirror snapshot as it was before the copy.)
/// </summary>
internal sealed class ObjectMapResult
{
    private readonly IReadOnlyList<CopyStep> _steps;
    private readonly ObjectPlan _plan;
    private readonly ObjectMap[] _maps;

    /// <param name="steps">The copy's states.</param>
    /// <param name="plan">What is known of the objects.</param>
    /// <param name="before">The local head's map before the copy; null where it is lost.</param>
    /// <param name="objectCount">How many objects an image of a size has.</param>
    public ObjectMapResult(IReadOnlyList<CopyStep> steps, ObjectPlan plan, ObjectMap? before, Func<ulong, ulong> objectCount)
    {
        _steps = steps;
        _plan = plan;
        _maps = new ObjectMap[steps.Count];
        for (int i = 0; i < steps.Count; i++)
        {
            var map = new ObjectMap(objectCount(steps[i].ImageSize));
            for (ulong number = 0; number < map.Count; number++)
            {
                map[number] = Expected(i, number, before);
            }

            _maps[i] = map;
        }
    }

    /// <summary>The map of a state.</summary>
    public ObjectMap this[int step] => _maps[step];

    /// <summary>The head's map at the end: as the last state, and nothing changed since.</summary>
    public ObjectMap Head()
    {
        ObjectMap map = _maps[^1].Clone();
        for (ulong number = 0; number < map.Count; number++)
        {
            if (map[number] == ObjectMapState.Exists)
            {
                map[number] = ObjectMapState.ExistsClean;
            }
        }

        return map;
    }

    /// <summary>The head's map while data are copied: whatever may exist counts as existing.</summary>
    public ObjectMap HeadWhileCopying(ObjectMap? before)
    {
        ObjectMap map = _maps[^1].Clone();
        for (ulong number = 0; number < map.Count; number++)
        {
            if (_plan.MustLook(number) || (before is not null && number < before.Count && before[number] != ObjectMapState.Nonexistent))
            {
                map[number] = ObjectMapState.Exists;
            }
        }

        return map;
    }

    /// <summary>An object was copied: this is what came of it.</summary>
    public void Record(ulong number, IReadOnlyList<ObjectMapState> states)
    {
        for (int i = 0; i < _steps.Count; i++)
        {
            if (number < _maps[i].Count)
            {
                _maps[i][number] = states[i];
            }
        }
    }

    private ObjectMapState Expected(int step, ulong number, ObjectMap? before) => _plan[step, number] switch
    {
        ObjectFate.Changed or ObjectFate.Created => ObjectMapState.Exists,
        // What is marked as changed here already stays so: it may be the mark of an earlier copy by Ceph's daemon, which belongs to this snapshot then.
        ObjectFate.Unchanged => before is not null && number < before.Count && before[number] == ObjectMapState.Exists
            ? ObjectMapState.Exists
            : ObjectMapState.ExistsClean,
        _ => ObjectMapState.Nonexistent,
    };
}
