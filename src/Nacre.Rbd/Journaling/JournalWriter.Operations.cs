using Nacre.Journal.Committing;
using Nacre.Journal.Formats;
using Nacre.Journal.Recording;
using Nacre.ObjectClasses.Journal;
using Nacre.Rados;

namespace Nacre.Rbd.Journaling;

/// <content>Maintenance operations (Journal::append_op_event, commit_op_event).</content>
internal sealed partial class JournalWriter
{
    // Numbers are this opening's own; replay only matches an end to its beginning.
    private ulong _lastOperation;

    /// <summary>
    /// Records an operation, carries it out, and records its end. What was applied before is committed first, so that a replay that begins with the
    /// operation needs nothing before it; the position moves over the operation once its end is durable.
    /// </summary>
    public async Task OperateAsync(Func<ulong, JournalEventPayload> payload, Func<Task> operate, CancellationToken cancellationToken)
    {
        ulong operation = Interlocked.Increment(ref _lastOperation);
        AppendedEvent begun = await AppendAsync(payload(operation));
        int result = 0;
        try
        {
            await _tracker.FlushAsync(cancellationToken);
            await operate();
        }
        catch (Exception exception)
        {
            result = exception is RadosException failure ? -failure.Code : -Errno.ECANCELED;
            throw;
        }
        finally
        {
            await EndAsync(begun, operation, result);
        }
    }

    private async Task EndAsync(AppendedEvent begun, ulong operation, int result)
    {
        try
        {
            AppendedEvent ended = await AppendAsync(new JournalOperationFinish(operation, result));
            begun.Commit();
            ended.Commit();
        }
        catch (RadosException exception) when (result < 0)
        {
            // The operation's own failure is the one to tell.
            _core.Log($"recording the end of an operation: {exception.Message}");
        }
    }

    private async Task<AppendedEvent> AppendAsync(JournalEventPayload payload)
    {
        var append = new AppendedEvent(_tracker);
        try
        {
            lock (_sync)
            {
                _events.Append(payload, append);
            }

            await append.Recorded;
            return append;
        }
        catch (RadosException exception)
        {
            Fail(exception);
            throw Failed();
        }
    }

    private sealed class AppendedEvent(CommitTracker tracker) : JournalAppend
    {
        private readonly TaskCompletionSource _recorded = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private CommitTracker.Ticket? _ticket;

        public Task Recorded => _recorded.Task;

        public void Commit() => tracker.Complete(_ticket!);

        protected override void OnDurable(JournalObjectPosition position)
        {
            _ticket = tracker.Begin(position);
            _recorded.TrySetResult();
        }

        protected override void OnFailed(RadosException exception) => _recorded.TrySetException(exception);
    }
}
