using Nacre.Rados.Clusters;
using Nacre.Rados.Configuration;

namespace Nacre.Rados.Embedded;

/// <summary>
/// An object store in one directory, owned by one process (docs/formats/embedded-store.md). Clients are sessions of it. An acknowledged
/// write is on disk.
/// </summary>
public sealed class EmbeddedStore : IAsyncDisposable
{
    private EmbeddedStore(MetadataStore metadata) => Metadata = metadata;

    /// <summary>The store's fsid, a UUID in lower case.</summary>
    public string Fsid { get; } = "";

    /// <summary>Durable key-value area for the site's own records.</summary>
    public MetadataStore Metadata { get; }

    /// <summary>
    /// Opens a store. ENOENT where there is none and it may not be created, EBUSY while another process has it open, EINVAL where its
    /// format is not this version's, EIO where it is damaged.
    /// </summary>
    public static Task<EmbeddedStore> OpenAsync(string directory, EmbeddedStoreOptions options, CancellationToken cancellationToken = default) =>
        throw new NotImplementedException();

    /// <summary>A new client with its own global id and address, neither ever given out before. Dispose it to end it.</summary>
    public EmbeddedSession Connect(EntityName name, ClusterOptions? options = null) => throw new NotImplementedException();

    /// <summary>Sessions that are connected now.</summary>
    public IReadOnlyList<EmbeddedSession> Sessions => throw new NotImplementedException();

    /// <summary>Blocklisted addresses whose time is not over.</summary>
    public IReadOnlyList<BlocklistEntry> Blocklist => throw new NotImplementedException();

    /// <summary>Shuts an address out; see <see cref="ICluster.BlocklistAsync"/>.</summary>
    public Task BlocklistAsync(string address, TimeSpan? expiry = null, CancellationToken cancellationToken = default) =>
        throw new NotImplementedException();

    /// <summary>Lets an address in again; false where it was not blocklisted.</summary>
    public Task<bool> UnblocklistAsync(string address, CancellationToken cancellationToken = default) => throw new NotImplementedException();

    /// <summary>Closes sessions, waits for what is under way, and closes the directory.</summary>
    public ValueTask DisposeAsync() => throw new NotImplementedException();
}
