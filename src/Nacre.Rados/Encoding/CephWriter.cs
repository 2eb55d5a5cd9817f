using System.Buffers;
using System.Buffers.Binary;

namespace Nacre.Rados.Encoding;

/// <summary>Writes Ceph's little-endian encoding (src/include/encoding.h) into a growing buffer.</summary>
public sealed class CephWriter : IBufferWriter<byte>
{
    private readonly ArrayPool<byte>? _pool;
    private byte[] _buffer;
    private int _length;

    /// <param name="capacity">Bytes to start with.</param>
    public CephWriter(int capacity = 256) => _buffer = new byte[Math.Max(capacity, 16)];

    /// <param name="pool">Lends the buffer, until <see cref="GiveBack"/>.</param>
    /// <param name="capacity">Bytes to start with.</param>
    public CephWriter(ArrayPool<byte> pool, int capacity) => (_pool, _buffer) = (pool, pool.Rent(Math.Max(capacity, 16)));

    /// <summary>Bytes written.</summary>
    public int Length => _length;

    /// <summary>What was written so far; valid until the next write.</summary>
    public ReadOnlyMemory<byte> WrittenMemory => _buffer.AsMemory(0, _length);

    /// <summary>What was written so far; valid until the next write.</summary>
    public ReadOnlySpan<byte> WrittenSpan => _buffer.AsSpan(0, _length);

    /// <summary>A copy of what was written.</summary>
    public byte[] ToArray() => WrittenSpan.ToArray();

    /// <summary>Forgets what was written, keeps the buffer.</summary>
    public void Clear() => _length = 0;

    /// <summary>Gives a lent buffer back: nobody looks at what was written any more. A buffer that is not given back is only lost to its pool.</summary>
    public void GiveBack()
    {
        byte[] buffer = _buffer;
        (_buffer, _length) = ([], 0);
        _pool?.Return(buffer);
    }

    /// <summary>u8.</summary>
    public void Write(byte value) => Append(1)[0] = value;
    /// <summary>bool, one byte.</summary>
    public void Write(bool value) => Append(1)[0] = value ? (byte)1 : (byte)0;
    /// <summary>u16.</summary>
    public void Write(ushort value) => BinaryPrimitives.WriteUInt16LittleEndian(Append(2), value);
    /// <summary>u32.</summary>
    public void Write(uint value) => BinaryPrimitives.WriteUInt32LittleEndian(Append(4), value);
    /// <summary>s32.</summary>
    public void Write(int value) => BinaryPrimitives.WriteInt32LittleEndian(Append(4), value);
    /// <summary>u64.</summary>
    public void Write(ulong value) => BinaryPrimitives.WriteUInt64LittleEndian(Append(8), value);
    /// <summary>s64.</summary>
    public void Write(long value) => BinaryPrimitives.WriteInt64LittleEndian(Append(8), value);

    /// <summary>std::string: u32 length, UTF-8.</summary>
    public void Write(string value)
    {
        int length = System.Text.Encoding.UTF8.GetByteCount(value);
        Write((uint)length);
        System.Text.Encoding.UTF8.GetBytes(value, Append(length));
    }

    /// <summary>bufferlist: u32 length, then the bytes.</summary>
    public void WriteBytes(ReadOnlySpan<byte> value)
    {
        Write((uint)value.Length);
        WriteRaw(value);
    }

    /// <summary>The bytes alone.</summary>
    public void WriteRaw(ReadOnlySpan<byte> value) => value.CopyTo(Append(value.Length));

    /// <summary>A u32 element count.</summary>
    public void WriteCount(int count) => Write((uint)count);

    /// <summary>utime_t.</summary>
    public void Write(DateTimeOffset time)
    {
        (uint seconds, uint nanoseconds) = CephTime.FromDateTime(time);
        Write(seconds);
        Write(nanoseconds);
    }

    /// <summary>
    /// Opens a versioned struct (ENCODE_START); dispose the scope to fill in its length (ENCODE_FINISH):
    /// <c>using (writer.Versioned(2, 1)) { … }</c>.
    /// </summary>
    public VersionedScope Versioned(byte version, byte compatible)
    {
        Write(version);
        Write(compatible);
        int at = _length;
        Write(0u);
        return new VersionedScope(this, at);
    }

    /// <summary>Opens a bufferlist that is written in its place; dispose the scope to fill in its length.</summary>
    public VersionedScope Sized()
    {
        int at = _length;
        Write(0u);
        return new VersionedScope(this, at);
    }

    /// <inheritdoc/>
    public void Advance(int count)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, _buffer.Length - _length);
        _length += count;
    }

    /// <inheritdoc/>
    public Memory<byte> GetMemory(int sizeHint = 0)
    {
        Reserve(Math.Max(sizeHint, 1));
        return _buffer.AsMemory(_length);
    }

    /// <inheritdoc/>
    public Span<byte> GetSpan(int sizeHint = 0) => GetMemory(sizeHint).Span;

    private Span<byte> Append(int count)
    {
        Reserve(count);
        Span<byte> span = _buffer.AsSpan(_length, count);
        _length += count;
        return span;
    }

    private void Reserve(int count)
    {
        if (_buffer.Length - _length < count)
        {
            int capacity = Math.Max(_length + count, _buffer.Length * 2);
            if (_pool is null)
            {
                Array.Resize(ref _buffer, capacity);
                return;
            }

            byte[] larger = _pool.Rent(capacity);
            WrittenSpan.CopyTo(larger);
            _pool.Return(_buffer);
            _buffer = larger;
        }
    }

    /// <summary>An open versioned struct or bufferlist; see <see cref="Versioned"/> and <see cref="Sized"/>.</summary>
    public readonly struct VersionedScope : IDisposable
    {
        private readonly CephWriter _writer;
        private readonly int _at;

        internal VersionedScope(CephWriter writer, int at)
        {
            _writer = writer;
            _at = at;
        }

        /// <summary>Fills in the struct's length.</summary>
        public void Dispose() =>
            BinaryPrimitives.WriteUInt32LittleEndian(_writer._buffer.AsSpan(_at, 4), (uint)(_writer._length - _at - 4));
    }
}
