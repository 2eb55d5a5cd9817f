namespace Nacre.Rados.Objects;

/// <summary>
/// How a stored value is compared with a given one (CEPH_OSD_CMPXATTR_OP_*). As in Ceph, for an xattr <c>given OP stored</c> must hold, for
/// an omap value <c>stored OP given</c>.
/// </summary>
public enum Comparison : byte
{
    /// <summary>Equal.</summary>
    Equal = 1,
    /// <summary>Not equal.</summary>
    NotEqual = 2,
    /// <summary>Given is greater than stored.</summary>
    Greater = 3,
    /// <summary>Given is greater than or equal to stored.</summary>
    GreaterOrEqual = 4,
    /// <summary>Given is less than stored.</summary>
    Less = 5,
    /// <summary>Given is less than or equal to stored.</summary>
    LessOrEqual = 6,
}

/// <summary>Checksums that a store computes next to the data.</summary>
public enum ChecksumType : byte
{
    /// <summary>xxHash, 32 bits.</summary>
    XxHash32 = 0,
    /// <summary>xxHash, 64 bits.</summary>
    XxHash64 = 1,
    /// <summary>CRC-32C with Ceph's convention: seed given, no final inversion.</summary>
    Crc32C = 2,
}

/// <summary>CEPH_OSD_OP_FLAG_*: what one step may do besides.</summary>
[Flags]
public enum StepFlags : uint
{
    /// <summary>Nothing.</summary>
    None = 0,
    /// <summary>Creation must be of something new.</summary>
    Exclusive = 1,
    /// <summary>The step's failure does not fail the operation.</summary>
    FailOk = 2,
    /// <summary>Access is random.</summary>
    AccessRandom = 0x4,
    /// <summary>Access is sequential.</summary>
    AccessSequential = 0x8,
    /// <summary>Will be needed again.</summary>
    WillNeed = 0x10,
    /// <summary>Will not be needed again: no need to cache.</summary>
    DontNeed = 0x20,
}

/// <summary>One step of a compound operation on one object. Steps run in order, all or none.</summary>
public abstract record OperationStep
{
    private protected OperationStep()
    {
    }

    /// <summary>Flags of this step.</summary>
    public StepFlags Flags { get; init; }
}

/// <summary>Reads bytes; short at the object's end. A length of 0 means to the end.</summary>
public sealed record ReadStep(ulong Offset, ulong Length) : OperationStep;
/// <summary>Reads only the ranges that hold data: <see cref="StepOutput.Extents"/> says where, <see cref="StepOutput.Data"/> holds them back to back.</summary>
public sealed record SparseReadStep(ulong Offset, ulong Length) : OperationStep;
/// <summary>Size and time of modification.</summary>
public sealed record StatStep : OperationStep;
/// <summary>One xattr; ENODATA where it is missing.</summary>
public sealed record GetXattrStep(string Name) : OperationStep;
/// <summary>All xattrs.</summary>
public sealed record GetXattrsStep : OperationStep;
/// <summary>Omap keys after <paramref name="After"/> in byte order, at most <paramref name="Maximum"/>.</summary>
public sealed record OmapGetKeysStep(string After, uint Maximum) : OperationStep;
/// <summary>Omap keys and values after <paramref name="After"/> that begin with <paramref name="Prefix"/>, at most <paramref name="Maximum"/>.</summary>
public sealed record OmapGetValuesStep(string After, string Prefix, uint Maximum) : OperationStep;
/// <summary>Omap values of those of the given keys that exist.</summary>
public sealed record OmapGetValuesByKeysStep(IReadOnlyList<string> Keys) : OperationStep;
/// <summary>
/// Checksums of the range's consecutive chunks. The output data are Ceph's: u32 count, then each value (u32 or u64). A chunk size of 0 is the
/// whole range; the seed is as wide as the value.
/// </summary>
public sealed record ChecksumStep(ChecksumType Type, ulong Seed, ulong Offset, ulong Length, uint ChunkSize) : OperationStep;

/// <summary>Fails with ENOENT unless the object exists.</summary>
public sealed record AssertExistsStep : OperationStep;
/// <summary>Fails with ERANGE (the object is newer) or EOVERFLOW (older) unless its version is that.</summary>
public sealed record AssertVersionStep(ulong Version) : OperationStep;
/// <summary>Fails with ECANCELED unless <c>given OP stored</c> holds for an xattr (bytewise).</summary>
public sealed record CompareXattrStep(string Name, Comparison Comparison, ReadOnlyMemory<byte> Value) : OperationStep;
/// <summary>Fails with ECANCELED unless <c>stored OP given</c> holds for an omap value (bytewise; only equal, less and greater; missing is empty).</summary>
public sealed record CompareOmapStep(string Key, Comparison Comparison, ReadOnlyMemory<byte> Value) : OperationStep;
/// <summary>Fails with -(4095 + first differing byte) unless the range holds exactly these bytes (missing bytes count as zero).</summary>
public sealed record CompareExtentStep(ulong Offset, ReadOnlyMemory<byte> Data) : OperationStep;

/// <summary>Calls an object-class method with its encoded input; in a read its output comes back in <see cref="StepOutput.Data"/>.</summary>
public sealed record ExecStep(string Class, string Method, ReadOnlyMemory<byte> Input) : OperationStep;

/// <summary>Creates the object; with <see cref="StepFlags.Exclusive"/> fails with EEXIST where it exists.</summary>
public sealed record CreateStep : OperationStep;
/// <summary>Writes bytes at an offset; a gap before it reads as zeroes.</summary>
public sealed record WriteStep(ulong Offset, ReadOnlyMemory<byte> Data) : OperationStep;
/// <summary>Replaces the whole data.</summary>
public sealed record WriteFullStep(ReadOnlyMemory<byte> Data) : OperationStep;
/// <summary>Writes at the end.</summary>
public sealed record AppendStep(ReadOnlyMemory<byte> Data) : OperationStep;
/// <summary>
/// Makes a range read as zeroes. It never makes the object longer, and as in Ceph a range that reaches the end truncates the object at its
/// offset; behind the end and on an absent object it does nothing.
/// </summary>
public sealed record ZeroStep(ulong Offset, ulong Length) : OperationStep;
/// <summary>Sets the size; longer reads as zeroes. Nothing on an absent object.</summary>
public sealed record TruncateStep(ulong Size) : OperationStep;
/// <summary>Fills a range with a repeated pattern; the length must be a multiple of it.</summary>
public sealed record WriteSameStep(ulong Offset, ulong Length, ReadOnlyMemory<byte> Pattern) : OperationStep;
/// <summary>Removes the object; ENOENT where it is absent.</summary>
public sealed record RemoveStep : OperationStep;
/// <summary>Sets an xattr.</summary>
public sealed record SetXattrStep(string Name, ReadOnlyMemory<byte> Value) : OperationStep;
/// <summary>Removes an xattr.</summary>
public sealed record RemoveXattrStep(string Name) : OperationStep;
/// <summary>Sets omap values.</summary>
public sealed record OmapSetStep(IReadOnlyList<KeyValuePair<string, ReadOnlyMemory<byte>>> Values) : OperationStep;
/// <summary>Removes omap keys; absent ones are no error.</summary>
public sealed record OmapRemoveKeysStep(IReadOnlyList<string> Keys) : OperationStep;
/// <summary>Removes every omap key and the omap header.</summary>
public sealed record OmapClearStep : OperationStep;
/// <summary>Tells how large the object is expected to become; only a hint.</summary>
public sealed record AllocationHintStep(ulong ExpectedObjectSize, ulong ExpectedWriteSize) : OperationStep;
/// <summary>Sets data, xattrs and omap back to what they were at a self-managed snapshot; removes the object where it did not exist then.</summary>
public sealed record RollbackStep(ulong SnapshotId) : OperationStep;
