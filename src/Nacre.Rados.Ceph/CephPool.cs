using System.Runtime.CompilerServices;
using Nacre.Rados.Ceph.Native;
using Nacre.Rados.Clusters;
using Nacre.Rados.Encoding;
using Nacre.Rados.Objects;
using Nacre.Rados.Watching;

namespace Nacre.Rados.Ceph;

/// <summary>A namespace of a pool, on one librados I/O context whose own snapshot state is never used.</summary>
internal sealed class CephPool : IPool
{
    private const int ObjectsPerPage = 1000;

    private readonly CephCluster _cluster;
    private readonly nint _context;

    public CephPool(CephCluster cluster, long id, string name, string poolNamespace)
    {
        _cluster = cluster;
        Id = id;
        Name = name;
        Namespace = poolNamespace;
        _context = cluster.Connection.CreateContext(id, poolNamespace);
    }

    public ICluster Cluster => _cluster;

    public long Id { get; }

    public string Name { get; }

    public string Namespace { get; }

    private CephConnection Connection => _cluster.Connection;

    public IPool WithNamespace(string name) => _cluster.PoolOf(Id, Name, name);

    public ValueTask<OperationResult> OperateAsync(
        string objectName, ReadOperation operation, ulong snapshotId = SnapshotId.Head, CancellationToken cancellationToken = default) =>
        new(OperateCall.Read(Connection, _context, objectName, operation.Steps, snapshotId, cancellationToken));

    public ValueTask<OperationResult> OperateAsync(
        string objectName, WriteOperation operation, SnapshotContext? snapshotContext = null, CancellationToken cancellationToken = default)
    {
        SnapshotContext context = snapshotContext ?? SnapshotContext.Empty;
        return context.IsValid
            ? new(OperateCall.Write(Connection, _context, objectName, operation.Steps, context, cancellationToken))
            : new(new OperationResult(-Errno.EINVAL, 0, []));
    }

    public async IAsyncEnumerable<string> ListObjectsAsync([EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        nint cursor = Connection.Run(_ => Librados.ObjectListBegin(_context), 0);
        if (cursor == 0)
        {
            throw new RadosException(Errno.ENOTCONN, $"listing objects of pool {Name}");
        }

        try
        {
            while (cursor != 0)
            {
                // The page's thread owns the cursor, so that it is freed even where we have given up waiting for it.
                nint from = cursor;
                cursor = 0;
                (int code, List<string> names, cursor) = await Connection.RunBlockingAsync(
                    $"listing objects of pool {Name}", _ => ReadPage(from), cancellationToken);
                if (code < 0)
                {
                    throw new RadosException(code, $"listing objects of pool {Name}");
                }

                foreach (string name in names)
                {
                    yield return name;
                }
            }
        }
        finally
        {
            if (cursor != 0)
            {
                Librados.ObjectListCursorFree(_context, cursor);
            }
        }
    }

    public async Task<ObjectSnapshots> ListSnapshotsAsync(string objectName, CancellationToken cancellationToken = default)
    {
        var operation = NativeOperation.NewRead();
        Shim.ListSnapshots(operation.Pointer);
        using OperationResult result = await OperateCall.Read(
            Connection, _context, objectName, operation, SnapshotId.Directory, cancellationToken);
        RadosException.ThrowIfFailed(result.ReturnCode, "listing snapshots", Name, objectName);
        return DecodeSnapshots(result.Outputs[0].Data.Span);
    }

    public unsafe Task<ulong> CreateSnapshotIdAsync(CancellationToken cancellationToken = default) => SimpleCall<ulong>.RunAsync(
        Connection,
        _context,
        $"making a snapshot id in pool {Name}",
        (completion, scratch) =>
        {
            Librados.SnapshotCreate(_context, (ulong*)scratch, completion);
            return 0;
        },
        (code, scratch) => code < 0 ? throw new RadosException(code, $"making a snapshot id in pool {Name}") : *(ulong*)scratch,
        cancellationToken);

    public Task RemoveSnapshotIdAsync(ulong snapshotId, CancellationToken cancellationToken = default) => SimpleCall<int>.RunAsync(
        Connection,
        _context,
        $"removing snapshot id {snapshotId} of pool {Name}",
        (completion, _) =>
        {
            Librados.SnapshotRemove(_context, snapshotId, completion);
            return 0;
        },
        (code, _) => code < 0 ? throw new RadosException(code, $"removing snapshot id {snapshotId} of pool {Name}") : code,
        cancellationToken);

    public async Task<IWatch> WatchAsync(string objectName, IWatchHandler handler, CancellationToken cancellationToken = default) =>
        await CephWatch.BeginAsync(Connection, _context, Name, objectName, handler, cancellationToken);

    public async Task<NotifyResult> NotifyAsync(
        string objectName, ReadOnlyMemory<byte> payload, TimeSpan timeout, CancellationToken cancellationToken = default)
    {
        string what = $"notifying watchers of object {Name}/{objectName}";
        TimeSpan limit = Connection.Options.OperationTimeout == Timeout.InfiniteTimeSpan
            ? Timeout.InfiniteTimeSpan
            : timeout + Connection.Options.OperationTimeout;
        byte[] reply = await SimpleCall<byte[]>.RunAsync(
            Connection,
            _context,
            what,
            (completion, scratch) => SubmitNotify(objectName, payload, timeout, completion, scratch),
            (code, scratch) => FinishNotify(code, scratch, what),
            cancellationToken,
            limit: limit);
        return DecodeNotifyReply(reply);
    }

    public async Task<IReadOnlyList<Watcher>> ListWatchersAsync(string objectName, CancellationToken cancellationToken = default)
    {
        var operation = NativeOperation.NewRead();
        Shim.ListWatchers(operation.Pointer);
        using OperationResult result = await OperateCall.Read(Connection, _context, objectName, operation, SnapshotId.Head, cancellationToken);
        RadosException.ThrowIfFailed(result.ReturnCode, "listing watchers", Name, objectName);
        return DecodeWatchers(result.Outputs[0].Data.Span);
    }

    private unsafe (int Code, List<string> Names, nint Next) ReadPage(nint from)
    {
        nint end = Librados.ObjectListEnd(_context);
        var items = new Librados.ObjectListItem[ObjectsPerPage];
        var names = new List<string>();
        nint next = Librados.ObjectListBegin(_context); // overwritten; librados wants a cursor there
        int count;
        fixed (Librados.ObjectListItem* results = items)
        {
            count = Librados.ObjectList(_context, from, end, ObjectsPerPage, null, 0, results, ref next);
            for (int i = 0; i < count; i++)
            {
                names.Add(System.Text.Encoding.UTF8.GetString(results[i].Name, checked((int)results[i].NameLength)));
            }

            if (count > 0)
            {
                Librados.ObjectListFree((nuint)count, results);
            }
        }

        Librados.ObjectListCursorFree(_context, from);
        Librados.ObjectListCursorFree(_context, end);
        if (count < 0 || Librados.ObjectListIsEnd(_context, next) != 0)
        {
            Librados.ObjectListCursorFree(_context, next);
            next = 0;
        }

        return (Math.Min(count, 0), names, next);
    }

    private unsafe int SubmitNotify(string objectName, ReadOnlyMemory<byte> payload, TimeSpan timeout, nint completion, nint scratch)
    {
        fixed (byte* data = payload.Span)
        {
            return Librados.Notify(
                _context, objectName, completion, data, payload.Length, (ulong)timeout.TotalMilliseconds, (byte**)scratch, (nuint*)(scratch + 8));
        }
    }

    private static unsafe byte[] FinishNotify(int code, nint scratch, string what)
    {
        byte* reply = *(byte**)scratch;
        byte[] bytes = new ReadOnlySpan<byte>(reply, checked((int)*(nuint*)(scratch + 8))).ToArray();
        if (reply is not null)
        {
            Librados.BufferFree(reply);
        }

        // ETIMEDOUT with a reply: some watchers have not answered, and the reply says which.
        return code >= 0 || (code == -Errno.ETIMEDOUT && bytes.Length > 0) ? bytes : throw new RadosException(code, what);
    }

    // map<pair<u64 client, u64 cookie>, bufferlist>, then set<pair<u64, u64>> of those that did not answer (src/osd/Watch.cc).
    private static NotifyResult DecodeNotifyReply(byte[] reply)
    {
        if (reply.Length == 0)
        {
            return new NotifyResult([], []);
        }

        var reader = new CephReader(reply);
        var acknowledgements = new NotifyAcknowledgement[reader.ReadCount(20)];
        for (int i = 0; i < acknowledgements.Length; i++)
        {
            acknowledgements[i] = new(reader.ReadUInt64(), reader.ReadUInt64(), reader.ReadBytes().ToArray());
        }

        var timeouts = new NotifyTimeout[reader.ReadCount(16)];
        for (int i = 0; i < timeouts.Length; i++)
        {
            timeouts[i] = new(reader.ReadUInt64(), reader.ReadUInt64());
        }

        return new NotifyResult(acknowledgements, timeouts);
    }

    private static ObjectSnapshots DecodeSnapshots(ReadOnlySpan<byte> data)
    {
        var reader = new CephReader(data);
        ulong sequence = reader.ReadUInt64();
        var clones = new ObjectClone[reader.ReadCount(24)];
        for (int i = 0; i < clones.Length; i++)
        {
            ulong id = reader.ReadUInt64();
            ulong size = reader.ReadUInt64();
            var snapshots = new ulong[reader.ReadCount(8)];
            for (int j = 0; j < snapshots.Length; j++)
            {
                snapshots[j] = reader.ReadUInt64();
            }

            var overlap = new Extent[reader.ReadCount(16)];
            for (int j = 0; j < overlap.Length; j++)
            {
                overlap[j] = new Extent(reader.ReadUInt64(), reader.ReadUInt64());
            }

            clones[i] = new ObjectClone(id, snapshots, overlap, size);
        }

        return new ObjectSnapshots(sequence, clones);
    }

    private static Watcher[] DecodeWatchers(ReadOnlySpan<byte> data)
    {
        var reader = new CephReader(data);
        var watchers = new Watcher[reader.ReadCount(24)];
        for (int i = 0; i < watchers.Length; i++)
        {
            watchers[i] = new Watcher(
                reader.ReadString(), reader.ReadUInt64(), reader.ReadUInt64(), TimeSpan.FromSeconds(reader.ReadUInt32()));
        }

        return watchers;
    }
}
