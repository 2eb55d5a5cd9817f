using RocksDbSharp;

namespace Nacre.Rados.Embedded.Storage;

/// <summary>
/// RocksDB's options. Blocks go to blob files: compaction then moves only keys, so a streaming write costs one pass through the log and
/// one through a blob file. Everything else is small and stays in the tree.
/// </summary>
internal sealed class RocksOptions : IDisposable
{
    private const int Lz4 = 4;
    private const int PointInTimeRecovery = 2;
    private static readonly Native _native = Native.Instance;
    private readonly nint _cache;

    public RocksOptions(bool createIfMissing, long cacheSize)
    {
        _cache = _native.rocksdb_cache_create_lru((nuint)cacheSize);
        Database = _native.rocksdb_options_create();
        _native.rocksdb_options_set_create_if_missing(Database, Flag(createIfMissing));
        _native.rocksdb_options_set_create_missing_column_families(Database, Flag(createIfMissing));
        _native.rocksdb_options_set_max_background_jobs(Database, 4);
        _native.rocksdb_options_set_max_open_files(Database, 1024);
        _native.rocksdb_options_set_bytes_per_sync(Database, 1 << 20);
        _native.rocksdb_options_set_max_total_wal_size(Database, 192UL << 20);
        _native.rocksdb_options_set_wal_recovery_mode(Database, PointInTimeRecovery);
        _native.rocksdb_options_set_avoid_flush_during_recovery(Database, 1);
        _native.rocksdb_options_set_skip_stats_update_on_db_open(Database, 1);
        _native.rocksdb_options_set_stats_dump_period_sec(Database, 0);
        _native.rocksdb_options_set_stats_persist_period_sec(Database, 0);
        _native.rocksdb_options_set_max_log_file_size(Database, (nuint)(4 << 20));
        _native.rocksdb_options_set_keep_log_file_num(Database, (nuint)4);
        _native.rocksdb_options_set_info_log_level(Database, 2);
        nint small = TreeFamily(8UL << 20);
        Families = [small, TreeFamily(16UL << 20), TreeFamily(16UL << 20), DataFamily()];
    }

    /// <summary>Options of the database.</summary>
    public nint Database { get; }

    /// <summary>Options of each column family.</summary>
    public nint[] Families { get; }

    public void Dispose()
    {
        foreach (nint family in Families)
        {
            _native.rocksdb_options_destroy(family);
        }

        _native.rocksdb_options_destroy(Database);
        _native.rocksdb_cache_destroy(_cache);
    }

    private nint TreeFamily(ulong writeBuffer)
    {
        nint options = Family(writeBuffer);
        _native.rocksdb_options_set_compression(options, Lz4);
        return options;
    }

    private nint DataFamily()
    {
        nint options = Family(32UL << 20);
        _native.rocksdb_options_set_max_write_buffer_number(options, 4);
        _native.rocksdb_options_set_compression(options, 0);
        _native.rocksdb_options_set_enable_blob_files(options, 1);
        _native.rocksdb_options_set_min_blob_size(options, 512);
        _native.rocksdb_options_set_blob_file_size(options, 128UL << 20);
        _native.rocksdb_options_set_blob_compression_type(options, 0);
        _native.rocksdb_options_set_enable_blob_gc(options, 1);
        _native.rocksdb_options_set_blob_gc_age_cutoff(options, 0.5);
        _native.rocksdb_options_set_blob_gc_force_threshold(options, 0.5);
        _native.rocksdb_options_set_target_file_size_base(options, 16UL << 20);
        return options;
    }

    private nint Family(ulong writeBuffer)
    {
        nint options = _native.rocksdb_options_create();
        _native.rocksdb_options_set_write_buffer_size(options, (nuint)writeBuffer);
        _native.rocksdb_options_set_level_compaction_dynamic_level_bytes(options, 1);
        nint table = _native.rocksdb_block_based_options_create();
        _native.rocksdb_block_based_options_set_block_cache(table, _cache);
        _native.rocksdb_block_based_options_set_filter_policy(table, _native.rocksdb_filterpolicy_create_bloom_full(10));
        _native.rocksdb_block_based_options_set_cache_index_and_filter_blocks(table, 1);
        _native.rocksdb_block_based_options_set_pin_l0_filter_and_index_blocks_in_cache(table, 1);
        _native.rocksdb_block_based_options_set_format_version(table, 5);
        _native.rocksdb_options_set_block_based_table_factory(options, table);
        _native.rocksdb_block_based_options_destroy(table);
        return options;
    }

    private static byte Flag(bool value) => value ? (byte)1 : (byte)0;
}
