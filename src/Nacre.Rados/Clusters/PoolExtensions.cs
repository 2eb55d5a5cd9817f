using Nacre.Rados.Objects;

namespace Nacre.Rados.Clusters;

/// <summary>The ordinary single calls over <see cref="IPool"/>; these throw <see cref="RadosException"/>. Data are copies that need no disposal.</summary>
public static class PoolExtensions
{
    /// <summary>Carries out a write and throws if it failed.</summary>
    public static async ValueTask ExecuteAsync(
        this IPool pool, string objectName, WriteOperation operation, string attempt = "write",
        SnapshotContext? snapshotContext = null, CancellationToken cancellationToken = default)
    {
        using OperationResult result = await pool.OperateAsync(objectName, operation, snapshotContext, cancellationToken);
        RadosException.ThrowIfFailed(result.ReturnCode, attempt, pool.Name, objectName);
    }

    /// <summary>Calls a class method that reads and returns its output. Throws on any error.</summary>
    public static async ValueTask<byte[]> ExecReadAsync(
        this IPool pool, string objectName, string className, string method, ReadOnlyMemory<byte> input, CancellationToken cancellationToken = default)
    {
        using OperationResult result = await pool.OperateAsync(
            objectName, new ReadOperation().Exec(className, method, input), SnapshotId.Head, cancellationToken);
        RadosException.ThrowIfFailed(result.ReturnCode, $"{className}.{method}", pool.Name, objectName);
        return result.Outputs[0].Data.ToArray();
    }

    /// <summary>Calls a class method that reads; null where the object or what it looks for is absent (ENOENT).</summary>
    public static async ValueTask<byte[]?> TryExecReadAsync(
        this IPool pool, string objectName, string className, string method, ReadOnlyMemory<byte> input, CancellationToken cancellationToken = default)
    {
        using OperationResult result = await pool.OperateAsync(
            objectName, new ReadOperation().Exec(className, method, input), SnapshotId.Head, cancellationToken);
        if (result.ReturnCode == -Errno.ENOENT)
        {
            return null;
        }

        RadosException.ThrowIfFailed(result.ReturnCode, $"{className}.{method}", pool.Name, objectName);
        return result.Outputs[0].Data.ToArray();
    }

    /// <summary>Calls a class method that writes. Throws on any error.</summary>
    public static ValueTask ExecWriteAsync(
        this IPool pool, string objectName, string className, string method, ReadOnlyMemory<byte> input, CancellationToken cancellationToken = default) =>
        pool.ExecuteAsync(objectName, new WriteOperation().Exec(className, method, input), $"{className}.{method}", null, cancellationToken);

    /// <summary>Reads bytes; short at the end; null where the object is absent.</summary>
    public static async ValueTask<byte[]?> ReadAsync(
        this IPool pool, string objectName, ulong offset = 0, ulong length = 0, ulong snapshotId = SnapshotId.Head, CancellationToken cancellationToken = default)
    {
        using OperationResult result = await pool.OperateAsync(objectName, new ReadOperation().Read(offset, length), snapshotId, cancellationToken);
        if (result.ReturnCode == -Errno.ENOENT)
        {
            return null;
        }

        RadosException.ThrowIfFailed(result.ReturnCode, "read", pool.Name, objectName);
        return result.Outputs[0].Data.ToArray();
    }

    /// <summary>Size and time of modification; null where the object is absent.</summary>
    public static async ValueTask<(ulong Size, DateTimeOffset ModifiedAt)?> StatAsync(
        this IPool pool, string objectName, ulong snapshotId = SnapshotId.Head, CancellationToken cancellationToken = default)
    {
        using OperationResult result = await pool.OperateAsync(objectName, new ReadOperation().Stat(), snapshotId, cancellationToken);
        if (result.ReturnCode == -Errno.ENOENT)
        {
            return null;
        }

        RadosException.ThrowIfFailed(result.ReturnCode, "stat", pool.Name, objectName);
        return (result.Outputs[0].Size, result.Outputs[0].ModifiedAt);
    }

    /// <summary>Removes an object; false where it was absent.</summary>
    public static async ValueTask<bool> RemoveAsync(
        this IPool pool, string objectName, SnapshotContext? snapshotContext = null, CancellationToken cancellationToken = default)
    {
        using OperationResult result = await pool.OperateAsync(objectName, new WriteOperation().Remove(), snapshotContext, cancellationToken);
        if (result.ReturnCode == -Errno.ENOENT)
        {
            return false;
        }

        RadosException.ThrowIfFailed(result.ReturnCode, "remove", pool.Name, objectName);
        return true;
    }

    /// <summary>All omap keys and values that begin with <paramref name="prefix"/>, page by page, in byte order. ENOENT where the object is absent.</summary>
    public static async IAsyncEnumerable<KeyValuePair<string, byte[]>> OmapAsync(
        this IPool pool, string objectName, string prefix = "",
        [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        string after = "";
        for (bool more = true; more;)
        {
            using OperationResult result = await pool.OperateAsync(
                objectName, new ReadOperation().OmapGetValues(after, prefix, 512), SnapshotId.Head, cancellationToken);
            RadosException.ThrowIfFailed(result.ReturnCode, "omap read", pool.Name, objectName);
            StepOutput page = result.Outputs[0];
            foreach (KeyValuePair<string, ReadOnlyMemory<byte>> entry in page.Values)
            {
                after = entry.Key;
                yield return new(entry.Key, entry.Value.ToArray());
            }

            more = page.More && page.Values.Count > 0;
        }
    }
}
