using Nacre.Rados;
using Nacre.Rados.Clusters;
using Nacre.Rados.Objects;

namespace Nacre.ObjectClasses.Calls;

/// <summary>Carries out class calls, alone or as steps of a compound operation.</summary>
public static class ClassCallExtensions
{
    /// <summary>Appends the call.</summary>
    public static WriteOperation Call(this WriteOperation operation, ClassWrite call) => operation.Exec(call.Class, call.Method, call.Input);

    /// <summary>Appends the call; its output is decoded with <see cref="ClassRead{T}.Decode(OperationResult, int)"/>.</summary>
    public static ReadOperation Call<T>(this ReadOperation operation, ClassRead<T> call) => operation.Exec(call.Class, call.Method, call.Input);

    /// <summary>Appends a call that only checks, so that a write happens only where it holds.</summary>
    public static WriteOperation Call<T>(this WriteOperation operation, ClassRead<T> call) => operation.Exec(call.Class, call.Method, call.Input);

    /// <summary>Appends a call that may also stand in a read.</summary>
    public static ReadOperation Call(this ReadOperation operation, ClassWrite call) => operation.Exec(call.Class, call.Method, call.Input);

    /// <summary>Calls and throws on failure.</summary>
    public static async ValueTask CallAsync(this IPool pool, string objectName, ClassWrite call, CancellationToken cancellationToken = default)
    {
        int code = await pool.CallForCodeAsync(objectName, call, cancellationToken);
        RadosException.ThrowIfFailed(code, $"{call.Class}.{call.Method}", pool.Name, objectName);
    }

    /// <summary>Calls and gives the return code: 0 or a negated errno.</summary>
    public static async ValueTask<int> CallForCodeAsync(this IPool pool, string objectName, ClassWrite call, CancellationToken cancellationToken = default)
    {
        using OperationResult result = await pool.OperateAsync(objectName, new WriteOperation().Call(call), null, cancellationToken);
        return result.ReturnCode;
    }

    /// <summary>Calls and gives the result; throws on failure.</summary>
    public static async ValueTask<T> CallAsync<T>(this IPool pool, string objectName, ClassRead<T> call, CancellationToken cancellationToken = default)
    {
        using OperationResult result = await pool.OperateAsync(objectName, new ReadOperation().Call(call), SnapshotId.Head, cancellationToken);
        RadosException.ThrowIfFailed(result.ReturnCode, $"{call.Class}.{call.Method}", pool.Name, objectName);
        return call.Decode(result, 0);
    }

    /// <summary>Calls and gives the result; null where the object or what is asked for is absent (ENOENT).</summary>
    public static async ValueTask<T?> TryCallAsync<T>(this IPool pool, string objectName, ClassRead<T> call, CancellationToken cancellationToken = default)
        where T : class
    {
        using OperationResult result = await pool.OperateAsync(objectName, new ReadOperation().Call(call), SnapshotId.Head, cancellationToken);
        if (result.ReturnCode == -Errno.ENOENT)
        {
            return null;
        }

        RadosException.ThrowIfFailed(result.ReturnCode, $"{call.Class}.{call.Method}", pool.Name, objectName);
        return call.Decode(result, 0);
    }

    /// <summary>As <see cref="TryCallAsync"/>, for value results.</summary>
    public static async ValueTask<T?> TryCallValueAsync<T>(
        this IPool pool, string objectName, ClassRead<T> call, CancellationToken cancellationToken = default)
        where T : struct
    {
        using OperationResult result = await pool.OperateAsync(objectName, new ReadOperation().Call(call), SnapshotId.Head, cancellationToken);
        if (result.ReturnCode == -Errno.ENOENT)
        {
            return null;
        }

        RadosException.ThrowIfFailed(result.ReturnCode, $"{call.Class}.{call.Method}", pool.Name, objectName);
        return call.Decode(result, 0);
    }
}
