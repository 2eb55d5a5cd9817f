using Nacre.Rados;
using Nacre.Rados.Clusters;
using Nacre.Rados.Objects;

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
    private sealed class LatePool(IPool inner) : PoolDecorator(inner)
    {
        private WriteOperation? _late;
        private SnapshotContext? _context;

        public bool NextWriteIsLate { get; set; }

        public TaskCompletionSource Arrive { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public TaskCompletionSource Asked { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public override IPool WithNamespace(string name) => Inner.WithNamespace(name);

        public override async ValueTask<OperationResult> OperateAsync(
            string objectName, ReadOperation operation, ulong snapshotId = SnapshotId.Head, CancellationToken cancellationToken = default)
        {
            if (_late is { } late && objectName.StartsWith("rbd_data.", StringComparison.Ordinal))
            {
                Asked.TrySetResult();
                await Arrive.Task.WaitAsync(cancellationToken);
                _late = null;
                using OperationResult result = await Inner.OperateAsync(objectName, late, _context, cancellationToken);
                Assert.True(result.Succeeded);
            }

            return await Inner.OperateAsync(objectName, operation, snapshotId, cancellationToken);
        }

        public override ValueTask<OperationResult> OperateAsync(
            string objectName, WriteOperation operation, SnapshotContext? snapshotContext = null, CancellationToken cancellationToken = default)
        {
            if (NextWriteIsLate && objectName.StartsWith("rbd_data.", StringComparison.Ordinal))
            {
                NextWriteIsLate = false;
                _late = operation;
                _context = snapshotContext;
                return ValueTask.FromResult(new OperationResult(-Errno.ETIMEDOUT, 0, []));
            }

            return Inner.OperateAsync(objectName, operation, snapshotContext, cancellationToken);
        }
    }
}
