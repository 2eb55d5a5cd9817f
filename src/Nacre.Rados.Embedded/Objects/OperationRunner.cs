using System.Runtime.CompilerServices;
using Microsoft.Extensions.Logging;
using Nacre.Rados.ClassMethods;
using Nacre.Rados.Embedded.Pools;
using Nacre.Rados.Embedded.Storage;
using Nacre.Rados.Objects;

namespace Nacre.Rados.Embedded.Objects;

/// <summary>
/// Carries out a session's operations: in order on one object, side by side on several. An operation takes its place on the object before
/// its call returns, takes effect in one step under the map's lock, and is answered when what it saw or wrote is on disk.
/// </summary>
internal sealed class OperationRunner(EmbeddedSession session)
{
    /// <summary>Above so many bytes an operation is worth a thread of its own.</summary>
    private const int LargeOperation = 64 << 10;
    private readonly EmbeddedStore _store = session.Store;
    private readonly StoreCore _core = session.Store.Core;

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<OperationResult> ReadAsync(
        ObjectKey key, IReadOnlyList<OperationStep> steps, ulong snapshotId, CancellationToken cancellationToken)
    {
        if (MayWrite(steps))
        {
            // A class method that writes makes a write of it, as with Ceph.
            return snapshotId == SnapshotId.Head
                ? await WriteAsync(key, steps, SnapshotContext.Empty, withOutputs: true, cancellationToken)
                : Failed(-Errno.EINVAL);
        }

        if (Validate(key) is var invalid and < 0)
        {
            return Failed(invalid);
        }

        if (!_core.TryBeginActivity(out Activity begun))
        {
            return Failed(-Errno.ENOTCONN);
        }

        using Activity activity = begun;
        ObjectContext context = _core.Objects.Acquire(key);
        try
        {
            if (await EnterAsync(context, exclusive: false, cancellationToken) is var late and < 0)
            {
                return Failed(late);
            }

            OperationResult result;
            long ticket;
            try
            {
                result = SizeOf(steps) >= LargeOperation
                    ? await Task.Run(() => Read(context, steps, snapshotId), CancellationToken.None)
                    : Read(context, steps, snapshotId);
                ticket = context.Ticket;
            }
            finally
            {
                context.Lock.Exit(exclusive: false);
            }

            return await AnswerAsync(result, ticket, cancellationToken);
        }
        finally
        {
            _core.Objects.Release(context);
        }
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<OperationResult> WriteAsync(
        ObjectKey key, IReadOnlyList<OperationStep> steps, SnapshotContext snapshots, bool withOutputs, CancellationToken cancellationToken)
    {
        int invalid = Validate(key);
        long size = SizeOf(steps);
        invalid = invalid < 0 ? invalid : !snapshots.IsValid ? -Errno.EINVAL : size > Limits.MaximumWriteSize ? -Errno.EMSGSIZE : 0;
        if (invalid < 0)
        {
            return Failed(invalid);
        }

        if (!_core.TryBeginActivity(out Activity begun))
        {
            return Failed(-Errno.ENOTCONN);
        }

        using Activity activity = begun;
        ObjectContext context = _core.Objects.Acquire(key);
        try
        {
            if (await EnterAsync(context, exclusive: true, cancellationToken) is var late and < 0)
            {
                return Failed(late);
            }

            OperationResult result;
            long ticket;
            try
            {
                result = size >= LargeOperation
                    ? await Task.Run(() => Write(context, steps, snapshots, withOutputs), CancellationToken.None)
                    : Write(context, steps, snapshots, withOutputs);
                ticket = context.Ticket;
            }
            finally
            {
                context.Lock.Exit(exclusive: true);
            }

            return await AnswerAsync(result, ticket, cancellationToken);
        }
        finally
        {
            _core.Objects.Release(context);
        }
    }

    /// <summary>Looks at an object in its turn. Errors are thrown.</summary>
    public async Task<T> InspectAsync<T>(
        ObjectKey key, Func<ObjectKey, ObjectContext, StoreCore, T> look, bool exclusive, CancellationToken cancellationToken)
    {
        ThrowIf(Validate(key), key);
        using Activity activity = _core.BeginActivity();
        ObjectContext context = _core.Objects.Acquire(key);
        try
        {
            ThrowIf(await EnterAsync(context, exclusive, cancellationToken), key);
            T seen;
            long ticket;
            _core.Map.EnterReadLock();
            try
            {
                ThrowIf(CheckMap(key, out _), key);
                seen = look(key, context, _core);
                ticket = context.Ticket;
            }
            finally
            {
                _core.Map.ExitReadLock();
                context.Lock.Exit(exclusive);
            }

            await _core.Commits.WaitAsync(ticket).WaitAsync(session.Options.OperationTimeout, session.Options.Time, cancellationToken);
            return seen;
        }
        catch (TimeoutException exception)
        {
            throw new RadosException(Errno.ETIMEDOUT, $"operation on object {key}", exception);
        }
        finally
        {
            _core.Objects.Release(context);
        }
    }

    private static OperationResult Failed(int code) => new(code, 0, []);

    private static void ThrowIf(int code, ObjectKey key)
    {
        if (code < 0)
        {
            throw new RadosException(code, $"operation on object {key}");
        }
    }

    private static int Validate(ObjectKey key) =>
        key.Name.Length == 0 ? -Errno.EINVAL
        : key.Name.Length > Limits.MaximumObjectNameLength / 4 && System.Text.Encoding.UTF8.GetByteCount(key.Name) > Limits.MaximumObjectNameLength
            ? -Errno.ENAMETOOLONG
        : key.Namespace.Length > Limits.MaximumNamespaceLength / 4 && System.Text.Encoding.UTF8.GetByteCount(key.Namespace) > Limits.MaximumNamespaceLength
            ? -Errno.ENAMETOOLONG : 0;

    private static long SizeOf(IReadOnlyList<OperationStep> steps)
    {
        long size = 0;
        for (int i = 0; i < steps.Count; i++)
        {
            size += steps[i] switch
            {
                WriteStep write => write.Data.Length,
                WriteFullStep write => write.Data.Length,
                AppendStep append => append.Data.Length,
                ReadStep read => (long)Math.Min(read.Length == 0 ? LargeOperation : read.Length, 1 << 20),
                SparseReadStep read => (long)Math.Min(read.Length, 1 << 20),
                ExecStep exec => exec.Input.Length,
                OmapSetStep set => set.Values.Sum(value => (long)value.Value.Length + value.Key.Length),
                SetXattrStep set => set.Value.Length,
                _ => 0,
            };
        }

        return size;
    }

    private async ValueTask<int> EnterAsync(ObjectContext context, bool exclusive, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        ValueTask entered = context.Lock.EnterAsync(exclusive, CancellationToken.None);
        if (entered.IsCompletedSuccessfully)
        {
            return 0;
        }

        return await EnterSlowlyAsync(entered.AsTask(), context, exclusive, cancellationToken);
    }

    private async ValueTask<int> EnterSlowlyAsync(Task entered, ObjectContext context, bool exclusive, CancellationToken cancellationToken)
    {
        try
        {
            await entered.WaitAsync(session.Options.OperationTimeout, session.Options.Time, cancellationToken);
            return 0;
        }
        catch (TimeoutException)
        {
            Abandon(entered, context, exclusive);
            return -Errno.ETIMEDOUT;
        }
        catch (OperationCanceledException)
        {
            Abandon(entered, context, exclusive);
            throw;
        }
    }

    private static void Abandon(Task entered, ObjectContext context, bool exclusive) =>
        entered.ContinueWith(
            _ => context.Lock.Exit(exclusive), CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);

    private OperationResult Read(ObjectContext context, IReadOnlyList<OperationStep> steps, ulong snapshotId)
    {
        StepRunner? runner = null;
        _core.Map.EnterReadLock();
        try
        {
            if (CheckMap(context.Key, out PoolRecord? pool) is var refused and < 0)
            {
                return Failed(refused);
            }

            using var transaction = ObjectTransaction.Read(_core, context, snapshotId, pool!.IsSnapshotRemoved(snapshotId));
            if (!transaction.Exists)
            {
                return Failed(-Errno.ENOENT);
            }

            runner = new StepRunner(_core, transaction, session, pool.IsSnapshotRemoved);
            var outputs = new List<StepOutput>(steps.Count);
            int result = runner.Run(steps, outputs);
            return new OperationResult(result, transaction.Version, outputs, runner.Buffers);
        }
        catch (RadosException exception)
        {
            runner?.Buffers?.Dispose();
            return Broken(exception, context);
        }
        finally
        {
            _core.Map.ExitReadLock();
        }
    }

    private OperationResult Write(ObjectContext context, IReadOnlyList<OperationStep> steps, SnapshotContext snapshots, bool withOutputs)
    {
        _core.Map.EnterReadLock();
        try
        {
            if (CheckMap(context.Key, out PoolRecord? pool) is var refused and < 0)
            {
                return Failed(refused);
            }

            using var transaction = new ObjectTransaction(_core, context, WithoutRemoved(snapshots, pool!))
            {
                IsWatched = () => _core.Watches.IsWatched(context.Key),
            };
            if (!transaction.Exists && !MayWrite(steps))
            {
                return Failed(-Errno.ENOENT);
            }

            List<StepOutput>? outputs = withOutputs ? new List<StepOutput>(steps.Count) : null;
            var runner = new StepRunner(_core, transaction, session, pool!.IsSnapshotRemoved);
            int result = runner.Run(steps, outputs);
            if (result < 0 || !transaction.IsModified)
            {
                return new OperationResult(result, transaction.Version, outputs ?? [], runner.Buffers);
            }

            transaction.Commit();
            if (transaction.WasRemoved && !transaction.Exists)
            {
                // Before anybody can watch what comes after it.
                _core.Watches.BreakObject(context.Key, Errno.ENOENT);
            }

            return new OperationResult(0, transaction.Version, Emptied(outputs), runner.Buffers);
        }
        catch (RadosException exception)
        {
            return Broken(exception, context);
        }
        finally
        {
            _core.Map.ExitReadLock();
        }
    }

    /// <summary>A write's outputs are dropped, as Ceph does: a client that sends it again could not get them.</summary>
    private static IReadOnlyList<StepOutput> Emptied(List<StepOutput>? outputs) =>
        outputs is null ? [] : [.. outputs.Select(output => new StepOutput { ReturnCode = output.ReturnCode })];

    private static SnapshotContext WithoutRemoved(SnapshotContext snapshots, PoolRecord pool)
    {
        for (int i = 0; i < snapshots.Snapshots.Count; i++)
        {
            if (pool.IsSnapshotRemoved(snapshots.Snapshots[i]))
            {
                return snapshots with { Snapshots = [.. snapshots.Snapshots.Where(snapshot => !pool.IsSnapshotRemoved(snapshot))] };
            }
        }

        return snapshots;
    }

    private bool MayWrite(IReadOnlyList<OperationStep> steps)
    {
        for (int i = 0; i < steps.Count; i++)
        {
            bool writes = steps[i] switch
            {
                ReadStep or SparseReadStep or StatStep or GetXattrStep or GetXattrsStep or OmapGetKeysStep or OmapGetValuesStep
                    or OmapGetValuesByKeysStep or ChecksumStep or AssertExistsStep or AssertVersionStep or CompareXattrStep
                    or CompareOmapStep or CompareExtentStep => false,
                ExecStep exec => _core.Classes.Find(exec.Class, exec.Method)?.Access.HasFlag(ClassMethodAccess.Write) == true,
                _ => true,
            };
            if (writes)
            {
                return true;
            }
        }

        return false;
    }

    private int CheckMap(ObjectKey key, out PoolRecord? pool)
    {
        pool = _store.Pools.Find(key.Pool);
        return session.State is var state and < 0 ? state : pool is null ? -Errno.ENOENT : 0;
    }

    private OperationResult Broken(RadosException exception, ObjectContext context)
    {
        _core.Logger.LogError(exception, "operation on object {Object} failed", context.Key);
        return Failed(-exception.Code);
    }

    private async ValueTask<OperationResult> AnswerAsync(OperationResult result, long ticket, CancellationToken cancellationToken)
    {
        Task durable = _core.Commits.WaitAsync(ticket);
        if (durable.IsCompletedSuccessfully)
        {
            return result;
        }

        try
        {
            await durable.WaitAsync(session.Options.OperationTimeout, session.Options.Time, cancellationToken);
            return result;
        }
        catch (TimeoutException)
        {
            result.Dispose();
            return Failed(-Errno.ETIMEDOUT);
        }
        catch (RadosException exception)
        {
            result.Dispose();
            return Failed(-exception.Code);
        }
        catch (OperationCanceledException)
        {
            result.Dispose();
            throw;
        }
    }
}
