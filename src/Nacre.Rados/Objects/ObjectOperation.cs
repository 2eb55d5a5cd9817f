namespace Nacre.Rados.Objects;

/// <summary>
/// A compound operation being put together: steps that one object carries out atomically, in order. The first failing step ends it
/// and, in a write, undoes it. Each method appends a step and returns this.
/// </summary>
/// <typeparam name="TSelf">The concrete builder.</typeparam>
public abstract class ObjectOperation<TSelf> where TSelf : ObjectOperation<TSelf>
{
    private readonly List<OperationStep> _steps = [];

    /// <summary>The steps so far.</summary>
    public IReadOnlyList<OperationStep> Steps => _steps;

    /// <summary>Appends a step as it is.</summary>
    public TSelf Add(OperationStep step)
    {
        _steps.Add(step);
        return (TSelf)this;
    }

    /// <inheritdoc cref="AssertExistsStep"/>
    public TSelf AssertExists() => Add(new AssertExistsStep());
    /// <inheritdoc cref="AssertVersionStep"/>
    public TSelf AssertVersion(ulong version) => Add(new AssertVersionStep(version));
    /// <inheritdoc cref="CompareXattrStep"/>
    public TSelf CompareXattr(string name, Comparison comparison, ReadOnlyMemory<byte> value) => Add(new CompareXattrStep(name, comparison, value));
    /// <inheritdoc cref="CompareOmapStep"/>
    public TSelf CompareOmap(string key, Comparison comparison, ReadOnlyMemory<byte> value) => Add(new CompareOmapStep(key, comparison, value));
    /// <inheritdoc cref="CompareExtentStep"/>
    public TSelf CompareExtent(ulong offset, ReadOnlyMemory<byte> data) => Add(new CompareExtentStep(offset, data));
    /// <inheritdoc cref="ExecStep"/>
    public TSelf Exec(string className, string method, ReadOnlyMemory<byte> input) => Add(new ExecStep(className, method, input));
}

/// <summary>A compound read; see <see cref="ObjectOperation{TSelf}"/>. Outputs come back per step, in order.</summary>
public sealed class ReadOperation : ObjectOperation<ReadOperation>
{
    /// <inheritdoc cref="ReadStep"/>
    public ReadOperation Read(ulong offset, ulong length, StepFlags flags = StepFlags.None) => Add(new ReadStep(offset, length) { Flags = flags });
    /// <inheritdoc cref="SparseReadStep"/>
    public ReadOperation SparseRead(ulong offset, ulong length, StepFlags flags = StepFlags.None) => Add(new SparseReadStep(offset, length) { Flags = flags });
    /// <inheritdoc cref="StatStep"/>
    public ReadOperation Stat() => Add(new StatStep());
    /// <inheritdoc cref="GetXattrStep"/>
    public ReadOperation GetXattr(string name) => Add(new GetXattrStep(name));
    /// <inheritdoc cref="GetXattrsStep"/>
    public ReadOperation GetXattrs() => Add(new GetXattrsStep());
    /// <inheritdoc cref="OmapGetKeysStep"/>
    public ReadOperation OmapGetKeys(string after, uint maximum) => Add(new OmapGetKeysStep(after, maximum));
    /// <inheritdoc cref="OmapGetValuesStep"/>
    public ReadOperation OmapGetValues(string after, string prefix, uint maximum) => Add(new OmapGetValuesStep(after, prefix, maximum));
    /// <inheritdoc cref="OmapGetValuesByKeysStep"/>
    public ReadOperation OmapGetValuesByKeys(params IReadOnlyList<string> keys) => Add(new OmapGetValuesByKeysStep(keys));
    /// <inheritdoc cref="ChecksumStep"/>
    public ReadOperation Checksum(ChecksumType type, ulong seed, ulong offset, ulong length, uint chunkSize) =>
        Add(new ChecksumStep(type, seed, offset, length, chunkSize));
}

/// <summary>A compound write; see <see cref="ObjectOperation{TSelf}"/>.</summary>
public sealed class WriteOperation : ObjectOperation<WriteOperation>
{
    /// <inheritdoc cref="CreateStep"/>
    public WriteOperation Create(bool exclusive) => Add(new CreateStep { Flags = exclusive ? StepFlags.Exclusive : StepFlags.None });
    /// <inheritdoc cref="WriteStep"/>
    public WriteOperation Write(ulong offset, ReadOnlyMemory<byte> data, StepFlags flags = StepFlags.None) => Add(new WriteStep(offset, data) { Flags = flags });
    /// <inheritdoc cref="WriteFullStep"/>
    public WriteOperation WriteFull(ReadOnlyMemory<byte> data, StepFlags flags = StepFlags.None) => Add(new WriteFullStep(data) { Flags = flags });
    /// <inheritdoc cref="AppendStep"/>
    public WriteOperation Append(ReadOnlyMemory<byte> data) => Add(new AppendStep(data));
    /// <inheritdoc cref="ZeroStep"/>
    public WriteOperation Zero(ulong offset, ulong length) => Add(new ZeroStep(offset, length));
    /// <inheritdoc cref="TruncateStep"/>
    public WriteOperation Truncate(ulong size) => Add(new TruncateStep(size));
    /// <inheritdoc cref="WriteSameStep"/>
    public WriteOperation WriteSame(ulong offset, ulong length, ReadOnlyMemory<byte> pattern) => Add(new WriteSameStep(offset, length, pattern));
    /// <inheritdoc cref="RemoveStep"/>
    public WriteOperation Remove() => Add(new RemoveStep());
    /// <inheritdoc cref="SetXattrStep"/>
    public WriteOperation SetXattr(string name, ReadOnlyMemory<byte> value) => Add(new SetXattrStep(name, value));
    /// <inheritdoc cref="RemoveXattrStep"/>
    public WriteOperation RemoveXattr(string name) => Add(new RemoveXattrStep(name));
    /// <inheritdoc cref="OmapSetStep"/>
    public WriteOperation OmapSet(params IReadOnlyList<KeyValuePair<string, ReadOnlyMemory<byte>>> values) => Add(new OmapSetStep(values));
    /// <inheritdoc cref="OmapRemoveKeysStep"/>
    public WriteOperation OmapRemoveKeys(params IReadOnlyList<string> keys) => Add(new OmapRemoveKeysStep(keys));
    /// <inheritdoc cref="OmapClearStep"/>
    public WriteOperation OmapClear() => Add(new OmapClearStep());
    /// <inheritdoc cref="AllocationHintStep"/>
    public WriteOperation AllocationHint(ulong expectedObjectSize, ulong expectedWriteSize) => Add(new AllocationHintStep(expectedObjectSize, expectedWriteSize));
    /// <inheritdoc cref="RollbackStep"/>
    public WriteOperation Rollback(ulong snapshotId) => Add(new RollbackStep(snapshotId));
}
