using Nacre.Rados.Ceph.Native;
using Nacre.Rados.Objects;

namespace Nacre.Rados.Ceph;

/// <summary>A compound operation under way.</summary>
internal sealed unsafe class OperateCall : NativeCall
{
    private readonly TaskCompletionSource<OperationResult> _result = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly NativeOperation _operation;
    private readonly string _objectName;
    private readonly nint _context;
    private readonly SnapshotContext? _snapshotContext;
    private readonly ulong _snapshotId;
    private readonly IReadOnlyList<OperationStep>? _steps;
    private bool _handedOver;

    private OperateCall(
        CephConnection connection, nint context, NativeOperation operation, string objectName, IReadOnlyList<OperationStep>? steps,
        ulong snapshotId, SnapshotContext? snapshotContext)
        : base(connection, context)
    {
        _operation = operation;
        _objectName = objectName;
        _context = context;
        _steps = steps;
        _snapshotId = snapshotId;
        _snapshotContext = snapshotContext;
    }

    /// <summary>Begins a read.</summary>
    public static Task<OperationResult> Read(
        CephConnection connection, nint context, string objectName, IReadOnlyList<OperationStep> steps, ulong snapshotId, CancellationToken cancellationToken)
    {
        var operation = NativeOperation.NewRead();
        Translate(operation, steps);
        return new OperateCall(connection, context, operation, objectName, steps, snapshotId, null).Begin(cancellationToken);
    }

    /// <summary>Begins a read that was built already; its outputs are bytes alone.</summary>
    public static Task<OperationResult> Read(
        CephConnection connection, nint context, string objectName, NativeOperation operation, ulong snapshotId, CancellationToken cancellationToken) =>
        new OperateCall(connection, context, operation, objectName, null, snapshotId, null).Begin(cancellationToken);

    /// <summary>Begins a write.</summary>
    public static Task<OperationResult> Write(
        CephConnection connection, nint context, string objectName, IReadOnlyList<OperationStep> steps, SnapshotContext snapshotContext,
        CancellationToken cancellationToken)
    {
        var operation = NativeOperation.NewWrite();
        Translate(operation, steps);
        return new OperateCall(connection, context, operation, objectName, null, 0, snapshotContext).Begin(cancellationToken);
    }

    protected override int Submit(nint completion)
    {
        if (_snapshotContext is null)
        {
            return Shim.SubmitRead(_operation.Pointer, _context, _objectName, _snapshotId, completion);
        }

        int count = _snapshotContext.Snapshots.Count;
        Span<ulong> snapshots = count <= 64 ? stackalloc ulong[count] : new ulong[count];
        for (int i = 0; i < count; i++)
        {
            snapshots[i] = _snapshotContext.Snapshots[i];
        }

        fixed (ulong* first = snapshots)
        {
            return Shim.SubmitWrite(_operation.Pointer, _context, _objectName, _snapshotContext.Sequence, first, (nuint)count, completion);
        }
    }

    protected override void Completed(int code, ulong version)
    {
        Shim.Done(_operation.Pointer);
        if (_snapshotContext is not null || _result.Task.IsCompleted)
        {
            _result.TrySetResult(new OperationResult(code, version, []));
            return;
        }

        StepOutput[] outputs = OperationOutputs.Take(_operation, _steps, code, out bool inPlace);
        _handedOver = inPlace;
        var result = new OperationResult(code, version, outputs, inPlace ? _operation : null);
        if (!_result.TrySetResult(result))
        {
            result.Dispose();
        }
    }

    protected override void End(int code) => _result.TrySetResult(new OperationResult(code, 0, []));

    protected override void Cancelled(CancellationToken cancellationToken) => _result.TrySetCanceled(cancellationToken);

    // The shim took over the completion when the operation was submitted.
    protected override void Release(nint completion)
    {
        if (!_handedOver)
        {
            _operation.Dispose();
        }
    }

    private static void Translate(NativeOperation operation, IReadOnlyList<OperationStep> steps)
    {
        try
        {
            StepTranslator.Add(operation.Pointer, steps);
        }
        catch
        {
            operation.Dispose();
            throw;
        }
    }

    private Task<OperationResult> Begin(CancellationToken cancellationToken)
    {
        Start(cancellationToken);
        return _result.Task;
    }
}
