using Nacre.Journal.Formats;
using Nacre.Rados;
using Nacre.Rbd.Journaling;

namespace Nacre.Rbd.Tests.Journaling;

/// <summary>What is gathered, what is kept apart, and in which order it is sent.</summary>
public class ReplayWindowTests(EmbeddedFixture engine) : ImageTestBase(engine)
{
    private const ulong ObjectSize = 1000;

    [Fact]
    public async Task Many_writes_of_an_object_become_one_request_and_others_another()
    {
        await using RecordedJournal journal = await JournalAsync();
        for (int i = 0; i < 90; i++)
        {
            await journal.WriteAsync((ulong)i, [(byte)i]);
        }

        var target = new HeldTarget();
        await using var window = new ReplayWindow(target, () => 1 << 20, 8);
        using HeldTarget.Releasing releasing = new(target);
        await PlayAsync(journal, window, offset => (offset % 3, offset));
        Assert.Empty(target.Begun);
        Task draining = window.DrainAsync(Token);
        await target.WaitForAsync(() => target.Begun.Count == 3);
        Assert.All(target.Begun, batch => Assert.Equal(30, batch.Entries.Count));
        Assert.Empty(journal.Tracker.Position.Positions);
        target.ReleaseAll();
        await draining;
        Assert.Equal(0, journal.Tracker.Outstanding);
        Assert.Equal(0, window.Bytes);
        Assert.Equal([[0UL, 1UL, 2UL]], target.Prepared);
    }

    [Fact]
    public async Task Nothing_after_a_flush_begins_before_all_before_it_is_durable()
    {
        await using RecordedJournal journal = await JournalAsync();
        await journal.WriteAsync(1, [1]);
        await journal.WriteAsync(2, [2]);
        await journal.FlushAsync();
        await journal.FlushAsync();
        await journal.WriteAsync(1, [3]);
        await journal.WriteAsync(3, [4]);
        var target = new HeldTarget();
        await using var window = new ReplayWindow(target, () => 1 << 20, 8);
        using HeldTarget.Releasing releasing = new(target);
        await PlayAsync(journal, window, offset => (offset, 0));
        Task draining = window.DrainAsync(Token);
        await target.WaitForAsync(() => target.Begun.Count == 2);
        Assert.Equal([1UL, 2UL], target.Begun.Select(batch => batch.ObjectNumber).Order());
        target.Release(1);
        await target.WaitForAsync(() => journal.Tracker.Position.Positions.Count > 0);
        Assert.Equal(2, target.Begun.Count);
        target.Release(2);
        await target.WaitForAsync(() => target.Begun.Count == 4);
        Assert.Equal([1UL, 3UL], target.Begun.Skip(2).Select(batch => batch.ObjectNumber).Order());

        // The position stands behind both flushes, and not behind what is under way.
        Assert.Equal(3UL, journal.Tracker.Position.Positions[0].EntryTid);
        target.ReleaseAll();
        await draining;
        Assert.Equal(5UL, journal.Tracker.Position.Positions[0].EntryTid);
    }

    [Fact]
    public async Task Of_one_object_there_is_never_more_than_one_request_under_way()
    {
        await using RecordedJournal journal = await JournalAsync();
        for (int i = 0; i < 6; i++)
        {
            await journal.WriteAsync((ulong)(i % 2), [(byte)i]);
        }

        var target = new HeldTarget();
        await using var window = new ReplayWindow(target, () => 1 << 20, 8);
        using HeldTarget.Releasing releasing = new(target);
        await journal.PlayAsync(async entry =>
        {
            await AddAsync(journal, window, entry, offset => (7, offset));
            window.SendAll();
        });
        await target.WaitForAsync(() => target.Begun.Count > 0);
        Task draining = window.DrainAsync(Token);
        target.ReleaseAll();
        await draining;
        Assert.Equal(2, target.Begun.Count);
        Assert.Equal([4, 5], target.Begun[1].Overlay.Extents.Select(extent => (int)extent.Data.Span[0]));
        Assert.Equal(1, target.MostUnderWay);
    }

    [Fact]
    public async Task A_full_window_sends_what_has_waited_longest_and_takes_no_more_until_it_is_durable()
    {
        await using RecordedJournal journal = await JournalAsync();
        for (int i = 0; i < 40; i++)
        {
            await journal.WriteAsync((ulong)i, new byte[100]);
        }

        var target = new HeldTarget();
        await using var window = new ReplayWindow(target, () => 12_000, 1);
        using HeldTarget.Releasing releasing = new(target);
        Task playing = PlayAsync(journal, window, offset => (offset, 0));
        await target.WaitForAsync(() => window.Bytes >= 12_000 && target.Begun.Count > 0);
        Assert.False(playing.IsCompleted);
        Assert.Equal([0UL], target.Begun.Select(batch => batch.ObjectNumber));
        target.ReleaseAll();
        await playing;
        await window.DrainAsync(Token);
        Assert.Equal(Enumerable.Range(0, 40).Select(i => (ulong)i), target.Begun.Select(batch => batch.ObjectNumber));
    }

    [Fact]
    public async Task A_failure_ends_it_and_names_the_entry()
    {
        await using RecordedJournal journal = await JournalAsync();
        await journal.WriteAsync(1, [1]);
        await journal.FlushAsync();
        await journal.WriteAsync(2, [2]);
        var target = new HeldTarget { Failure = new RadosException(Errno.EIO, "a store") };
        await using var window = new ReplayWindow(target, () => 1 << 20, 8);
        using HeldTarget.Releasing releasing = new(target);
        await PlayAsync(journal, window, offset => (offset, 0));
        RadosException failed = await Assert.ThrowsAsync<RadosException>(() =>
        {
            Task draining = window.DrainAsync(Token);
            target.ReleaseAll();
            return draining;
        });
        Assert.Equal("entry 0", failed.Attempt);
        Assert.Single(target.Begun);
        Assert.Empty(journal.Tracker.Position.Positions);
    }

    private async Task<RecordedJournal> JournalAsync() => await RecordedJournal.CreateAsync(Engine.NewNamespace(), "window");

    private static Task PlayAsync(RecordedJournal journal, ReplayWindow window, Func<ulong, (ulong Object, ulong Offset)> place) =>
        journal.PlayAsync(entry => AddAsync(journal, window, entry, place));

    private static async Task AddAsync(
        RecordedJournal journal, ReplayWindow window, Nacre.Journal.Reading.PlayedEntry played, Func<ulong, (ulong Object, ulong Offset)> place)
    {
        var entry = new ReplayedEntry(played, journal.Tracker);
        await window.BeginAsync(entry, Token);
        if (JournalApplier.Decode(journal.Journal, played).Payload is JournalWrite write)
        {
            (ulong number, ulong offset) = place(write.Offset);
            window.AddRange(entry, number, new OverlayExtent(offset, write.Length, write.Data));
            window.End(entry);
        }
        else
        {
            window.EndAtFlush(entry);
        }
    }

    /// <summary>Notes what is begun, and ends it when told.</summary>
    private sealed class HeldTarget : IReplayTarget
    {
        private readonly Lock _lock = new();
        private readonly List<(ObjectBatch Batch, TaskCompletionSource Done)> _begun = [];
        private readonly HashSet<ulong> _prepared = [];
        private bool _released;
        private int _underWay;

        public RadosException? Failure { get; init; }

        public int MostUnderWay { get; private set; }

        public List<ulong[]> Prepared { get; } = [];

        public ulong ObjectSize => ReplayWindowTests.ObjectSize;

        public List<ObjectBatch> Begun
        {
            get
            {
                lock (_lock)
                {
                    return [.. _begun.Select(begun => begun.Batch)];
                }
            }
        }

        public bool IsPrepared(ulong objectNumber) => _prepared.Contains(objectNumber);

        public Task PrepareAsync(IReadOnlyList<ulong> objectNumbers)
        {
            Prepared.Add([.. objectNumbers]);
            _prepared.UnionWith(objectNumbers);
            return Task.CompletedTask;
        }

        public async Task WriteAsync(ObjectBatch batch)
        {
            var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            lock (_lock)
            {
                _begun.Add((batch, done));
                MostUnderWay = Math.Max(MostUnderWay, ++_underWay);
                if (_released)
                {
                    done.SetResult();
                }
            }

            await done.Task;
            lock (_lock)
            {
                _underWay--;
            }

            if (Failure is { } failure)
            {
                throw failure;
            }
        }

        public Exception Failed(ReplayedEntry entry, Exception cause) =>
            new RadosException(((RadosException)cause).Code, $"entry {entry.Entry.Entry.EntryTid}");

        public void Release(ulong objectNumber)
        {
            lock (_lock)
            {
                _begun.First(begun => begun.Batch.ObjectNumber == objectNumber && !begun.Done.Task.IsCompleted).Done.SetResult();
            }
        }

        public void ReleaseAll()
        {
            lock (_lock)
            {
                _released = true;
                _begun.ForEach(begun => begun.Done.TrySetResult());
            }
        }

        /// <summary>Lets all go when a test is over, even where it failed: the window waits for it.</summary>
        public readonly struct Releasing(HeldTarget target) : IDisposable
        {
            public void Dispose() => target.ReleaseAll();
        }

        public async Task WaitForAsync(Func<bool> condition)
        {
            using var patience = CancellationTokenSource.CreateLinkedTokenSource(Token);
            patience.CancelAfter(TimeSpan.FromSeconds(60));
            while (!condition())
            {
                await Task.Delay(5, patience.Token);
            }
        }
    }
}
