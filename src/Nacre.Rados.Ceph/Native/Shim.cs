using System.Runtime.InteropServices;

namespace Nacre.Rados.Ceph.Native;

/// <summary>The native shim, <c>nacre_rados.cc</c>; names as there without their prefix.</summary>
internal static unsafe partial class Shim
{
    /// <summary>What this assembly was written against (nacre_version).</summary>
    internal const int ExpectedVersion = 1;

    private const string Library = "nacre_rados";

    [LibraryImport(Library, EntryPoint = "nacre_version")]
    internal static partial int Version();

    [LibraryImport(Library, EntryPoint = "nacre_new_read")]
    internal static partial nint NewRead();

    [LibraryImport(Library, EntryPoint = "nacre_new_write")]
    internal static partial nint NewWrite();

    [LibraryImport(Library, EntryPoint = "nacre_free")]
    internal static partial void Free(nint operation);

    [LibraryImport(Library, EntryPoint = "nacre_set_flags")]
    internal static partial void SetFlags(nint operation, int flags);

    [LibraryImport(Library, EntryPoint = "nacre_assert_exists")]
    internal static partial void AssertExists(nint operation);

    [LibraryImport(Library, EntryPoint = "nacre_assert_version")]
    internal static partial void AssertVersion(nint operation, ulong version);

    [LibraryImport(Library, EntryPoint = "nacre_cmpxattr", StringMarshalling = StringMarshalling.Utf8)]
    internal static partial void CompareXattr(nint operation, string name, int comparison, byte* value, nuint length);

    [LibraryImport(Library, EntryPoint = "nacre_omap_cmp")]
    internal static partial void CompareOmap(nint operation, byte* key, nuint keyLength, int comparison, byte* value, nuint length);

    [LibraryImport(Library, EntryPoint = "nacre_cmpext")]
    internal static partial void CompareExtent(nint operation, ulong offset, byte* data, nuint length);

    [LibraryImport(Library, EntryPoint = "nacre_exec", StringMarshalling = StringMarshalling.Utf8)]
    internal static partial void Exec(nint operation, string className, string method, byte* input, nuint length);

    [LibraryImport(Library, EntryPoint = "nacre_read")]
    internal static partial void Read(nint operation, ulong offset, ulong length);

    [LibraryImport(Library, EntryPoint = "nacre_sparse_read")]
    internal static partial void SparseRead(nint operation, ulong offset, ulong length);

    [LibraryImport(Library, EntryPoint = "nacre_stat")]
    internal static partial void Stat(nint operation);

    [LibraryImport(Library, EntryPoint = "nacre_getxattr", StringMarshalling = StringMarshalling.Utf8)]
    internal static partial void GetXattr(nint operation, string name);

    [LibraryImport(Library, EntryPoint = "nacre_getxattrs")]
    internal static partial void GetXattrs(nint operation);

    [LibraryImport(Library, EntryPoint = "nacre_omap_get_keys")]
    internal static partial void OmapGetKeys(nint operation, byte* after, nuint afterLength, ulong maximum);

    [LibraryImport(Library, EntryPoint = "nacre_omap_get_values")]
    internal static partial void OmapGetValues(
        nint operation, byte* after, nuint afterLength, byte* prefix, nuint prefixLength, ulong maximum);

    [LibraryImport(Library, EntryPoint = "nacre_omap_get_values_by_keys")]
    internal static partial void OmapGetValuesByKeys(nint operation, byte* packed, uint count);

    [LibraryImport(Library, EntryPoint = "nacre_checksum")]
    internal static partial void Checksum(
        nint operation, int type, byte* seed, nuint seedLength, ulong offset, ulong length, ulong chunkSize);

    [LibraryImport(Library, EntryPoint = "nacre_list_snaps")]
    internal static partial void ListSnapshots(nint operation);

    [LibraryImport(Library, EntryPoint = "nacre_list_watchers")]
    internal static partial void ListWatchers(nint operation);

    [LibraryImport(Library, EntryPoint = "nacre_create")]
    internal static partial void Create(nint operation, int exclusive);

    [LibraryImport(Library, EntryPoint = "nacre_write")]
    internal static partial void Write(nint operation, ulong offset, byte* data, nuint length);

    [LibraryImport(Library, EntryPoint = "nacre_write_full")]
    internal static partial void WriteFull(nint operation, byte* data, nuint length);

    [LibraryImport(Library, EntryPoint = "nacre_append")]
    internal static partial void Append(nint operation, byte* data, nuint length);

    [LibraryImport(Library, EntryPoint = "nacre_write_output")]
    internal static partial void WriteOutput(nint operation, ulong offset, nint source, uint index, ulong start, ulong length, int full);

    [LibraryImport(Library, EntryPoint = "nacre_zero")]
    internal static partial void Zero(nint operation, ulong offset, ulong length);

    [LibraryImport(Library, EntryPoint = "nacre_truncate")]
    internal static partial void Truncate(nint operation, ulong size);

    [LibraryImport(Library, EntryPoint = "nacre_write_same")]
    internal static partial void WriteSame(nint operation, ulong offset, ulong length, byte* pattern, nuint patternLength);

    [LibraryImport(Library, EntryPoint = "nacre_remove")]
    internal static partial void Remove(nint operation);

    [LibraryImport(Library, EntryPoint = "nacre_setxattr", StringMarshalling = StringMarshalling.Utf8)]
    internal static partial void SetXattr(nint operation, string name, byte* value, nuint length);

    [LibraryImport(Library, EntryPoint = "nacre_rmxattr", StringMarshalling = StringMarshalling.Utf8)]
    internal static partial void RemoveXattr(nint operation, string name);

    [LibraryImport(Library, EntryPoint = "nacre_omap_set")]
    internal static partial void OmapSet(nint operation, byte* packed, uint count);

    [LibraryImport(Library, EntryPoint = "nacre_omap_rm_keys")]
    internal static partial void OmapRemoveKeys(nint operation, byte* packed, uint count);

    [LibraryImport(Library, EntryPoint = "nacre_omap_clear")]
    internal static partial void OmapClear(nint operation);

    [LibraryImport(Library, EntryPoint = "nacre_alloc_hint")]
    internal static partial void AllocationHint(nint operation, ulong objectSize, ulong writeSize);

    [LibraryImport(Library, EntryPoint = "nacre_rollback")]
    internal static partial void Rollback(nint operation, ulong snapshotId);

    [LibraryImport(Library, EntryPoint = "nacre_submit_read", StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int SubmitRead(nint operation, nint context, string name, ulong snapshotId, nint completion);

    [LibraryImport(Library, EntryPoint = "nacre_submit_write", StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int SubmitWrite(
        nint operation, nint context, string name, ulong sequence, ulong* snapshots, nuint count, nint completion);

    [LibraryImport(Library, EntryPoint = "nacre_done")]
    internal static partial void Done(nint operation);

    [LibraryImport(Library, EntryPoint = "nacre_output_count")]
    internal static partial uint OutputCount(nint operation);

    [LibraryImport(Library, EntryPoint = "nacre_get_output")]
    internal static partial void GetOutput(nint operation, uint index, out Output output);

    /// <summary>nacre_output.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct Output
    {
        internal int Code;
        internal int More;
        internal byte* Data;
        internal ulong Length;
        internal ulong* Extents;
        internal ulong ExtentCount;
        internal ulong Size;
        internal long Seconds;
        internal long Nanoseconds;
    }
}
