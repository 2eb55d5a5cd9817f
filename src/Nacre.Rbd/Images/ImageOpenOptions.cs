using Nacre.Rados.Objects;

namespace Nacre.Rbd;

/// <summary>How an image is opened.</summary>
public sealed record ImageOpenOptions
{
    /// <summary>What everybody gets: read and write, at the head.</summary>
    public static ImageOpenOptions Default { get; } = new();

    /// <summary>Read only, at the head.</summary>
    public static ImageOpenOptions ForReading { get; } = new() { ReadOnly = true };

    /// <summary>No writes; also no watch is taken, so changes by others are seen after <see cref="Image.RefreshAsync"/> only.</summary>
    public bool ReadOnly { get; init; }

    /// <summary>Name of a user snapshot to open, read-only; null for the head.</summary>
    public string? SnapshotName { get; init; }

    /// <summary>Id of a snapshot of whatever kind to open, read-only; null for the head.</summary>
    public ulong? SnapshotId { get; init; }

    /// <summary>Also a mirrored copy (feature non-primary) is written: for the daemon. Others get EROFS.</summary>
    public bool IgnoreNonPrimary { get; init; }

    /// <summary>
    /// Never asks a lock owner for the lock or gives one up on request, as rbd-mirror does with its copies: only
    /// <see cref="Image.AcquireLockAsync"/> takes it, and a requester is told EROFS.
    /// </summary>
    public bool KeepLock { get; init; }

    /// <summary>
    /// With <see cref="KeepLock"/>: who asks for the lock gets it all the same, as rbd-mirror gives it of copies that have no journal. See
    /// <see cref="Image.LockGoing"/>.
    /// </summary>
    public bool YieldLock { get; init; }

    /// <summary>What is done with the image's own journal where it has the journaling feature.</summary>
    public ImageJournalUse Journal { get; init; }

    /// <summary>Takes a watch even when read-only, so that <see cref="Image.Updated"/> tells of changes by others.</summary>
    public bool Watch { get; init; }

    /// <summary>Requests to data objects under way at once per call; 0 for the cluster's <c>rbd_concurrent_management_ops</c> (10) times two.</summary>
    public int MaximumConcurrency { get; init; }

    /// <summary>The clock.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>Is told of failures in the background (a lost watch, a lock request that failed); null for none. Must not throw.</summary>
    public Action<string>? Log { get; init; }

    internal ulong OpenedSnapshot => SnapshotId ?? Rados.Objects.SnapshotId.Head;
}
