using Nacre.Journal;
using Nacre.Journal.Committing;
using Nacre.Journal.Formats;
using Nacre.Journal.Reading;
using Nacre.Journal.Recording;
using Nacre.ObjectClasses.Calls;
using Nacre.ObjectClasses.Journal;
using Nacre.Rados.Clusters;
using Nacre.Rados.Encoding;

namespace Nacre.Rbd.Tests.Journaling;

/// <summary>A journal into which tests write events, and which is played from the beginning.</summary>
internal sealed class RecordedJournal : IAsyncDisposable
{
    private readonly JournalRecorder _recorder;
    private ulong _operationTid;

    private RecordedJournal(ImageJournal journal, JournalRecorder recorder)
    {
        Journal = journal;
        _recorder = recorder;
        Tracker = new CommitTracker(journal, "peer", JournalPosition.None);
    }

    public ImageJournal Journal { get; }

    public CommitTracker Tracker { get; }

    public ulong Tag { get; set; }

    public static async Task<RecordedJournal> CreateAsync(IPool pool, string id)
    {
        await pool.CallAsync(ImageJournal.HeaderOf(id), JournalCalls.Create(18, 4, -1));
        ImageJournal journal = await ImageJournal.OpenAsync(pool, id);
        await journal.RegisterClientAsync("peer", new byte[1]);
        return new RecordedJournal(journal, await JournalRecorder.OpenAsync(journal));
    }

    public Task<JournalObjectPosition> AppendAsync(JournalEventPayload payload) =>
        _recorder.AppendAsync(Tag, new JournalEvent(payload, new CephTimestamp(1, 0)).ToBytes());

    public Task<JournalObjectPosition> AppendRawAsync(byte[] data) => _recorder.AppendAsync(Tag, data);

    public Task<JournalObjectPosition> WriteAsync(ulong offset, byte[] data) =>
        AppendAsync(new JournalWrite(JournalEventType.Write, offset, (ulong)data.Length, data));

    public Task<JournalObjectPosition> FlushAsync() => AppendAsync(new JournalPlainEvent(JournalEventType.Flush));

    /// <summary>An operation and its end.</summary>
    public async Task OperateAsync(Func<ulong, JournalEventPayload> operation, int result = 0)
    {
        ulong tid = ++_operationTid;
        await AppendAsync(operation(tid));
        await AppendAsync(new JournalOperationFinish(tid, result));
    }

    /// <summary>Gives all entries to an applier, without flushing it.</summary>
    public async Task PlayAsync(Func<PlayedEntry, Task> apply, JournalPosition? from = null)
    {
        await using var player = new JournalPlayer(Journal, from ?? JournalPosition.None);
        while (await player.NextAsync() is { } entry)
        {
            await apply(entry);
        }
    }

    /// <summary>What the position in the journal says.</summary>
    public async Task<JournalPosition> CommittedAsync() => (await Journal.FindClientAsync("peer"))!.CommitPosition;

    public ValueTask DisposeAsync() => _recorder.DisposeAsync();
}
