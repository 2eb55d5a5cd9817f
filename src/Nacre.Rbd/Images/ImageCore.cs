using Nacre.ObjectClasses.Calls;
using Nacre.ObjectClasses.Rbd;
using Nacre.Rados;
using Nacre.Rados.Clusters;
using Nacre.Rados.Objects;

namespace Nacre.Rbd;

/// <summary>What the parts of an open image share: identity, state, the write gate, watch, lock and object map.</summary>
internal sealed partial class ImageCore
{
    private readonly SemaphoreSlim _refreshing = new(1, 1);
    private HeaderState _state = null!;
    private long _updatesSeen;
    private long _updatesRead;
    private long _nextAccess;
    private long _nextModification;

    public ImageCore(IPool pool, IPool dataPool, string id, string name, ImageIdentity identity, ImageOpenOptions options)
    {
        Pool = pool;
        DataPool = dataPool;
        Id = id;
        Name = name;
        Identity = identity;
        Options = options;
        JournalUse = options.Journal;
        HeaderName = RbdObjects.Header(id);
        OpenedSnapshot = options.OpenedSnapshot;
        Background = new BackgroundTasks(Log);
        Unsettled = new UnsettledWrites(this);
    }

    public IPool Pool { get; }

    public IPool DataPool { get; }

    public string Id { get; }

    public string Name { get; }

    public ImageIdentity Identity { get; }

    public ImageLayout Layout => Identity.Layout;

    public string ObjectPrefix => Identity.ObjectPrefix;

    public long DataPoolId => Identity.DataPoolId;

    public ImageOpenOptions Options { get; }

    public string HeaderName { get; }

    public ulong OpenedSnapshot { get; internal set; }

    public HeaderState State => Volatile.Read(ref _state);

    /// <summary>Every write is in it from before it reads the snapshot context until it is durable.</summary>
    public IoGate Writes { get; } = new();

    /// <summary>Every read is in it, so that closing waits for them.</summary>
    public IoGate Reads { get; } = new();

    /// <summary>The pool's own options (metadata of <c>rbd_info</c>), read when opened.</summary>
    public IReadOnlyDictionary<string, string> PoolMetadata { get; internal set; } = new Dictionary<string, string>();

    public event Action? Updated;

    public bool IsReadOnly => Options.ReadOnly || OpenedSnapshot != SnapshotId.Head || (State.Has(RbdFeatures.NonPrimary) && !Options.IgnoreNonPrimary);

    public string Display => Name.Length > 0 ? $"{Pool.Name}/{Name}" : $"{Pool.Name}/{Id}";

    public int Concurrency => Options.MaximumConcurrency > 0
        ? Options.MaximumConcurrency
        : Math.Clamp(2 * (int)Math.Min(GetUInt64Option("rbd_concurrent_management_ops", 10), 64), 1, 128);

    public ulong SizeAt(ulong snapshotId) => snapshotId == SnapshotId.Head ? State.Size : Snapshot(snapshotId).Size;

    public RbdFlags FlagsAt(ulong snapshotId) => snapshotId == SnapshotId.Head ? State.Flags : Snapshot(snapshotId).Flags;

    public ParentLink? ParentAt(ulong snapshotId)
    {
        if (snapshotId == SnapshotId.Head)
        {
            return State.Parent;
        }

        ImageSnapshot snapshot = Snapshot(snapshotId);
        return snapshot.Parent is { } parent ? new ParentLink(parent, snapshot.ParentOverlap) : null;
    }

    public string ObjectName(ulong objectNumber) => RbdObjects.Data(ObjectPrefix, objectNumber);

    public RadosException Error(int errno, string what) => new(errno, $"{what} of image {Display}");

    public void Log(string message) => Options.Log?.Invoke($"image {Display}: {message}");

    public string? GetOption(string name) =>
        State.Metadata.TryGetValue("conf_" + name, out string? own) ? own
        : PoolMetadata.TryGetValue("conf_" + name, out string? ofPool) ? ofPool
        : Pool.Cluster.GetOption(name);

    public bool GetBoolOption(string name, bool fallback) => GetOption(name) switch
    {
        "true" or "1" or "yes" => true,
        "false" or "0" or "no" => false,
        _ => fallback,
    };

    public ulong GetUInt64Option(string name, ulong fallback) =>
        ulong.TryParse(GetOption(name), System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out ulong value)
            ? value
            : fallback;

    /// <summary>Reads the header again.</summary>
    public async Task RefreshAsync(CancellationToken cancellationToken)
    {
        await _refreshing.WaitAsync(cancellationToken);
        try
        {
            long seen = Interlocked.Read(ref _updatesSeen);
            HeaderState state = await ImageHeader.ReadStateAsync(Pool, HeaderName, Options.ReadOnly, cancellationToken);
            Volatile.Write(ref _state, state);
            Interlocked.Exchange(ref _updatesRead, seen);
        }
        finally
        {
            _refreshing.Release();
        }

        Updated?.Invoke();
    }

    /// <summary>Notes that the header changed.</summary>
    public void MarkStale() => Interlocked.Increment(ref _updatesSeen);

    /// <summary>Reads the header again if it changed since it was read.</summary>
    public ValueTask RefreshIfStaleAsync(CancellationToken cancellationToken) =>
        Interlocked.Read(ref _updatesSeen) == Interlocked.Read(ref _updatesRead) ? ValueTask.CompletedTask : new ValueTask(RefreshAsync(cancellationToken));

    /// <summary>Notes in the header that the image is being written, as seldom as librbd does.</summary>
    public void TouchModified()
    {
        if (IsDue(ref _nextModification, "rbd_mtime_update_interval", State.ModifiedAt))
        {
            Background.Start("noting the write", async stopping => await Pool.CallForCodeAsync(HeaderName, RbdCalls.SetModifyTimestamp(), stopping));
        }
    }

    /// <summary>Notes in the header that the image is being read, if it may be written at all.</summary>
    public void TouchAccessed()
    {
        if (!IsReadOnly && IsDue(ref _nextAccess, "rbd_atime_update_interval", State.AccessedAt))
        {
            Background.Start("noting the read", async stopping => await Pool.CallForCodeAsync(HeaderName, RbdCalls.SetAccessTimestamp(), stopping));
        }
    }

    private bool IsDue(ref long next, string option, DateTimeOffset last)
    {
        long now = Options.Time.GetUtcNow().UtcTicks;
        long due = Interlocked.Read(ref next);
        if (now < due)
        {
            return false;
        }

        long interval = (long)Math.Min(GetUInt64Option(option, 60), 1_000_000) * TimeSpan.TicksPerSecond;
        bool first = due == 0;
        bool isDue = interval > 0 && (!first || last.UtcTicks + interval <= now);
        long then = interval == 0 ? long.MaxValue : isDue ? now + interval : last.UtcTicks + interval;
        return Interlocked.CompareExchange(ref next, then, due) == due && isDue;
    }

    private ImageSnapshot Snapshot(ulong id) => State.FindSnapshot(id) ?? throw Error(Errno.ENOENT, $"snapshot {id}");
}
