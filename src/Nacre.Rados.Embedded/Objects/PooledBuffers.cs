using System.Buffers;

namespace Nacre.Rados.Embedded.Objects;

/// <summary>Rented memory of one operation's outputs, given back together.</summary>
internal sealed class PooledBuffers : IDisposable
{
    private readonly List<byte[]> _rented = new(1);

    public Memory<byte> Rent(int length)
    {
        byte[] buffer = ArrayPool<byte>.Shared.Rent(length);
        _rented.Add(buffer);
        return buffer.AsMemory(0, length);
    }

    public void Dispose()
    {
        foreach (byte[] buffer in _rented)
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }

        _rented.Clear();
    }
}
