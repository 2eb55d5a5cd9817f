using Nacre.Rados;
using Nacre.Rados.Clusters;
using Nacre.Rados.Objects;
using Nacre.Rados.Watching;

namespace Nacre.Rbd.Tests;

/// <summary>A write whose deadline passed may still take effect: never behind a snapshot's or the next owner's back.</summary>
public sealed class LateWriteTests(EmbeddedFixture engine) : ImageTestBase(engine)
{
    [Fact]
    public async Task A_snapshot_waits_for_a_write_that_timed_out()
    {
        RbdImages images = await NewImagesAsync();
        await images.CreateAsync("one", 4 * MiB, cancellationToken: Token);
        var pool = new LatePool(images.Pool);
        await using Image image = await new RbdImages(pool).OpenAsync("one", cancellationToken: Token);
        await image.WriteAsync(0, Bytes(4096, 1), Token);
        pool.NextWriteIsLate = true;
        Assert.Equal(Errno.ETIMEDOUT, await CodeOfAsync(() => image.WriteAsync(0, Bytes(4096, 2), Token).AsTask()));
        Task<ImageSnapshot> making = image.CreateSnapshotAsync("s", cancellationToken: Token);
        await pool.Asked.Task;
        Assert.False(making.IsCompleted);
        pool.Arrive.SetResult();
        await making;
        await using Image then = await images.OpenAsync("one", new ImageOpenOptions { SnapshotName = "s" }, Token);
        byte[] data = new byte[4096];
        await then.ReadAsync(0, data, Token);
        Assert.Equal(Bytes(4096, 2), data);
    }

    // The late write arrives when told to; a read of the object comes after it, as a store keeps one client's order.
    private sealed class LatePool(IPool inner) : IPool
    {
        private WriteOperation? _late;
        private SnapshotContext? _context;

        public bool NextWriteIsLate { get; set; }

        public TaskCompletionSource Arrive { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public TaskCompletionSource Asked { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public ICluster Cluster => inner.Cluster;

        public long Id => inner.Id;

        public string Name => inner.Name;

        public string Namespace => inner.Namespace;

        public IPool WithNamespace(string name) => inner.WithNamespace(name);

        public async ValueTask<OperationResult> OperateAsync(
            string objectName, ReadOperation operation, ulong snapshotId = SnapshotId.Head, CancellationToken cancellationToken = default)
        {
            if (_late is { } late && objectName.StartsWith("rbd_data.", StringComparison.Ordinal))
            {
                Asked.TrySetResult();
                await Arrive.Task.WaitAsync(cancellationToken);
                _late = null;
                using OperationResult result = await inner.OperateAsync(objectName, late, _context, cancellationToken);
                Assert.True(result.Succeeded);
            }

            return await inner.OperateAsync(objectName, operation, snapshotId, cancellationToken);
        }

        public ValueTask<OperationResult> OperateAsync(
            string objectName, WriteOperation operation, SnapshotContext? snapshotContext = null, CancellationToken cancellationToken = default)
        {
            if (NextWriteIsLate && objectName.StartsWith("rbd_data.", StringComparison.Ordinal))
            {
                NextWriteIsLate = false;
                _late = operation;
                _context = snapshotContext;
                return ValueTask.FromResult(new OperationResult(-Errno.ETIMEDOUT, 0, []));
            }

            return inner.OperateAsync(objectName, operation, snapshotContext, cancellationToken);
        }

        public IAsyncEnumerable<string> ListObjectsAsync(CancellationToken cancellationToken = default) => inner.ListObjectsAsync(cancellationToken);

        public Task<ObjectSnapshots> ListSnapshotsAsync(string objectName, CancellationToken cancellationToken = default) =>
            inner.ListSnapshotsAsync(objectName, cancellationToken);

        public Task<ulong> CreateSnapshotIdAsync(CancellationToken cancellationToken = default) => inner.CreateSnapshotIdAsync(cancellationToken);

        public Task RemoveSnapshotIdAsync(ulong snapshotId, CancellationToken cancellationToken = default) =>
            inner.RemoveSnapshotIdAsync(snapshotId, cancellationToken);

        public Task<IWatch> WatchAsync(string objectName, IWatchHandler handler, CancellationToken cancellationToken = default) =>
            inner.WatchAsync(objectName, handler, cancellationToken);

        public Task<NotifyResult> NotifyAsync(
            string objectName, ReadOnlyMemory<byte> payload, TimeSpan timeout, CancellationToken cancellationToken = default) =>
            inner.NotifyAsync(objectName, payload, timeout, cancellationToken);

        public Task<IReadOnlyList<Watcher>> ListWatchersAsync(string objectName, CancellationToken cancellationToken = default) =>
            inner.ListWatchersAsync(objectName, cancellationToken);
    }
}
