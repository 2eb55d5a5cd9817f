using System.Buffers;

namespace Nacre.Journal.Reading;

/// <summary>Bytes of a journal object that entries point into. The last to let go returns them to the pool.</summary>
internal sealed class EntryBuffer
{
    private byte[]? _bytes;
    private int _holders = 1;

    /// <param name="size">Bytes that are needed.</param>
    public EntryBuffer(int size)
    {
        _bytes = ArrayPool<byte>.Shared.Rent(size);
        Memory = _bytes.AsMemory(0, size);
    }

    /// <summary>The bytes; not to be touched after <see cref="Release"/>.</summary>
    public Memory<byte> Memory { get; }

    /// <summary>One more holds it.</summary>
    public void Hold() => Interlocked.Increment(ref _holders);

    /// <summary>One lets go.</summary>
    public void Release()
    {
        if (Interlocked.Decrement(ref _holders) == 0 && Interlocked.Exchange(ref _bytes, null) is { } bytes)
        {
            ArrayPool<byte>.Shared.Return(bytes);
        }
    }
}
