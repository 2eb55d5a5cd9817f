namespace Nacre.Rbd.Journaling;

/// <summary>
/// Changes that are not applied yet, by where they are: which of them overlap a range. Not safe for concurrent use.
/// </summary>
internal sealed class PendingChanges
{
    private const int BlockOrder = 18;

    // A change over more blocks is looked at by everybody instead of being entered in each.
    private const ulong MaximumBlocks = 64;

    private readonly Dictionary<ulong, List<JournaledChange>> _blocks = [];
    private readonly HashSet<JournaledChange> _all = [];
    private readonly List<JournaledChange> _wide = [];
    private readonly Stack<List<JournaledChange>> _spare = new();

    /// <summary>All, in no order.</summary>
    public IReadOnlyCollection<JournaledChange> All => _all;

    /// <summary>Those that overlap a range, some perhaps twice; null for none.</summary>
    public List<JournaledChange>? Find(ulong offset, ulong end)
    {
        List<JournaledChange>? found = null;
        if (offset >= end || _all.Count == 0)
        {
            return null;
        }

        (ulong first, ulong last) = (offset >> BlockOrder, (end - 1) >> BlockOrder);
        if (last - first >= MaximumBlocks)
        {
            Collect(_all, offset, end, ref found);
            return found;
        }

        Collect(_wide, offset, end, ref found);
        for (ulong block = first; block <= last; block++)
        {
            if (_blocks.TryGetValue(block, out List<JournaledChange>? changes))
            {
                Collect(changes, offset, end, ref found);
            }
        }

        return found;
    }

    public void Add(JournaledChange change)
    {
        _all.Add(change);
        if (change.Length == 0)
        {
            return;
        }

        (ulong first, ulong last) = Blocks(change);
        if (last - first >= MaximumBlocks)
        {
            _wide.Add(change);
            return;
        }

        for (ulong block = first; block <= last; block++)
        {
            if (!_blocks.TryGetValue(block, out List<JournaledChange>? changes))
            {
                _blocks[block] = changes = _spare.TryPop(out List<JournaledChange>? spare) ? spare : [];
            }

            changes.Add(change);
        }
    }

    public void Remove(JournaledChange change)
    {
        if (!_all.Remove(change) || change.Length == 0)
        {
            return;
        }

        (ulong first, ulong last) = Blocks(change);
        if (last - first >= MaximumBlocks)
        {
            _wide.Remove(change);
            return;
        }

        for (ulong block = first; block <= last; block++)
        {
            List<JournaledChange> changes = _blocks[block];
            changes.Remove(change);
            if (changes.Count == 0)
            {
                _blocks.Remove(block);
                _spare.Push(changes);
            }
        }
    }

    private static (ulong First, ulong Last) Blocks(JournaledChange change) => (change.Offset >> BlockOrder, (change.End - 1) >> BlockOrder);

    private static void Collect(IEnumerable<JournaledChange> changes, ulong offset, ulong end, ref List<JournaledChange>? found)
    {
        foreach (JournaledChange change in changes)
        {
            if (change.Overlaps(offset, end))
            {
                (found ??= []).Add(change);
            }
        }
    }
}
