using System.Buffers;
using Nacre.Rados.Embedded.Storage;

namespace Nacre.Rados.Embedded;

/// <summary>
/// Numbers that never repeat, over kills too: they are taken from ranges that the store recorded as used beforehand. The log keeps the order of
/// batches, so a range is on disk whenever something that has a number of it is.
/// </summary>
internal sealed class NumberSource
{
    private readonly RocksDatabase _database;
    private readonly byte[] _key;
    private readonly ulong _rangeLength;
    private readonly Lock _gate = new();
    private ulong _next;
    private ulong _end;

    /// <param name="database">The store.</param>
    /// <param name="name">The key of its record.</param>
    /// <param name="first">The first number of a new store.</param>
    /// <param name="rangeLength">How many are recorded at a time; as many at most are lost by a kill.</param>
    public NumberSource(RocksDatabase database, string name, ulong first, ulong rangeLength)
    {
        _database = database;
        _key = Keys.Store(name);
        _rangeLength = rangeLength;
        if (database.GetCopy(Family.Store, _key) is { } recorded)
        {
            ReadOnlySpan<byte> data = recorded;
            first = Varint.Read(ref data);
        }

        _next = _end = first;
    }

    public ulong Next()
    {
        lock (_gate)
        {
            if (_next == _end)
            {
                var value = new ArrayBufferWriter<byte>(10);
                Varint.Write(value, _end + _rangeLength);
                using var batch = new BatchWriter();
                batch.Put(Family.Store, _key, value.WrittenSpan);
                _database.Write(batch);
                _end += _rangeLength;
            }

            return _next++;
        }
    }
}
