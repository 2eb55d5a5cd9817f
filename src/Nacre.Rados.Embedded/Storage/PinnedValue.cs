using RocksDbSharp;

namespace Nacre.Rados.Embedded.Storage;

/// <summary>A value in RocksDB's memory. Dispose it.</summary>
internal readonly unsafe struct PinnedValue(nint slice) : IDisposable
{
    public bool IsPresent => slice != 0;

    /// <summary>The bytes, until disposed.</summary>
    public ReadOnlySpan<byte> Span
    {
        get
        {
            if (slice == 0)
            {
                return default;
            }

            nint pointer = Native.Instance.rocksdb_pinnableslice_value(slice, out nuint length);
            return new ReadOnlySpan<byte>((void*)pointer, checked((int)length));
        }
    }

    public void Dispose()
    {
        if (slice != 0)
        {
            Native.Instance.rocksdb_pinnableslice_destroy(slice);
        }
    }
}
