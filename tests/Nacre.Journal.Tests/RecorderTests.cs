using Nacre.Journal.Committing;
using Nacre.Journal.Reading;
using Nacre.Journal.Recording;
using Nacre.ObjectClasses.Journal;
using Nacre.Rados;
using Nacre.Rados.Clusters;
using Nacre.Rados.Objects;

namespace Nacre.Journal.Tests;

/// <summary>What is recorded can be read, committed and trimmed.</summary>
public class RecorderTests(JournalFixture fixture)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(1)]
    [InlineData(8)]
    public async Task What_is_appended_through_many_object_sets_is_read_in_order(int appendsPerObject)
    {
        ImageJournal journal = await fixture.CreateAsync(3, 12);
        List<JournalObjectPosition> positions = await RecordAsync(journal, 400, new JournalRecorderOptions { MaximumAppendsPerObject = appendsPerObject });
        await using var player = new JournalPlayer(journal, JournalPosition.None);
        var read = new List<JournalObjectPosition>();
        await foreach (PlayedEntry entry in player.PlayAsync(Token))
        {
            Assert.Equal(entry.Entry.EntryTid, BitConverter.ToUInt64(entry.Entry.Data.Span));
            read.Add(entry.Position);
        }

        Assert.Equal(positions, read);
        Assert.True((await journal.ReadSetsAsync(Token)).Active > 5);
    }

    [Fact]
    public async Task Entries_are_acknowledged_in_their_order()
    {
        ImageJournal journal = await fixture.CreateAsync();
        await using JournalRecorder recorder = await JournalRecorder.OpenAsync(journal, cancellationToken: Token);
        Task<JournalObjectPosition>[] appends = [.. Enumerable.Range(0, 100).Select(i => recorder.AppendAsync(1, new byte[8 + (i * 37 % 500)]))];
        for (int i = appends.Length - 1; i >= 0; i--)
        {
            await appends[i];
            Assert.All(appends[..i], earlier => Assert.True(earlier.IsCompletedSuccessfully));
        }
    }

    [Fact]
    public async Task Whatever_a_store_throws_nobody_waits_for_ever()
    {
        ImageJournal made = await fixture.CreateAsync(2, 12);
        var pool = new BrokenPool(made.Pool);
        ImageJournal journal = await ImageJournal.OpenAsync(pool, made.Id, Token);
        await using JournalRecorder recorder = await JournalRecorder.OpenAsync(journal, cancellationToken: Token);
        await recorder.AppendAsync(1, new byte[100]);
        pool.IsBroken = true;
        RadosException error = await Assert.ThrowsAsync<RadosException>(
            () => recorder.AppendAsync(1, new byte[100]).WaitAsync(TimeSpan.FromSeconds(60), Token));
        Assert.Equal(Errno.EIO, error.Code);
    }

    [Fact]
    public async Task An_error_is_for_good()
    {
        ImageJournal journal = await fixture.CreateAsync(2, 12);
        await using JournalRecorder recorder = await JournalRecorder.OpenAsync(journal, cancellationToken: Token);
        await journal.Pool.RemoveAsync(journal.HeaderName, null, Token);
        RadosException error = await Assert.ThrowsAsync<RadosException>(async () =>
        {
            for (int i = 0; i < 100; i++)
            {
                await recorder.AppendAsync(1, new byte[1000]);
            }
        });
        Assert.Same(error, await Assert.ThrowsAsync<RadosException>(() => recorder.AppendAsync(1, new byte[1])));
    }

    [Fact]
    public async Task Positions_move_over_what_is_done_without_a_gap_and_reading_goes_on_there()
    {
        ImageJournal journal = await fixture.CreateAsync(2, 12);
        await journal.RegisterClientAsync("c", Array.Empty<byte>(), Token);
        List<JournalObjectPosition> positions = await RecordAsync(journal, 60);
        var tracker = new CommitTracker(journal, "c", JournalPosition.None);
        CommitTracker.Ticket[] tickets = [.. positions.Select(tracker.Begin)];
        for (int i = 49; i >= 0; i--)
        {
            tracker.Complete(tickets[i]);
            Assert.Equal(i == 0 ? 10 : 60, tracker.Outstanding);
        }

        await tracker.FlushAsync(Token);
        JournalPosition committed = (await journal.FindClientAsync("c", Token))!.CommitPosition;
        Assert.Equal(new JournalPosition([positions[49], positions[48]]), committed);
        await using var player = new JournalPlayer(journal, committed);
        using PlayedEntry? next = await player.NextAsync(Token);
        Assert.Equal(positions[50], next!.Position);
    }

    [Fact]
    public async Task Sets_that_all_connected_clients_have_committed_are_trimmed()
    {
        ImageJournal journal = await fixture.CreateAsync(2, 12);
        foreach (string client in (string[])["", "behind"])
        {
            await journal.RegisterClientAsync(client, Array.Empty<byte>(), Token);
        }

        List<JournalObjectPosition> positions = await RecordAsync(journal, 100);
        await journal.CommitAsync("", new JournalPosition([positions[99], positions[98]]), Token);
        Assert.Equal(0ul, await JournalTrimmer.TrimAsync(journal, Token));
        await journal.CommitAsync("behind", new JournalPosition([positions[51], positions[50]]), Token);
        ulong kept = Math.Min(positions[50].ObjectNumber, positions[51].ObjectNumber) / 2;
        Assert.True(kept > 0);
        Assert.Equal(kept, await JournalTrimmer.TrimAsync(journal, Token));
        Assert.Equal(kept, (await journal.ReadSetsAsync(Token)).Minimum);
        for (ulong number = 0; number <= positions[99].ObjectNumber; number++)
        {
            Assert.Equal(number / 2 >= kept, await journal.DataPool.StatAsync(journal.ObjectName(number), cancellationToken: Token) is not null);
        }

        await journal.Pool.ExecWriteAsync(
            journal.HeaderName, "journal", "client_update_state", JournalCalls.UpdateClientState("behind", JournalClientState.Disconnected).Input, Token);
        Assert.Equal((positions[98].ObjectNumber / 2) - kept, await JournalTrimmer.TrimAsync(journal, Token));
    }

    [Fact]
    public async Task Tags_get_the_next_number_and_are_listed()
    {
        ImageJournal journal = await fixture.CreateAsync();
        await journal.RegisterClientAsync("", Array.Empty<byte>(), Token);
        JournalTag first = await journal.AllocateTagAsync(JournalTag.NewClass, new byte[] { 1 }, Token);
        await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => journal.AllocateTagAsync(first.Class, new byte[] { 2 }, Token)));
        IReadOnlyList<JournalTag> tags = await journal.ListTagsAsync("", tagClass: first.Class, cancellationToken: Token);
        Assert.Equal([1ul, 2, 3, 4], tags.Where(tag => tag.Tid > 0).Select(tag => tag.Tid));
        Assert.True(await journal.IsSupersededAsync(3, Token));
        Assert.False(await journal.IsSupersededAsync(4, Token));
    }

    private static async Task<List<JournalObjectPosition>> RecordAsync(ImageJournal journal, int count, JournalRecorderOptions? options = null)
    {
        await using JournalRecorder recorder = await JournalRecorder.OpenAsync(journal, options, Token);
        var appends = new List<Task<JournalObjectPosition>>();
        for (int i = 0; i < count; i++)
        {
            byte[] data = new byte[100 + (i * 53 % 400)];
            BitConverter.TryWriteBytes(data, (ulong)i);
            appends.Add(recorder.AppendAsync(1, data));
            if (i % 7 == 0)
            {
                await appends[i];
            }
        }

        return [.. await Task.WhenAll(appends)];
    }

    /// <summary>Throws at once what no store should.</summary>
    private sealed class BrokenPool(IPool inner) : PoolDecorator(inner)
    {
        public bool IsBroken { get; set; }

        public override IPool WithNamespace(string name) => Inner.WithNamespace(name);

        public override ValueTask<OperationResult> OperateAsync(
            string objectName, WriteOperation operation, SnapshotContext? snapshotContext = null, CancellationToken cancellationToken = default) =>
            IsBroken ? throw new InvalidOperationException("broken") : Inner.OperateAsync(objectName, operation, snapshotContext, cancellationToken);
    }
}
