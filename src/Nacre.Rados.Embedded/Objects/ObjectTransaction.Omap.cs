using Nacre.Rados.Embedded.Storage;

namespace Nacre.Rados.Embedded.Objects;

/// <content>Omap: keys under a number of their own, in RocksDB's byte order; what this operation changed lies over them.</content>
internal sealed partial class ObjectTransaction
{
    private const int RangeDeletionThreshold = 1024;
    private SortedDictionary<byte[], byte[]?>? _omapChanges;
    private ulong _omap;
    private ulong _omapRead;
    private bool _omapIsShared;

    /// <summary>A value; null where the key is absent.</summary>
    public byte[]? OmapGet(string key)
    {
        byte[] bytes = System.Text.Encoding.UTF8.GetBytes(key);
        if (_omapChanges is not null && _omapChanges.TryGetValue(bytes, out byte[]? changed))
        {
            return changed;
        }

        return _omapRead == 0 ? null : _core.Database.GetCopy(Family.Omap, Keys.Omap(Key.Pool, _omapRead, bytes));
    }

    /// <summary>Keys after a key that begin with a prefix, at most so many.</summary>
    public List<KeyValuePair<string, ReadOnlyMemory<byte>>> OmapPage(string after, string prefix, uint maximum, bool withValues, out bool more)
    {
        var page = new List<KeyValuePair<string, ReadOnlyMemory<byte>>>();
        more = false;
        foreach ((byte[] key, byte[] value) in OmapEntries(System.Text.Encoding.UTF8.GetBytes(after), System.Text.Encoding.UTF8.GetBytes(prefix), withValues))
        {
            if (page.Count >= maximum)
            {
                more = true;
                break;
            }

            page.Add(new(System.Text.Encoding.UTF8.GetString(key), value));
        }

        return page;
    }

    public int OmapSet(string key, ReadOnlySpan<byte> value)
    {
        int result = EnsureExists();
        if (result == 0)
        {
            OwnOmap();
            byte[] bytes = System.Text.Encoding.UTF8.GetBytes(key);
            _batch.Put(Family.Omap, Keys.Omap(Key.Pool, _omap, bytes), value);
            Changes[bytes] = value.ToArray();
        }

        return result;
    }

    /// <summary>Makes the object exist, as setting no keys at all does.</summary>
    public int OmapTouch() => EnsureExists();

    /// <summary>Before keys are removed; -ENOENT where the object is absent.</summary>
    public int OmapRemoveBegin() => _exists ? BeginWriting() : -Errno.ENOENT;

    public int OmapRemove(string key)
    {
        if (!_exists)
        {
            return -Errno.ENOENT;
        }

        int result = BeginWriting();
        if (result == 0 && _omap != 0)
        {
            OwnOmap();
            byte[] bytes = System.Text.Encoding.UTF8.GetBytes(key);
            _batch.Delete(Family.Omap, Keys.Omap(Key.Pool, _omap, bytes));
            Changes[bytes] = null;
        }

        return result;
    }

    public int OmapClear()
    {
        if (!_exists)
        {
            return -Errno.ENOENT;
        }

        int result = BeginWriting();
        if (result == 0)
        {
            DropOmap();
        }

        return result;
    }

    /// <summary>Puts the removal of a whole omap into a batch.</summary>
    internal static void DeleteOmap(RocksDatabase database, BatchWriter batch, uint pool, ulong number)
    {
        byte[] prefix = Keys.Omap(pool, number, default);
        var keys = new List<byte[]>();
        using (RocksDatabase.Cursor cursor = database.Seek(Family.Omap, prefix))
        {
            for (; cursor.IsValid && cursor.Key.StartsWith(prefix) && keys.Count <= RangeDeletionThreshold; cursor.Next())
            {
                keys.Add(cursor.Key.ToArray());
            }
        }

        if (keys.Count > RangeDeletionThreshold)
        {
            batch.DeleteRange(Family.Omap, prefix, Keys.Omap(pool, number + 1, default));
            return;
        }

        foreach (byte[] key in keys)
        {
            batch.Delete(Family.Omap, key);
        }
    }

    private SortedDictionary<byte[], byte[]?> Changes =>
        _omapChanges ??= new SortedDictionary<byte[], byte[]?>(Comparer<byte[]>.Create((a, b) => a.AsSpan().SequenceCompareTo(b)));

    private void DropOmap()
    {
        if (_omap != 0 && !_omapIsShared)
        {
            if (_omap == _omapRead)
            {
                DeleteOmap(_core.Database, _batch, Key.Pool, _omap);
            }
            else
            {
                // It was begun in this operation: what it is made of so far lies in the batch alone.
                foreach ((byte[] key, _) in StoredEntries([], [], withValues: false))
                {
                    _batch.Delete(Family.Omap, Keys.Omap(Key.Pool, _omap, key));
                }
            }

            foreach (byte[] key in _omapChanges?.Keys ?? Enumerable.Empty<byte[]>())
            {
                _batch.Delete(Family.Omap, Keys.Omap(Key.Pool, _omap, key));
            }
        }

        _omap = 0;
        _omapRead = 0;
        _omapIsShared = false;
        _omapChanges = null;
    }

    /// <summary>Before a change: an omap of its own, copied where a clone has the same.</summary>
    private void OwnOmap()
    {
        if (_omap != 0 && !_omapIsShared)
        {
            return;
        }

        ulong number = _core.NextNumber();
        if (_omap != 0)
        {
            byte[] prefix = Keys.Omap(Key.Pool, _omap, default);
            using RocksDatabase.Cursor cursor = _core.Database.Seek(Family.Omap, prefix);
            for (; cursor.IsValid && cursor.Key.StartsWith(prefix); cursor.Next())
            {
                _batch.Put(Family.Omap, Keys.Omap(Key.Pool, number, cursor.Key[prefix.Length..]), cursor.Value);
            }
        }

        _omap = number;
        _omapIsShared = false;
    }

    private IEnumerable<(byte[] Key, byte[] Value)> OmapEntries(byte[] after, byte[] prefix, bool withValues)
    {
        // The first key behind "after" is that key with a zero byte appended.
        byte[] from = prefix.AsSpan().SequenceCompareTo(after) > 0 ? prefix : after.Length == 0 ? [] : [.. after, 0];
        using IEnumerator<(byte[] Key, byte[] Value)> stored = StoredEntries(from, prefix, withValues).GetEnumerator();
        bool hasStored = stored.MoveNext();
        foreach ((byte[] key, byte[]? value) in _omapChanges ?? [])
        {
            if (key.AsSpan().SequenceCompareTo(from) < 0 || !key.AsSpan().StartsWith(prefix))
            {
                continue;
            }

            for (; hasStored && stored.Current.Key.AsSpan().SequenceCompareTo(key) < 0; hasStored = stored.MoveNext())
            {
                yield return stored.Current;
            }

            if (hasStored && stored.Current.Key.AsSpan().SequenceEqual(key))
            {
                hasStored = stored.MoveNext();
            }

            if (value is not null)
            {
                yield return (key, value);
            }
        }

        for (; hasStored; hasStored = stored.MoveNext())
        {
            yield return stored.Current;
        }
    }

    private IEnumerable<(byte[] Key, byte[] Value)> StoredEntries(byte[] from, byte[] prefix, bool withValues)
    {
        if (_omapRead == 0)
        {
            yield break;
        }

        byte[] whole = Keys.Omap(Key.Pool, _omapRead, prefix);
        int nameAt = whole.Length - prefix.Length;
        using RocksDatabase.Cursor cursor = _core.Database.Seek(Family.Omap, Keys.Omap(Key.Pool, _omapRead, from));
        for (; cursor.IsValid && cursor.Key.StartsWith(whole); cursor.Next())
        {
            yield return (cursor.Key[nameAt..].ToArray(), withValues ? cursor.Value.ToArray() : []);
        }
    }
}
