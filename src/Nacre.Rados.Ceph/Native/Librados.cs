using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

[assembly: DisableRuntimeMarshalling]

namespace Nacre.Rados.Ceph.Native;

/// <summary>librados' C API (rados/librados.h), names as there without their prefix. Raw handles: their owners are in CephConnection.</summary>
internal static unsafe partial class Librados
{
    private const string Library = "librados.so.2";

    [LibraryImport(Library, EntryPoint = "rados_create2", StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int Create(out nint cluster, string clusterName, string entity, ulong flags);

    [LibraryImport(Library, EntryPoint = "rados_conf_read_file", StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int ConfReadFile(nint cluster, string path);

    [LibraryImport(Library, EntryPoint = "rados_conf_set", StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int ConfSet(nint cluster, string option, string value);

    [LibraryImport(Library, EntryPoint = "rados_conf_get", StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int ConfGet(nint cluster, string option, byte* buffer, nuint length);

    [LibraryImport(Library, EntryPoint = "rados_connect")]
    internal static partial int Connect(nint cluster);

    [LibraryImport(Library, EntryPoint = "rados_shutdown")]
    internal static partial void Shutdown(nint cluster);

    [LibraryImport(Library, EntryPoint = "rados_cluster_fsid")]
    internal static partial int ClusterFsid(nint cluster, byte* buffer, nuint length);

    [LibraryImport(Library, EntryPoint = "rados_get_instance_id")]
    internal static partial ulong GetInstanceId(nint cluster);

    [LibraryImport(Library, EntryPoint = "rados_getaddrs")]
    internal static partial int GetAddresses(nint cluster, out byte* addresses);

    [LibraryImport(Library, EntryPoint = "rados_buffer_free")]
    internal static partial void BufferFree(byte* buffer);

    [LibraryImport(Library, EntryPoint = "rados_version")]
    internal static partial void Version(out int major, out int minor, out int extra);

    [LibraryImport(Library, EntryPoint = "rados_wait_for_latest_osdmap")]
    internal static partial int WaitForLatestOsdMap(nint cluster);

    [LibraryImport(Library, EntryPoint = "rados_pool_list")]
    internal static partial int PoolList(nint cluster, byte* buffer, nuint length);

    [LibraryImport(Library, EntryPoint = "rados_pool_lookup", StringMarshalling = StringMarshalling.Utf8)]
    internal static partial long PoolLookup(nint cluster, string name);

    [LibraryImport(Library, EntryPoint = "rados_pool_reverse_lookup")]
    internal static partial int PoolReverseLookup(nint cluster, long id, byte* buffer, nuint length);

    [LibraryImport(Library, EntryPoint = "rados_pool_create", StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int PoolCreate(nint cluster, string name);

    [LibraryImport(Library, EntryPoint = "rados_pool_delete", StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int PoolDelete(nint cluster, string name);

    [LibraryImport(Library, EntryPoint = "rados_mon_command")]
    internal static partial int MonitorCommand(
        nint cluster, byte** command, nuint count, byte* input, nuint inputLength,
        out byte* output, out nuint outputLength, out byte* status, out nuint statusLength);

    [LibraryImport(Library, EntryPoint = "rados_mgr_command")]
    internal static partial int ManagerCommand(
        nint cluster, byte** command, nuint count, byte* input, nuint inputLength,
        out byte* output, out nuint outputLength, out byte* status, out nuint statusLength);

    [LibraryImport(Library, EntryPoint = "rados_service_register", StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int ServiceRegister(nint cluster, string service, string daemon, byte* metadata);

    [LibraryImport(Library, EntryPoint = "rados_service_update_status")]
    internal static partial int ServiceUpdateStatus(nint cluster, byte* status);

    [LibraryImport(Library, EntryPoint = "rados_ioctx_create2")]
    internal static partial int IoContextCreate(nint cluster, long poolId, out nint context);

    [LibraryImport(Library, EntryPoint = "rados_ioctx_set_namespace", StringMarshalling = StringMarshalling.Utf8)]
    internal static partial void IoContextSetNamespace(nint context, string name);

    [LibraryImport(Library, EntryPoint = "rados_ioctx_destroy")]
    internal static partial void IoContextDestroy(nint context);

    [LibraryImport(Library, EntryPoint = "rados_object_list_begin")]
    internal static partial nint ObjectListBegin(nint context);

    [LibraryImport(Library, EntryPoint = "rados_object_list_end")]
    internal static partial nint ObjectListEnd(nint context);

    [LibraryImport(Library, EntryPoint = "rados_object_list_is_end")]
    internal static partial int ObjectListIsEnd(nint context, nint cursor);

    [LibraryImport(Library, EntryPoint = "rados_object_list_cursor_free")]
    internal static partial void ObjectListCursorFree(nint context, nint cursor);

    [LibraryImport(Library, EntryPoint = "rados_object_list")]
    internal static partial int ObjectList(
        nint context, nint start, nint finish, nuint maximum, byte* filter, nuint filterLength, ObjectListItem* results, ref nint next);

    [LibraryImport(Library, EntryPoint = "rados_object_list_free")]
    internal static partial void ObjectListFree(nuint count, ObjectListItem* results);

    [LibraryImport(Library, EntryPoint = "rados_aio_create_completion2")]
    internal static partial int CreateCompletion(nint argument, delegate* unmanaged[Cdecl]<nint, nint, void> callback, out nint completion);

    [LibraryImport(Library, EntryPoint = "rados_aio_release")]
    internal static partial void ReleaseCompletion(nint completion);

    [LibraryImport(Library, EntryPoint = "rados_aio_get_return_value")]
    internal static partial int GetReturnValue(nint completion);

    [LibraryImport(Library, EntryPoint = "rados_aio_get_version")]
    internal static partial ulong GetVersion(nint completion);

    [LibraryImport(Library, EntryPoint = "rados_aio_cancel")]
    internal static partial int Cancel(nint context, nint completion);

    [LibraryImport(Library, EntryPoint = "rados_aio_ioctx_selfmanaged_snap_create")]
    internal static partial void SnapshotCreate(nint context, ulong* snapshotId, nint completion);

    [LibraryImport(Library, EntryPoint = "rados_aio_ioctx_selfmanaged_snap_remove")]
    internal static partial void SnapshotRemove(nint context, ulong snapshotId, nint completion);

    [LibraryImport(Library, EntryPoint = "rados_aio_watch2", StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int Watch(
        nint context, string name, nint completion, ulong* cookie, delegate* unmanaged[Cdecl]<nint, ulong, ulong, ulong, byte*, nuint, void> notified,
        delegate* unmanaged[Cdecl]<nint, ulong, int, void> failed, uint timeoutSeconds, nint argument);

    [LibraryImport(Library, EntryPoint = "rados_aio_unwatch")]
    internal static partial int Unwatch(nint context, ulong cookie, nint completion);

    [LibraryImport(Library, EntryPoint = "rados_watch_check")]
    internal static partial int WatchCheck(nint context, ulong cookie);

    [LibraryImport(Library, EntryPoint = "rados_notify_ack", StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int NotifyAcknowledge(nint context, string name, ulong notifyId, ulong cookie, byte* payload, int length);

    [LibraryImport(Library, EntryPoint = "rados_aio_notify", StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int Notify(
        nint context, string name, nint completion, byte* payload, int length, ulong timeoutMilliseconds, byte** reply, nuint* replyLength);

    /// <summary>rados_object_list_item.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct ObjectListItem
    {
        internal nuint NameLength;
        internal byte* Name;
        internal nuint NamespaceLength;
        internal byte* Namespace;
        internal nuint LocatorLength;
        internal byte* Locator;
    }
}
