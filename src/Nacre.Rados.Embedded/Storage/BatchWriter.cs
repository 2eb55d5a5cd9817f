using System.Buffers;
using System.Buffers.Binary;

namespace Nacre.Rados.Embedded.Storage;

/// <summary>
/// A RocksDB write batch, put together in managed memory in its own format (db/write_batch.cc): a native call per key would cost more
/// than the key. Dispose it to give its buffer back.
/// </summary>
internal sealed class BatchWriter : IDisposable
{
    private const int HeaderSize = 12;
    private const byte Deletion = 0x4;
    private const byte Value = 0x5;
    private const byte RangeDeletion = 0xE;
    private byte[] _buffer = ArrayPool<byte>.Shared.Rent(1024);
    private int _length = HeaderSize;
    private uint _count;

    /// <summary>True where there is nothing to write.</summary>
    public bool IsEmpty => _count == 0;

    /// <summary>The buffer as it is now; positions from <see cref="BeginPut"/> point into it.</summary>
    public ReadOnlySpan<byte> Buffer => _buffer.AsSpan(0, _length);

    public void Put(Family family, ReadOnlySpan<byte> key, ReadOnlySpan<byte> value) => value.CopyTo(BeginPut(family, key, value.Length, out _));

    /// <summary>Puts a value that the caller fills in before the next call.</summary>
    /// <param name="family">Its family.</param>
    /// <param name="key">Its key.</param>
    /// <param name="length">Its length in bytes.</param>
    /// <param name="position">Where it begins in <see cref="Buffer"/>, for good.</param>
    public Span<byte> BeginPut(Family family, ReadOnlySpan<byte> key, int length, out int position)
    {
        Reserve(key.Length + length + 16);
        Begin(Value, family);
        Append(key);
        AppendLength((uint)length);
        position = _length;
        _length += length;
        return _buffer.AsSpan(position, length);
    }

    public void Delete(Family family, ReadOnlySpan<byte> key)
    {
        Reserve(key.Length + 16);
        Begin(Deletion, family);
        Append(key);
    }

    /// <summary>Deletes keys from <paramref name="from"/> up to but not <paramref name="to"/>.</summary>
    public void DeleteRange(Family family, ReadOnlySpan<byte> from, ReadOnlySpan<byte> to)
    {
        Reserve(from.Length + to.Length + 24);
        Begin(RangeDeletion, family);
        Append(from);
        Append(to);
    }

    /// <summary>The whole batch in RocksDB's format.</summary>
    public ReadOnlySpan<byte> Finish()
    {
        _buffer.AsSpan(0, 8).Clear();
        BinaryPrimitives.WriteUInt32LittleEndian(_buffer.AsSpan(8), _count);
        return _buffer.AsSpan(0, _length);
    }

    public void Dispose()
    {
        byte[] buffer = _buffer;
        _buffer = [];
        if (buffer.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private void Begin(byte kind, Family family)
    {
        _buffer[_length++] = kind;
        _buffer[_length++] = (byte)family;
        _count++;
    }

    private void Append(ReadOnlySpan<byte> bytes)
    {
        AppendLength((uint)bytes.Length);
        bytes.CopyTo(_buffer.AsSpan(_length));
        _length += bytes.Length;
    }

    private void AppendLength(uint value)
    {
        while (value >= 0x80)
        {
            _buffer[_length++] = (byte)(value | 0x80);
            value >>= 7;
        }

        _buffer[_length++] = (byte)value;
    }

    private void Reserve(int more)
    {
        int wanted = checked(_length + more);
        if (wanted <= _buffer.Length)
        {
            return;
        }

        byte[] larger = ArrayPool<byte>.Shared.Rent((int)Math.Min(Math.Max((long)_buffer.Length * 2, wanted), Array.MaxLength));
        _buffer.AsSpan(0, _length).CopyTo(larger);
        ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = larger;
    }
}
