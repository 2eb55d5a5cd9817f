using System.Globalization;
using Nacre.Rados.Objects;

namespace Nacre.Rados.Embedded.Worker;

/// <summary>The snapshots that an object keeps, each with the number of the operation that it came after: <c>id:number,…</c>, oldest first.</summary>
public sealed class KeptSnapshots
{
    private readonly List<(ulong Id, long Sequence)> _snapshots = [];

    /// <summary>Parses the text form.</summary>
    public KeptSnapshots(string text)
    {
        foreach (string entry in text.Split(',', StringSplitOptions.RemoveEmptyEntries))
        {
            string[] parts = entry.Split(':');
            Add(ulong.Parse(parts[0], CultureInfo.InvariantCulture), long.Parse(parts[1], CultureInfo.InvariantCulture));
        }
    }

    /// <summary>Ids with the operations that they came after.</summary>
    public IReadOnlyList<(ulong Id, long Sequence)> Ids => _snapshots;

    /// <summary>The context to write under.</summary>
    public SnapshotContext Context => _snapshots.Count == 0
        ? SnapshotContext.Empty
        : new SnapshotContext(_snapshots[^1].Id, [.. _snapshots.Select(snapshot => snapshot.Id).Reverse()]);

    /// <summary>Keeps one more.</summary>
    public void Add(ulong id, long sequence) => _snapshots.Add((id, sequence));

    /// <summary>Keeps one less; returns its id.</summary>
    public ulong RemoveAt(int index)
    {
        ulong id = _snapshots[index].Id;
        _snapshots.RemoveAt(index);
        return id;
    }

    /// <inheritdoc/>
    public override string ToString() =>
        string.Join(',', _snapshots.Select(snapshot => FormattableString.Invariant($"{snapshot.Id}:{snapshot.Sequence}")));
}
