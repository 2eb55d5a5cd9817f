using Nacre.Mirroring.Daemon.Planning;
using Nacre.ObjectClasses.Rbd;
using Nacre.Rados;
using Nacre.Rados.Clusters;
using Nacre.Rados.Objects;
using Nacre.Rbd;

namespace Nacre.Mirroring.Daemon.Copying;

/// <summary>
/// Copies what changed in one object, state by state. Each state is one compound read of the source and one compound write here, under the snapshots
/// that are older than it: so the bytes become part of the local snapshot made for it, and a state is there as a whole or not at all.
/// </summary>
internal sealed class ObjectCopier(CopyJob job, ByteBudget budget, Action<ulong> bytesRead)
{
    /// <summary>Larger ranges are read sparsely; for smaller ones that costs more than it saves.</summary>
    private const ulong SparseThreshold = 128 << 10;

    private const StepFlags Once = StepFlags.AccessSequential | StepFlags.DontNeed;

    private readonly ExpectedSize _wholeObjects = new((long)job.ObjectSize);

    /// <summary>Copies it, and tells what became of it.</summary>
    /// <param name="number">The object.</param>
    /// <param name="states">Gets the object's state for the object map of each step.</param>
    /// <param name="cancellationToken">Gives up; the object is left at one of the states or the one before.</param>
    public async Task CopyAsync(ulong number, ObjectMapState[] states, CancellationToken cancellationToken)
    {
        string source = RbdObjects.Data(job.SourcePrefix, number);
        string target = RbdObjects.Data(job.TargetPrefix, number);
        if (job.Steps is [{ RemoteFrom: 0 } only])
        {
            states[0] = await CopyWholeAsync(source, target, only, cancellationToken);
            return;
        }

        ObjectSnapshots? snapshots = null;
        for (int i = 0; i < job.Steps.Count; i++)
        {
            CopyStep step = job.Steps[i];
            if (job.Plan[i, number] == ObjectFate.Created)
            {
                // All of it is new: no need to ask what changed.
                states[i] = await CopyWholeAsync(source, target, step, cancellationToken);
                continue;
            }

            snapshots ??= await ListAsync(job.Source, source, cancellationToken);
            ObjectDifference changes = SnapshotSetDifference.Calculate(snapshots, step.RemoteFrom, step.RemoteTo);
            bool replace = step.RemoteFrom == 0 && job.TargetMayHoldMore;
            if (!changes.ExistsAfter)
            {
                if (changes.ExistedBefore || replace)
                {
                    await WriteAsync(target, new WriteOperation().Remove(), step, cancellationToken);
                }

                states[i] = ObjectMapState.Nonexistent;
            }
            else if (changes.IsEmpty && !replace)
            {
                states[i] = ObjectMapState.ExistsClean;
            }
            else
            {
                await CopyChangesAsync(source, target, step, changes, replace, cancellationToken);
                states[i] = ObjectMapState.Exists;
            }
        }
    }

    /// <summary>True where an interrupted attempt at the same snapshot has copied the object to its last state.</summary>
    public async Task<bool> IsCopiedAsync(ulong number, CancellationToken cancellationToken)
    {
        ulong sequence = 0;
        for (int i = 0; i < job.Steps.Count; i++)
        {
            if (job.Plan[i, number] >= ObjectFate.Removed)
            {
                sequence = job.Steps[i].Sequence;
            }
        }

        ObjectSnapshots local = await ListAsync(job.Target, RbdObjects.Data(job.TargetPrefix, number), cancellationToken);
        return sequence > 0 && local.Sequence >= sequence;
    }

    private async Task<ObjectMapState> CopyWholeAsync(string source, string target, CopyStep step, CancellationToken cancellationToken)
    {
        // What is here already is replaced, also where an object map of the source was wrong about what there was before.
        bool replace = job.TargetMayHoldMore || step.RemoteFrom != 0;
        long taken = await budget.TakeAsync(_wholeObjects.Expected, cancellationToken);
        try
        {
            using OperationResult result = await job.Source.OperateAsync(
                source, new ReadOperation().SparseRead(0, job.ObjectSize, Once), step.RemoteTo, cancellationToken);
            if (result.ReturnCode == -Errno.ENOENT)
            {
                if (replace)
                {
                    await WriteAsync(target, new WriteOperation().Remove(), step, cancellationToken);
                }

                return ObjectMapState.Nonexistent;
            }

            RadosException.ThrowIfFailed(result.ReturnCode, "read for mirroring", job.Source.Name, source);
            StepOutput output = result.Outputs[0];
            bytesRead((ulong)output.Data.Length);
            _wholeObjects.Add(output.Data.Length);
            budget.Adjust(ref taken, output.Data.Length);
            var operation = new WriteOperation().Create(exclusive: false);
            if (replace)
            {
                operation.Truncate(0);
            }

            AddSparse(operation, output, 0, zeroHoles: false);
            await WriteAsync(target, operation, step, cancellationToken);
            return ObjectMapState.Exists;
        }
        finally
        {
            budget.Give(taken);
        }
    }

    private async Task CopyChangesAsync(
        string source, string target, CopyStep step, ObjectDifference changes, bool replace, CancellationToken cancellationToken)
    {
        ulong bytes = 0;
        var read = new ReadOperation();
        foreach (Extent extent in changes.Data)
        {
            bytes += extent.Length;
            if (extent.Length >= SparseThreshold)
            {
                read.SparseRead(extent.Offset, extent.Length, Once);
            }
            else
            {
                read.Read(extent.Offset, extent.Length, Once);
            }
        }

        long taken = await budget.TakeAsync((long)bytes, cancellationToken);
        OperationResult? result = null;
        try
        {
            if (changes.Data.Count > 0)
            {
                result = await job.Source.OperateAsync(source, read, step.RemoteTo, cancellationToken);
                if (result.ReturnCode == -Errno.ENOENT)
                {
                    throw new RadosException(Errno.EAGAIN, $"snapshot {step.RemoteTo} of object {job.Source.Name}/{source} went away while it was copied");
                }

                RadosException.ThrowIfFailed(result.ReturnCode, "read for mirroring", job.Source.Name, source);
                budget.Adjust(ref taken, result.Outputs.Sum(output => (long)output.Data.Length));
            }

            await WriteAsync(target, Compose(changes, result, replace), step, cancellationToken);
        }
        finally
        {
            result?.Dispose();
            budget.Give(taken);
        }
    }

    private WriteOperation Compose(ObjectDifference changes, OperationResult? data, bool replace)
    {
        var operation = new WriteOperation();
        if (!changes.ExistedBefore || replace)
        {
            operation.Create(exclusive: false);
        }

        if (replace)
        {
            operation.Truncate(0);
        }
        else if (changes.SizeAfter < changes.SizeBefore)
        {
            operation.Truncate(changes.SizeAfter);
        }

        bool zeroHoles = changes.ExistedBefore && !replace;
        for (int i = 0; i < changes.Data.Count; i++)
        {
            Extent extent = changes.Data[i];
            StepOutput output = data!.Outputs[i];
            bytesRead((ulong)output.Data.Length);
            if (extent.Length >= SparseThreshold)
            {
                AddSparse(operation, output, extent.Offset, zeroHoles, extent.End);
            }
            else
            {
                AddRuns(operation, extent.Offset, output.Data, zeroHoles);
                AddHole(operation, extent.Offset + (ulong)output.Data.Length, extent.End, zeroHoles);
            }
        }

        return operation;
    }

    private static void AddSparse(WriteOperation operation, StepOutput output, ulong start, bool zeroHoles, ulong end = 0)
    {
        ulong at = start;
        int offset = 0;
        foreach (Extent extent in output.Extents)
        {
            AddHole(operation, at, extent.Offset, zeroHoles);
            AddRuns(operation, extent.Offset, output.Data.Slice(offset, (int)extent.Length), zeroHoles);
            offset += (int)extent.Length;
            at = extent.End;
        }

        AddHole(operation, at, end, zeroHoles);
    }

    private static void AddRuns(WriteOperation operation, ulong offset, ReadOnlyMemory<byte> data, bool zeroHoles)
    {
        while (!data.IsEmpty)
        {
            int length = ZeroRuns.Next(data.Span, out bool isZero);
            if (!isZero)
            {
                operation.Write(offset, data[..length], Once);
            }
            else
            {
                AddHole(operation, offset, offset + (ulong)length, zeroHoles);
            }

            offset += (ulong)length;
            data = data[length..];
        }
    }

    private static void AddHole(WriteOperation operation, ulong from, ulong to, bool zeroHoles)
    {
        if (zeroHoles && to > from)
        {
            operation.Zero(from, to - from);
        }
    }

    private async Task WriteAsync(string target, WriteOperation operation, CopyStep step, CancellationToken cancellationToken)
    {
        if (operation.Steps.Count == 0)
        {
            return;
        }

        var context = new SnapshotContext(step.Sequence, step.LocalSnapshots);
        using OperationResult result = await job.Target.OperateAsync(target, operation, context, cancellationToken);
        if (result.ReturnCode != -Errno.ENOENT)
        {
            RadosException.ThrowIfFailed(result.ReturnCode, "write of mirrored data", job.Target.Name, target);
        }
    }

    private static async Task<ObjectSnapshots> ListAsync(IPool pool, string name, CancellationToken cancellationToken)
    {
        try
        {
            return await pool.ListSnapshotsAsync(name, cancellationToken);
        }
        catch (RadosException absent) when (absent.Code == Errno.ENOENT)
        {
            return new ObjectSnapshots(0, []);
        }
    }
}
