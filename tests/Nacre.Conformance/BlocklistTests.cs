using Nacre.Rados;
using Nacre.Rados.Clusters;
using Nacre.Rados.Objects;
using Nacre.Rados.Watching;

namespace Nacre.Conformance;

/// <summary>Shutting a client out.</summary>
public abstract class BlocklistTests(EngineFixture engine) : ConformanceTests(engine)
{
    [Fact]
    public async Task A_blocklisted_client_is_told_and_nothing_of_it_takes_effect()
    {
        await using ICluster doomed = await Engine.ConnectAsync();
        IPool theirs = await EngineFixture.SameAsync(Pool, doomed);
        await theirs.ExecuteAsync("o", new WriteOperation().WriteFull(Bytes("before")), cancellationToken: Cancellation);
        await Engine.Cluster.BlocklistAsync(doomed.Address, TimeSpan.FromMinutes(5), Cancellation);
        await MustWriteAsync("o", new WriteOperation().WriteFull(Bytes("mine")));
        using OperationResult write = await theirs.OperateAsync("o", new WriteOperation().WriteFull(Bytes("after")), null, Cancellation);
        Assert.Equal(-Errno.ESHUTDOWN, write.ReturnCode);
        using OperationResult read = await theirs.OperateAsync("o", new ReadOperation().Read(0, 0), SnapshotId.Head, Cancellation);
        Assert.Equal(-Errno.ESHUTDOWN, read.ReturnCode);
        Assert.Equal("mine", Text(await DataAsync("o")));
    }

    [Fact]
    public async Task A_blocklisted_client_may_come_back_as_another()
    {
        await using ICluster doomed = await Engine.ConnectAsync();
        await Engine.Cluster.BlocklistAsync(doomed.Address, cancellationToken: Cancellation);
        await using ICluster again = await Engine.ConnectAsync();
        IPool pool = await EngineFixture.SameAsync(Pool, again);
        await pool.ExecuteAsync("o", new WriteOperation().WriteFull(Bytes("x")), cancellationToken: Cancellation);
    }

    [Fact]
    public async Task A_blocklisted_client_loses_its_watches()
    {
        await MustWriteAsync("o", new WriteOperation().Create(exclusive: true));
        await using ICluster doomed = await Engine.ConnectAsync();
        var handler = new Handler();
        await using IWatch watch = await (await EngineFixture.SameAsync(Pool, doomed)).WatchAsync("o", handler, Cancellation);
        await Engine.Cluster.BlocklistAsync(doomed.Address, cancellationToken: Cancellation);
        int errno = await handler.Lost.Task.WaitAsync(TimeSpan.FromSeconds(90), Cancellation);
        Assert.True(errno is Errno.ESHUTDOWN or Errno.ENOTCONN, $"{errno}");
    }

    [Fact]
    public async Task A_blocklisting_shows_in_the_monitors_list()
    {
        await using ICluster doomed = await Engine.ConnectAsync();
        await Engine.Cluster.BlocklistAsync(doomed.Address, TimeSpan.FromMinutes(5), Cancellation);
        CommandResult list = await Engine.Cluster.MonitorCommandAsync("""{"prefix":"osd blocklist ls","format":"json"}""", default, Cancellation);
        Assert.Contains($"\"{doomed.Address}\"", Text(list.Output), StringComparison.Ordinal);
    }

    private sealed class Handler : IWatchHandler
    {
        public TaskCompletionSource<int> Lost { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public ValueTask<ReadOnlyMemory<byte>> OnNotifyAsync(Notification notification, CancellationToken cancellationToken) => default;

        public void OnLost(int errno) => Lost.TrySetResult(errno);
    }
}
