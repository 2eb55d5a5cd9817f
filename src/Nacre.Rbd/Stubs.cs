using Nacre.ObjectClasses.Rbd;
using Nacre.Rados.Objects;
#pragma warning disable CS1998, CS9113, CA1822, IDE0060, CS0649
namespace Nacre.Rbd;

internal sealed partial class ImageCore
{
    public Task NotifyHeaderUpdateAsync(CancellationToken cancellationToken) => throw new NotImplementedException();
    public ValueTask CloseAsync() => throw new NotImplementedException();
    public Task AcquireLockAsync(CancellationToken cancellationToken) => throw new NotImplementedException();
    public Task ReleaseLockAsync(CancellationToken cancellationToken) => throw new NotImplementedException();
    public bool IsLockOwner => throw new NotImplementedException();
    public Task<LockOwner?> GetLockOwnerAsync(CancellationToken cancellationToken) => throw new NotImplementedException();
    public Task BreakLockAsync(LockOwner owner, CancellationToken cancellationToken) => throw new NotImplementedException();
}

public sealed partial class Image
{
    private readonly ImageCore _core = null!;
    private readonly ImageIo _io = null!;
    private readonly ObjectCopies _copies = null!;
    private readonly SnapshotOperations _snapshots = null!;
    private readonly DifferenceReader _differences = null!;
    private readonly MaintenanceOperations _maintenance = null!;
    private Image() => throw new NotImplementedException();
}

internal sealed class ImageIo
{
    public ValueTask ReadAsync(ulong offset, Memory<byte> buffer, CancellationToken cancellationToken) => throw new NotImplementedException();
    public ValueTask<IReadOnlyList<Extent>> ReadSparseAsync(ulong offset, Memory<byte> buffer, CancellationToken cancellationToken) => throw new NotImplementedException();
    public ValueTask WriteAsync(ulong offset, ReadOnlyMemory<byte> data, CancellationToken cancellationToken) => throw new NotImplementedException();
    public ValueTask DiscardAsync(ulong offset, ulong length, uint granularity, CancellationToken cancellationToken) => throw new NotImplementedException();
    public ValueTask WriteZeroesAsync(ulong offset, ulong length, CancellationToken cancellationToken) => throw new NotImplementedException();
    public ValueTask WriteSameAsync(ulong offset, ulong length, ReadOnlyMemory<byte> pattern, CancellationToken cancellationToken) => throw new NotImplementedException();
    public ValueTask<ulong?> CompareAndWriteAsync(ulong offset, ReadOnlyMemory<byte> expected, ReadOnlyMemory<byte> data, CancellationToken cancellationToken) => throw new NotImplementedException();
    public ValueTask FlushAsync(CancellationToken cancellationToken) => throw new NotImplementedException();
}

internal sealed class ObjectCopies
{
    public ValueTask ApplyAsync(ulong objectNumber, ulong snapshotId, IReadOnlyList<ObjectWrite> writes, bool removed, ulong? sizeAfter, CancellationToken cancellationToken) => throw new NotImplementedException();
}

internal sealed class SnapshotOperations
{
    public Task<ImageSnapshot> CreateAsync(string name, SnapshotNamespace ns, SnapshotCreateFlags flags, IProgress<OperationProgress>? progress, CancellationToken cancellationToken) => throw new NotImplementedException();
    public Task RemoveAsync(string name, SnapshotNamespaceType type, CancellationToken cancellationToken) => throw new NotImplementedException();
    public Task RemoveAsync(ulong id, CancellationToken cancellationToken) => throw new NotImplementedException();
    public Task RenameAsync(string name, string newName, CancellationToken cancellationToken) => throw new NotImplementedException();
    public Task ProtectAsync(string name, CancellationToken cancellationToken) => throw new NotImplementedException();
    public Task UnprotectAsync(string name, CancellationToken cancellationToken) => throw new NotImplementedException();
    public Task RollBackAsync(string name, IProgress<OperationProgress>? progress, CancellationToken cancellationToken) => throw new NotImplementedException();
    public Task RollBackAsync(ulong id, IProgress<OperationProgress>? progress, CancellationToken cancellationToken) => throw new NotImplementedException();
    public Task<ulong> GetLimitAsync(CancellationToken cancellationToken) => throw new NotImplementedException();
    public Task SetLimitAsync(ulong limit, CancellationToken cancellationToken) => throw new NotImplementedException();
}

internal sealed class DifferenceReader
{
    public Task<ObjectChangeSet> GetObjectChangesAsync(ulong? from, ulong to, CancellationToken cancellationToken) => throw new NotImplementedException();
    public Task<ObjectDifference> GetObjectDifferenceAsync(ulong number, ulong? from, ulong to, CancellationToken cancellationToken) => throw new NotImplementedException();
    public IAsyncEnumerable<DiffExtent> DiffAsync(ulong? from, ulong to, bool wholeObject, bool includeParent, CancellationToken cancellationToken) => throw new NotImplementedException();
    public Task<byte[]?> LoadObjectMapAsync(ulong snapshotId, CancellationToken cancellationToken) => throw new NotImplementedException();
}

internal sealed class MaintenanceOperations
{
    public Task ResizeAsync(ulong size, bool allowShrink, IProgress<OperationProgress>? progress, CancellationToken cancellationToken) => throw new NotImplementedException();
    public Task UpdateFeaturesAsync(RbdFeatures features, bool enable, CancellationToken cancellationToken) => throw new NotImplementedException();
    public Task SetNonPrimaryAsync(bool nonPrimary, CancellationToken cancellationToken) => throw new NotImplementedException();
    public Task<string?> GetMetadataAsync(string key, CancellationToken cancellationToken) => throw new NotImplementedException();
    public Task<IReadOnlyList<KeyValuePair<string, string>>> ListMetadataAsync(CancellationToken cancellationToken) => throw new NotImplementedException();
    public Task SetMetadataAsync(string key, string value, CancellationToken cancellationToken) => throw new NotImplementedException();
    public Task RemoveMetadataAsync(string key, CancellationToken cancellationToken) => throw new NotImplementedException();
    public Task RebuildObjectMapAsync(IProgress<OperationProgress>? progress, CancellationToken cancellationToken) => throw new NotImplementedException();
}

public sealed partial class RbdImages
{
    private Task<IReadOnlyList<ImageEntry>> ListImagesAsync(CancellationToken cancellationToken) => throw new NotImplementedException();
    private Task<string?> ReadIdAsync(string name, CancellationToken cancellationToken) => throw new NotImplementedException();
    private Task<string?> ReadNameAsync(string id, CancellationToken cancellationToken) => throw new NotImplementedException();
    private Task<string> CreateImageAsync(string name, ulong size, ImageCreateOptions options, CancellationToken cancellationToken) => throw new NotImplementedException(_time.ToString());
    private Task<Image> OpenImageAsync(string? name, string? id, ImageOpenOptions options, CancellationToken cancellationToken) => throw new NotImplementedException();
    private Task RemoveImageAsync(string? name, string? id, IProgress<OperationProgress>? progress, CancellationToken cancellationToken) => throw new NotImplementedException();
    private Task RenameImageAsync(string name, string newName, CancellationToken cancellationToken) => throw new NotImplementedException();
    private Task InitializeAsync(bool force, CancellationToken cancellationToken) => throw new NotImplementedException();
    private Task<IReadOnlyList<TrashEntry>> ListTrashEntriesAsync(CancellationToken cancellationToken) => throw new NotImplementedException();
    private Task MoveImageToTrashAsync(string name, TrashImageSource source, TimeSpan deferment, CancellationToken cancellationToken) => throw new NotImplementedException();
    private Task RemoveTrashedImageAsync(string id, bool force, IProgress<OperationProgress>? progress, CancellationToken cancellationToken) => throw new NotImplementedException();
    private Task RestoreTrashedImageAsync(string id, string? newName, CancellationToken cancellationToken) => throw new NotImplementedException();
    private Task<IReadOnlyList<string>> ListPoolNamespacesAsync(CancellationToken cancellationToken) => throw new NotImplementedException();
    private Task CreatePoolNamespaceAsync(string name, CancellationToken cancellationToken) => throw new NotImplementedException();
    private Task RemovePoolNamespaceAsync(string name, CancellationToken cancellationToken) => throw new NotImplementedException();
}
