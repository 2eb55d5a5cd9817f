using System.Runtime.InteropServices;
using Nacre.Rados.Ceph.Native;

namespace Nacre.Rados.Ceph;

/// <summary>A native call with a completion that is no compound operation: snapshot ids, watches, notifications. Failures throw.</summary>
internal sealed unsafe class SimpleCall<T> : NativeCall
{
    private readonly TaskCompletionSource<T> _result = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Func<nint, nint, int> _submit;
    private readonly Func<int, nint, T> _finish;
    private readonly Action<T>? _unwanted;
    private readonly string _what;
    private readonly nint _scratch;

    private SimpleCall(
        CephConnection connection, nint context, string what, Func<nint, nint, int> submit, Func<int, nint, T> finish, Action<T>? unwanted, TimeSpan limit)
        : base(connection, context)
    {
        _what = what;
        _submit = submit;
        _finish = finish;
        _unwanted = unwanted;
        Limit = limit;
        _scratch = (nint)NativeMemory.AllocZeroed(16);
    }

    protected override TimeSpan Limit { get; }

    /// <summary>Runs a call.</summary>
    /// <param name="connection">The client.</param>
    /// <param name="context">Its I/O context.</param>
    /// <param name="what">For errors.</param>
    /// <param name="submit">Gets the completion and 16 zeroed bytes that live until librados is done; returns a code.</param>
    /// <param name="finish">Makes the result from a code and those bytes, or throws; on librados' thread.</param>
    /// <param name="unwanted">Undoes a result that came after the caller had given up.</param>
    /// <param name="limit">Deadline; null is the connection's.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public static Task<T> RunAsync(
        CephConnection connection, nint context, string what, Func<nint, nint, int> submit, Func<int, nint, T> finish,
        CancellationToken cancellationToken, Action<T>? unwanted = null, TimeSpan? limit = null)
    {
        var call = new SimpleCall<T>(connection, context, what, submit, finish, unwanted, limit ?? connection.Options.OperationTimeout);
        call.Start(cancellationToken);
        return call._result.Task;
    }

    protected override int Submit(nint completion) => _submit(completion, _scratch);

    protected override void Completed(int code, ulong version)
    {
        try
        {
            T result = _finish(code, _scratch);
            if (!_result.TrySetResult(result))
            {
                _unwanted?.Invoke(result);
            }
        }
        catch (RadosException exception)
        {
            _result.TrySetException(exception);
        }
    }

    protected override void End(int code) => _result.TrySetException(new RadosException(
        code, $"{_what}{(code == -Errno.ETIMEDOUT ? $": cluster '{Connection.Configuration.ClusterName}' did not answer in time" : "")}"));

    protected override void Cancelled(CancellationToken cancellationToken) => _result.TrySetCanceled(cancellationToken);

    protected override void Release(nint completion)
    {
        base.Release(completion);
        NativeMemory.Free((void*)_scratch);
    }
}
