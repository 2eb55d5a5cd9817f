using System.Collections.Immutable;
using Nacre.Rados.Objects;

namespace Nacre.Rados.Embedded.Tests;

/// <summary>One object as plain copies.</summary>
internal sealed class ObjectModel
{
    private ulong _newest;

    /// <summary>The head; null where it is absent.</summary>
    public ModelState? Head { get; set; }

    /// <summary>Every snapshot's state.</summary>
    public SortedDictionary<ulong, ModelState?> Snapshots { get; } = [];

    /// <summary>The context to write under.</summary>
    public SnapshotContext Context => new(_newest, [.. Snapshots.Keys.Reverse()]);

    /// <summary>Takes a snapshot.</summary>
    public void Take(ulong id)
    {
        _newest = id;
        Snapshots[id] = Head;
    }
}

/// <summary>A state; values as hexadecimal text, so that they compare.</summary>
internal sealed record ModelState(byte[] Data, ImmutableSortedDictionary<string, string> Xattrs, ImmutableSortedDictionary<string, string> Omap)
{
    private static readonly ImmutableSortedDictionary<string, string> _none = ImmutableSortedDictionary.Create<string, string>(StringComparer.Ordinal);

    public static ModelState Empty { get; } = new([], _none, _none);
}
