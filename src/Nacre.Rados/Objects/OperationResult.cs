namespace Nacre.Rados.Objects;

/// <summary>
/// What a compound operation came to. Store errors are results here, not exceptions, since on hot paths an absent object is ordinary.
/// Dispose it when the outputs' data are no longer needed: they may live in pooled buffers.
/// </summary>
public sealed class OperationResult : IDisposable
{
    private IDisposable? _buffers;

    /// <param name="returnCode">0 or positive on success, else a negated errno.</param>
    /// <param name="version">The object's version after the operation; 0 where unknown.</param>
    /// <param name="outputs">One per step, for as many steps as ran.</param>
    /// <param name="buffers">What owns the outputs' memory, if pooled.</param>
    public OperationResult(int returnCode, ulong version, IReadOnlyList<StepOutput> outputs, IDisposable? buffers = null)
    {
        ReturnCode = returnCode;
        Version = version;
        Outputs = outputs;
        _buffers = buffers;
    }

    /// <summary>0 or positive on success, else a negated errno. A lost connection is -ENOTCONN, a passed deadline -ETIMEDOUT, a blocklisted client -ESHUTDOWN.</summary>
    public int ReturnCode { get; }

    /// <summary>The object's version after the operation; 0 where unknown.</summary>
    public ulong Version { get; }

    /// <summary>One per step of a read, in order. Writes have none, or ones with only a return code.</summary>
    public IReadOnlyList<StepOutput> Outputs { get; }

    /// <summary>True where <see cref="ReturnCode"/> is not negative.</summary>
    public bool Succeeded => ReturnCode >= 0;

    /// <inheritdoc/>
    public void Dispose() => Interlocked.Exchange(ref _buffers, null)?.Dispose();
}

/// <summary>What one step of a read gave.</summary>
public sealed class StepOutput
{
    /// <summary>0 or positive on success, else a negated errno.</summary>
    public int ReturnCode { get; init; }

    /// <summary>Bytes of a read, sparse read, xattr, checksum or exec.</summary>
    public ReadOnlyMemory<byte> Data { get; init; }

    /// <summary>Where a sparse read's data belong; ascending.</summary>
    public IReadOnlyList<Extent> Extents { get; init; } = [];

    /// <summary>Keys and values of omap or xattrs, in byte order of the keys; for keys alone, the values are empty.</summary>
    public IReadOnlyList<KeyValuePair<string, ReadOnlyMemory<byte>>> Values { get; init; } = [];

    /// <summary>True where more omap keys follow than were returned.</summary>
    public bool More { get; init; }

    /// <summary>Size in bytes, from stat.</summary>
    public ulong Size { get; init; }

    /// <summary>Time of modification, from stat.</summary>
    public DateTimeOffset ModifiedAt { get; init; }
}
