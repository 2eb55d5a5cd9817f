using Nacre.Rados.Clusters;
using Nacre.Rados.Objects;

namespace Nacre.Rbd.Tests;

/// <summary>A pool some of whose writes fail. What fails may take effect all the same, as after a lost answer.</summary>
internal sealed class FaultyPool(IPool inner) : PoolDecorator(inner)
{
    /// <summary>By object: null for no fault, else the code to give and whether it takes effect.</summary>
    public Func<string, (int Code, bool TakesEffect)?> Fault { get; set; } = _ => null;

    public override IPool WithNamespace(string name) => new FaultyPool(Inner.WithNamespace(name)) { Fault = objectName => Fault(objectName) };

    public override async ValueTask<OperationResult> OperateAsync(
        string objectName, WriteOperation operation, SnapshotContext? snapshotContext = null, CancellationToken cancellationToken = default)
    {
        if (Fault(objectName) is not { } fault)
        {
            return await Inner.OperateAsync(objectName, operation, snapshotContext, cancellationToken);
        }

        if (fault.TakesEffect)
        {
            using OperationResult result = await Inner.OperateAsync(objectName, operation, snapshotContext, cancellationToken);
        }

        return new OperationResult(-fault.Code, 0, []);
    }
}
