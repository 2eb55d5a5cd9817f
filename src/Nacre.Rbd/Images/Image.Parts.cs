using Nacre.ObjectClasses.Rbd;
using Nacre.Rados;

namespace Nacre.Rbd;

/// <content>What an image is put together from.</content>
public sealed partial class Image
{
    private readonly ImageCore _core;
    private readonly ImageIo _io;
    private readonly ObjectIo _objects;
    private readonly ObjectCopies _copies;
    private readonly SnapshotOperations _snapshots;
    private readonly DifferenceReader _differences;
    private readonly MaintenanceOperations _maintenance;

    internal Image(ImageCore core)
    {
        _core = core;
        _objects = new ObjectIo(core);
        _io = new ImageIo(core, _objects);
        _copies = new ObjectCopies(core, _objects);
        _snapshots = new SnapshotOperations(core, _objects);
        _differences = new DifferenceReader(core, _objects);
        _maintenance = new MaintenanceOperations(core, _objects);
        core.Io = _io;
        core.Objects = _objects;
        core.Snapshots = _snapshots;
        core.Maintenance = _maintenance;
    }

    /// <summary>Renames it, recorded in its journal.</summary>
    internal Task RenameAsync(string newName, CancellationToken cancellationToken) => _maintenance.RenameAsync(newName, cancellationToken);

    /// <summary>
    /// First half of removing the image: takes the lock, finishes removals of snapshots that were begun, and gives all data up. EBUSY where another client
    /// owns the lock.
    /// </summary>
    internal async Task DiscardDataAsync(IProgress<OperationProgress>? progress, CancellationToken cancellationToken)
    {
        if (_core.Lock is { } exclusiveLock && !await exclusiveLock.TryAcquireAsync(cancellationToken))
        {
            throw _core.Error(Errno.EBUSY, "removing, while another client owns the lock,");
        }

        foreach (ImageSnapshot snapshot in Snapshots.Where(s => s.Namespace.Type == SnapshotNamespaceType.Trash))
        {
            await _snapshots.RemoveAsync(snapshot.Id, cancellationToken);
        }

        await _core.Writes.BlockAsync(cancellationToken);
        try
        {
            await new ObjectTrim(_core, _objects).TrimAsync(0, progress, cancellationToken);
        }
        finally
        {
            _core.Writes.Unblock();
        }
    }
}
