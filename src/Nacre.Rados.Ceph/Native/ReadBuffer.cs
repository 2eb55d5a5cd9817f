using System.Buffers;

namespace Nacre.Rados.Ceph.Native;

/// <summary>Data of a read where librados put it: no copy. It holds its operation, which is freed by disposing the result.</summary>
internal sealed unsafe class ReadBuffer : MemoryManager<byte>
{
    private readonly byte* _data;
    private readonly int _length;

    public ReadBuffer(NativeOperation operation, uint index, byte* data, int length)
    {
        Operation = operation;
        Index = index;
        _data = data;
        _length = length;
    }

    /// <summary>The operation that read it.</summary>
    public NativeOperation Operation { get; }

    /// <summary>Which output of the operation it is.</summary>
    public uint Index { get; }

    public override Span<byte> GetSpan()
    {
        ObjectDisposedException.ThrowIf(Operation.IsClosed, typeof(Objects.OperationResult));
        return new Span<byte>(_data, _length);
    }

    public override MemoryHandle Pin(int elementIndex = 0)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)elementIndex, (uint)_length);
        ObjectDisposedException.ThrowIf(Operation.IsClosed, typeof(Objects.OperationResult));
        return new MemoryHandle(_data + elementIndex, default, this);
    }

    public override void Unpin()
    {
    }

    protected override void Dispose(bool disposing)
    {
    }
}
