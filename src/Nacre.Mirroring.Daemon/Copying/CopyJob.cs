using Nacre.Mirroring.Daemon.Planning;
using Nacre.Rados.Clusters;

namespace Nacre.Mirroring.Daemon.Copying;

/// <summary>All that a copy of one mirror snapshot needs to know.</summary>
internal sealed record CopyJob
{
    /// <summary>The source's data pool.</summary>
    public required IPool Source { get; init; }

    /// <summary>Prefix of the source's data objects.</summary>
    public required string SourcePrefix { get; init; }

    /// <summary>The local data pool.</summary>
    public required IPool Target { get; init; }

    /// <summary>Prefix of the local data objects.</summary>
    public required string TargetPrefix { get; init; }

    /// <summary>Bytes per object, of both.</summary>
    public required ulong ObjectSize { get; init; }

    /// <summary>The states to be reached, in order; the last is the mirror snapshot's.</summary>
    public required IReadOnlyList<CopyStep> Steps { get; init; }

    /// <summary>Which objects to look at.</summary>
    public required ObjectPlan Plan { get; init; }

    /// <summary>True where a copy from nothing may meet objects that hold other data.</summary>
    public bool TargetMayHoldMore { get; init; }

    /// <summary>Objects below are copied already.</summary>
    public ulong FirstObject { get; init; }

    /// <summary>True where an earlier attempt may have copied objects beyond <see cref="FirstObject"/>.</summary>
    public bool IsResumed { get; init; }
}
