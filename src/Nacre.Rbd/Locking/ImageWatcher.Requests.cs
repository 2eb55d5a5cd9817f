using Nacre.ObjectClasses.Encoding;
using Nacre.ObjectClasses.Rbd;
using Nacre.ObjectClasses.Rbd.Notifications;
using Nacre.Rados;
using Nacre.Rados.Objects;
using Nacre.Rados.Watching;

namespace Nacre.Rbd;

/// <content>Asking the lock's owner to do something, and being asked.</content>
internal sealed partial class ImageWatcher
{
    // rbd_request_timed_out_seconds.
    private const ulong RequestTimeoutSeconds = 30;

    private readonly Dictionary<AsyncRequestId, PendingRequest> _pending = [];
    private readonly HashSet<AsyncRequestId> _serving = [];
    private ClientId _owner;
    private ulong _lastRequest;

    private sealed class PendingRequest(IProgress<OperationProgress>? progress)
    {
        public TaskCompletionSource<int> Completion { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public IProgress<OperationProgress>? Progress { get; } = progress;

        public long LastHeard { get; set; }
    }

    /// <summary>A new id for a request to the lock's owner.</summary>
    public AsyncRequestId NextRequestId()
    {
        ClientId self = Self;
        return new AsyncRequestId(self, Interlocked.Increment(ref _lastRequest));
    }

    /// <summary>
    /// Asks the lock's owner for something it answers at once (librbd::image_watcher::NotifyLockOwner): its answer, or -ETIMEDOUT where no owner answered.
    /// </summary>
    public async Task<int> AskOwnerAsync(NotifyPayload payload, CancellationToken cancellationToken)
    {
        NotifyResult result = await NotifyAsync(payload, cancellationToken);
        int? answer = null;
        foreach (NotifyAcknowledgement acknowledgement in result.Acknowledgements)
        {
            if (acknowledgement.Payload.IsEmpty)
            {
                continue;
            }

            if (answer is not null)
            {
                // Two owners of an exclusive lock: not possible with sound clients.
                return -Errno.EINVAL;
            }

            answer = CephEncodingExtensions.Decode<ResponseMessage>(acknowledgement.Payload.Span).Result;
        }

        return answer ?? -Errno.ETIMEDOUT;
    }

    /// <summary>
    /// Asks the lock's owner for something long and waits for its end. -ETIMEDOUT where the owner fell silent, -ERESTART where it changed: ask again then.
    /// </summary>
    public async Task<int> AskOwnerLongAsync(
        Func<AsyncRequestId, NotifyPayload> payload, IProgress<OperationProgress>? progress, CancellationToken cancellationToken)
    {
        AsyncRequestId id = NextRequestId();
        var request = new PendingRequest(progress) { LastHeard = core.Options.Time.GetTimestamp() };
        lock (_sync)
        {
            _pending[id] = request;
        }

        try
        {
            int answer = await AskOwnerAsync(payload(id), cancellationToken);
            return answer < 0 ? answer : await WaitAsync(request, cancellationToken);
        }
        finally
        {
            lock (_sync)
            {
                _pending.Remove(id);
            }
        }
    }

    private async Task<int> WaitAsync(PendingRequest request, CancellationToken cancellationToken)
    {
        TimeSpan limit = TimeSpan.FromSeconds(core.GetUInt64Option("rbd_request_timed_out_seconds", RequestTimeoutSeconds));
        while (true)
        {
            long heard = request.LastHeard;
            TimeSpan silent = core.Options.Time.GetElapsedTime(heard);
            if (silent >= limit)
            {
                return -Errno.ETIMEDOUT;
            }

            try
            {
                return await request.Completion.Task.WaitAsync(limit - silent, core.Options.Time, cancellationToken);
            }
            catch (TimeoutException)
            {
                // Perhaps progress was heard meanwhile.
            }
        }
    }

    // The owner changed: whatever it was doing for us is not going on.
    private void RestartRequests()
    {
        lock (_sync)
        {
            foreach (PendingRequest request in _pending.Values)
            {
                request.Completion.TrySetResult(-Errno.ERESTART);
            }
        }
    }

    private ReadOnlyMemory<byte> OnProgress(AsyncProgressPayload payload)
    {
        PendingRequest? request;
        lock (_sync)
        {
            request = _pending.GetValueOrDefault(payload.Request);
        }

        if (request is not null)
        {
            request.LastHeard = core.Options.Time.GetTimestamp();
            request.Progress?.Report(new OperationProgress(payload.Offset, payload.Total));
        }

        return default;
    }

    private ReadOnlyMemory<byte> OnComplete(AsyncCompletePayload payload)
    {
        lock (_sync)
        {
            if (_pending.TryGetValue(payload.Request, out PendingRequest? request))
            {
                request.Completion.TrySetResult(payload.Result);
            }
        }

        return default;
    }

    private async ValueTask<ReadOnlyMemory<byte>> OnRequestAsync(NotifyPayload payload, CancellationToken cancellationToken)
    {
        if (payload.Operation == NotifyOperation.Quiesce)
        {
            // Nothing here needs to be quiesced: the snapshot's maker holds back writes itself.
            return Encode(0);
        }

        if (payload.Operation == NotifyOperation.Unquiesce || core.Lock is not { IsOwner: true })
        {
            return default;
        }

        if (core.Options.KeepLock && !IsAcceptedWhileKept(payload))
        {
            return Encode(-Errno.EROFS);
        }

        switch (payload)
        {
            case ResizePayload resize:
                return Serve(resize.Request, (progress, token) => core.Maintenance.ResizeOwnedAsync(resize.Size, resize.AllowShrink, progress, token));
            case SnapCreatePayload { Request: var id } create:
                return await ServeAsync(
                    id,
                    (progress, token) => core.Snapshots.CreateOwnedAsync(create.Name, create.Namespace, (SnapshotCreateFlags)create.Flags, progress, token),
                    cancellationToken);
            case AsyncRequestPayload { Operation: NotifyOperation.RebuildObjectMap } rebuild:
                return Serve(rebuild.Request, core.Maintenance.RebuildOwnedAsync);
            case SnapPayload snap:
                return await ServeAsync(snap.Request, (_, token) => core.Snapshots.ServeAsync(snap, token), cancellationToken);
            case SnapRenamePayload rename:
                return await ServeAsync(
                    rename.Request, (_, token) => core.Snapshots.RenameOwnedAsync(rename.SnapshotId, rename.NewName, token), cancellationToken);
            case UpdateFeaturesPayload features:
                return await ServeAsync(
                    features.Request, (_, token) => core.Maintenance.UpdateFeaturesOwnedAsync(features.Features, features.Enabled, token),
                    cancellationToken);
            case RenamePayload rename:
                return await ServeAsync(
                    rename.Request, (_, token) => core.Maintenance.RenameOwnedAsync(rename.NewName, token), cancellationToken);
            case MetadataUpdatePayload metadata:
                return await ServeAsync(
                    metadata.Request, (_, token) => core.Maintenance.SetMetadataOwnedAsync(metadata.Key, metadata.Value, token), cancellationToken);
            default:
                return Encode(-Errno.EOPNOTSUPP);
        }
    }

    // librbd's MirrorExclusiveLockPolicy: a forced promotion, and clearing the trash of snapshots, go through.
    private static bool IsAcceptedWhileKept(NotifyPayload payload) => payload switch
    {
        SnapCreatePayload { Namespace: MirrorSnapshotNamespace mirror } =>
            mirror.IsNonPrimary && mirror.PrimaryMirrorUuid.Length == 0 && mirror.PrimarySnapshotId == SnapshotId.Head,
        SnapPayload { Operation: NotifyOperation.SnapRemove, Namespace: TrashSnapshotNamespace } => true,
        _ => false,
    };

    // Accepts a long request: it is answered now and its end is told by a notification of its own.
    private ReadOnlyMemory<byte> Serve(AsyncRequestId id, Func<IProgress<OperationProgress>?, CancellationToken, Task> work)
    {
        if (id.Client == Self)
        {
            return Encode(-Errno.ERESTART);
        }

        lock (_sync)
        {
            if (!_serving.Add(id))
            {
                return Encode(0);
            }
        }

        core.Background.Start("a request of another client", async stopping =>
        {
            int result = await CodeOfAsync(token => work(new RemoteProgress(this, id), token), stopping);
            await CompleteAsync(id, result, stopping);
        });
        return Encode(0);
    }

    private async Task CompleteAsync(AsyncRequestId id, int result, CancellationToken stopping)
    {
        // The asker may be slow: told until it answers, as librbd does.
        for (int attempt = 0; attempt < 10; attempt++)
        {
            NotifyResult told = await NotifyAsync(new AsyncCompletePayload(id, result), stopping);
            if (told.TimedOut.Count == 0)
            {
                break;
            }
        }

        lock (_sync)
        {
            _serving.Remove(id);
        }
    }

    // Up to the middle of 16.2 these requests had no id, and the answer came at their end.
    private async ValueTask<ReadOnlyMemory<byte>> ServeAsync(
        AsyncRequestId id, Func<IProgress<OperationProgress>?, CancellationToken, Task> work, CancellationToken cancellationToken) =>
        id == default ? Encode(await CodeOfAsync(token => work(null, token), cancellationToken)) : Serve(id, work);

    private static async Task<int> CodeOfAsync(Func<CancellationToken, Task> work, CancellationToken cancellationToken)
    {
        try
        {
            await work(cancellationToken);
            return 0;
        }
        catch (RadosException exception)
        {
            return -exception.Code;
        }
    }

    private sealed class RemoteProgress(ImageWatcher watcher, AsyncRequestId id) : IProgress<OperationProgress>
    {
        private static readonly TimeSpan _interval = TimeSpan.FromSeconds(1);
        private long _last;

        // Not every object, but often enough that the asker knows we live.
        public void Report(OperationProgress value)
        {
            TimeProvider time = watcher.Time;
            if (_last != 0 && time.GetElapsedTime(_last) < _interval)
            {
                return;
            }

            _last = time.GetTimestamp();
            watcher.NotifySoon(new AsyncProgressPayload(id, value.Done, value.Total));
        }
    }

    /// <summary>The first refusal among the answers to a request to quiesce; 0 for none. Who knows no such request does not count.</summary>
    public static int FirstRefusal(NotifyResult told)
    {
        foreach (NotifyAcknowledgement acknowledgement in told.Acknowledgements)
        {
            if (!acknowledgement.Payload.IsEmpty)
            {
                int result = CephEncodingExtensions.Decode<ResponseMessage>(acknowledgement.Payload.Span).Result;
                if (result < 0 && result != -Errno.EOPNOTSUPP)
                {
                    return result;
                }
            }
        }

        return 0;
    }

    /// <summary>Notes who owns the lock.</summary>
    public void SetOwner(ClientId owner)
    {
        lock (_sync)
        {
            _owner = owner;
        }
    }

    private TimeProvider Time => core.Options.Time;
}
