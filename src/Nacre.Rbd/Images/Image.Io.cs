namespace Nacre.Rbd;

/// <content>Reading and writing.</content>
public sealed partial class Image
{
    /// <summary>
    /// Reads bytes at the opened snapshot or the head; what was never written, or lies behind a clone's parent, comes out right. EINVAL where the range
    /// is not inside the image.
    /// </summary>
    public ValueTask ReadAsync(ulong offset, Memory<byte> buffer, CancellationToken cancellationToken = default) =>
        _io.ReadAsync(offset, buffer, cancellationToken);

    /// <summary>
    /// Reads like <see cref="ReadAsync"/> and tells which ranges hold data; the rest of <paramref name="buffer"/> is zeroed. Ascending, not overlapping,
    /// as offsets in the image.
    /// </summary>
    public ValueTask<IReadOnlyList<Rados.Objects.Extent>> ReadSparseAsync(ulong offset, Memory<byte> buffer, CancellationToken cancellationToken = default) =>
        _io.ReadSparseAsync(offset, buffer, cancellationToken);

    /// <summary>
    /// Writes bytes, durable when done. Takes the exclusive lock first where the image has one. EROFS where read-only or a mirrored copy, EINVAL where the
    /// range is not inside the image, ESHUTDOWN where this client was blocklisted.
    /// </summary>
    public ValueTask WriteAsync(ulong offset, ReadOnlyMemory<byte> data, CancellationToken cancellationToken = default) =>
        _io.WriteAsync(offset, data, cancellationToken);

    /// <summary>
    /// Gives a range back: it need not read as zeroes where it does not cover <paramref name="granularity"/>-aligned parts of objects
    /// (librbd's rbd_discard_granularity_bytes).
    /// </summary>
    /// <param name="offset">First byte.</param>
    /// <param name="length">Bytes.</param>
    /// <param name="granularity">Ranges are cut to multiples of it; 0 discards exactly.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    public ValueTask DiscardAsync(ulong offset, ulong length, uint granularity = 0, CancellationToken cancellationToken = default) =>
        _io.DiscardAsync(offset, length, granularity, cancellationToken);

    /// <summary>Makes a range read as zeroes, as holes where possible.</summary>
    public ValueTask WriteZeroesAsync(ulong offset, ulong length, CancellationToken cancellationToken = default) =>
        _io.WriteZeroesAsync(offset, length, cancellationToken);

    /// <summary>Fills a range with a repeated pattern. EINVAL where the length is not a multiple of it.</summary>
    public ValueTask WriteSameAsync(ulong offset, ulong length, ReadOnlyMemory<byte> pattern, CancellationToken cancellationToken = default) =>
        _io.WriteSameAsync(offset, length, pattern, cancellationToken);

    /// <summary>
    /// Writes bytes if the range holds others now: null when written, else the offset in the image of the first byte that differs. The range must lie in
    /// one stripe unit (EINVAL).
    /// </summary>
    public ValueTask<ulong?> CompareAndWriteAsync(
        ulong offset, ReadOnlyMemory<byte> expected, ReadOnlyMemory<byte> data, CancellationToken cancellationToken = default) =>
        _io.CompareAndWriteAsync(offset, expected, data, cancellationToken);

    /// <summary>Makes completed writes durable: they are already, so it returns at once.</summary>
    public ValueTask FlushAsync(CancellationToken cancellationToken = default) => _io.FlushAsync(cancellationToken);

    /// <summary>
    /// Copies changes into one object as they were at a snapshot of another image (librbd's deep_copy::ObjectCopyRequest): the bytes go into snapshot
    /// <paramref name="snapshotId"/> of this image and into all newer states, as if written just before it was made. Object maps of that snapshot and of
    /// the head are kept. The object must not have been written since that snapshot, other than by this.
    /// </summary>
    /// <param name="objectNumber">The object.</param>
    /// <param name="snapshotId">The snapshot, mostly the newest; or the head's id for an ordinary write.</param>
    /// <param name="writes">What changes, ascending; memory must stay unchanged until done.</param>
    /// <param name="removed">The object did not exist at that snapshot: it is removed and <paramref name="writes"/> is ignored.</param>
    /// <param name="sizeAfter">The object's size at that snapshot if known: what lies behind is cut off; null leaves it.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    public ValueTask ApplyObjectAsync(
        ulong objectNumber, ulong snapshotId, IReadOnlyList<ObjectWrite> writes, bool removed = false, ulong? sizeAfter = null,
        CancellationToken cancellationToken = default) =>
        _copies.ApplyAsync(objectNumber, snapshotId, writes, removed, sizeAfter, cancellationToken);
}
