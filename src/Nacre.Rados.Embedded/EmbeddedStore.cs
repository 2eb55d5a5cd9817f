using System.Collections.Concurrent;
using Nacre.Rados.Clusters;
using Nacre.Rados.Configuration;
using Nacre.Rados.Embedded.Pools;
using Nacre.Rados.Embedded.Snapshots;
using Nacre.Rados.Embedded.Storage;

namespace Nacre.Rados.Embedded;

/// <summary>
/// An object store in one directory, owned by one process (docs/formats/embedded-store.md). Clients are sessions of it. An acknowledged
/// write is on disk.
/// </summary>
public sealed class EmbeddedStore : IAsyncDisposable
{
    private const string FormatKey = "format";
    private const string FormatVersion = "nacre-embedded 1";
    private const string FsidKey = "fsid";
    private readonly EmbeddedStoreOptions _options;
    private readonly BlocklistTable _blocklist;
    private readonly ConcurrentDictionary<ulong, EmbeddedSession> _sessions = new();
    private readonly NumberSource _clients;
    private int _disposed;

    private EmbeddedStore(RocksDatabase database, EmbeddedStoreOptions options, string fsid)
    {
        _options = options;
        Fsid = fsid;
        Core = new StoreCore(database, options);
        Metadata = new MetadataStore(Core);
        Pools = new PoolTable(Core);
        _blocklist = new BlocklistTable(Core);
        _clients = new NumberSource(database, "next-client", 4100, 1024);
        Trimmer = new SnapshotTrimmer(Core, Pools);
    }

    /// <summary>The store's fsid, a UUID in lower case.</summary>
    public string Fsid { get; }

    /// <summary>Durable key-value area for the site's own records.</summary>
    public MetadataStore Metadata { get; }

    /// <summary>Sessions that are connected now.</summary>
    public IReadOnlyList<EmbeddedSession> Sessions => [.. _sessions.Values];

    /// <summary>Blocklisted addresses whose time is not over.</summary>
    public IReadOnlyList<BlocklistEntry> Blocklist => _blocklist.Current();

    internal StoreCore Core { get; }

    internal PoolTable Pools { get; }

    internal SnapshotTrimmer Trimmer { get; }

    internal ICommandHandler? Commands => _options.Commands;

    /// <summary>
    /// Opens a store. ENOENT where there is none and it may not be created, EBUSY while another process has it open, EINVAL where its
    /// format is not this version's, EIO where it is damaged.
    /// </summary>
    public static Task<EmbeddedStore> OpenAsync(string directory, EmbeddedStoreOptions options, CancellationToken cancellationToken = default) =>
        Task.Run(() => Open(directory, options), cancellationToken);

    /// <summary>A new client with its own global id and address, neither ever given out before. Dispose it to end it.</summary>
    /// <param name="name">Who it is.</param>
    /// <param name="options">How it behaves.</param>
    /// <param name="host">Where it is, as its address shows it; IPv6 in brackets.</param>
    public EmbeddedSession Connect(EntityName name, ClusterOptions? options = null, string host = "127.0.0.1")
    {
        using Activity activity = Core.BeginActivity();
        ulong id = _clients.Next();

        // Ids count up; an odd factor spreads them over all nonces without ever meeting, as long as there are fewer than 2^32.
        uint nonce = unchecked((uint)id * 2654435761u);
        return Begin(name, id, $"{host}:0/{nonce}", options);
    }

    /// <summary>
    /// A client that had this identity before the store was closed or its session ended, and has proved so to the caller: locks that it
    /// holds are still its own, and so is its blocklisting.
    /// </summary>
    public EmbeddedSession Reconnect(EntityName name, ulong instanceId, string address, ClusterOptions? options = null) =>
        Begin(name, instanceId, address, options);

    private EmbeddedSession Begin(EntityName name, ulong id, string address, ClusterOptions? options)
    {
        ObjectDisposedException.ThrowIf(Volatile.Read(ref _disposed) != 0, this);
        var session = new EmbeddedSession(this, name, id, address, options ?? new ClusterOptions { Time = _options.Time });
        _sessions[id] = session;
        if (_blocklist.Holds(session.Address))
        {
            session.IsBlocklisted = true;
        }

        return session;
    }

    /// <summary>Shuts an address out; see <see cref="ICluster.BlocklistAsync"/>.</summary>
    public async Task BlocklistAsync(string address, TimeSpan? expiry = null, CancellationToken cancellationToken = default)
    {
        string normal = BlocklistTable.Normalize(address);
        await _blocklist.AddAsync(normal, Core.Time.GetUtcNow() + (expiry ?? _options.DefaultBlocklistExpiry), cancellationToken);
        List<EmbeddedSession> shutOut = [];

        // Operations take effect under the shared lock: those that held it are over once it is had exclusively, and later ones see the mark.
        Core.ChangeMap(() =>
        {
            foreach (EmbeddedSession session in _sessions.Values)
            {
                if (_blocklist.Holds(session.Address))
                {
                    session.IsBlocklisted = true;
                    shutOut.Add(session);
                }
            }
        });

        foreach (EmbeddedSession session in shutOut)
        {
            Core.Watches.BreakSession(session, Errno.ESHUTDOWN);
        }
    }

    /// <summary>Lets an address in again; false where it was not blocklisted.</summary>
    public async Task<bool> UnblocklistAsync(string address, CancellationToken cancellationToken = default) =>
        await _blocklist.RemoveAsync(BlocklistTable.Normalize(address), cancellationToken);

    /// <summary>Closes sessions, waits for what is under way, and closes the directory.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
        {
            return;
        }

        foreach (EmbeddedSession session in _sessions.Values)
        {
            await session.DisposeAsync();
        }

        await Trimmer.DisposeAsync();
        await Core.DrainAsync();
        Core.Database.Flush();
        Core.Dispose();
    }

    internal void Remove(EmbeddedSession session) => _sessions.TryRemove(KeyValuePair.Create(session.InstanceId, session));

    internal bool IsShutOut(EmbeddedSession session) => _blocklist.Holds(session.Address);

    private static EmbeddedStore Open(string directory, EmbeddedStoreOptions options)
    {
        RocksDatabase database = RocksDatabase.Open(directory, options.CreateIfMissing, options.CacheSize);
        try
        {
            return new EmbeddedStore(database, options, OpenFormat(database, directory, options));
        }
        catch
        {
            database.Dispose();
            throw;
        }
    }

    private static string OpenFormat(RocksDatabase database, string directory, EmbeddedStoreOptions options)
    {
        if (database.GetCopy(Family.Store, Keys.Store(FormatKey)) is { } format)
        {
            string found = System.Text.Encoding.UTF8.GetString(format);
            if (found != FormatVersion)
            {
                throw new RadosException(Errno.EINVAL, $"open store {directory}: its format is '{found}', this version reads '{FormatVersion}'");
            }

            byte[]? fsid = database.GetCopy(Family.Store, Keys.Store(FsidKey));
            return fsid is null
                ? throw new RadosException(Errno.EIO, $"open store {directory}: its fsid is missing")
                : System.Text.Encoding.UTF8.GetString(fsid);
        }

        using (RocksDatabase.Cursor cursor = database.Seek(Family.Store, default))
        {
            if (cursor.IsValid)
            {
                throw new RadosException(Errno.EINVAL, $"open store {directory}: it holds a database that is no store of Nacre");
            }
        }

        string created = options.Fsid ?? Guid.NewGuid().ToString("D");
        using var batch = new BatchWriter();
        batch.Put(Family.Store, Keys.Store(FormatKey), Keys.Store(FormatVersion));
        batch.Put(Family.Store, Keys.Store(FsidKey), Keys.Store(created));
        database.Write(batch);
        database.Sync();
        return created;
    }
}
