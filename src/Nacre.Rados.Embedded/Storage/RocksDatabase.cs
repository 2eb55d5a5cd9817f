using System.Runtime.InteropServices;
using RocksDbSharp;

namespace Nacre.Rados.Embedded.Storage;

/// <summary>Where a key lives: RocksDB's column families, in the order of their ids.</summary>
internal enum Family
{
    /// <summary>The store's own records.</summary>
    Store = 0,
    /// <summary>Object heads, clones and the snapshot index.</summary>
    Objects = 1,
    /// <summary>Object omaps.</summary>
    Omap = 2,
    /// <summary>Blocks of object data; values lie in blob files.</summary>
    Data = 3,
}

/// <summary>
/// RocksDB as this engine uses it: raw keys and values over spans, batches without sync, and one sync for all that was written before it.
/// Errors are <see cref="RadosException"/>.
/// </summary>
internal sealed unsafe class RocksDatabase : IDisposable
{
    private static readonly string[] _familyNames = ["default", "objects", "omap", "data"];
    private static readonly Native _native = Native.Instance;

    private readonly string _directory;
    private readonly RocksOptions _options;
    private readonly nint[] _families = new nint[_familyNames.Length];
    private readonly nint _readOptions;
    private readonly nint _writeOptions;
    private nint _database;

    private RocksDatabase(string directory, RocksOptions options)
    {
        _directory = directory;
        _options = options;
        _readOptions = _native.rocksdb_readoptions_create();
        _native.rocksdb_readoptions_set_verify_checksums(_readOptions, 1);
        _writeOptions = _native.rocksdb_writeoptions_create();
    }

    /// <summary>Opens a directory. ENOENT where there is no database and none may be made, EBUSY while another process has it, EIO where it is damaged.</summary>
    public static RocksDatabase Open(string directory, bool createIfMissing, long cacheSize)
    {
        if (!createIfMissing && !File.Exists(Path.Combine(directory, "CURRENT")))
        {
            throw new RadosException(Errno.ENOENT, $"open store {directory}: create it first");
        }

        Directory.CreateDirectory(directory);
        var options = new RocksOptions(createIfMissing, cacheSize);
        var database = new RocksDatabase(directory, options);
        try
        {
            database._database = _native.rocksdb_open_column_families(
                options.Database, directory, _familyNames.Length, _familyNames, options.Families, database._families, out nint error);
            if (error != 0)
            {
                throw OpenFailure(directory, TakeError(error));
            }

            return database;
        }
        catch
        {
            database.Dispose();
            throw;
        }
    }

    /// <summary>A value that stays in RocksDB's memory until disposed; not present where absent.</summary>
    public PinnedValue Get(Family family, ReadOnlySpan<byte> key)
    {
        fixed (byte* pointer = key)
        {
            nint slice = _native.rocksdb_get_pinned_cf(_database, _readOptions, _families[(int)family], pointer, (nuint)key.Length, out nint error);
            if (error != 0)
            {
                throw Failure("read", TakeError(error));
            }

            return new PinnedValue(slice);
        }
    }

    /// <summary>A copy of a value; null where absent.</summary>
    public byte[]? GetCopy(Family family, ReadOnlySpan<byte> key)
    {
        using PinnedValue value = Get(family, key);
        return value.IsPresent ? value.Span.ToArray() : null;
    }

    /// <summary>Gets many ascending keys of one length at once. Those absent have no slice; the caller disposes all slices.</summary>
    public void GetMany(Family family, ReadOnlySpan<byte> keys, int keyLength, Span<PinnedValue> values)
    {
        int count = values.Length;
        nint* pointers = stackalloc nint[count];
        nuint* lengths = stackalloc nuint[count];
        nint* slices = stackalloc nint[count];
        nint[] errors = new nint[count];
        fixed (byte* first = keys)
        {
            for (int i = 0; i < count; i++)
            {
                pointers[i] = (nint)(first + (i * keyLength));
                lengths[i] = (nuint)keyLength;
                slices[i] = 0;
            }

            _native.rocksdb_batched_multi_get_cf(
                _database, _readOptions, _families[(int)family], (nuint)count, (nint)pointers, (nint)lengths, (nint)slices, errors, 1);
        }

        string? failure = null;
        for (int i = 0; i < count; i++)
        {
            values[i] = new PinnedValue(slices[i]);
            if (errors[i] != 0)
            {
                failure = TakeError(errors[i]);
            }
        }

        if (failure is not null)
        {
            foreach (PinnedValue value in values)
            {
                value.Dispose();
            }

            throw Failure("read", failure);
        }
    }

    /// <summary>Walks keys upwards from <paramref name="from"/>. Dispose the cursor.</summary>
    public Cursor Seek(Family family, ReadOnlySpan<byte> from)
    {
        var cursor = new Cursor(_native.rocksdb_create_iterator_cf(_database, _readOptions, _families[(int)family]));
        cursor.Seek(from);
        return cursor;
    }

    /// <summary>
    /// Applies a batch, all or nothing. It is visible at once and survives this process, but is on disk only after <see cref="Sync"/>.
    /// </summary>
    public void Write(BatchWriter batch)
    {
        ReadOnlySpan<byte> bytes = batch.Finish();
        nint native;
        fixed (byte* pointer = bytes)
        {
            native = _native.rocksdb_writebatch_create_from(pointer, (nuint)bytes.Length);
        }

        _native.rocksdb_write(_database, _writeOptions, native, out nint error);
        _native.rocksdb_writebatch_destroy(native);
        if (error != 0)
        {
            throw Failure("write", TakeError(error));
        }
    }

    /// <summary>Puts all that was written so far on disk.</summary>
    public void Sync()
    {
        _native.rocksdb_flush_wal(_database, 1, out nint error);
        if (error != 0)
        {
            throw Failure("sync", TakeError(error));
        }
    }

    /// <summary>Writes memory tables into files, so that the next opening has no log to replay.</summary>
    public void Flush()
    {
        nint options = _native.rocksdb_flushoptions_create();
        _native.rocksdb_flush_cfs(_database, options, _families, _families.Length, out nint error);
        _native.rocksdb_flushoptions_destroy(options);
        if (error != 0)
        {
            throw Failure("flush", TakeError(error));
        }
    }

    /// <summary>Gives back the space of a range of keys that was deleted: its files are compacted in the background.</summary>
    public void Reclaim(ReadOnlySpan<byte> from, ReadOnlySpan<byte> to)
    {
        Flush();
        fixed (byte* first = from, end = to)
        {
            foreach (Family family in new[] { Family.Objects, Family.Omap, Family.Data })
            {
                _native.rocksdb_suggest_compact_range_cf(
                    _database, _families[(int)family], first, (nuint)from.Length, end, (nuint)to.Length, out nint error);
                if (error != 0)
                {
                    throw Failure("reclaim", TakeError(error));
                }
            }
        }
    }

    public void Dispose()
    {
        foreach (nint family in _families)
        {
            if (family != 0)
            {
                _native.rocksdb_column_family_handle_destroy(family);
            }
        }

        Array.Clear(_families);
        if (_database != 0)
        {
            _native.rocksdb_close(_database);
            _database = 0;
            _native.rocksdb_readoptions_destroy(_readOptions);
            _native.rocksdb_writeoptions_destroy(_writeOptions);
        }

        _options.Dispose();
    }

    private static string TakeError(nint error)
    {
        string text = Marshal.PtrToStringUTF8(error) ?? "";
        _native.rocksdb_free(error);
        return text;
    }

    private static RadosException OpenFailure(string directory, string error)
    {
        if (error.Contains("lock", StringComparison.OrdinalIgnoreCase) && error.Contains("LOCK", StringComparison.Ordinal))
        {
            return new RadosException(Errno.EBUSY, $"open store {directory}: another process has it open; stop that site first");
        }

        return new RadosException(Errno.EIO, $"open store {directory}: {error}");
    }

    private RadosException Failure(string attempt, string error) =>
        new(error.Contains("No space left", StringComparison.Ordinal) ? Errno.ENOSPC : Errno.EIO, $"{attempt} of store {_directory}: {error}");

    /// <summary>A walk over keys.</summary>
    public sealed class Cursor(nint iterator) : IDisposable
    {
        private nint _iterator = iterator;

        public bool IsValid => _native.rocksdb_iter_valid(_iterator) != 0;

        /// <summary>The key; valid until the cursor moves.</summary>
        public ReadOnlySpan<byte> Key
        {
            get
            {
                nint pointer = _native.rocksdb_iter_key(_iterator, out nuint length);
                return new ReadOnlySpan<byte>((void*)pointer, (int)length);
            }
        }

        /// <summary>The value; valid until the cursor moves.</summary>
        public ReadOnlySpan<byte> Value
        {
            get
            {
                nint pointer = _native.rocksdb_iter_value(_iterator, out nuint length);
                return new ReadOnlySpan<byte>((void*)pointer, (int)length);
            }
        }

        public void Seek(ReadOnlySpan<byte> from)
        {
            fixed (byte* pointer = from)
            {
                _native.rocksdb_iter_seek(_iterator, pointer, (nuint)from.Length);
            }

            ThrowIfFailed();
        }

        public void Next()
        {
            _native.rocksdb_iter_next(_iterator);
            ThrowIfFailed();
        }

        public void Dispose()
        {
            if (_iterator != 0)
            {
                _native.rocksdb_iter_destroy(_iterator);
                _iterator = 0;
            }
        }

        private void ThrowIfFailed()
        {
            // An iterator that stops at damage looks like one at its end.
            if (!IsValid)
            {
                _native.rocksdb_iter_get_error(_iterator, out nint error);
                if (error != 0)
                {
                    throw new RadosException(Errno.EIO, $"walk over the store's keys: {TakeError(error)}");
                }
            }
        }
    }
}
