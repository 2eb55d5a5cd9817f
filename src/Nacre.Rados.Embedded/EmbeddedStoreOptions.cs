using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Nacre.Rados.ClassMethods;

namespace Nacre.Rados.Embedded;

/// <summary>How an <see cref="EmbeddedStore"/> is opened.</summary>
public sealed record EmbeddedStoreOptions
{
    /// <summary>Creates the store where the directory holds none; else its absence is ENOENT.</summary>
    public bool CreateIfMissing { get; init; } = true;

    /// <summary>The fsid of a store that is being created, a UUID in lower case; a random one where null. An existing store keeps its own.</summary>
    public string? Fsid { get; init; }

    /// <summary>The object classes that objects of this store understand.</summary>
    public IReadOnlyList<ObjectClass> Classes { get; init; } = [];

    /// <summary>Answers mon and mgr commands; without one they give EOPNOTSUPP.</summary>
    public ICommandHandler? Commands { get; init; }

    /// <summary>The clock.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>The store's log; also lines of class methods.</summary>
    public ILogger Logger { get; init; } = NullLogger.Instance;

    /// <summary>Memory for the cache of blocks and objects, in bytes.</summary>
    public long CacheSize { get; init; } = 128L << 20;

    /// <summary>For how long an address is blocklisted unless told (mon_osd_blocklist_default_expire).</summary>
    public TimeSpan DefaultBlocklistExpiry { get; init; } = TimeSpan.FromHours(1);
}
