using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Nacre.Rados.Ceph.Native;

namespace Nacre.Rados.Ceph;

/// <summary>
/// One asynchronous librados call. It ends for its caller at the first of completion, deadline, cancellation and the connection's end; what
/// librados may still touch lives until librados has said that it is done.
/// </summary>
/// <remarks>
/// librados gets an id, never a pointer, so a callback that comes twice or too late finds nothing. Callbacks run on librados' threads: they
/// take results and complete a task whose continuations run elsewhere.
/// </remarks>
internal abstract unsafe class NativeCall
{
    private static readonly ConcurrentDictionary<nint, NativeCall> _underWay = new();
    private static long _lastId;

    private readonly Lock _gate = new();
    private readonly nint _context;
    private CancellationTokenRegistration _cancellation;
    private CancellationToken _cancellationToken;
    private nint _id;
    private nint _completion;
    private long _deadline;
    private bool _submitted;
    private bool _done;

    /// <param name="connection">The client.</param>
    /// <param name="context">The I/O context it goes through.</param>
    protected NativeCall(CephConnection connection, nint context)
    {
        Connection = connection;
        _context = context;
    }

    /// <summary>The client.</summary>
    protected CephConnection Connection { get; }

    /// <summary>How long this call may take; the connection's operation timeout unless overridden.</summary>
    protected virtual TimeSpan Limit => Connection.Options.OperationTimeout;

    /// <summary>Ends the calls of a connection whose deadline has passed.</summary>
    public static void ExpireOverdue(CephConnection connection)
    {
        long now = connection.Options.Time.GetTimestamp();
        foreach ((_, NativeCall call) in _underWay)
        {
            if (call.Connection == connection && now >= call._deadline)
            {
                call.Abandon(-Errno.ETIMEDOUT);
            }
        }
    }

    /// <summary>Ends the calls of a connection that is ending.</summary>
    public static void AbandonAll(CephConnection connection, bool cancelNatively)
    {
        foreach ((_, NativeCall call) in _underWay)
        {
            if (call.Connection == connection)
            {
                call.End(-Errno.ENOTCONN);
                if (cancelNatively)
                {
                    call.CancelNatively();
                }
            }
        }
    }

    /// <summary>After librados' shutdown: frees what its callbacks would have.</summary>
    public static void ReleaseAll(CephConnection connection)
    {
        foreach ((nint id, NativeCall call) in _underWay)
        {
            if (call.Connection == connection && _underWay.TryRemove(id, out _))
            {
                call.Release(call._completion);
            }
        }
    }

    /// <summary>Begins the call.</summary>
    protected void Start(CancellationToken cancellationToken)
    {
        _cancellationToken = cancellationToken;
        if (cancellationToken.IsCancellationRequested)
        {
            Release(0);
            Cancelled(cancellationToken);
            return;
        }

        if (!Connection.TryEnter())
        {
            Release(0);
            End(-Errno.ENOTCONN);
            return;
        }

        try
        {
            if (!Submit())
            {
                return;
            }
        }
        finally
        {
            Connection.Exit();
        }

        if (cancellationToken.CanBeCanceled)
        {
            _cancellation = cancellationToken.UnsafeRegister(
                static (call, token) => ((NativeCall)call!).Abandon(0, token), this);
            if (Volatile.Read(ref _done))
            {
                _cancellation.Dispose();
            }
        }
    }

    /// <summary>Hands the call to librados with a completion. A negative code means that librados has not taken it.</summary>
    protected abstract int Submit(nint completion);

    /// <summary>librados has completed it: on one of its threads. Called at most once, and not where it was abandoned before it was submitted.</summary>
    protected abstract void Completed(int code, ulong version);

    /// <summary>Ends it for the caller unless it has ended: deadline or lost connection.</summary>
    protected abstract void End(int code);

    /// <summary>Ends it for the caller unless it has ended: cancellation.</summary>
    protected abstract void Cancelled(CancellationToken cancellationToken);

    /// <summary>Frees what only librados used, with the completion (0 where there is none yet).</summary>
    protected virtual void Release(nint completion)
    {
        if (completion != 0)
        {
            Librados.ReleaseCompletion(completion);
        }
    }

    private bool Submit()
    {
        _id = (nint)Interlocked.Increment(ref _lastId);
        TimeSpan limit = Limit;
        _deadline = limit == Timeout.InfiniteTimeSpan
            ? long.MaxValue
            : Connection.Options.Time.GetTimestamp() + (long)(limit.TotalSeconds * Connection.Options.Time.TimestampFrequency);
        int code = Librados.CreateCompletion(_id, &OnCompleted, out _completion);
        if (code < 0)
        {
            Release(0);
            End(code);
            return false;
        }

        Connection.CallBegun();
        _underWay[_id] = this;
        code = Submit(_completion);
        if (code < 0 && _underWay.TryRemove(_id, out _))
        {
            Release(_completion);
            Connection.CallEnded();
            End(code);
            return false;
        }

        Volatile.Write(ref _submitted, true);
        return true;
    }

    private void Abandon(int code, CancellationToken cancellationToken = default)
    {
        if (cancellationToken.IsCancellationRequested)
        {
            Cancelled(cancellationToken);
        }
        else
        {
            End(code);
        }

        if (Connection.TryEnter())
        {
            try
            {
                CancelNatively();
            }
            finally
            {
                Connection.Exit();
            }
        }
    }

    private void CancelNatively()
    {
        lock (_gate)
        {
            if (_submitted && !_done)
            {
                // Makes librados complete it soon, so that its memory does not wait for a dead site.
                Librados.Cancel(_context, _completion);
            }
        }
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void OnCompleted(nint completion, nint id)
    {
        if (_underWay.TryRemove(id, out NativeCall? call))
        {
            call.OnCompleted(completion);
        }
    }

    private void OnCompleted(nint completion)
    {
        lock (_gate)
        {
            Volatile.Write(ref _done, true);
        }

        try
        {
            Completed(Librados.GetReturnValue(completion), Librados.GetVersion(completion));
        }
        catch (Exception)
        {
            // Nothing may unwind into librados. The caller gets an answer all the same.
            End(-Errno.EIO);
        }
        finally
        {
            Release(completion);
            _cancellation.Dispose();
            Connection.CallEnded();
        }
    }
}
