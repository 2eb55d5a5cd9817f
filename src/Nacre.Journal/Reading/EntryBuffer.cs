using System.Buffers;

namespace Nacre.Journal.Reading;

/// <summary>Bytes of a journal object that entries point into. The last to let go returns them to the pool.</summary>
internal sealed class EntryBuffer
{
    // One of its own: the shared pool keeps an array of each size for each thread, which for such sizes is much.
    private static readonly ArrayPool<byte> _pool = ArrayPool<byte>.Create(4 << 20, 64);

    private byte[]? _bytes;
    private int _holders = 1;

    /// <param name="size">Bytes that are needed.</param>
    public EntryBuffer(int size)
    {
        _bytes = _pool.Rent(size);
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
            _pool.Return(bytes);
        }
    }
}
