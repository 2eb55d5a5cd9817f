using System.Collections.Concurrent;
using Nacre.Rados;
using Nacre.Rados.Clusters;
using Nacre.Rados.Objects;
using Nacre.Rados.Watching;

namespace Nacre.Conformance;

/// <summary>Watching and notifying.</summary>
public abstract class WatchNotifyTests(EngineFixture engine) : ConformanceTests(engine)
{
    private static readonly TimeSpan _timeout = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task A_notification_reaches_every_watcher_and_brings_back_their_answers()
    {
        await MustWriteAsync("o", new WriteOperation().Create(exclusive: true));
        await using ICluster other = await Engine.ConnectAsync();
        IPool theirs = await EngineFixture.SameAsync(Pool, other);
        var mine = new Recorder("mine");
        var second = new Recorder("theirs");
        await using IWatch first = await Pool.WatchAsync("o", mine, Cancellation);
        await using IWatch another = await theirs.WatchAsync("o", second, Cancellation);
        NotifyResult result = await Pool.NotifyAsync("o", Bytes("hello"), _timeout, Cancellation);
        Assert.Empty(result.TimedOut);
        Assert.Equal(
            new HashSet<(ulong, ulong, string)>
            {
                (Engine.Cluster.InstanceId, first.Cookie, "mine:hello"),
                (other.InstanceId, another.Cookie, "theirs:hello"),
            },
            result.Acknowledgements.Select(a => (a.WatcherId, a.Cookie, Text(a.Payload))).ToHashSet());
        Notification seen = Assert.Single(second.Seen);
        Assert.Equal((another.Cookie, Engine.Cluster.InstanceId), (seen.Cookie, seen.NotifierId));
        Assert.NotEqual(0ul, seen.NotifyId);
        Assert.Equal(0, first.Check());
    }

    [Fact]
    public async Task Watchers_are_listed_with_their_address()
    {
        await MustWriteAsync("o", new WriteOperation().Create(exclusive: true));
        Assert.Empty(await Pool.ListWatchersAsync("o", Cancellation));
        await using IWatch watch = await Pool.WatchAsync("o", new Recorder("x"), Cancellation);
        Watcher watcher = Assert.Single(await Pool.ListWatchersAsync("o", Cancellation));
        Assert.Equal((Engine.Cluster.Address, Engine.Cluster.InstanceId, watch.Cookie), (watcher.Address, watcher.ClientId, watcher.Cookie));
        Assert.InRange(watcher.Timeout, TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(5));
    }

    [Fact]
    public async Task A_disposed_watch_gets_nothing_and_is_not_listed()
    {
        await MustWriteAsync("o", new WriteOperation().Create(exclusive: true));
        var recorder = new Recorder("x");
        IWatch watch = await Pool.WatchAsync("o", recorder, Cancellation);
        await watch.DisposeAsync();
        NotifyResult result = await Pool.NotifyAsync("o", Bytes("late"), _timeout, Cancellation);
        Assert.Empty(result.Acknowledgements);
        Assert.Empty(result.TimedOut);
        Assert.Empty(recorder.Seen);
        Assert.Empty(await Pool.ListWatchersAsync("o", Cancellation));
    }

    [Fact]
    public async Task An_absent_object_is_neither_watched_nor_notified()
    {
        RadosException watching = await Assert.ThrowsAsync<RadosException>(() => Pool.WatchAsync("absent", new Recorder("x"), Cancellation));
        Assert.Equal(Errno.ENOENT, watching.Code);
        RadosException notifying = await Assert.ThrowsAsync<RadosException>(() => Pool.NotifyAsync("absent", default, _timeout, Cancellation));
        Assert.Equal(Errno.ENOENT, notifying.Code);
    }

    [Fact]
    public async Task A_watcher_that_does_not_answer_is_reported_with_the_others_answers()
    {
        await MustWriteAsync("o", new WriteOperation().Create(exclusive: true));
        var slow = new Recorder("slow") { Hold = new TaskCompletionSource() };
        await using IWatch held = await Pool.WatchAsync("o", slow, Cancellation);
        await using IWatch quick = await Pool.WatchAsync("o", new Recorder("quick"), Cancellation);
        NotifyResult result = await Pool.NotifyAsync("o", Bytes("x"), TimeSpan.FromSeconds(2), Cancellation);
        Assert.Equal([new NotifyTimeout(Engine.Cluster.InstanceId, held.Cookie)], result.TimedOut);
        NotifyAcknowledgement answer = Assert.Single(result.Acknowledgements);
        Assert.Equal((quick.Cookie, "quick:x"), (answer.Cookie, Text(answer.Payload)));
        slow.Hold.SetResult();
    }

    [Fact]
    public async Task A_handler_that_throws_is_acknowledged_with_nothing()
    {
        await MustWriteAsync("o", new WriteOperation().Create(exclusive: true));
        await using IWatch watch = await Pool.WatchAsync("o", new Recorder("x") { Fail = true }, Cancellation);
        NotifyResult result = await Pool.NotifyAsync("o", Bytes("x"), _timeout, Cancellation);
        Assert.Equal(0, Assert.Single(result.Acknowledgements).Payload.Length);
    }

    [Fact]
    public async Task A_handler_may_use_the_store()
    {
        await MustWriteAsync("o", new WriteOperation().WriteFull(Bytes("content")));
        var reader = new Recorder("x") { Also = async () => Text(await Pool.ReadAsync("o")) };
        await using IWatch watch = await Pool.WatchAsync("o", reader, Cancellation);
        NotifyResult result = await Pool.NotifyAsync("o", Bytes("x"), _timeout, Cancellation);
        Assert.Equal("x:xcontent", Text(Assert.Single(result.Acknowledgements).Payload));
    }

    [Fact]
    public async Task Removing_the_object_loses_the_watch_once()
    {
        await MustWriteAsync("o", new WriteOperation().Create(exclusive: true));
        var recorder = new Recorder("x");
        await using IWatch watch = await Pool.WatchAsync("o", recorder, Cancellation);
        await Pool.RemoveAsync("o", cancellationToken: Cancellation);
        int errno = await recorder.Lost.Task.WaitAsync(TimeSpan.FromSeconds(90), Cancellation);
        Assert.True(errno is Errno.ENOTCONN or Errno.ENOENT, $"{errno}");
        Assert.True(watch.Check() < 0);
    }

    [Fact]
    public async Task A_client_that_leaves_is_no_watcher_any_more()
    {
        await MustWriteAsync("o", new WriteOperation().Create(exclusive: true));
        ICluster other = await Engine.ConnectAsync();
        IWatch watch = await (await EngineFixture.SameAsync(Pool, other)).WatchAsync("o", new Recorder("x"), Cancellation);
        Assert.Single(await Pool.ListWatchersAsync("o", Cancellation));
        await watch.DisposeAsync();
        await other.DisposeAsync();
        Assert.Empty(await Pool.ListWatchersAsync("o", Cancellation));
    }

    [Fact]
    public async Task Many_notifications_all_arrive()
    {
        await MustWriteAsync("o", new WriteOperation().Create(exclusive: true));
        var recorder = new Recorder("x");
        await using IWatch watch = await Pool.WatchAsync("o", recorder, Cancellation);
        NotifyResult[] results = await Task.WhenAll(Enumerable.Range(0, 50).Select(i => Pool.NotifyAsync("o", Bytes($"{i}"), _timeout, Cancellation)));
        Assert.All(results, result => Assert.Single(result.Acknowledgements));
        Assert.Equal(50, recorder.Seen.Count);
    }

    private sealed class Recorder(string name) : IWatchHandler
    {
        public ConcurrentQueue<Notification> Seen { get; } = new();

        public TaskCompletionSource<int> Lost { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public TaskCompletionSource? Hold { get; init; }

        public bool Fail { get; init; }

        public Func<Task<string>>? Also { get; init; }

        public async ValueTask<ReadOnlyMemory<byte>> OnNotifyAsync(Notification notification, CancellationToken cancellationToken)
        {
            Seen.Enqueue(notification);
            if (Hold is not null)
            {
                await Hold.Task;
            }

            if (Fail)
            {
                throw new InvalidOperationException("on purpose");
            }

            return Bytes($"{name}:{Text(notification.Payload)}{(Also is null ? "" : await Also())}");
        }

        public void OnLost(int errno) => Assert.True(Lost.TrySetResult(errno), "told twice");
    }
}
