using Nacre.ObjectClasses.Calls;
using Nacre.ObjectClasses.Rbd;
using Nacre.Rados;
using Nacre.Rados.Objects;

namespace Nacre.Rbd;

/// <content>Changes of states, queued so that neighbours that come together are one request.</content>
internal sealed partial class HeadObjectMap
{
    // librbd's update_required: pending only from existing, gone only from pending.
    private bool IsNeeded(ulong start, ulong end, ObjectMapState state)
    {
        end = Math.Min(end, _map.Count);
        for (ulong number = start; number < end; number++)
        {
            ObjectMapState now = _map[number];
            if (now != state
                && !(state == ObjectMapState.Pending && now == ObjectMapState.Nonexistent)
                && !(state == ObjectMapState.Nonexistent && now != ObjectMapState.Pending))
            {
                return true;
            }
        }

        return false;
    }

    private bool IsPending(ulong start, ulong end)
    {
        foreach (Update update in _inFlight)
        {
            if (update.Start < end && start < update.End)
            {
                return true;
            }
        }

        return false;
    }

    private async Task UpdateInStoreAsync(ulong start, ulong end, ObjectMapState state, ObjectMapState? expected, CancellationToken cancellationToken)
    {
        while (true)
        {
            Task wait;
            List<List<Update>>? begun = null;
            bool own = false;
            lock (_sync)
            {
                if (FindOverlap(start, end) is { } other)
                {
                    // Changes of one object happen one after another.
                    wait = other.Done.Task;
                }
                else if (!IsNeeded(start, end, state))
                {
                    return;
                }
                else
                {
                    var update = new Update(start, end, state, expected, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
                    _queue.AddLast(update);
                    wait = update.Done.Task;
                    begun = TakeReady();
                    own = true;
                }
            }

            Begin(begun);
            await wait.WaitAsync(cancellationToken);
            if (own)
            {
                return;
            }
        }
    }

    private Update? FindOverlap(ulong start, ulong end)
    {
        foreach (Update update in _inFlight)
        {
            if (update.Start < end && start < update.End)
            {
                return update;
            }
        }

        foreach (Update update in _queue)
        {
            if (update.Start < end && start < update.End)
            {
                return update;
            }
        }

        return null;
    }

    // Queued changes that may be sent now; neighbours of the same kind that came in meanwhile become one request.
    private List<List<Update>>? TakeReady()
    {
        List<List<Update>>? ready = null;
        while (_queue.First is { } first && _requests < MaximumInFlight)
        {
            _queue.RemoveFirst();
            List<Update> request = [first.Value];
            while (_queue.First is { } next && next.Value.Start == request[^1].End
                && next.Value.State == first.Value.State && next.Value.Expected == first.Value.Expected)
            {
                _queue.RemoveFirst();
                request.Add(next.Value);
            }

            _inFlight.AddRange(request);
            _requests++;
            (ready ??= []).Add(request);
        }

        return ready;
    }

    private void Begin(List<List<Update>>? requests)
    {
        foreach (List<Update> request in requests ?? [])
        {
            // Awaited through each update's own source.
            _ = SendAsync(request);
        }
    }

    private async Task SendAsync(List<Update> updates)
    {
        Exception? failure = null;
        ulong start = updates[0].Start;
        ulong end = updates[^1].End;
        try
        {
            using OperationResult result = await _core.Pool.OperateAsync(
                _name,
                new WriteOperation().Call(AssertLocked).Call(RbdCalls.UpdateObjectMap(start, end, updates[0].State, updates[0].Expected)));
            if (result.ReturnCode < 0)
            {
                await OnFailureAsync(result.ReturnCode);
            }
        }
        catch (Exception exception)
        {
            failure = exception;
        }

        List<List<Update>>? next;
        lock (_sync)
        {
            foreach (Update update in updates)
            {
                if (failure is null)
                {
                    Apply(update);
                }

                _inFlight.Remove(update);
            }

            _requests--;
            next = TakeReady();
        }

        foreach (Update update in updates)
        {
            if (failure is null)
            {
                update.Done.SetResult();
            }
            else
            {
                update.Done.SetException(failure);
            }
        }

        Begin(next);
    }

    // A map that could not be changed must not be relied on; without the lock nothing may go on.
    private async Task OnFailureAsync(int code)
    {
        if (code is -Errno.EBUSY or -Errno.ESHUTDOWN or -Errno.ENOENT or -Errno.ENOTCONN or -Errno.ETIMEDOUT)
        {
            throw _core.Error(code == -Errno.EBUSY ? Errno.EROFS : code, "changing the object map");
        }

        _core.Log($"changing the object map: {Errno.Describe(code)}; it is marked invalid");
        await ObjectMapStore.InvalidateAsync(_core, SnapshotId.Head, CancellationToken.None);
    }

    private void Apply(Update update)
    {
        ulong end = Math.Min(update.End, _map.Count);
        for (ulong number = update.Start; number < end; number++)
        {
            ObjectMapState now = _map[number];
            if (update.Expected is null || now == update.Expected || (update.Expected == ObjectMapState.Exists && now == ObjectMapState.ExistsClean))
            {
                _map[number] = update.State;
            }
        }
    }
}
