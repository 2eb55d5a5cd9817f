using Microsoft.Win32.SafeHandles;

namespace Nacre.Rados.Ceph.Native;

/// <summary>Owns a nacre_operation and with it the buffers of its results. Freed only when librados is done with it.</summary>
internal sealed class NativeOperation : SafeHandleZeroOrMinusOneIsInvalid
{
    private NativeOperation(nint operation)
        : base(ownsHandle: true) => SetHandle(operation);

    /// <summary>The raw handle, for calls while this is known to be alive.</summary>
    public nint Pointer => handle;

    public static NativeOperation NewRead() => new(Shim.NewRead());

    public static NativeOperation NewWrite() => new(Shim.NewWrite());

    protected override bool ReleaseHandle()
    {
        Shim.Free(handle);
        return true;
    }
}
