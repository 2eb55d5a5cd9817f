using Nacre.ObjectClasses.Calls;
using Nacre.ObjectClasses.Encoding;
using Nacre.Rados.Encoding;
using Nacre.Rados.Objects;

namespace Nacre.ObjectClasses.Rbd;

public static partial class RbdCalls
{
    /// <summary>The whole object map.</summary>
    public static ClassRead<ObjectMap> LoadObjectMap() => Read("object_map_load", ObjectMap.Decode);

    /// <summary>Replaces the object map.</summary>
    public static ClassWrite SaveObjectMap(ObjectMap map) => Write("object_map_save", w => map.Encode(w, withChecksums: false));

    /// <summary>Resizes the object map. ESTALE where objects that would be cut off still exist.</summary>
    public static ClassWrite ResizeObjectMap(ulong objectCount, ObjectMapState newState) => Write("object_map_resize", w =>
    {
        w.Write(objectCount);
        w.Write((byte)newState);
    });

    /// <summary>
    /// Sets the state of objects from start to before end, only of those that have the expected state (which "exists" also means where they exist clean).
    /// </summary>
    public static ClassWrite UpdateObjectMap(ulong start, ulong end, ObjectMapState newState, ObjectMapState? expected) => Write("object_map_update", w =>
    {
        w.Write(start);
        w.Write(end);
        w.Write((byte)newState);
        w.Write(expected.HasValue);
        if (expected is { } state)
        {
            w.Write((byte)state);
        }
    });

    /// <summary>Marks all existing objects as clean: a snapshot was made.</summary>
    public static ClassWrite AddObjectMapSnapshot() => Write("object_map_snap_add");

    /// <summary>Marks objects that changed in the removed snapshot's map as changed: a snapshot was removed.</summary>
    public static ClassWrite RemoveObjectMapSnapshot(ObjectMap removed) =>
        Write("object_map_snap_remove", w => removed.Encode(w, withChecksums: false));

    /// <summary>Writes a clone's object unless it exists.</summary>
    public static ClassWrite CopyUp(ReadOnlyMemory<byte> data) => new(ClassName, "copyup", data);

    /// <summary>Writes ranges of a clone's object unless it exists; the data lie back to back.</summary>
    public static ClassWrite SparseCopyUp(IReadOnlyList<Extent> extents, ReadOnlyMemory<byte> data) => Write("sparse_copyup", w =>
    {
        w.WriteList(extents, static (x, e) =>
        {
            x.Write(e.Offset);
            x.Write(e.Length);
        });
        w.WriteBytes(data.Span);
    });

    /// <summary>Punches holes where blocks are zero; removes the object where nothing is left and that is asked.</summary>
    public static ClassWrite Sparsify(ulong sparseSize, bool removeEmpty) => Write("sparsify", w =>
    {
        w.Write(sparseSize);
        w.Write(removeEmpty);
    });

    /// <summary>Asserts how a snapshot sequence compares with the object's (ERANGE otherwise).</summary>
    public static ClassWrite AssertSnapshotSequenceIs(ulong sequence, AssertSnapshotSequence state) => Write("assert_snapc_seq", w =>
    {
        w.Write(sequence);
        w.Write((byte)state);
    });
}
